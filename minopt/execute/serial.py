"""Trials run one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minopt._clock import coarse_utcnow
from minopt._interrupts import uninterrupted
from minopt.execute.contract import Finished
from minopt.execute.evaluate import ONCE, evaluate_trial, put_back
from minopt.execute.retry import Retry
from minopt.trials.documents import JOB_STATE_NEW, JOB_STATE_RUNNING, Document
from minopt.trials.memory import LOCK, Trials

if TYPE_CHECKING:
    from minopt.domain.domain import Domain


def claim_next(
    trials: Any, into: list[Document] | None = None, ahead: list[Document] | None = None
) -> Document | None:
    """Take the oldest waiting trial for the caller alone; None if there is none.

    It is put `into` the caller's list first, if there is one, see `run_next`. Those that were
    claimed `ahead`, as they were inserted, come before all others.
    """
    if ahead:
        with uninterrupted, LOCK:
            if ahead:
                trial = ahead.pop(0)
                if into is not None:
                    into.append(trial)
                return trial
    if isinstance(trials, Trials):
        return trials._claim_next(into)
    for trial in trials._dynamic_trials:  # a store of the user's own
        if trial["state"] == JOB_STATE_NEW:
            if into is not None:
                into.append(trial)
            trial["book_time"] = trial["refresh_time"] = coarse_utcnow()
            trial["state"] = JOB_STATE_RUNNING
            return trial  # type: ignore[no-any-return]
    return None


def run_next(
    domain: Domain,
    trials: Any,
    timeout: float | None = None,
    retry: Retry = ONCE,
    is_over: Callable[[], bool] = lambda: False,
    ahead: list[Document] | None = None,
) -> Finished | None:
    """Run the oldest waiting trial and record how it ended; None if none is waiting.

    Parameters
    ----------
    domain : Domain
    trials : Trials
    timeout : float, optional
        Seconds that the trial may take.
    retry : Retry
        Whether to run it again after a bad end.
    is_over : callable
        Tells that nothing is to begin any more, another attempt neither.
    ahead : list of dict
        What the caller has claimed already, of which the first is taken.
    """
    claimed: list[Document] = []
    try:
        trial = claim_next(trials, claimed, ahead)
        if trial is None:
            return None
        return Finished(trial, evaluate_trial(domain, trials, trial, timeout, retry, is_over))
    except BaseException:  # a Ctrl-C, wherever it came: no trial is left running
        for trial in claimed:
            if trial["state"] == JOB_STATE_RUNNING:
                put_back(trials, trial)
        raise
