"""Adaptive TPE as an algorithm for `fmin`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from minopt.algo import rand
from minopt.algo.atpe.features import features_of
from minopt.algo.atpe.joint import Joint, suits
from minopt.algo.atpe.model import load
from minopt.algo.atpe.propose import Proposer
from minopt.algo.shared import Document, new_document
from minopt.domain.domain import Domain
from minopt.domain.table import Point, Table
from minopt.trials.columns import History, history_of

N_STARTUP = 10
N_JOINT = 30
_MAX_REPEATS = 20

_Propose: TypeAlias = Callable[[np.random.Generator], Point]


def suggest(new_ids: Sequence[Any], domain: Domain, trials: Any, seed: Any) -> list[Document]:
    """Propose points by TPE, its knobs set anew for each of them.

    After 10 random points, all parameters are proposed at once, near one of the good trials. From
    30 trials on each is modelled alone, and a model trained on benchmark problems chooses the knobs
    from features of the space and of what was tried: how many trials count as good, how many
    candidates there are, the weight of the prior, how many bad results are kept, and how many
    parameters are locked to values of good trials.

    Parameters
    ----------
    new_ids : sequence
        The id of each new trial.
    domain : Domain
    trials : Trials
        What was tried. Trials that failed or raised, and those still running, count as bad.
    seed : int or anything `numpy.random.default_rng` takes

    Returns
    -------
    list of dict
        One document per id, at distinct points where the space has enough of them.

    Notes
    -----
    The knobs, the model and its training (``benchmarks/atpe``) are minopt's own; hyperopt's
    ``atpe`` shares the idea and the name, not the trials.
    """
    history = history_of(trials)
    if len(history) < N_STARTUP:
        return rand.suggest(new_ids, domain, trials, seed)
    rng = np.random.default_rng(seed)
    choose = _chooser(domain.table, history)
    points: list[Point] = []
    documents = []
    for tid in new_ids:
        points.append(_new_point(choose(rng), domain, history, rng, points))
        documents.append(new_document(trials, domain, tid, points[-1]))
    return documents


def _chooser(table: Table, history: History) -> Callable[[np.random.Generator], _Propose]:
    """Return what chooses the way of each point: while trials are few, all parameters at once."""
    if len(history) < N_JOINT and np.isfinite(history.losses).any() and suits(table):
        joint = Joint(table, history)
        return lambda _: joint.propose
    features = features_of(table, history)
    return lambda rng: partial(Proposer(history, load().choose(features, rng)).propose, table)


def _new_point(
    propose: _Propose,
    domain: Domain,
    history: History,
    rng: np.random.Generator,
    taken: list[Point],
) -> Point:
    """Propose a point that was not tried yet, if the space seems to have one."""
    point = propose(rng)
    for repeat in range(_MAX_REPEATS):
        if point not in taken and not _was_tried(point, domain, history):
            break
        late = repeat > _MAX_REPEATS // 2  # what the model wants is known: look elsewhere
        point = domain.table.draw(rng) if late else propose(rng)
    return point


def _was_tried(point: Point, domain: Domain, history: History) -> bool:
    same = np.ones(len(history), dtype=bool)
    for label in domain.table.labels:
        column = history.column(label)
        same &= column == point[label] if label in point else np.isnan(column)
    return bool(same.any())
