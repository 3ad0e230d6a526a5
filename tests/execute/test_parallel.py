"""Trials that run at once: in processes, on the user's executor, and what a bad end costs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from minopt import Retry, Trials, fmin, hp, rand, tpe
from minopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW, STATUS_FAIL, STATUS_OK
from minopt.exceptions import InvalidArgument, InvalidArgumentType, TrialError

X = hp.uniform("x", -5, 5)


def search(fn, max_evals=6, algo=rand.suggest, space=X, **settings):
    trials = settings.pop("trials", None) or Trials()
    settings = {"rstate": 0, "verbose": False, "return_argmin": False, **settings}
    fmin(fn, space, algo, max_evals, trials=trials, **settings)
    return trials


def points(trials):
    return [misc["vals"]["x"][0] for misc in trials.miscs]


def test_lambdas_and_closures_run_in_processes():
    center = 3
    trials = search(lambda x: (x - center) ** 2, n_jobs=2)
    assert trials.losses() == [(x - center) ** 2 for x in points(trials)]


def test_trials_run_in_other_processes():
    trials = search(
        lambda x: {"loss": x, "status": STATUS_OK, "pid": os.getpid()}, 8, executor="processes"
    )
    assert {result["pid"] for result in trials.results}.isdisjoint({os.getpid()})


def test_random_points_are_those_of_a_search_one_by_one():
    assert points(search(abs, 12, n_jobs=2)) == points(search(abs, 12))


def test_one_process_gives_the_search_of_one_by_one():
    one_by_one = points(search(abs, 30, tpe.suggest))
    assert points(search(abs, 30, tpe.suggest, executor="processes")) == one_by_one


def test_workers_do_not_pile_onto_one_point():
    trials = search(lambda x: time.sleep(0.02) or x**2, 40, tpe.suggest, n_jobs=2)
    assert len(set(points(trials))) == 40


def test_attachments_and_results_come_back():
    def objective(x):
        return {
            "loss": x,
            "status": STATUS_OK,
            "curve": np.arange(3),
            "attachments": {"log": b"text"},
        }

    trials = search(objective, 3, n_jobs=2)
    assert trials.results[0]["curve"].tolist() == [0, 1, 2]
    assert trials.trial_attachments(trials.trials[2])["log"] == b"text"


def test_what_cannot_be_pickled_stays_behind_with_a_warning():
    def objective(x):
        return {"loss": x, "status": STATUS_OK, "lock": threading.Lock()}

    with pytest.warns(RuntimeWarning, match=r"trial 0: 'lock' of its result cannot be pickled"):
        trials = search(objective, 1, executor="processes")
    assert trials.results[0].keys() == {"loss", "status"}


class EndsItsReader:
    """An object that ends the process that reads its pickle."""

    def __reduce__(self):
        return sys.exit, (3,)


def test_a_result_that_would_end_its_reader_stays_behind_with_a_warning():
    def objective(x):
        return {"loss": x, "status": STATUS_OK, "end": EndsItsReader()}

    with pytest.warns(RuntimeWarning, match=r"trial 0: 'end' of its result cannot be pickled"):
        trials = search(objective, 2, executor="processes")
    assert [result.keys() for result in trials.results] == [{"loss", "status"}] * 2


def test_what_stays_behind_is_told_once_in_a_search(recwarn):
    def objective(x):
        return {"loss": x, "status": STATUS_OK, "lock": threading.Lock()}

    assert len(search(objective, 4, n_jobs=2)) == 4
    assert len([w for w in recwarn if "stayed behind" in str(w.message)]) == 1


def test_an_objective_that_cannot_be_sent_is_refused_before_the_first_trial():
    lock = threading.Lock()
    trials = Trials()
    with pytest.raises(InvalidArgument, match="cannot be pickled"):
        search(lambda x: lock and x, n_jobs=2, trials=trials)
    assert trials.results == [] or trials.statuses() == ["new"]


@pytest.mark.parametrize(
    ("end", "words"),
    [(lambda: os._exit(7), "EXIT(7)"), (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL")],
    ids=["leaves", "is killed"],
)
def test_a_worker_that_dies_is_one_failed_trial_with_its_cause(end, words):
    trials = search(lambda x: end() if x > 0 else x, 8, n_jobs=2)
    assert len(trials) == 8
    for x, result in zip(points(trials), trials.results, strict=True):
        assert result["status"] == (STATUS_FAIL if x > 0 else STATUS_OK)
        if x > 0:
            assert words in result["status_fail"]


def test_a_hanging_trial_is_ended_with_its_process():
    trials = search(lambda x: time.sleep(60 if x > 0 else 0) or x, 6, n_jobs=2, trial_timeout=0.3)
    failed = [result for result in trials.results if result["status"] == STATUS_FAIL]
    assert failed
    assert all(result["status_fail"] == "trial_timeout: ended after 0.3 s" for result in failed)


def test_a_trial_that_takes_too_much_memory_is_ended():
    def objective(x):
        block = bytearray(400_000_000)
        block[::4096] = b"x" * len(block[::4096])
        time.sleep(5)
        return x

    trials = search(objective, 1, executor="processes", trial_memory=300_000_000)
    assert "trial_memory: ended at" in trials.results[0]["status_fail"]


def raise_above_zero(x):
    if x > 0:
        raise KeyError(f"no {x:.1f}")
    return x


def test_what_a_trial_raises_is_raised_here_with_its_traceback():
    trials = Trials()
    with pytest.raises(KeyError, match="no ") as caught:
        search(raise_above_zero, 20, n_jobs=2, trials=trials)
    assert "raise_above_zero" in str(caught.value.__cause__)
    states = {doc["state"] for doc in trials._dynamic_trials}
    assert states <= {JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW}


def test_what_a_trial_raises_is_recorded_with_its_traceback():
    trials = search(raise_above_zero, 8, n_jobs=2, catch_eval_exceptions=True)
    failed = [doc for doc in trials._dynamic_trials if doc["state"] == JOB_STATE_ERROR]
    assert failed
    for doc in failed:
        assert doc["misc"]["error"][0] == "<class 'KeyError'>"
        assert "raise_above_zero" in doc["misc"]["traceback"]


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError

    def __reduce__(self):
        raise TypeError


def raise_unprintable(x):
    raise Unprintable


@pytest.mark.parametrize("settings", [{}, {"executor": "processes"}], ids=["here", "processes"])
def test_an_exception_that_cannot_be_printed_is_recorded_by_its_type(settings):
    trials = search(raise_unprintable, 1, catch_eval_exceptions=True, **settings)
    assert "Unprintable" in trials._dynamic_trials[0]["misc"]["error"][0]


def test_an_exception_that_cannot_be_sent_is_described():
    with pytest.raises(TrialError, match=r"trial 0 raised .*Unprintable"):
        search(raise_unprintable, 1, executor="processes")


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_runs_the_trials(kind):
    with kind(2) as executor:
        trials = search(abs, 12, executor=executor)
        assert executor.submit(int, "3").result() == 3  # it stays open
    assert points(trials) == points(search(abs, 12))


def test_limits_that_an_executor_cannot_hold_are_told():
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.warns(RuntimeWarning, match="trial_timeout and trial_memory cannot be enforced"),
    ):
        search(abs, 1, executor=executor, trial_timeout=1, trial_memory=10**9)


def test_timeout_begins_nothing_new_and_lets_running_trials_end():
    trials = search(lambda x: time.sleep(0.4) or x, 50, n_jobs=2, timeout=0.1)
    assert set(trials.statuses()) <= {STATUS_OK}
    assert len(trials) < 10


def test_a_reached_threshold_stops_the_asking():
    trials = search(abs, 400, n_jobs=2, loss_threshold=1.0)
    assert len(trials) < 100
    assert min(trials.losses()) <= 1.0


def test_a_second_search_goes_on_where_the_first_was_stopped():
    trials = search(abs, 6, n_jobs=2)
    search(abs, 12, n_jobs=2, trials=trials)
    assert points(trials) == points(search(abs, 12))


def test_trials_are_run_again_as_often_as_told(tmp_path):
    def flaky(x):
        path = tmp_path / f"{x:.6f}"
        path.write_text(path.read_text() + "x" if path.exists() else "x")
        if len(path.read_text()) < 3:
            raise ConnectionError("try again")
        return x

    trials = search(flaky, 3, retries=2)
    assert trials.statuses() == [STATUS_OK] * 3
    assert [misc["attempts"] for misc in trials.miscs] == [3] * 3


def test_processes_that_die_are_tried_again(tmp_path):
    def dies_once(x):
        path = tmp_path / f"{x:.6f}"
        if not path.exists():
            path.touch()
            os._exit(1)
        return x

    assert search(dies_once, 3, n_jobs=2, retries=1).statuses() == [STATUS_OK] * 3


def test_a_policy_tells_what_is_worth_another_attempt():
    calls = []

    def fails(x):
        calls.append(x)
        raise ValueError("always")

    settings = {"catch_eval_exceptions": True, "return_argmin": False}
    search(fails, 1, retries=Retry(3, on=ConnectionError), **settings)
    assert len(calls) == 1
    search(fails, 1, retries=Retry(3, on=(ValueError, "died")), **settings)
    assert len(calls) == 5


def test_a_hanging_trial_in_this_process_is_ended_by_a_timer():
    before = signal.getsignal(signal.SIGALRM)
    trials = search(lambda x: time.sleep(60) or x, 2, trial_timeout=0.1)
    assert {r["status_fail"] for r in trials.results} == {"trial_timeout: ended after 0.1 s"}
    assert signal.getsignal(signal.SIGALRM) == before


def test_a_timer_that_was_running_goes_on():
    before = signal.setitimer(signal.ITIMER_REAL, 100.0)
    try:
        search(abs, 1, trial_timeout=5)
        assert 90 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_an_objective_that_swallows_the_ring_hears_another():
    def stubborn(x):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                time.sleep(0.2)
            except BaseException:
                time.sleep(0.2)
        return x

    trials = search(stubborn, 1, trial_timeout=0.1)
    assert trials.statuses() == [STATUS_FAIL]


def test_limits_that_cannot_be_held_in_this_process_are_told():
    with pytest.warns(RuntimeWarning, match=r"trial_memory cannot be enforced in this thread"):
        search(abs, 1, trial_memory=10**9)


def test_a_trial_timeout_in_another_thread_is_told():
    def run():
        with pytest.warns(RuntimeWarning, match="trial_timeout cannot be enforced"):
            search(abs, 1, trial_timeout=5)
        done.append(True)

    done = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done


WRONG = [
    ({"n_jobs": 0}, InvalidArgument, "n_jobs must be 1 or more, or -1 for all cores, got 0"),
    ({"n_jobs": 1.5}, InvalidArgumentType, "n_jobs must be a whole number"),
    ({"n_jobs": True}, InvalidArgumentType, "n_jobs must be a whole number"),
    ({"n_jobs": "2"}, InvalidArgumentType, "got '2'"),
    ({"executor": ThreadPoolExecutor}, InvalidArgumentType, r"write ThreadPoolExecutor\(\)"),
    ({"executor": "threads"}, InvalidArgumentType, "executor must be None, 'processes' or"),
    ({"trial_timeout": 0}, InvalidArgument, "trial_timeout must be None or a positive number"),
    ({"trial_timeout": -1}, InvalidArgument, "positive number of seconds, got -1"),
    ({"trial_timeout": float("nan")}, InvalidArgument, "positive number of seconds, got nan"),
    ({"trial_timeout": 10**400}, InvalidArgument, "trial_timeout must be None or a positive"),
    ({"trial_timeout": "5"}, InvalidArgumentType, "trial_timeout must be None or a number"),
    ({"trial_memory": -5}, InvalidArgument, "positive number of bytes, got -5"),
    ({"trial_memory": "1GB"}, InvalidArgumentType, "number of bytes, got '1GB'"),
    ({"retries": -1}, InvalidArgument, "retries must not be negative, got -1"),
    ({"retries": 1.5}, InvalidArgumentType, "retries must be a whole number or a Retry"),
    ({"n_job": 2}, TypeError, "n_job"),
]


@pytest.mark.parametrize(("settings", "error", "words"), WRONG)
def test_wrong_arguments_are_refused_before_the_first_trial(settings, error, words):
    trials = Trials()
    with pytest.raises(error, match=words):
        search(abs, 1, trials=trials, **settings)
    assert trials._dynamic_trials == []


@pytest.mark.parametrize("cause", [5, None, ["error", 5]])
def test_what_is_no_cause_of_a_retry_is_refused(cause):
    with pytest.raises(InvalidArgument, match="retries: on= takes exception classes"):
        Retry(1, on=cause)


def test_retries_may_be_numpys():
    assert Retry.of(np.int64(2)) == Retry(2)


def test_a_wrong_cause_of_a_retry_is_refused():
    with pytest.raises(InvalidArgument, match=r"any of .*'died'.*, got 'crash'"):
        Retry(1, on="crash")
