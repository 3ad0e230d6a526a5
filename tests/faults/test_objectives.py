"""Objectives that misbehave: recorded sensibly, and the search goes on or stops as it says."""

from __future__ import annotations

import ctypes
import io
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import minopt
from minopt import STATUS_FAIL, STATUS_OK, Retry, SQLTrials, Trials, fmin, hp, rand
from minopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW

X = hp.uniform("x", -5, 5)
HERE, AWAY = {}, {"executor": "processes"}

everywhere = pytest.mark.parametrize("where", [HERE, AWAY], ids=["here", "in a process"])


def search(fn, max_evals=4, **settings):
    trials = settings.pop("trials", None)
    trials = Trials() if trials is None else trials
    settings = {"rstate": 0, "verbose": False, "return_argmin": False, **settings}
    fmin(fn, X, rand.suggest, max_evals, trials=trials, **settings)
    return trials


def states(trials):
    return [doc["state"] for doc in trials._dynamic_trials]


def errors(trials):
    return [doc["misc"].get("error") for doc in trials._dynamic_trials]


# ---- ways to leave


@everywhere
@pytest.mark.parametrize("code", [None, 0, 3, "goodbye"])
def test_sys_exit_ends_the_search_and_one_trial(where, code):
    trials = Trials()
    with pytest.raises(SystemExit) as caught:
        search(lambda x: sys.exit(code), trials=trials, catch_eval_exceptions=True, **where)
    assert caught.value.code == code
    assert states(trials) == [JOB_STATE_ERROR]
    assert errors(trials)[0][0] == "<class 'SystemExit'>"


def test_a_process_that_leaves_is_one_failed_trial():
    trials = search(lambda x: os._exit(3), **AWAY)
    assert states(trials) == [JOB_STATE_DONE] * 4
    assert {r["status_fail"] for r in trials.results} == {"its process died: EXIT(3)"}


def test_a_process_that_crashes_is_one_failed_trial():
    trials = search(lambda x: ctypes.string_at(0) and x, 2, **AWAY)
    assert all("SIGSEGV" in result["status_fail"] for result in trials.results)


class Unheard(BaseException):
    """Not an Exception."""


@everywhere
def test_an_interrupt_goes_through_and_the_trial_waits(where):
    def objective(x):
        raise KeyboardInterrupt("stop")

    trials = Trials()
    with pytest.raises(KeyboardInterrupt):
        search(objective, trials=trials, catch_eval_exceptions=True, **where)
    assert states(trials) == [JOB_STATE_NEW]
    assert states(search(abs, trials=trials)) == [JOB_STATE_DONE] * 4


@everywhere
@pytest.mark.parametrize("catches", [False, True])
@pytest.mark.parametrize("error", [Unheard, GeneratorExit])
def test_a_base_exception_goes_through_and_is_not_met_again(where, error, catches):
    def objective(x):
        raise error("stop")

    trials = Trials()
    with pytest.raises(error):
        search(objective, trials=trials, catch_eval_exceptions=catches, retries=2, **where)
    assert states(trials) == [JOB_STATE_ERROR]
    assert states(search(abs, trials=trials)) == [JOB_STATE_ERROR] + [JOB_STATE_DONE] * 3


@everywhere
def test_a_base_exception_that_is_worth_it_is_tried_again(where):
    def objective(x):
        raise Unheard("stop")

    trials = Trials()
    with pytest.raises(Unheard):
        search(objective, trials=trials, retries=Retry(2, on=Unheard), **where)
    assert trials._dynamic_trials[0]["misc"]["attempts"] == 3


class PanicException(BaseException):
    """As libraries that are written in Rust raise."""


PanicException.__module__ = "pyo3_runtime"


@pytest.mark.parametrize("where", ["here", "in threads"])
def test_a_panic_is_caught_if_exceptions_are(where):
    def objective(x):
        raise PanicException("stop")

    with ThreadPoolExecutor(2) as threads:
        settings = {"executor": threads} if where == "in threads" else HERE
        trials = search(objective, catch_eval_exceptions=True, **settings)
    assert states(trials) == [JOB_STATE_ERROR] * 4
    assert {error[1] for error in errors(trials)} == {"stop"}


