"""Searches with several trials at once: what they propose, given the order in which trials end."""

from __future__ import annotations

import random
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest

from minopt import Trials, anneal, fmin, fmin_pass_expr_memo_ctrl, hp, mix, rand, tpe
from minopt.fmin import partial
from minopt.pyll import rec_eval

SPACE = {
    "x": hp.uniform("x", -5, 5),
    "kind": hp.choice("kind", [{"a": hp.quniform("a", 0, 10, 1)}, {"b": hp.normal("b", 0, 1)}]),
}
ALGORITHMS = {
    "rand": rand.suggest,
    "tpe": partial(tpe.suggest, n_startup_jobs=5),
    "anneal": anneal.suggest,
    "mix": partial(
        mix.suggest,
        p_suggest=[(0.2, rand.suggest), (0.5, partial(tpe.suggest, n_startup_jobs=5)),
                   (0.3, anneal.suggest)],
    ),
}  # fmt: skip


class Ordered(Executor):
    """Keeps trials waiting until `width` of them are there; then one ends, by its own dice."""

    def __init__(self, width, n_trials, seed):
        self._width, self._n_left, self._dice = width, n_trials, random.Random(seed)
        self._waiting = []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self._waiting.append((future, fn, args))
        self._n_left -= 1
        while self._waiting and (len(self._waiting) >= self._width or not self._n_left):
            place = self._dice.randrange(len(self._waiting))
            future_now, fn_now, args_now = self._waiting.pop(place)
            future_now.set_result(fn_now(*args_now))
        return future


def objective(point):
    return point["x"] ** 2 + sum(value for value in point["kind"].values())


def search(algo, n_trials, order=None, width=4, fn=objective, space=SPACE, **settings):
    trials = settings.pop("trials", None) or Trials()
    if order is not None:
        settings |= {"executor": Ordered(width, n_trials, order), "n_jobs": width}
    fmin(fn, space, algo, n_trials, trials=trials, rstate=3, verbose=False, **settings)
    return trials


def points(trials):
    return [(trial["tid"], trial["misc"]["vals"]) for trial in trials.trials]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_same_order_of_endings_gives_the_same_search_again(name):
    algo = ALGORITHMS[name]
    assert points(search(algo, 25, order=1)) == points(search(algo, 25, order=1))


@pytest.mark.parametrize("name", ["tpe", "anneal", "mix"])
def test_another_order_of_endings_gives_another_search(name):
    algo = ALGORITHMS[name]
    assert points(search(algo, 25, order=1)) != points(search(algo, 25, order=2))


def test_random_search_does_not_depend_on_the_order_of_endings():
    assert points(search(rand.suggest, 25, order=1)) == points(search(rand.suggest, 25))


@pytest.mark.parametrize("name", ["rand", "tpe", "anneal", "mix"])
def test_one_at_a_time_on_an_executor_is_the_search_one_by_one(name):
    algo = ALGORITHMS[name]
    assert points(search(algo, 25, order=1, width=1)) == points(search(algo, 25))


class Watching:
    """Proposes as another algorithm does, and looks at what is running meanwhile."""

    def __init__(self, algo):
        self.algo = algo
        self.n_seen = self.n_equal = 0

    def __call__(self, new_ids, domain, trials, seed):
        proposed = self.algo(new_ids, domain, trials, seed)
        running = [t["misc"]["vals"] for t in trials._dynamic_trials if t["state"] == 1]
        for document in proposed:
            self.n_seen += bool(running)
            self.n_equal += document["misc"]["vals"] in running
        return proposed


@pytest.mark.parametrize("name", ["tpe", "anneal"])
def test_hardly_a_proposal_repeats_one_that_is_still_running_while_there_are_others(name):
    space = {"n": hp.quniform("n", 0, 40, 1), "k": hp.choice("k", list("abcd"))}
    watching = Watching(ALGORITHMS[name])
    search(watching, 60, order=1, fn=lambda point: point["n"], space=space)
    assert watching.n_seen > 30
    assert watching.n_equal <= 0.05 * watching.n_seen


@fmin_pass_expr_memo_ctrl
def inject_one(expr, memo, ctrl):
    x = rec_eval(expr, memo=memo)
    misc = ctrl.current_trial["misc"]
    half = {"idxs": {"x": list(misc["idxs"]["x"])}, "vals": {"x": [x / 2]}}
    ctrl.inject_results([None], [{"loss": x**2 / 4, "status": "ok"}], [half])
    return x**2


@pytest.mark.parametrize("kind", ["processes", "threads"])
def test_trials_that_an_objective_injects_elsewhere_arrive(kind):
    x = hp.uniform("x", -5, 5)
    with ThreadPoolExecutor(2) as threads:
        executor = "processes" if kind == "processes" else threads
        trials = search(rand.suggest, 4, fn=inject_one, space=x, executor=executor)
    assert len(trials) == 8
    assert len(set(trials.tids)) == 8
    sources = [trial["misc"]["from_tid"] for trial in trials if "from_tid" in trial["misc"]]
    assert len(sources) == len(set(sources)) == 4
    assert np.allclose(sorted(trials.losses()), sorted(np.square(trials.vals["x"])))
