"""One trial from claim to record: build the point, call the objective, write down what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minopt._clock import coarse_utcnow
from minopt.trials.control import Ctrl
from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    copied,
    spec_from_misc,
)

if TYPE_CHECKING:
    from minopt.domain.domain import Domain


def evaluate_trial(domain: Domain, trials: Any, trial: Document) -> None:
    """Evaluate a claimed trial and record its result or its error.

    Parameters
    ----------
    domain : Domain
    trials : Trials
        The store of the trial, for its `Ctrl`.
    trial : dict
        A document in state RUNNING that belongs to the caller alone.

    Raises
    ------
    Exception
        What the objective raised, recorded already. After an interrupt, nothing is recorded
        and the trial is NEW again, to be run on resuming.
    """
    try:
        ctrl = Ctrl(trials, current_trial=trial)
        record_result(trial, domain.evaluate(spec_from_misc(trial["misc"]), ctrl))
    except (Exception, SystemExit) as error:  # who leaves would leave again: the trial is over
        record_error(trial, error)
        raise
    except BaseException:
        if trial["state"] == JOB_STATE_RUNNING:
            put_back(trial)
        raise


def record_result(trial: Document, result: dict[str, Any]) -> None:
    """Finish a trial with the result of its evaluation, which is copied; leaves are kept."""
    trial["result"] = copied(result)
    trial["refresh_time"] = coarse_utcnow()
    trial["state"] = JOB_STATE_DONE  # last: whoever sees it done finds the result there


def record_error(trial: Document, error: BaseException) -> None:
    """Finish a trial with what it raised, as hyperopt writes it: the type and the message."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not cost the search
        message = "(the exception cannot be printed)"
    trial["misc"]["error"] = (str(type(error)), message)
    trial["refresh_time"] = coarse_utcnow()
    trial["state"] = JOB_STATE_ERROR


def put_back(trial: Document) -> None:
    """Undo the claim of a trial, so that it is run later."""
    trial["book_time"] = trial["refresh_time"] = None
    trial["state"] = JOB_STATE_NEW
