"""TPE as an algorithm for `fmin`: from the history to new trial documents."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from minopt._types import FloatArray
from minopt.algo import rand
from minopt.algo.shared import Document, new_document
from minopt.algo.tpe.estimators import fit
from minopt.algo.tpe.screen import best_candidate
from minopt.algo.tpe.split import split_by_loss
from minopt.domain.domain import Domain
from minopt.domain.table import Parameter, Point
from minopt.exceptions import InvalidArgumentType
from minopt.trials.columns import History, history_of, observed

logger = logging.getLogger("minopt.tpe")

DEFAULT_PRIOR_WEIGHT = 1.0
DEFAULT_N_EI_CANDIDATES = 24
DEFAULT_GAMMA = 0.25
DEFAULT_N_STARTUP_JOBS = 20

_MAX_REPEATS = 20  # so often a point that is already proposed is drawn again


def suggest(
    new_ids: Sequence[Any],
    domain: Domain,
    trials: Any,
    seed: Any,
    prior_weight: float = DEFAULT_PRIOR_WEIGHT,
    n_startup_jobs: int = DEFAULT_N_STARTUP_JOBS,
    n_EI_candidates: int = DEFAULT_N_EI_CANDIDATES,
    gamma: float = DEFAULT_GAMMA,
    verbose: bool = True,
) -> list[Document]:
    """Propose the points with the best expected improvement.

    Parameters
    ----------
    new_ids : sequence
        The id of each new trial.
    domain : Domain
    trials : Trials
        What was tried. Trials that failed or raised, and those still running, count as bad.
    seed : int or anything `numpy.random.default_rng` takes
    prior_weight : float > 0
        Weight of the prior among the observations.
    n_startup_jobs : int
        So many points are drawn at random first.
    n_EI_candidates : int > 0
        Per parameter, the best of so many draws is proposed.
    gamma : float > 0
        ``gamma * sqrt(n_trials)`` trials, at most 25, count as good.
    verbose : bool
        Log (level INFO) what is known so far.

    Returns
    -------
    list of dict
        One document per id, at distinct points where the space has enough of them.

    References
    ----------
    Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011, section 4.
    """
    _check_settings(prior_weight, n_startup_jobs, n_EI_candidates, gamma)
    history = history_of(trials)
    if verbose:
        _log(history)
    if len(history) < n_startup_jobs:
        return rand.suggest(new_ids, domain, trials, seed)
    rng = np.random.default_rng(seed)
    model = Model(history, float(prior_weight), n_EI_candidates, gamma)
    documents = []
    for tid in new_ids:
        point = _new_point(model, domain, rng)
        model.pending.append(point)
        documents.append(new_document(trials, domain, tid, point))
    return documents


def _check_settings(
    prior_weight: Any, n_startup_jobs: Any, n_EI_candidates: Any, gamma: Any
) -> None:
    """Refuse settings that make no sense; now, and not when the random trials are over."""
    for name, value in (("prior_weight", prior_weight), ("gamma", gamma)):
        if not (_is_number(value) and value >= 0):
            raise InvalidArgumentType(f"tpe: {name} must be a number of 0 or more, got {value!r}")
    if not _is_number(n_startup_jobs):
        raise InvalidArgumentType(
            f"tpe: n_startup_jobs must be a number of trials, got {n_startup_jobs!r}"
        )
    whole = isinstance(n_EI_candidates, (int, np.integer))
    if not (whole and n_EI_candidates >= 1):
        raise InvalidArgumentType(
            f"tpe: n_EI_candidates must be a whole number, 1 or more, got {n_EI_candidates!r}"
        )


def _is_number(value: Any) -> bool:
    kind = type(value)
    return kind is float or kind is int or isinstance(value, (float, int, np.number))


def _log(history: History) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    if len(history):
        logger.info("TPE using %i trials with best loss %f", len(history), history.losses.min())
    else:
        logger.info("TPE using 0 trials")


def _new_point(model: Model, domain: Domain, rng: np.random.Generator) -> Point:
    """Propose a point that is not pending yet; if the space has no more, one that is."""
    point = model.propose(domain, rng)
    for _ in range(_MAX_REPEATS):
        if point not in model.pending:
            return point
        point = model.propose(domain, rng)
    for _ in range(_MAX_REPEATS):
        if point not in model.pending:
            return point
        point = domain.table.draw(rng)
    return point


class Model:
    """What one call of `suggest` knows: the good trials, the rest, and its own proposals.

    Parameters
    ----------
    history : History
    prior_weight : float
    n_candidates : int
    gamma : float
    """

    def __init__(
        self, history: History, prior_weight: float, n_candidates: int, gamma: float
    ) -> None:
        self._history = history
        self._prior_weight = prior_weight
        self._n_candidates = n_candidates
        self._good, self._rest = split_by_loss(history.losses, gamma)
        self.pending: list[Point] = []

    def propose(self, domain: Domain, rng: np.random.Generator) -> Point:
        """Choose a value for each active parameter, those above it first."""
        point: Point = {}
        for parameter in domain.table.parameters:
            if domain.table.is_active(parameter, point):
                law = domain.table.law_given(parameter, point)
                value = self._best_value(parameter, law, rng)
                point[parameter.label] = int(value) if parameter.whole else float(value)
        return point

    def _best_value(self, parameter: Parameter, law: Any, rng: np.random.Generator) -> Any:
        column = self._history.column(parameter.label)
        good = fit(law, observed(column, self._good), self._prior_weight)
        rest = fit(law, self._with_pending(column, parameter.label), self._prior_weight)
        return best_candidate(good.draw(rng, self._n_candidates), good, rest)

    def _with_pending(self, column: FloatArray, label: str) -> FloatArray:
        """Return what was observed in the rest; own proposals count there, to spread out."""
        values = observed(column, self._rest)
        own = [point[label] for point in self.pending if label in point]
        return np.concatenate([values, own]) if own else values
