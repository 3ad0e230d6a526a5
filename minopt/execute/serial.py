"""Trials run one after the other, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minopt._clock import coarse_utcnow
from minopt.execute.evaluate import evaluate_trial
from minopt.trials.documents import JOB_STATE_NEW, JOB_STATE_RUNNING, Document
from minopt.trials.memory import Trials

if TYPE_CHECKING:
    from minopt.domain.domain import Domain


def claim_next(trials: Any) -> Document | None:
    """Take the oldest waiting trial for the caller alone; None if there is none."""
    if isinstance(trials, Trials):
        return trials._claim_next()
    for trial in trials._dynamic_trials:  # a store of the user's own
        if trial["state"] == JOB_STATE_NEW:
            trial["book_time"] = trial["refresh_time"] = coarse_utcnow()
            trial["state"] = JOB_STATE_RUNNING
            return trial  # type: ignore[no-any-return]
    return None


def run_next(domain: Domain, trials: Any, catch: bool = False) -> Document | None:
    """Run the oldest waiting trial, and return it; None if none is waiting.

    Parameters
    ----------
    domain : Domain
    trials : Trials
    catch : bool
        Return the trial also if the objective raises, which is recorded in any case.
    """
    trial = claim_next(trials)
    if trial is not None:
        try:
            evaluate_trial(domain, trials, trial)
        except Exception:
            if not catch:
                raise
    return trial
