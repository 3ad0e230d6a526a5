"""The points that the user wants tried first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minopt._arguments import checked_points
from minopt.algo.shared import new_document
from minopt.trials.documents import (
    JOB_STATE_CANCEL,
    JOB_STATE_NEW,
    STATUS_NEW,
    Document,
    all_documents,
)
from minopt.trials.documents import new_document as new_trial_document
from minopt.trials.memory import LOCK, Trials
from minopt.trials.stock import sync, tally

if TYPE_CHECKING:
    from minopt.domain.domain import Domain

Point = Mapping[str, Any]


def check_points(points: Sequence[Point], domain: Domain) -> list[dict[str, Any]]:
    """Check the points of ``points_to_evaluate`` and return them with plain Python values."""
    return [
        domain.table.check_point(point, f"points_to_evaluate[{place}]")
        for place, point in enumerate(points)
    ]


def insert_points(points: Sequence[Point], domain: Domain, trials: Any) -> int:
    """Add those points that the trials do not hold as new trials; return how many those are.

    A point that stands in `points` twice is wanted twice.
    """
    checked = check_points(points, domain)
    held = Counter(_held(domain, trials))
    missing = []
    for given, point in zip(points, checked, strict=True):
        key = _key(_active(point, domain))
        if held[key] > 0:
            held[key] -= 1
        else:
            missing.append((given, point))
    if missing:
        tids = trials.new_trial_ids(len(missing))
        trials.insert_trial_docs(
            [
                _in_order_of(given, new_document(trials, domain, tid, point))
                for tid, (given, point) in zip(tids, missing, strict=True)
            ]
        )
        sync(trials)
    return len(missing)


def _in_order_of(point: Point, document: Document) -> Document:
    """Put the labels of a trial in the order in which the user gave them; the others follow."""
    misc = document["misc"]
    labels = dict.fromkeys([*(label for label in point if label in misc["vals"]), *misc["vals"]])
    for part in ("idxs", "vals"):
        misc[part] = {label: misc[part][label] for label in labels}
    return document


def show_waiting(trials: Any) -> int:
    """Refresh trials, and return how many waiting ones came to sight.

    They come on top of ``max_evals``, as on hyperopt; those that were seen before count for it.
    """
    with LOCK:  # what other threads ask for is seen as soon as it is there, see `insert`
        try:
            seen = set(map(id, trials.trials))
        except AttributeError:  # never refreshed
            seen = set()
        if getattr(trials, "_is_shared", False):  # what others ask for comes to sight at any time
            mine = set(map(id, trials._dynamic_trials))
        else:
            mine = None
        sync(trials)
        waiting = [trial for trial in tally(trials).unfinished if trial["state"] == JOB_STATE_NEW]
        return sum(id(t) not in seen and (mine is None or id(t) in mine) for t in waiting)


def _held(domain: Domain, trials: Any) -> list[Any]:
    """Return the key of each point that the trials hold."""
    keys = []
    exp_key = getattr(trials, "_exp_key", None)
    for trial in all_documents(trials):
        if trial["state"] == JOB_STATE_CANCEL or (exp_key and trial["exp_key"] != exp_key):
            continue
        vals = trial["misc"]["vals"]
        point = {label: vals[label][0] for label in domain.table.labels if vals.get(label)}
        try:
            keys.append(_key(_active(point, domain)))
        except (TypeError, ValueError, LookupError):
            continue  # a trial of another space
    return keys


def _active(point: Point, domain: Domain) -> dict[str, Any]:
    active: dict[str, Any] = {}
    for parameter in domain.table.parameters:
        if parameter.label in point and domain.table.is_active(parameter, active):
            active[parameter.label] = point[parameter.label]
    return active


def _key(point: Point) -> Any:
    return frozenset(point.items())


def generate_trial(tid: Any, space: Point) -> Document:
    """Make the document of a new trial at a point that nobody has checked."""
    misc = {
        "tid": tid,
        "cmd": ("domain_attachment", "FMinIter_Domain"),
        "workdir": None,
        "idxs": {label: [tid] for label in space},
        "vals": {label: [value] for label, value in space.items()},
    }
    return new_trial_document(tid, None, {"status": STATUS_NEW}, misc)


def generate_trials_to_calculate(points: Sequence[Point]) -> Trials:
    """Make Trials of points that are to be evaluated before the search proper.

    Parameters
    ----------
    points : sequence of dict from label to value
        Indices for choices.

    Returns
    -------
    Trials
        For the argument ``trials`` of `fmin`. As long as they are not refreshed, the points
        come on top of ``max_evals``; afterwards they count.

    Examples
    --------
    >>> trials = generate_trials_to_calculate([{"x": 0.0}, {"x": 1.0}])
    >>> trials.refresh()
    >>> trials.vals
    {'x': [0.0, 1.0]}
    """
    points = checked_points(points) or []
    trials = Trials()
    trials.insert_trial_docs([generate_trial(tid, point) for tid, point in enumerate(points)])
    return trials
