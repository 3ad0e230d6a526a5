"""Ctrl-C at any moment: nothing is left running, and resuming gives what no Ctrl-C would have."""

from __future__ import annotations

import random

import pytest

from minopt import Trials, hp, rand, tpe
from minopt.base import JOB_STATE_DONE, JOB_STATE_RUNNING
from minopt.trials.columns import History

SPACE = {name: hp.uniform(name, 0, 1) for name in "abc"}


@pytest.mark.parametrize(
    "algo, n_trials, longest",
    [(rand.suggest, 600, 0.006), (tpe.suggest, 60, 0.02)],
    ids=["rand", "tpe"],
)
def test_a_search_interrupted_at_random_ends_as_if_it_had_not_been(
    search, interrupted, algo, n_trials, longest
):
    chance = random.Random(1)
    settings = {"where": SPACE, "algo": algo, "max_evals": n_trials, "rstate": 5}
    whole, trials, n_interrupts = Trials(), Trials(), 0

    def work(into):
        search(lambda p: sum(p.values()), trials=into, **settings)

    work(whole)
    while interrupted(chance.uniform(0.0005, longest), lambda: work(trials)):
        n_interrupts += 1
        assert all(doc["state"] != JOB_STATE_RUNNING for doc in trials._dynamic_trials)
    assert n_interrupts > 0
    assert [doc["state"] for doc in trials.trials] == [JOB_STATE_DONE] * n_trials
    assert len(set(trials.tids)) == n_trials
    assert [doc["misc"]["vals"] for doc in trials.trials] == [
        doc["misc"]["vals"] for doc in whole.trials
    ]


def test_an_algorithm_that_fails_once_is_asked_with_the_same_seed_again(search):
    seeds = []

    def algo(new_ids, domain, trials, seed):
        seeds.append(seed)
        if len(seeds) == 3:
            raise RuntimeError("once")
        return rand.suggest(new_ids, domain, trials, seed)

    trials = Trials()
    with pytest.raises(RuntimeError, match="once"):
        search(algo=algo, trials=trials)
    search(algo=algo, trials=trials)
    assert seeds[2] == seeds[3]
    assert len(set(seeds)) == 10


def test_what_the_model_knows_survives_a_ctrl_c_amid_its_reading(search, monkeypatch):
    settings = {"where": SPACE, "algo": tpe.suggest, "rstate": 5}
    whole, trials = Trials(), Trials()
    search(lambda p: sum(p.values()), trials=whole, max_evals=40, **settings)
    search(lambda p: sum(p.values()), trials=trials, max_evals=30, **settings)

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(History, "_read", interrupt)
        with pytest.raises(KeyboardInterrupt):
            search(lambda p: sum(p.values()), trials=trials, max_evals=40, **settings)
    search(lambda p: sum(p.values()), trials=trials, max_evals=40, **settings)
    assert trials.vals == whole.vals
