"""The same seed again goes on where the search was left."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minopt
from minopt import Domain, Trials, hp, rand, tpe
from minopt.fmin import FMinIter


@pytest.fixture
def whole(search, drawn):
    """The values of an uninterrupted run of 30 trials."""

    def run(**settings):
        trials = Trials()
        search(trials=trials, max_evals=30, **settings)
        return drawn(trials)

    return run


SEEDS = {
    "an int": lambda: 7,
    "a fresh generator": lambda: np.random.default_rng(7),
    "a seed sequence": lambda: np.random.SeedSequence(7),
    "an old RandomState": lambda: np.random.RandomState(7),
    "another bit generator": lambda: np.random.Generator(np.random.Philox(7)),
}


@pytest.mark.parametrize("make", SEEDS.values(), ids=SEEDS)
@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_the_same_seed_goes_on_as_the_uninterrupted_run(search, drawn, whole, make, algo):
    trials = Trials()
    for n in (4, 17, 30):
        search(trials=trials, rstate=make(), max_evals=n, algo=algo)
    assert drawn(trials) == whole(rstate=make(), algo=algo)


@pytest.mark.parametrize("make", [SEEDS["a fresh generator"], SEEDS["an old RandomState"]])
def test_a_generator_that_is_carried_over_goes_on(search, drawn, whole, make):
    trials, rng = Trials(), make()
    for n in (4, 17, 30):
        search(trials=trials, rstate=rng, max_evals=n)
    assert drawn(trials) == whole(rstate=make())


def test_a_carried_generator_and_a_fresh_one_may_take_turns(search, drawn, whole):
    trials, rng = Trials(), np.random.default_rng(7)
    search(trials=trials, rstate=rng, max_evals=5)
    search(trials=trials, rstate=np.random.default_rng(7), max_evals=10)
    search(trials=trials, rstate=7, max_evals=30)
    assert drawn(trials) == whole(rstate=7)


def test_another_seed_starts_its_own_stream(search, drawn, whole):
    trials = Trials()
    search(trials=trials, rstate=7, max_evals=10)
    search(trials=trials, rstate=8, max_evals=40)
    assert drawn(trials) == whole(rstate=7)[:10] + whole(rstate=8)


def test_two_seeds_in_turn_never_repeat_a_point(search, drawn):
    trials = Trials()
    for n in range(5, 45, 5):
        search(trials=trials, rstate=n % 2, max_evals=n)
    assert len(set(drawn(trials))) == 40


def test_resuming_after_pickling_goes_on(search, drawn, whole):
    trials = Trials()
    search(trials=trials, rstate=7, max_evals=10)
    trials = pickle.loads(pickle.dumps(trials))
    search(trials=trials, rstate=7, max_evals=30)
    assert drawn(trials) == whole(rstate=7)


def test_other_trials_do_not_know_of_the_stream(search, drawn, whole):
    search(trials=Trials(), rstate=7, max_evals=10)
    assert whole(rstate=7) == whole(rstate=7)


def test_the_stream_is_no_part_of_the_documents(search):
    trials = Trials()
    search(trials=trials, rstate=7)
    assert len(trials._streams) == 1
    assert set(trials.trials[0]) == {
        *("state", "tid", "spec", "result", "misc", "exp_key", "owner", "version"),
        *("book_time", "refresh_time"),
    }


def test_the_seed_of_the_environment_behaves_like_an_int(search, drawn, whole, monkeypatch):
    monkeypatch.setenv("HYPEROPT_FMIN_SEED", "7")
    trials = Trials()
    for n in (4, 30):
        search(trials=trials, rstate=None, max_evals=n)
    assert drawn(trials) == whole(rstate=7)


def test_an_empty_seed_of_the_environment_is_none(search, drawn, monkeypatch):
    monkeypatch.setenv("HYPEROPT_FMIN_SEED", "")
    values = []
    for _ in range(2):
        trials = Trials()
        search(trials=trials, rstate=None)
        values.append(drawn(trials))
    assert values[0] != values[1]


def test_a_wrong_seed_of_the_environment_is_named(search, monkeypatch):
    monkeypatch.setenv("HYPEROPT_FMIN_SEED", "seven")
    with pytest.raises(minopt.exceptions.InvalidArgument, match=r"HYPEROPT_FMIN_SEED.*'seven'"):
        search(rstate=None)


@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 8])
def test_a_search_stopped_amid_its_queue_goes_on_with_it(search, drawn, whole, stop_after):
    trials, n_calls = Trials(), 0

    def stop(trials):
        nonlocal n_calls
        n_calls += 1
        return n_calls == stop_after, []

    settings = {"rstate": 7, "max_queue_len": 4, "trials": trials, "max_evals": 30}
    search(early_stop_fn=stop, **settings)
    assert len(trials.losses()) - trials.losses().count(None) == stop_after
    search(**settings)
    assert drawn(trials) == whole(rstate=7, max_queue_len=4)


def test_steps_by_hand_draw_what_a_run_draws(drawn, whole, space):
    domain = Domain(lambda x: x**2, space)
    steps = FMinIter(rand.suggest, domain, Trials(), rstate=np.random.default_rng(7), max_evals=30)
    for _ in steps:
        pass
    assert drawn(steps.trials) == whole(rstate=7)


def test_a_copied_search_goes_on_by_itself(drawn, whole, space):
    domain = Domain(lambda x: x**2, space)
    first = FMinIter(rand.suggest, domain, Trials(), rstate=7, max_evals=30)
    first.run(10)
    second = copy.deepcopy(first)
    first.exhaust()
    second.exhaust()
    assert drawn(first.trials) == drawn(second.trials) == whole(rstate=7)


def test_initial_points_leave_the_stream_alone(search, drawn, whole):
    trials = Trials()
    search(trials=trials, rstate=7, max_evals=30, points_to_evaluate=[{"x": 1.0}])
    assert drawn(trials)[1:] == whole(rstate=7)


def test_two_threads_with_one_seed_draw_no_point_twice(search, drawn, space):
    import threading

    trials, errors = Trials(), []

    def work():
        try:
            search(trials=trials, rstate=7, max_evals=200, max_queue_len=1)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(trials.tids)) == len(trials.tids) >= 200
    assert len(set(drawn(trials))) == len(trials)
    assert all(doc["state"] == 2 for doc in trials.trials)


def test_a_generator_without_a_readable_state_is_used_as_it_is(space):
    class Dice:
        n_calls = 0

        def integers(self, high):
            self.n_calls += 1
            return self.n_calls

    dice, seeds = Dice(), []

    def algo(new_ids, domain, trials, seed):
        seeds.append(seed)
        return rand.suggest(new_ids, domain, trials, seed)

    FMinIter(algo, Domain(lambda x: x, space), Trials(), rstate=dice, max_evals=3).exhaust()
    assert seeds == [1, 2, 3]


def test_a_space_may_change_between_two_calls(search):
    trials = Trials()
    search(trials=trials, max_evals=5)
    wider = {"x": hp.uniform("x", -5, 5), "y": hp.normal("y", 0, 1)}
    search(lambda p: p["x"] ** 2, where=wider, trials=trials, max_evals=30, algo=tpe.suggest)
    assert len(trials) == 30
