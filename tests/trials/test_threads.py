"""Several threads on the same Trials."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from minopt import fmin, hp, rand
from minopt.base import JOB_STATE_DONE, JOB_STATE_RUNNING, Trials
from minopt.trials.stock import sync, tally


@pytest.fixture(autouse=True)
def switch_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


N_THREADS, N_EACH = 4, 60
SPACE = hp.uniform("x", 0, 1)


def in_threads(work):
    """Let several threads do the same, and return what they return; raises what they raise."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        futures = [pool.submit(work) for _ in range(N_THREADS)]
        return [future.result() for future in futures]


def test_no_two_threads_get_the_same_id():
    trials = Trials()
    given = in_threads(lambda: [trials.new_trial_ids(2) for _ in range(N_EACH)])
    tids = [tid for of_thread in given for pair in of_thread for tid in pair]
    assert sorted(tids) == list(range(2 * N_THREADS * N_EACH))


def test_a_trial_is_claimed_by_one_thread_only(make):
    trials = Trials()
    trials.insert_trial_docs([make(tid) for tid in range(N_EACH)])

    def claim():
        claimed = []
        while (doc := trials._claim_next()) is not None:
            claimed.append(doc["tid"])
        return claimed

    tids = [tid for of_thread in in_threads(claim) for tid in of_thread]
    assert sorted(tids) == list(range(N_EACH))


def test_searches_side_by_side_lose_no_trial(make):
    trials = Trials()

    def search():
        for _ in range(N_EACH):
            [tid] = trials.new_trial_ids(1)
            sync(trials)
            trials.insert_trial_doc(make(tid, x=float(tid)))
            trials.refresh() if tid % 7 == 0 else sync(trials)
            doc = trials._claim_next()
            if doc is not None:
                doc["result"] = {"status": "ok", "loss": float(doc["tid"])}
                doc["state"] = JOB_STATE_DONE
            sync(trials)
            tally(trials)
            assert all(trial["tid"] in trials._ids for trial in trials)

    in_threads(search)
    sync(trials)
    assert sorted(trials.tids) == list(range(N_THREADS * N_EACH))
    assert tally(trials).done == N_THREADS * N_EACH
    assert tally(trials).best_loss == 0.0


@pytest.mark.parametrize("max_queue_len", [1, 3])
def test_searches_side_by_side_keep_their_limit_together(max_queue_len):
    for _ in range(10):
        trials = Trials()

        def search(trials=trials):
            settings = {"trials": trials, "max_queue_len": max_queue_len, "verbose": False}
            fmin(float, SPACE, rand.suggest, 20, rstate=0, **settings)

        in_threads(search)
        assert len(trials) == 20


@pytest.mark.parametrize("max_evals", [1, 2, 5])
def test_a_search_that_finds_all_trials_taken_waits_for_one_to_return(max_evals):
    trials = Trials()

    def objective(x):
        time.sleep(0.05)
        return x

    def search():
        return fmin(objective, SPACE, rand.suggest, max_evals, trials=trials, verbose=False)["x"]

    ends = in_threads(search)
    assert set(ends) <= set(trials.losses())
    assert trials.statuses() == ["ok"] * max_evals


def test_a_short_search_does_not_wait_for_a_long_one():
    trials, is_over = Trials(), threading.Event()

    def objective(x):
        is_over.wait(60 if len(trials) > 2 else 0)
        return x

    with ThreadPoolExecutor(1) as pool:
        longer = pool.submit(fmin, objective, SPACE, rand.suggest, 6, trials=trials, verbose=False)
        while len(trials) < 3:
            time.sleep(0.001)
        fmin(objective, SPACE, rand.suggest, 2, trials=trials, verbose=False)
        assert not longer.done()
        is_over.set()
    assert len(trials) == 6


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_search_within_a_trial_may_use_the_same_trials(n_threads):
    trials = Trials()

    def objective(x):
        if len(trials) < 4 + n_threads:
            n = len(trials) + 1
            settings = {"trials": trials, "verbose": False, "return_argmin": False}
            fmin(float, SPACE, rand.suggest, n, rstate=n, **settings)
        return x

    def search():
        settings = {"trials": trials, "verbose": False}
        fmin(objective, SPACE, rand.suggest, 8, executor=ThreadPoolExecutor(1), **settings)

    with ThreadPoolExecutor(n_threads) as pool:
        for end in [pool.submit(search) for _ in range(n_threads)]:
            end.result()
    assert all(state == JOB_STATE_DONE for state in (doc["state"] for doc in trials))


def test_a_search_does_not_wait_for_trials_that_nobody_runs(make):
    trials = Trials()
    left = make(0)
    left["state"] = JOB_STATE_RUNNING
    trials.insert_trial_doc(left)
    trials.refresh()
    in_threads(lambda: fmin(float, SPACE, rand.suggest, 5, trials=trials, verbose=False))
    assert trials.count_by_state_unsynced(JOB_STATE_DONE) == 4