class SilentBase(BaseException):
    """Cannot be printed."""

    def __str__(self):
        raise ValueError("no")


def raise_silent_base(x):
    raise SilentBase


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_a_base_exception_that_cannot_be_printed_is_recorded(kind):
    trials = Trials()
    with kind(1) as executor, pytest.raises(SilentBase):
        search(raise_silent_base, 2, executor=executor, trials=trials)
    assert "SilentBase" in errors(trials)[0][0]


@everywhere
@pytest.mark.parametrize("kept", ["memory", "database"])
def test_an_attachment_that_cannot_be_kept_does_not_cost_the_loss(where, kept, tmp_path):
    def objective(x):
        bad = {"lock": threading.Lock(), "half \ud800": 1, "zero \0": 1}
        return {"loss": x, "status": STATUS_OK, "attachments": {**bad, "log": "text"}}

    trials = SQLTrials(tmp_path / "search.db") if kept == "database" else Trials()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        search(objective, 2, trials=trials, **where)
    assert states(trials) == [JOB_STATE_DONE] * 2
    for trial in trials.trials:
        assert trials.trial_attachments(trial)["log"] == "text"
    if kept == "database":
        text = " ".join(str(one.message) for one in told)
        assert "lock" in text
        assert "half" in text
        assert "zero" in text
        trials.close()


def test_a_key_that_cannot_be_sent_does_not_cost_the_loss():
    def objective(x):
        return {"loss": x, "status": STATUS_OK, threading.Lock(): 1, "more": 2}

    with pytest.warns(RuntimeWarning, match="stayed behind"):
        trials = search(objective, 1, **AWAY)
    assert trials.results[0].keys() == {"loss", "status", "more"}


# ---- ways to raise


@everywhere
def test_endless_recursion_is_one_error(where):
    def objective(x):
        return objective(x)

    trials = search(objective, catch_eval_exceptions=True, **where)
    assert states(trials) == [JOB_STATE_ERROR] * 4
    assert {error[0] for error in errors(trials)} == {"<class 'RecursionError'>"}


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


class SilentForEver(Exception):
    def __str__(self):
        return None

    def __reduce__(self):
        raise TypeError("stays here")


@everywhere
@pytest.mark.parametrize("error", [Silent, SilentForEver])
def test_an_exception_that_cannot_be_printed_is_known_by_its_class(where, error):
    def objective(x):
        raise error

    trials = search(objective, catch_eval_exceptions=True, **where)
    assert states(trials) == [JOB_STATE_ERROR] * 4
    for doc in trials._dynamic_trials:
        assert error.__name__ in doc["misc"]["error"][0]
        assert "in objective" in doc["misc"]["traceback"]


@everywhere
def test_an_exception_with_a_long_message_and_a_chain_is_kept_whole(where):
    def objective(x):
        try:
            raise KeyError("first")
        except KeyError as cause:
            raise ValueError("é" * 100_000) from cause

    trials = search(objective, 1, catch_eval_exceptions=True, **where)
    (doc,) = trials._dynamic_trials
    assert doc["misc"]["error"][1] == "é" * 100_000
    assert "KeyError: 'first'" in doc["misc"]["traceback"]


@everywhere
def test_an_objective_that_catches_everything_goes_on(where):
    def objective(x):
        try:
            raise MemoryError
        except BaseException:
            return x

    assert states(search(objective, **where)) == [JOB_STATE_DONE] * 4


# ---- floods


@everywhere
def test_a_flood_of_warnings_costs_nothing(where):
    def objective(x):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = lambda *args, **kwargs: None
            for i in range(20_000):
                warnings.warn(f"warning {i}", UserWarning, stacklevel=1)
        return x

    assert states(search(objective, **where)) == [JOB_STATE_DONE] * 4


