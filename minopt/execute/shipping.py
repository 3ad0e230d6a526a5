"""What travels between the search and the processes that run its trials."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import cloudpickle

from minopt._warn import warn
from minopt.exceptions import InvalidArgument
from minopt.execute.outcome import Outcome, Raised, Returned, outcome_of
from minopt.trials.documents import Document
from minopt.trials.told import told

if TYPE_CHECKING:
    from minopt.domain.domain import Domain

_domains: dict[str, Domain] = {}  # of this worker process, by the key under which they were sent


def pack_domain(domain: Domain) -> bytes:
    """Pickle a domain, lambdas and closures included.

    Raises
    ------
    InvalidArgument
        If the objective or the space holds something that cannot be sent.
    """
    try:
        data: bytes = cloudpickle.dumps(domain)
    except Exception as wrong:
        raise InvalidArgument(
            "the objective and the space must be sent to other processes, and cannot be pickled: "
            + told(wrong)
        ) from wrong
    return data


def receive(key: str, data: bytes) -> None:
    """Unpack a domain in a worker, once."""
    if key not in _domains:
        _domains.clear()  # a worker serves one search at a time
        _domains[key] = pickle.loads(data)  # noqa: S301 - from the process that started this one


def run(key: str, trial: Document, data: bytes | None = None) -> bytes:
    """Run a trial in a worker that has received its domain, and pack how it ended."""
    if data is not None:
        receive(key, data)
    return pack_outcome(outcome_of(_domains[key], trial))


def pack_outcome(outcome: Outcome) -> bytes:
    """Pickle how a trial ended, leaving out what cannot be pickled."""
    try:
        return _dumps(outcome)
    except _WHATEVER:
        return _dumps(_packable(outcome))


def unpack_outcome(data: bytes, trial: Document, known: set[str]) -> Outcome:
    """Unpickle how a trial ended; warns of result keys that did not survive the way.

    Keys that are `known` to stay behind are not told of again.
    """
    outcome: Outcome = pickle.loads(data)  # noqa: S301 - from a process that this one started
    if isinstance(outcome, Returned) and _LOST in outcome.result:
        lost = [key for key in outcome.result.pop(_LOST) if repr(key) not in known]
        if lost:
            known.update(map(repr, lost))
            warn(
                f"trial {trial['tid']!r}: {', '.join(map(repr, lost))} of its result cannot be "
                "pickled and stayed behind in the worker process; of later trials this is not said "
                "again",
                RuntimeWarning,
            )
    return outcome


_WHATEVER = (Exception, SystemExit)  # that pickling users' objects, and reading them, may raise
_LOST = "minopt: lost on the way"


def _dumps(value: Any) -> bytes:
    data: bytes = cloudpickle.dumps(value)
    pickle.loads(data)  # noqa: S301 - what cannot be read again must be found out here
    return data


def _packable(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Raised):
        return Raised(outcome.kind, outcome.message, outcome.trace)
    if not isinstance(outcome, Returned):
        return outcome
    result = {key: value for key, value in outcome.result.items() if _survives((key, value))}
    attachments = {name: value for name, value in outcome.attachments.items() if _survives(value)}
    injected = [trial for trial in outcome.injected if _survives(trial)]
    lost = (outcome.result.keys() - result.keys()) | (
        outcome.attachments.keys() - attachments.keys()
    )
    if len(injected) < len(outcome.injected):
        lost |= {"trials that were injected"}
    return Returned({**result, _LOST: sorted(map(str, lost))}, attachments, injected)


def _survives(value: Any) -> bool:
    try:
        _dumps(value)
    except _WHATEVER:
        return False
    return True
