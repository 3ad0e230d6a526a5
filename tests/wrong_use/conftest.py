"""Searches as a tired user types them, and an objective that tells how often it was called."""

from __future__ import annotations

import pytest

from minopt import fmin, hp, rand


class Counting:
    """x², which counts its calls."""

    def __init__(self):
        self.n_calls = 0

    def __call__(self, point):
        self.n_calls += 1
        return 0.0


@pytest.fixture
def objective():
    return Counting()


@pytest.fixture
def search(objective):
    """Run `fmin` on the objective, with whatever is typed otherwise."""

    def run(**typed):
        settings = {
            "fn": objective,
            "space": hp.uniform("x", -5, 5),
            "algo": rand.suggest,
            "max_evals": 3,
            "rstate": 0,
            "verbose": False,
        }
        return fmin(**(settings | typed))

    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
