"""What becomes of trials that fail, raise, or are interrupted."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

import minopt
from minopt import STATUS_FAIL, STATUS_OK, Trials, hp
from minopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW
from minopt.exceptions import AllTrialsFailed, InvalidLoss, InvalidResultStatus


class Boom(Exception):
    pass


def explode(x):
    raise Boom(f"x was {x:.1f}")


def states(trials):
    return [doc["state"] for doc in trials._dynamic_trials]


def test_what_the_objective_raises_comes_through_and_is_recorded(search):
    trials = Trials()
    with pytest.raises(Boom, match="x was"):
        search(explode, trials=trials)
    assert states(trials) == [JOB_STATE_ERROR]
    assert len(trials) == 0
    kind, message = trials._dynamic_trials[0]["misc"]["error"]
    assert kind == str(Boom)
    assert message.startswith("x was")


def test_exceptions_can_be_caught_and_the_search_goes_on(search):
    trials = Trials()
    search(
        lambda x: explode(x) if x > 0 else x,
        trials=trials,
        max_evals=20,
        catch_eval_exceptions=True,
    )
    assert set(states(trials)) == {JOB_STATE_DONE, JOB_STATE_ERROR}
    assert len(states(trials)) == 20
    assert all(
        "error" in d["misc"] for d in trials._dynamic_trials if d["state"] == JOB_STATE_ERROR
    )


def test_an_exception_that_cannot_be_printed_is_recorded_by_its_type(search):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError

    def objective(x):
        raise Unprintable

    trials = Trials()
    search(objective, trials=trials, catch_eval_exceptions=True, return_argmin=False, max_evals=2)
    assert trials._dynamic_trials[0]["misc"]["error"][0] == str(Unprintable)


def test_an_error_while_the_point_is_built_is_recorded_too(search):
    @minopt.pyll.scope.define
    def breaks_in_test_failures(value):
        raise Boom("while building")

    trials = Trials()
    space = minopt.pyll.scope.breaks_in_test_failures(hp.uniform("x", 0, 1))
    search(where=space, trials=trials, catch_eval_exceptions=True, return_argmin=False)
    assert states(trials) == [JOB_STATE_ERROR] * 10


@pytest.mark.parametrize(
    "returned, error, words",
    [
        (None, InvalidLoss, "trial 0: the objective returned None"),
        ("low", InvalidLoss, "trial 0: the objective returned 'low'"),
        ({"status": STATUS_OK}, InvalidLoss, "trial 0: the objective returned no 'loss'"),
        ({"loss": 1.0}, InvalidResultStatus, "trial 0: the objective returned no 'status'"),
        ({"status": "fine"}, InvalidResultStatus, "trial 0: .*'fine'"),
    ],
)
def test_a_wrong_result_is_an_error_that_says_so(search, returned, error, words):
    with pytest.raises(error, match=words):
        search(lambda x: returned)


@pytest.mark.parametrize(
    "objective, words",
    [
        (explode, "Boom: x was"),
        (lambda x: {"status": STATUS_FAIL}, "fail"),
        (lambda x: math.nan, "NaN|nan"),
    ],
)
def test_a_search_without_a_best_trial_says_why(search, objective, words):
    settings = {"catch_eval_exceptions": True}
    with pytest.raises(AllTrialsFailed, match=words):
        search(objective, **settings)
    assert search(objective, return_argmin=False, **settings) is None


def test_the_best_is_found_among_failures(search):
    results = iter([math.nan, 3.0, {"status": STATUS_FAIL, "loss": -5.0}, 1.0, math.inf] * 2)
    trials = Trials()
    search(lambda x: next(results), trials=trials)
    assert trials.best_trial["tid"] == 3


def test_an_interrupted_trial_waits_to_be_run_again(search, drawn):
    trials, whole, calls = Trials(), Trials(), []

    def objective(x):
        calls.append(x)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return x**2

    with pytest.raises(KeyboardInterrupt):
        search(objective, trials=trials)
    assert states(trials) == [JOB_STATE_DONE] * 4 + [JOB_STATE_NEW]
    search(objective, trials=trials)
    search(trials=whole)
    assert states(trials) == [JOB_STATE_DONE] * 10
    assert drawn(trials) == drawn(whole)
    assert calls[4] == calls[5]


def test_a_trial_whose_objective_leaves_is_over(search):
    trials = Trials()

    def objective(x):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        search(objective, trials=trials)
    assert states(trials) == [JOB_STATE_ERROR]
    assert "SystemExit" in trials._dynamic_trials[0]["misc"]["error"][0]


def test_an_interrupt_while_the_algorithm_thinks_leaves_no_trial_behind(search):
    def algo(new_ids, domain, trials, seed):
        raise KeyboardInterrupt

    trials = Trials()
    with pytest.raises(KeyboardInterrupt):
        search(algo=algo, trials=trials)
    assert states(trials) == []
    search(trials=trials)
    assert states(trials) == [JOB_STATE_DONE] * 10


def test_nothing_is_printed_or_logged_when_not_verbose(search, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        search(explode, catch_eval_exceptions=True, return_argmin=False, algo=None)
        with pytest.raises(Boom):
            search(explode)
    assert capfd.readouterr() == ("", "")
    assert [r for r in caplog.records if r.name.startswith("minopt")] == []


def test_a_caught_exception_is_told_with_its_trial_when_verbose(search, caplog):
    search(
        explode,
        catch_eval_exceptions=True,
        return_argmin=False,
        verbose=True,
        show_progressbar=False,
        max_evals=2,
    )
    assert caplog.messages[1].startswith("trial 1 failed: ")
    assert "Boom: x was" in caplog.messages[1]


def test_containers_of_a_result_are_copied_and_leaves_are_kept(search):
    model = object()
    history = []

    def objective(x):
        history.append(x)
        return {"loss": x**2, "status": STATUS_OK, "history": history, "deep": {"model": model}}

    trials = Trials()
    search(objective, trials=trials)
    assert [len(result["history"]) for result in trials.results] == list(range(1, 11))
    assert all(result["deep"]["model"] is model for result in trials.results)


def test_attachments_go_to_the_trial(search):
    trials = Trials()
    search(
        lambda x: {"loss": x, "status": STATUS_OK, "attachments": {"raw": b"bytes"}},
        trials=trials,
        max_evals=2,
    )
    assert trials.trial_attachments(trials.trials[1])["raw"] == b"bytes"
    assert "attachments" not in trials.results[1]


@pytest.mark.parametrize(
    "loss", [np.float32(1), np.array(1.0), np.array([1.0]), 1, True, np.int64(1)]
)
def test_losses_of_many_kinds_become_floats(search, loss):
    trials = Trials()
    search(lambda x: loss, trials=trials, max_evals=1)
    assert trials.losses() == [1.0]
    assert type(trials.losses()[0]) is float


def test_times_are_recorded(search):
    trials = Trials()
    search(trials=trials, max_evals=1)
    (doc,) = trials.trials
    assert doc["book_time"] <= doc["refresh_time"]
    assert doc["book_time"].tzinfo is None
