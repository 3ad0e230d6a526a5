"""A search with everything that pictures must cope with."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

import minopt
from minopt import STATUS_FAIL, STATUS_OK, Trials, hp, rand

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture
def figures():
    """pyplot, left without figures."""
    import matplotlib.pyplot as plt

    plt.close("all")
    yield plt
    plt.close("all")


@pytest.fixture(scope="session")
def searched():
    """40 trials with raised, failed and NaN ones, conditional parameters and attached curves."""
    space = {
        "kind": hp.choice(
            "kind", [{"C": hp.loguniform("a $C$", -6, 6)}, {"k": hp.randint("k", 5)}]
        ),
        "x": hp.normal("x", 0, 1),
    }
    trials = Trials()
    count = itertools.count()

    def objective(point):
        n = next(count)
        if n == 5:
            raise ValueError("this one raises")
        if n == 7:
            return {"status": STATUS_FAIL}
        if n == 9:
            return {"status": STATUS_FAIL, "loss": 50.0}
        if n == 11:
            return {"status": STATUS_OK, "loss": float("nan")}
        curve = pickle.dumps(np.arange(5.0) * point["x"])
        loss = point["x"] ** 2
        return {"status": STATUS_OK, "loss": loss, "attachments": {"curve": curve}}

    minopt.fmin(
        objective, space, rand.suggest, 40, trials=trials, catch_eval_exceptions=True,
        rstate=np.random.default_rng(0), verbose=False,
    )  # fmt: skip
    return trials