def test_megabytes_on_the_standard_streams_come_out(capfd):
    def objective(x):
        sys.stdout.write("o" * 2_000_000 + "\n")
        sys.stderr.write("e" * 2_000_000 + "\n")
        return x

    search(objective, verbose=True)
    out, err = capfd.readouterr()
    # the bar lets what is printed pass above it
    assert (out + err).count("o" * 2_000_000) == 4
    assert (out + err).count("e" * 2_000_000) == 4


@pytest.fixture(params=["memory", "pickle", "sqlite"])
def stored(request, tmp_path):
    """Settings of a search, and how to look at its trials from outside."""
    if request.param == "memory":
        trials = Trials()
        return {"trials": trials}, lambda: trials
    if request.param == "pickle":
        path = tmp_path / "trials.pkl"
        return {"trials_save_file": path}, lambda: minopt.load_trials(path)
    return {"trials": tmp_path / "search.db"}, lambda: SQLTrials(tmp_path / "search.db")


@everywhere
def test_a_result_of_50_megabytes_comes_back(where, stored):
    settings, look = stored

    def objective(x):
        return {
            "loss": x,
            "status": STATUS_OK,
            "weights": np.full(3_000_000, x),
            "attachments": {"model": b"m" * 25_000_000},
        }

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the file takes its time
        fmin(objective, X, rand.suggest, 2, rstate=0, verbose=False, **settings, **where)
    trials = look()
    for trial in trials.trials:
        assert (trial["result"]["weights"] == trial["result"]["loss"]).all()
        assert trial["result"]["weights"].nbytes == 24_000_000
        assert len(trials.trial_attachments(trial)["model"]) == 25_000_000


# ---- the process is changed


@pytest.fixture
def streams():
    """The standard streams, to be as they were in the end."""
    before = sys.stdout, sys.stderr
    yield before
    assert (sys.stdout, sys.stderr) == before
    sys.stdout, sys.stderr = before


@pytest.mark.parametrize("verbose", [False, True])
def test_streams_are_as_they_were_whatever_the_objective_raises(streams, verbose):
    def objective(x):
        raise KeyError

    with pytest.raises(KeyError):
        search(objective, verbose=verbose)


