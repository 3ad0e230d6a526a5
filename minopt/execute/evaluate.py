"""One trial from claim to record: build the point, call the objective, write down what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minopt._clock import coarse_utcnow
from minopt._interrupts import Interruption
from minopt.execute.outcome import Ended, Outcome, Raised, Returned, raised
from minopt.execute.retry import Retry
from minopt.execute.timer import TimeIsUp, TimeLimit
from minopt.trials.attachments import attach
from minopt.trials.control import Ctrl
from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    STATUS_FAIL,
    Document,
    copied,
    spec_from_misc,
)

if TYPE_CHECKING:
    from minopt.domain.domain import Domain

ONCE = Retry()


def evaluate_trial(
    domain: Domain,
    trials: Any,
    trial: Document,
    timeout: float | None = None,
    retry: Retry = ONCE,
    is_over: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Evaluate a claimed trial here, and record how it ended.

    Parameters
    ----------
    domain : Domain
    trials : Trials
        The store of the trial.
    trial : dict
        A document in state RUNNING that belongs to the caller alone.
    timeout : float, optional
        Seconds after which the trial is ended, where a timer can do that.
    retry : Retry
        Whether to evaluate it again after a bad end.
    is_over : callable
        Tells that nothing is to begin any more, another attempt neither.

    Returns
    -------
    Outcome
        How it ended, recorded already.

    Raises
    ------
    KeyboardInterrupt, Interruption
        Nothing is recorded then, and the trial is NEW again, to be run on resuming. Whatever else
        the objective raises is recorded, lest every search that goes on ends at this trial.
    """
    outcome = _attempt(domain, trials, trial, timeout)
    while not is_over() and retry.is_due(trial, outcome):
        outcome = _attempt(domain, trials, trial, timeout)
    record(trials, trial, outcome)
    return outcome


def _attempt(domain: Domain, trials: Any, trial: Document, timeout: float | None) -> Outcome:
    limit = TimeLimit(timeout)
    try:
        outcome = _within(limit, domain, trials, trial)
    except BaseException as left:
        limit.stop()  # the ring may have come amid the first time
        if not (isinstance(left, TimeIsUp) and left.limit is limit):
            if trial["state"] == JOB_STATE_RUNNING:
                put_back(trials, trial)
            raise
    if limit.has_rung:  # and was swallowed, or turned into another exception
        return Ended("timeout", f"trial_timeout: ended after {timeout:g} s")
    return outcome


def _within(limit: TimeLimit, domain: Domain, trials: Any, trial: Document) -> Outcome:
    try:
        limit.start()
        ctrl = Ctrl(trials, current_trial=trial)
        return Returned(domain.evaluate(spec_from_misc(trial["misc"]), ctrl))
    except (KeyboardInterrupt, Interruption):
        raise
    except BaseException as error:  # noqa: BLE001 - recorded, and raised by the search
        return raised(error)
    finally:
        limit.stop()


def record(trials: Any, trial: Document, outcome: Outcome) -> None:
    """Finish a trial: write how it ended into its document, and have the store keep it."""
    if isinstance(outcome, Returned):
        if outcome.attachments:
            names = trials.trial_attachments(trial)
            attach(names, outcome.attachments, f"trial {trial['tid']!r}: ")
        if outcome.injected:
            _insert(trials, outcome.injected)
        trial["result"] = copied(outcome.result)  # containers are copied, leaves are kept
        state = JOB_STATE_DONE
    elif isinstance(outcome, Raised):
        trial["misc"]["error"] = (outcome.kind, outcome.message)  # as hyperopt writes it
        trial["misc"]["traceback"] = outcome.trace
        state = JOB_STATE_ERROR
    else:
        trial["result"] = {"status": STATUS_FAIL, "status_fail": outcome.reason}
        state = JOB_STATE_DONE
    trial["refresh_time"] = coarse_utcnow()
    trial["state"] = state  # last: whoever sees it done finds the result there
    _keep(trials, trial)


def _insert(trials: Any, documents: list[Document]) -> None:
    """Insert trials that an objective injected elsewhere, under ids that nobody has here."""
    tids = trials.new_trial_ids(len(documents))
    for document, tid in zip(documents, tids, strict=True):
        misc, there = document["misc"], document["tid"]
        document["tid"] = misc["tid"] = tid
        for label, places in misc["idxs"].items():
            misc["idxs"][label] = [tid if place == there else place for place in places]
    trials.insert_trial_docs(documents)


def put_back(trials: Any, trial: Document) -> None:
    """Undo the claim of a trial, so that it is run later."""
    trial["book_time"] = trial["refresh_time"] = trial["owner"] = None
    trial["state"] = JOB_STATE_NEW
    _keep(trials, trial)


def _keep(trials: Any, trial: Document) -> None:
    """Have a store that outlives this process write a trial down."""
    keep = getattr(trials, "_record", None)
    if keep is not None:
        keep(trial)
