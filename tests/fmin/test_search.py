"""`FMinIter` by hand: steps, replaced methods, copies, and trials that others run."""

from __future__ import annotations

import contextlib
import copy
import functools
import pickle
import sys
import threading
import time

import cloudpickle
import numpy as np
import pytest

import minopt
from minopt import Domain, Trials, rand, tpe
from minopt.base import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Ctrl,
    spec_from_misc,
)
from minopt.fmin import FMinIter, generate_trials_to_calculate


def square(x):
    return x**2


@pytest.fixture
def domain(space):
    return Domain(square, space)


@pytest.fixture
def make(domain):
    def make(trials=None, kind=FMinIter, **settings):
        trials = Trials() if trials is None else trials
        return kind(rand.suggest, domain, trials, **({"rstate": 0} | settings))

    return make


def test_a_search_has_hyperopts_attributes(make):
    search = make(max_evals=5)
    assert search.catch_eval_exceptions is False
    assert search.pickle_protocol == -1
    assert search.asynchronous is False
    assert search.early_stop_args == []
    assert search.is_cancelled is False
    names = "algo domain trials rstate progress_callback max_queue_len poll_interval_secs max_evals"
    names += " early_stop_fn trials_save_file timeout loss_threshold start_time verbose"
    assert all(hasattr(search, name) for name in names.split())


def test_without_a_limit_there_is_none(make):
    assert make().max_evals == sys.maxsize


def test_run_adds_so_many_trials(make):
    search = make()
    search.run(3)
    search.run(2, block_until_done=False)
    assert len(search.trials) == 5


def test_stepping_ends_one_trial_before_the_last_as_on_hyperopt(make):
    import hyperopt

    ours = [len(trials) for trials in make(max_evals=4)]
    theirs = hyperopt.FMinIter(
        hyperopt.rand.suggest,
        hyperopt.Domain(square, hyperopt.hp.uniform("x", -5, 5)),
        hyperopt.Trials(),
        rstate=np.random.default_rng(0),
        max_evals=4,
    )
    assert ours == [len(trials) for trials in theirs] == [1, 2, 3]


def test_a_step_beyond_the_last_does_nothing(make):
    search = make(max_evals=2)
    search.exhaust()
    with pytest.raises(StopIteration):
        next(search)
    assert len(search.trials) == 2


def test_stepping_ends_when_the_stop_function_says_so(make):
    asked = []

    def stop(trials):
        asked.append(len(trials))
        return len(trials) == 3, []

    search = make(early_stop_fn=stop)
    assert [len(trials) for trials in search] == [1, 2]
    assert asked == [1, 2, 3]


def test_waiting_trials_are_run_without_asking_for_more(make):
    trials = generate_trials_to_calculate([{"x": 1.0}, {"x": 2.0}, {"x": 3.0}])
    search = make(trials)
    search.serial_evaluate(1)
    assert trials.losses() == [1.0, None, None]
    search.serial_evaluate()
    assert trials.losses() == [1.0, 4.0, 9.0]


def test_an_error_in_a_waiting_trial_is_raised_or_caught(space):
    def fails(x):
        raise ValueError("no")

    trials = generate_trials_to_calculate([{"x": 1.0}, {"x": 2.0}])
    search = FMinIter(rand.suggest, Domain(fails, space), trials, rstate=0)
    with pytest.raises(ValueError, match="no"):
        search.serial_evaluate()
    assert len(trials) == 1
    search.catch_eval_exceptions = True
    search.serial_evaluate()
    assert {doc["state"] for doc in trials._dynamic_trials} == {JOB_STATE_ERROR}