def test_a_closed_standard_output_does_not_end_the_search(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    def objective(x):
        sys.stdout.close()
        return x

    trials = Trials()
    search(objective, trials=trials, verbose=True)
    assert states(trials) == [JOB_STATE_DONE] * 4


def test_a_replaced_standard_output_does_not_end_the_search(streams):
    def objective(x):
        sys.stdout = io.StringIO()
        return x

    assert states(search(objective, verbose=True)) == [JOB_STATE_DONE] * 4


def test_a_working_directory_that_moves_leaves_the_store_in_its_place(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)

    def objective(x):
        os.chdir(tmp_path / "elsewhere")
        return x

    for settings in ({"trials_save_file": "trials.pkl"}, {"trials": "search.db"}):
        os.chdir(tmp_path)
        fmin(objective, X, rand.suggest, 3, rstate=0, verbose=False, **settings)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert len(SQLTrials(tmp_path / "search.db")) == 3


def test_a_deleted_file_is_written_again(tmp_path):
    path = tmp_path / "trials.pkl"

    def objective(x):
        path.unlink(missing_ok=True)
        return x

    fmin(objective, X, rand.suggest, 4, trials_save_file=path, rstate=0, verbose=False)
    assert len(minopt.load_trials(path)) == 4


@everywhere
def test_threads_that_run_on_do_not_keep_the_search(where):
    def objective(x):
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        return x

    assert states(search(objective, **where)) == [JOB_STATE_DONE] * 4


@everywhere
def test_an_objective_that_forks_is_left_alone(where, stored):
    settings, look = stored

    def objective(x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads
            child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return x

    fmin(objective, X, rand.suggest, 4, rstate=0, verbose=False, **settings, **where)
    assert states(look()) == [JOB_STATE_DONE] * 4


@everywhere
def test_an_objective_that_starts_programs_is_left_alone(where):
    def objective(x):
        return subprocess.run([sys.executable, "-c", "pass"], check=True).returncode + x

    assert states(search(objective, 2, **where)) == [JOB_STATE_DONE] * 2


@pytest.mark.parametrize("name", ["SIGINT", "SIGALRM", "SIGTERM"])
def test_signal_handlers_of_the_objective_stay(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)

    def handler(*args):
        raise AssertionError

    def objective(x):
        signal.signal(number, handler)
        return x

    try:
        search(objective)
        assert signal.getsignal(number) is handler
    finally:
        signal.signal(number, before)


def test_global_chance_that_is_seeded_changes_nothing():
    def objective(x):
        np.random.seed(0)  # noqa: NPY002 - as users do
        return x

    def points(fn):
        return search(fn, 10).vals["x"]

    assert points(objective) == points(abs)


# ---- results


@everywhere
def test_a_point_that_is_changed_is_recorded_as_it_was(where):
    def objective(point):
        loss = point["x"]
        point["x"] = "changed"
        point["more"]["deep"] = None
        point.clear()
        return loss

    trials = Trials()
    space = {"x": X, "more": {"deep": hp.randint("n", 3)}}
    settings = {"rstate": 0, "verbose": False, "trials": trials}
    fmin(objective, space, rand.suggest, 4, **settings, **where)
    assert trials.losses() == trials.vals["x"]


@everywhere
def test_the_same_dict_each_time_is_recorded_as_it_was_each_time(where, stored):
    settings, look = stored
    result = {"status": STATUS_OK, "seen": []}

    def objective(x):
        result["loss"] = x
        result["seen"].append(x)
        return result

    fmin(objective, X, rand.suggest, 4, rstate=0, verbose=False, **settings, **where)
    trials = look()
    assert trials.losses() == trials.vals["x"]
    assert [r["seen"] for r in trials.results] == [
        trials.vals["x"][: place + 1] for place in range(4)
    ]


@everywhere
def test_a_loss_that_is_no_number_is_one_error(where):
    trials = search(lambda x: "low", catch_eval_exceptions=True, **where)
    assert states(trials) == [JOB_STATE_ERROR] * 4
    assert all("objective returned 'low'" in error[1] for error in errors(trials))


@everywhere
def test_a_result_that_holds_itself_comes_back_or_is_left_out(where, stored):
    settings, look = stored

    def objective(x):
        result = {"loss": x, "status": STATUS_OK}
        result["self"] = result
        return result

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        fmin(objective, X, rand.suggest, 2, rstate=0, verbose=False, **settings, **where)
    trials = look()
    assert trials.losses() == trials.vals["x"]


@everywhere
def test_what_cannot_be_pickled_costs_no_trial_in_a_database(where, tmp_path):
    def objective(x):
        return {"loss": x, "status": STATUS_OK, "lock": threading.Lock(), "note": "kept"}

    with pytest.warns(RuntimeWarning, match=r"trial 0: .*lock"):
        fmin(
            objective,
            X,
            rand.suggest,
            1,
            trials=tmp_path / "a.db",
            rstate=0,
            verbose=False,
            **where,
        )
    trials = SQLTrials(tmp_path / "a.db")
    assert [set(result) for result in trials.results] == [{"loss", "status", "note"}]


@everywhere
def test_a_failed_status_without_a_loss_is_a_failed_trial(where, stored):
    settings, look = stored
    fmin(
        lambda x: {"status": STATUS_FAIL, "why": "no data"},
        X,
        rand.suggest,
        3,
        rstate=0,
        verbose=False,
        return_argmin=False,
        **settings,
        **where,
    )
    assert look().statuses() == [STATUS_FAIL] * 3


def test_nothing_of_the_objective_is_logged_twice(caplog):
    def objective(x):
        raise KeyError("once")

    with caplog.at_level(logging.DEBUG):
        search(objective, 1, catch_eval_exceptions=True, verbose=True, show_progressbar=False)
    assert sum("once" in message for message in caplog.messages) == 1
