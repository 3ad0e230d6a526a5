"""Limits of a trial: rings within rings, processes of processes, and nothing after the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from minopt import Retry, Trials, fmin, hp, rand
from minopt.base import STATUS_FAIL, STATUS_OK
from minopt.exceptions import InvalidArgument

X = hp.uniform("x", -5, 5)
HOG = "import time; b = bytearray(400_000_000); b[::4096] = b'x' * len(b[::4096]); time.sleep(30)"


def search(fn, max_evals=1, **settings):
    trials = Trials()
    settings = {"rstate": 0, "verbose": False, "return_argmin": False, **settings}
    fmin(fn, X, rand.suggest, max_evals, trials=trials, **settings)
    return trials


@pytest.mark.parametrize("seconds", [1e-9, 1e-6, 1e-4])
def test_a_timer_that_rings_at_once_ends_its_trial_and_nothing_else(seconds):
    assert search(lambda x: time.sleep(5), 3, trial_timeout=seconds).statuses() == ["fail"] * 3
    assert search(lambda x: time.sleep(0.3) or x).statuses() == [STATUS_OK]


@pytest.mark.parametrize("settings", [{}, {"executor": "processes"}], ids=["here", "processes"])
@pytest.mark.parametrize("seconds", [1e12, 1e300])
def test_a_limit_of_ages_is_none(seconds, settings):
    assert search(abs, trial_timeout=seconds, **settings).statuses() == [STATUS_OK]


def test_a_search_within_a_trial_is_ended_by_the_trial_s_own_limit():
    def objective(x):
        search(lambda y: time.sleep(0.05) or y, 1000, trial_timeout=30)
        return x

    trials = search(objective, trial_timeout=0.3)
    assert trials.results == [
        {"status": STATUS_FAIL, "status_fail": "trial_timeout: ended after 0.3 s"}
    ]


def test_limits_of_a_search_within_a_trial_cost_the_trial_nothing():
    def objective(x):
        return search(lambda y: time.sleep(30), 3, trial_timeout=0.05).statuses().count("fail")

    assert search(objective, trial_timeout=60).losses() == [3]


def test_a_timer_of_the_user_s_rings_during_trials_with_a_limit():
    rings = []
    before = signal.signal(signal.SIGALRM, lambda *_: rings.append(None))
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        search(lambda x: [time.sleep(0.05) for _ in range(4)] and x, trial_timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(rings) >= 2


LATE = """
import signal, time
from minopt import Trials, fmin, hp, rand

put_back = signal.signal

def slowly(number, handler):
    before = put_back(number, handler)
    if handler == signal.SIG_DFL:
        time.sleep(0.7)
    return before

signal.signal = slowly
trials = Trials()
fmin(lambda x: x, hp.uniform("x", 0, 1), rand.suggest, 1, trials=trials,
     rstate=0, verbose=False, trial_timeout=0.5)
print(trials.statuses())
"""


def test_a_trial_that_ends_as_its_time_is_up_does_not_end_the_program():
    ended = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "['ok']\n", "")


def swallow(x):
    end = time.monotonic() + 0.4
    while time.monotonic() < end:
        try:
            time.sleep(0.01)
        except BaseException:
            continue
    return x


def turn_into_another(x):
    try:
        time.sleep(30)
    except BaseException as ring:
        raise RuntimeError("something went wrong") from ring


@pytest.mark.parametrize("objective", [swallow, turn_into_another])
def test_an_objective_that_swallows_the_ring_has_failed_all_the_same(objective):
    trials = search(objective, trial_timeout=0.1)
    assert trials.results[0]["status_fail"] == "trial_timeout: ended after 0.1 s"


@pytest.mark.parametrize("settings", [{}, {"n_jobs": 2}], ids=["here", "processes"])
def test_nothing_is_tried_again_after_the_timeout(settings):
    policy = Retry(1000, on="timeout")
    trials = search(
        lambda x: time.sleep(60), 50, timeout=0.5, trial_timeout=0.3, retries=policy, **settings
    )
    assert trials.statuses().count("fail") == len(trials) < 10


def test_what_the_processes_of_a_trial_take_counts_for_its_memory():
    def objective(x):
        subprocess.run([sys.executable, "-c", HOG])
        return x

    trials = search(objective, executor="processes", trial_memory=300_000_000)
    assert "trial_memory: ended at" in trials.results[0]["status_fail"]


def test_less_than_a_byte_is_no_limit():
    with pytest.raises(InvalidArgument, match=r"trial_memory must be 1 byte or more, got 0\.5"):
        search(abs, trial_memory=0.5)