def test_asking_and_telling_as_tuners_do(domain):
    """The way of NNI's tuner and Ray Tune's searcher: ask, then write into the document."""
    search = FMinIter(
        tpe.suggest, domain, Trials(), max_evals=-1, rstate=np.random.RandomState(3), verbose=0
    )
    for _ in range(30):
        trials = search.trials
        new_ids = trials.new_trial_ids(1)
        trials.refresh()
        seed = search.rstate.randint(2**31 - 1)
        (new,) = search.algo(new_ids, search.domain, trials, seed)
        trials.insert_trial_docs([new])
        trials.refresh()
        (trial,) = [doc for doc in trials.trials if doc["tid"] == new_ids[0]]
        assert trial["state"] == JOB_STATE_NEW
        trial["state"] = JOB_STATE_RUNNING
        loss = square(spec_from_misc(trial["misc"])["x"])
        trial["state"] = JOB_STATE_DONE
        trial["result"] = {"loss": loss, "status": "ok"}
        trials.refresh()
        copy.deepcopy(search)
    assert abs(search.trials.argmin["x"]) < 1


def test_serial_evaluate_can_be_replaced(make):
    class Own(FMinIter):
        def serial_evaluate(self):
            for doc in self.trials._dynamic_trials:
                if doc["state"] == JOB_STATE_NEW:
                    doc["state"] = JOB_STATE_DONE
                    doc["result"] = {"loss": 7.0, "status": "ok"}
            self.trials.refresh()

    search = make(kind=Own, max_evals=4)
    search.exhaust()
    assert search.trials.losses() == [7.0] * 4


@pytest.mark.parametrize("where", ["class", "object"])
def test_serial_evaluate_can_be_replaced_afterwards(make, monkeypatch, where):
    search, n_calls = make(max_evals=2), []
    original = FMinIter.serial_evaluate

    def counted(self=search, N=-1):
        n_calls.append(N)
        return original(self, N)

    if where == "class":
        monkeypatch.setattr(FMinIter, "serial_evaluate", counted)
    else:
        search.serial_evaluate = counted
    search.exhaust()
    assert n_calls == [-1, -1]
    assert len(search.trials) == 2


def test_a_search_that_leaves_the_running_to_others_asks_and_comes_back(make):
    class Ask(FMinIter):
        def serial_evaluate(self, N=-1):
            pass

    search = make(kind=Ask, max_queue_len=3)
    search.run(3, block_until_done=False)
    assert [doc["state"] for doc in search.trials.trials] == [JOB_STATE_NEW] * 3
    for doc in search.trials.trials:
        doc["result"], doc["state"] = {"loss": 1.0, "status": "ok"}, JOB_STATE_DONE
    search.trials.refresh()
    search.run(3, block_until_done=False)
    assert len(search.trials) == 6


def test_run_can_be_replaced(search, monkeypatch):
    calls = []
    original = FMinIter.run

    def run(self, N, block_until_done=True):
        calls.append(N)
        original(self, N, block_until_done)

    monkeypatch.setattr(FMinIter, "run", run)
    search()
    assert calls == [10]


def test_a_replaced_refresh_is_honoured(search):
    class Counted(Trials):
        n_refreshed = 0

        def refresh(self):
            type(self).n_refreshed += 1
            super().refresh()

    search(trials=Counted())
    assert Counted.n_refreshed > 10


def test_replaced_counts_are_honoured(search):
    class Stubborn(Trials):
        def count_by_state_unsynced(self, arg):
            return min(3, super().count_by_state_unsynced(arg))

    trials = Stubborn()
    search(trials=trials, max_evals=3)
    assert len(trials) == 3


def test_a_search_can_be_copied_and_pickled(make):
    search = make(max_evals=4, early_stop_fn=minopt.early_stop.no_progress_loss(50))
    search.run(2)
    for twin in (copy.deepcopy(search), cloudpickle.loads(cloudpickle.dumps(search))):
        twin.exhaust()
        assert len(twin.trials) == 4
        assert twin.trials.tids == [0, 1, 2, 3]
    assert len(search.trials) == 2
    assert type(pickle.loads(pickle.dumps(make()))) is FMinIter


def test_pickles_name_the_promised_path():
    assert FMinIter.__module__ == "minopt.fmin"
    assert Ctrl.__module__ == "minopt.base"


