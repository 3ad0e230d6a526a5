"""Annealing as an algorithm for `fmin`: from the history to new trial documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minopt._types import BoolArray
from minopt.algo.anneal.neighbourhood import NEAR
from minopt.algo.anneal.visiting import (
    DEFAULT_AVG_BEST_IDX,
    DEFAULT_SHRINK_COEF,
    AnnealingAlgo,
    check_settings,
    fraction_left,
)
from minopt.algo.shared import Document, new_document, stream_of
from minopt.domain.domain import Domain
from minopt.domain.table import Parameter, Point
from minopt.trials.columns import History, history_of, learnable_documents
from minopt.trials.documents import JOB_STATE_RUNNING
from minopt.trials.stock import tally

_MAX_REPEATS = 20


def suggest(
    new_ids: Sequence[Any],
    domain: Domain,
    trials: Any,
    seed: Any,
    avg_best_idx: float = DEFAULT_AVG_BEST_IDX,
    shrink_coef: float = DEFAULT_SHRINK_COEF,
) -> list[Document]:
    """Propose points near good ones.

    Parameters
    ----------
    new_ids : sequence
        The id of each new trial, whole numbers.
    domain : Domain
    trials : Trials
        What was tried. Trials that failed or raised, and those still running, count as bad;
        the points of those running are not proposed again while there are others.
    seed : int
        Each trial has its own stream, made of the seed and its id.
    avg_best_idx : float >= 1
        A good trial is drawn by its rank, 1 for the best, from the geometric law of this mean.
    shrink_coef : float >= 0
        After ``n`` observations of a parameter its law has ``1 / (1 + n * shrink_coef)`` of its
        width left.

    Returns
    -------
    list of dict
        One document per id.

    Raises
    ------
    InvalidArgument
        If `avg_best_idx` or `shrink_coef` is out of range.
    """
    check_settings(avg_best_idx, shrink_coef)
    history = history_of(trials)
    if len(history) != len(learnable_documents(trials)) or domain.is_replaced("loss"):
        # Results were injected. A history counts each with the trial that it came from; for
        # hyperopt's annealing, which the visitor follows to the letter, it is a trial of its own.
        # Nor does a history know of losses as a user's own domain sees them.
        algo = AnnealingAlgo(domain, trials, seed, avg_best_idx, shrink_coef)
        return [document for tid in new_ids for document in algo(tid)]
    model = Model(history, avg_best_idx, shrink_coef)
    running = _points_of_running(trials)
    return [
        new_document(trials, domain, tid, _new_point(model, domain, stream_of(seed, tid), running))
        for tid in new_ids
    ]


def _points_of_running(trials: Any) -> list[Point]:
    return [
        {label: values[0] for label, values in trial["misc"]["vals"].items() if len(values)}
        for trial in tally(trials).unfinished
        if trial["state"] == JOB_STATE_RUNNING
    ]


def _new_point(
    model: Model, domain: Domain, rng: np.random.Generator, running: list[Point]
) -> Point:
    point = model.propose(domain, rng)
    for _ in range(_MAX_REPEATS):
        if point not in running:
            break
        point = model.propose(domain, rng)
    return point


def suggest_batch(
    new_ids: Sequence[Any],
    domain: Domain,
    trials: Any,
    seed: Any,
    avg_best_idx: float = DEFAULT_AVG_BEST_IDX,
    shrink_coef: float = DEFAULT_SHRINK_COEF,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Propose points as columns: each parameter is drawn for all trials at once.

    Returns
    -------
    idxs, vals : dict from label to array
        The ids of the trials in which the parameter is active, and its values there.
    """
    return AnnealingAlgo(domain, trials, seed, avg_best_idx, shrink_coef).batch(new_ids)


class Model:
    """What one call of `suggest` knows.

    Parameters
    ----------
    history : History
    avg_best_idx, shrink_coef : float
    """

    def __init__(self, history: History, avg_best_idx: float, shrink_coef: float) -> None:
        self._history = history
        self._losses = history.losses
        self._chance = 1 / avg_best_idx
        self._shrink_coef = shrink_coef

    def propose(self, domain: Domain, rng: np.random.Generator) -> Point:
        """Choose a value for each active parameter, those above it first."""
        point: Point = {}
        good_rows: list[int] = []
        for parameter in domain.table.parameters:
            if domain.table.is_active(parameter, point):
                law = domain.table.law_given(parameter, point)
                value = self._value(parameter, law, good_rows, rng)
                point[parameter.label] = int(value) if parameter.whole else float(value)
        return point

    def _value(
        self, parameter: Parameter, law: Any, good_rows: list[int], rng: np.random.Generator
    ) -> Any:
        column = self._history.column(parameter.label)
        observed = ~np.isnan(column)
        n_observations = int(np.count_nonzero(observed))
        if not n_observations:
            return law.draw_one(rng)
        good = column[self._good_row(observed, n_observations, good_rows, rng)]
        fraction = fraction_left(n_observations, self._shrink_coef)
        return NEAR[law.name](good, fraction, *law.arguments, rng=rng, size=1)[0]

    def _good_row(
        self,
        observed: BoolArray,
        n_observations: int,
        good_rows: list[int],
        rng: np.random.Generator,
    ) -> int:
        """Return the first good trial that has the parameter; if none has, choose another."""
        for row in good_rows:
            if observed[row]:
                return row
        rank = min(int(rng.geometric(self._chance)), n_observations)
        rows = np.flatnonzero(observed)
        order = np.argsort(self._losses[rows])  # plain: equal losses must fall as hyperopt's do
        good_rows.append(int(rows[order[rank - 1]]))
        return good_rows[-1]
