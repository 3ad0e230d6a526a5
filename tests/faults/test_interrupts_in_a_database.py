"""Ctrl-C at any moment of a search in a database that goes on in the same process."""

from __future__ import annotations

import random

import pytest

import minopt
from minopt import Trials, hp, rand
from minopt.base import JOB_STATE_DONE, JOB_STATE_RUNNING

pytest.importorskip("sqlalchemy")

SPACE = {name: hp.uniform(name, 0, 1) for name in "abc"}


def vals(trials):
    return [doc["misc"]["vals"] for doc in trials.trials]


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.faults_long) for seed in range(3, 31))]
)
def test_a_search_interrupted_at_random_ends_as_if_it_had_not_been(tmp_path, interrupted, seed):
    chance, n_interrupts = random.Random(seed), 0
    whole, trials = Trials(), minopt.SQLTrials(tmp_path / "search.db")

    def work(into):
        minopt.fmin(
            lambda p: sum(p.values()),
            SPACE,
            rand.suggest,
            150,
            trials=into,
            rstate=5,
            verbose=False,
        )

    work(whole)
    while interrupted(chance.uniform(0.001, 0.05), lambda: work(trials)):
        n_interrupts += 1
        assert all(doc["state"] != JOB_STATE_RUNNING for doc in trials._dynamic_trials)
    assert n_interrupts > 0
    for history in (trials, minopt.SQLTrials(tmp_path / "search.db")):
        assert [doc["state"] for doc in history.trials] == [JOB_STATE_DONE] * 150
        assert len(set(history.tids)) == 150
        assert vals(history) == vals(whole)