class Background(Trials):
    """Trials that threads run, finding the domain where MongoDB's workers find it."""

    asynchronous = True

    def work(self, n_trials, fail_at=None):
        n_done = 0
        while n_done < n_trials:
            trial = self._claim_next()
            if trial is None:
                time.sleep(0.001)
                continue
            domain = pickle.loads(self.attachments["FMinIter_Domain"])
            if n_done == fail_at:
                trial["state"] = JOB_STATE_ERROR
            else:
                ctrl = Ctrl(self, current_trial=trial)
                trial["result"] = domain.evaluate(spec_from_misc(trial["misc"]), ctrl)
                trial["state"] = JOB_STATE_DONE
            n_done += 1

    def fmin(self, *args, **kwargs):
        return minopt.fmin(*args, **kwargs, trials=self, allow_trials_fmin=False)


@pytest.fixture
def working():
    """Run trials in a thread while the test goes on."""
    threads = []

    def start(*args, **kwargs):
        threads.append(threading.Thread(target=functools.partial(*args, **kwargs), daemon=True))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(timeout=30)


def test_trials_that_others_run_are_waited_for(domain, working):
    trials = Background()
    search = FMinIter(
        rand.suggest, domain, trials, 0, poll_interval_secs=0.005, max_queue_len=3, max_evals=12
    )
    working(trials.work, 12)
    search.exhaust()
    assert [doc["state"] for doc in trials.trials] == [JOB_STATE_DONE] * 12


def test_a_failure_of_others_counts(domain, working):
    trials = Background()
    search = FMinIter(rand.suggest, domain, trials, 0, poll_interval_secs=0.005, max_evals=6)
    working(trials.work, 6, fail_at=2)
    search.exhaust()
    assert len(trials) == 5
    assert len(trials._dynamic_trials) == 6


def test_a_lambda_travels_to_those_who_run_it(space):
    trials = Background()
    FMinIter(rand.suggest, Domain(lambda x: x + 1, space), trials, 0)
    domain = pickle.loads(trials.attachments["FMinIter_Domain"])
    assert domain.fn(1) == 2


def test_one_can_run_without_waiting(domain):
    trials = Background()
    search = FMinIter(rand.suggest, domain, trials, 0, poll_interval_secs=0.005, max_queue_len=2)
    search.run(2, block_until_done=False)
    assert [doc["state"] for doc in trials.trials] == [JOB_STATE_NEW] * 2


def test_asynchronous_can_be_told_apart_from_the_trials(domain):
    search = FMinIter(rand.suggest, domain, Background(), 0, asynchronous=False, max_evals=3)
    search.exhaust()
    assert "FMinIter_Domain" not in search.trials.attachments
    assert len(search.trials) == 3


def test_the_decoded_values_are_known_when_steps_are_made_by_hand(space):
    search = FMinIter(rand.suggest, Domain(lambda p: p["x"], {"x": space}), Trials(), 0)
    search.run(3)
    assert set(search.trials.best_params) == {"x"}


def test_run_goes_on_beyond_the_number_that_exhausting_was_about(make):
    search = make(max_evals=5)
    search.exhaust()
    search.run(3)
    assert len(search.trials) == 8


def test_iterating_ends_at_the_number_of_trials(make):
    search = make(max_evals=3)
    assert [len(trials) for trials in search] == [1, 2]
    assert len(search.trials) == 3


def test_iterating_counts_what_others_add_meanwhile(make):
    class AddsOne:
        def __call__(self, initial, total):
            if len(trials) == 2:
                trials.insert_trial_doc({**copy.deepcopy(trials.trials[0]), "tid": 0})
            return contextlib.nullcontext(minopt.progress._NoBar())

    trials = Trials()
    search = make(trials, max_evals=3, verbose=True, show_progressbar=AddsOne())
    assert [len(trials) for trials in search] == [1, 2]
    assert len(trials) == 3
