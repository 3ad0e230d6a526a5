"""After long histories, and for laws at the edge, TPE's next proposal is hyperopt's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from minopt.testing.spaces import random_space


def with_history(lib, space, count, digits, seed):
    """Random points with random losses, as finished trials: (domain, trials)."""
    domain, trials = lib.Domain(None, space), lib.Trials()
    docs = lib.rand.suggest(list(range(count)), domain, trials, seed)
    losses = np.random.default_rng(seed).normal(size=count).round(digits)
    for doc, loss in zip(docs, losses.tolist(), strict=True):
        doc["state"] = lib.base.JOB_STATE_DONE
        doc["result"] = {"status": "ok", "loss": loss}
    trials.insert_trial_docs(docs)
    trials.refresh()
    return domain, trials


def proposals(lib, space, count, digits, seed, **settings):
    domain, trials = with_history(lib, space, count, digits, seed)
    points = []
    with warnings.catch_warnings():
        if lib.name == "hyperopt":  # it may take the logarithm of 0
            warnings.simplefilter("ignore", RuntimeWarning)
        for ask in range(3):
            (doc,) = lib.tpe.suggest([count], domain, trials, 100 + ask, **settings)
            points.append({label: list(value) for label, value in doc["misc"]["vals"].items()})
    return points


@pytest.mark.parametrize("digits", [15, 1, 0])
@pytest.mark.parametrize("count", [300, 1500])
@pytest.mark.parametrize("seed", range(2))
def test_proposals_after_a_long_history_are_the_same(hyperopt, minopt, same, seed, count, digits):
    theirs, ours = (
        proposals(lib, random_space(seed, hp=lib.hp, max_parameters=12), count, digits, seed)
        for lib in (hyperopt, minopt)
    )
    assert same(ours, theirs), f"{ours}\n{theirs}"


EDGES = {
    "a step as wide as the range": lambda hp: hp.quniform("x", 0, 1, 1),
    "a step wider than the range": lambda hp: hp.quniform("x", 2, 5, 10),
    "a fine step": lambda hp: hp.quniform("x", 0, 1, 1e-3),
    "a range of a thousandth": lambda hp: hp.uniform("x", 5, 5.001),
    "a range of a million": lambda hp: hp.uniform("x", -1e6, 1e6),
    "far from zero": lambda hp: hp.uniform("x", 1e9, 1e9 + 10),
    "around zero, quantised": lambda hp: hp.quniform("x", -1, 1, 0.4),
    "many decades": lambda hp: hp.loguniform("x", -40, 40),
    "a log range below one": lambda hp: hp.qloguniform("x", -3, 0, 1),
    "a coarse log step": lambda hp: hp.qloguniform("x", 0, 10, 100),
    "a narrow normal": lambda hp: hp.normal("x", 100, 1e-3),
    "a wide normal": lambda hp: hp.normal("x", 0, 1e6),
    "a coarse normal": lambda hp: hp.qnormal("x", 0, 1, 5),
    "a heavy lognormal": lambda hp: hp.lognormal("x", 0, 5),
    "a coarse lognormal": lambda hp: hp.qlognormal("x", 0, 1, 3),
    "a fine lognormal": lambda hp: hp.qlognormal("x", 3, 0.1, 0.01),
    "two values": lambda hp: hp.randint("x", 2),
    "one value": lambda hp: hp.randint("x", 1),
    "one value with an offset": lambda hp: hp.randint("x", 7, 8),
    "ten thousand values": lambda hp: hp.randint("x", -5000, 5000),
    "whole numbers far from zero": lambda hp: hp.uniformint("x", 10**6, 10**6 + 9),
    "a rare option": lambda hp: hp.pchoice("x", [(1e-6, "rare"), (1 - 1e-6, "often")]),
    "an impossible option": lambda hp: hp.pchoice("x", [(0.0, "never"), (1.0, "always")]),
    "fifty options": lambda hp: hp.choice("x", list(range(50))),
    "integer bounds": lambda hp: hp.normal("x", 3, 1),
    "numpy bounds": lambda hp: hp.uniform("x", np.float32(0.1), np.int64(3)),
}


@pytest.mark.parametrize("settings", [{}, {"gamma": 1.0, "prior_weight": 0.05}])
@pytest.mark.parametrize("edge", EDGES)
def test_proposals_for_laws_at_the_edge_are_the_same(hyperopt, minopt, same, edge, settings):
    theirs, ours = (
        proposals(lib, EDGES[edge](lib.hp), 80, 1, 5, **settings) for lib in (hyperopt, minopt)
    )
    assert same(ours, theirs), f"{ours}\n{theirs}"
