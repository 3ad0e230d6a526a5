"""Documents and trials to test with."""

from __future__ import annotations

import pytest

from minopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW, Trials


def document(tid, *, state=JOB_STATE_NEW, exp_key=None, result=None, error=None, **vals):
    misc = {
        "tid": tid,
        "cmd": ("domain_attachment", "FMinIter_Domain"),
        "workdir": None,
        "idxs": {label: [tid] if value is not None else [] for label, value in vals.items()},
        "vals": {label: [value] if value is not None else [] for label, value in vals.items()},
    }
    if error is not None:
        misc["error"] = error
    return {
        "state": state,
        "tid": tid,
        "spec": None,
        "result": {"status": "new"} if result is None else result,
        "misc": misc,
        "exp_key": exp_key,
        "owner": None,
        "version": 0,
        "book_time": None,
        "refresh_time": None,
    }


def finished(tid, loss, *, status="ok", **more):
    result = {"status": status, **more.pop("extra", {})}
    if loss is not None:
        result["loss"] = loss
    return document(tid, state=JOB_STATE_DONE, result=result, **more)


def raised(tid, kind="<class 'ValueError'>", message="too big"):
    return document(tid, state=JOB_STATE_ERROR, error=(kind, message), x=1.0)


@pytest.fixture
def make():
    """Make the document of a trial: make(tid, state=..., result=..., label=value, ...)."""
    return document


@pytest.fixture
def done():
    """Make the document of a finished trial: done(tid, loss, ...)."""
    return finished


@pytest.fixture
def failed():
    """Make the document of a trial that raised."""
    return raised


@pytest.fixture
def trials_of():
    """Make refreshed Trials of documents."""

    def trials_of(*documents, **kwargs):
        trials = Trials(**kwargs)
        trials.insert_trial_docs(documents)
        trials.refresh()
        return trials

    return trials_of
