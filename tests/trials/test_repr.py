"""What trials show of themselves at a prompt."""

from __future__ import annotations

import numpy as np
import pytest

from minopt import JOB_STATE_DONE, STATUS_FAIL, SQLTrials, Trials, fmin, hp, rand


def search(trials):
    begun = []

    def objective(x):
        begun.append(x)
        if len(begun) == 2:
            raise ValueError("the second")
        return {"status": STATUS_FAIL} if len(begun) == 3 else 0.25 * len(begun)

    fmin(
        *(objective, hp.uniform("x", 0, 1), rand.suggest, 5),
        trials=trials,
        rstate=0,
        verbose=False,
        catch_eval_exceptions=True,
    )
    return trials


class OfTheUsersOwn(Trials):
    pass


@pytest.mark.parametrize(
    "made, shown",
    [
        (Trials, "<Trials: 5 trials, 1 error, 1 failed, best loss 0.25>"),
        (lambda: Trials("mine"), "<Trials of 'mine': 5 trials, 1 error, 1 failed, best loss 0.25>"),
        (OfTheUsersOwn, "<OfTheUsersOwn: 5 trials, 1 error, 1 failed, best loss 0.25>"),
    ],
)
def test_trials_show_how_many_there_are_and_the_best_loss(made, shown):
    assert repr(search(made())) == shown


def test_trials_in_a_database_show_where(tmp_path):
    pytest.importorskip("sqlalchemy")
    trials = search(SQLTrials(tmp_path / "search.db", "mine"))
    assert repr(trials).startswith("<SQLTrials of 'mine' in ")
    assert "search.db" in repr(trials)
    assert repr(trials).endswith(": 5 trials, 1 error, 1 failed, best loss 0.25>")


def test_trials_without_trials_show_that():
    assert repr(Trials()) == "<Trials: 0 trials>"


ODD = {"tid": 0, "exp_key": None, "state": JOB_STATE_DONE, "result": {"status": np.zeros(2)}}


@pytest.mark.parametrize("documents", [None, [5], [{}], [ODD]])
def test_half_made_and_damaged_trials_can_be_shown(documents):
    trials = Trials.__new__(Trials)
    if documents is not None:
        trials.__dict__["_dynamic_trials"] = documents
    assert repr(trials) == "<Trials: not readable as trials>"
