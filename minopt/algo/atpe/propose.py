"""One proposal of TPE under given knobs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minopt._types import FloatArray, IntArray
from minopt.algo.atpe.knobs import Knobs
from minopt.algo.tpe.estimators import fit
from minopt.algo.tpe.screen import best_candidate
from minopt.algo.tpe.split import count_good
from minopt.domain.table import Parameter, Point, Table
from minopt.trials.columns import History, observed


class Proposer:
    """Proposes points under knobs, given what was tried.

    Parameters
    ----------
    history : History
    knobs : Knobs
    """

    def __init__(self, history: History, knobs: Knobs) -> None:
        self._history = history
        self._knobs = knobs
        order = np.argsort(history.losses, kind="stable")
        n_good = count_good(len(order), knobs.gamma)
        n_kept = n_good + math.ceil(knobs.keep * (len(order) - n_good))
        self._elite = order[: knobs.n_elite]
        self._good, self._rest = np.sort(order[:n_good]), np.sort(order[n_good:n_kept])

    def propose(self, table: Table, rng: np.random.Generator) -> Point:
        """Choose a value for each active parameter, those above it first."""
        point = Point()
        elite = int(rng.choice(self._elite))
        free = rng.integers(len(table.parameters)) if table.parameters else 0
        for place, parameter in enumerate(table.parameters):
            if not table.is_active(parameter, point):
                continue
            law = table.law_given(parameter, point)
            value = None
            if place != free and rng.random() < self._knobs.lock:
                value = self._locked(parameter, law, elite)
            if value is None:
                value = self._best_value(parameter, law, rng)
            point[parameter.label] = int(value) if parameter.whole else float(value)
        return point

    def _locked(self, parameter: Parameter, law: Any, row: int) -> float | None:
        """Return the value that a good trial has, if it has one that the law can still give."""
        value = float(self._column(parameter)[row])
        if math.isnan(value) or not law.contains(int(value) if parameter.whole else value):
            return None
        return value

    def _best_value(self, parameter: Parameter, law: Any, rng: np.random.Generator) -> Any:
        good, rest = (self._fitted(parameter, law, rows) for rows in (self._good, self._rest))
        return best_candidate(good.draw(rng, self._knobs.n_candidates), good, rest)

    def _fitted(self, parameter: Parameter, law: Any, rows: IntArray) -> Any:
        return fit(law, observed(self._column(parameter), rows), self._knobs.prior_weight)

    def _column(self, parameter: Parameter) -> FloatArray:
        return self._history.column(parameter.label)
