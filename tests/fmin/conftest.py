"""Searches to test with: quiet, seeded, random unless told otherwise."""

from __future__ import annotations

import pytest

import minopt
from minopt import hp, rand


@pytest.fixture
def space():
    """One flat parameter."""
    return hp.uniform("x", -5, 5)


@pytest.fixture
def search(space):
    """Run `fmin` quietly on x², with whatever is changed; returns what fmin returns."""

    def run(fn=lambda x: x**2, where=space, **changed):
        settings = {"algo": rand.suggest, "max_evals": 10, "rstate": 0, "verbose": False}
        return minopt.fmin(fn, where, **(settings | changed))

    return run


@pytest.fixture
def drawn():
    """Return the values of x in the order of the trials, those that raised included."""

    def values(trials, label="x"):
        return [doc["misc"]["vals"][label][0] for doc in trials._dynamic_trials]

    return values
