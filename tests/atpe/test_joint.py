"""Proposals while trials are few: kernels over all parameters at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from minopt import Trials, atpe, fmin, hp, rand
from minopt.algo.atpe import joint
from minopt.algo.atpe.joint import Joint, Kernels, suits
from minopt.base import Domain
from minopt.pyll import scope
from minopt.testing.spaces import random_space
from minopt.trials.columns import history_of

LAWS = {
    "uniform": hp.uniform("x", -3, 5),
    "loguniform": hp.loguniform("x", -3, 2),
    "normal": hp.normal("x", 4, 3),
    "lognormal": hp.lognormal("x", 1, 2),
    "choice": hp.pchoice("x", [(0.2, 0), (0.5, 1), (0.3, 2)]),
    "randint": hp.randint("x", 3, 8),
}


def table_of(space):
    return Domain(float, space).table


def searched(space, fn, n, algo=rand, seed=0):
    trials = Trials()
    fmin(fn, space, algo.suggest, n, trials=trials, rstate=seed, verbose=False, return_argmin=False)
    return trials


def kernels_at(space, values):
    axis = joint._axis_of(table_of(space).parameters[0])
    places = axis.place(np.asarray(values, dtype=float))
    return axis, Kernels([axis], [places], np.arange(len(values)))


@pytest.mark.parametrize("name", ["uniform", "loguniform", "normal", "lognormal"])
def test_kernels_on_a_number_are_a_density(name):
    trials = searched(LAWS[name], float, 4)
    _, kernels = kernels_at(LAWS[name], trials.vals["x"])

    def density(place):
        log = kernels.log_density([np.array([place])], [np.array([True])])
        return np.exp(log[0]) / kernels.n_kernels

    bounds = (0, 1) if name.endswith("uniform") else (-3, 4)
    assert quad(density, *bounds, limit=200)[0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", ["choice", "randint"])
def test_kernels_on_options_are_probabilities(name):
    trials = searched(LAWS[name], float, 4)
    axis, kernels = kernels_at(LAWS[name], trials.vals["x"])
    places = np.arange(axis.low, axis.low + axis.n_options, dtype=float)
    log = kernels.log_density([places], [np.ones(len(places), dtype=bool)])
    assert np.exp(log).sum() / kernels.n_kernels == pytest.approx(1)


@pytest.mark.parametrize("name", LAWS)
def test_draws_are_from_the_kernel(name):
    axis, kernels = kernels_at(LAWS[name], searched(LAWS[name], float, 3).vals["x"])
    rng, n = np.random.default_rng(0), 20_000
    centre = kernels.centres[0][0]
    drawn = axis.draw_near(np.full(n, centre), kernels, rng)
    alone = Kernels([axis], [np.array([centre])], np.array([0]))
    alone.width, alone.n_kernels = kernels.width, kernels.n_kernels
    if name in ("choice", "randint"):
        places = np.arange(axis.low, axis.low + axis.n_options, dtype=float)
        expected = np.exp(axis.log_kernels(places, np.array([centre]), alone)[:, 0])
        counts = np.array([(drawn == place).mean() for place in places])
        np.testing.assert_allclose(counts, expected, atol=0.015)
        return
    for edge in np.quantile(drawn, [0.2, 0.5, 0.8]):
        bottom = 0.0 if axis.is_flat else centre - 10 * kernels.width

        def density(place):
            return np.exp(axis.log_kernels(np.array([place]), np.array([centre]), alone)[0, 0])

        share = quad(density, bottom, edge, points=[min(max(centre, bottom), edge)])[0]
        assert share == pytest.approx((drawn < edge).mean(), abs=0.015)


@pytest.mark.parametrize("seed", range(20))
def test_points_of_any_space_can_be_drawn_from_it(seed):
    space = random_space(seed)
    domain = Domain(float, space)
    if not suits(domain.table):
        pytest.skip("bounds or conditions are expressions")
    trials = searched(space, lambda _: float(np.random.default_rng(seed).random()), 12)
    proposer, rng = Joint(domain.table, history_of(trials)), np.random.default_rng(seed)
    for number in range(20):
        domain.table.check_point(proposer.propose(rng), f"point {number}")


@pytest.mark.parametrize(
    "space",
    [
        {"x": hp.uniform("x", 0, hp.uniform("y", 1, 2))},
        scope.switch(scope.int(hp.quniform("n", 0, 1, 1)), hp.uniform("x", 0, 1), 2.0),
    ],
)
def test_spaces_of_expressions_are_left_to_the_other_way(space):
    assert not suits(table_of(space))
    trials = searched(space, lambda _: 0.5, 30, algo=atpe)
    assert len(trials) == 30


def test_values_that_were_good_together_stay_together():
    """Good points lie at (-4, -4) and (4, 4), and not at (-4, 4)."""
    space = [hp.uniform("x", -5, 5), hp.uniform("y", -5, 5)]
    trials = searched(space, lambda p: min((p[0] - s) ** 2 + (p[1] - s) ** 2 for s in (-4, 4)), 60)
    proposer, rng = Joint(table_of(space), history_of(trials)), np.random.default_rng(0)
    points = [proposer.propose(rng) for _ in range(100)]
    together = sum(point["x"] * point["y"] > 0 for point in points)
    assert together > 85


def test_few_trials_are_better_spent_than_at_random():
    space = [hp.uniform(f"x{i}", -5, 5) for i in range(5)]

    def bowl(x):
        return sum((value - 1) ** 2 for value in x)

    ours, random = (
        np.mean([min(searched(space, bowl, 28, algo, seed).losses()) for seed in range(10)])
        for algo in (atpe, rand)
    )
    assert ours < 0.6 * random


def test_old_values_beyond_the_space_are_in_nobodys_way():
    trials = searched({"x": hp.uniform("x", -9, 9), "c": hp.randint("c", 9)}, lambda p: p["x"], 15)
    space = {"x": hp.uniform("x", -1, 1), "c": hp.randint("c", 2), "n": hp.normal("n", 0, 1)}
    table = table_of(space)
    point = Joint(table, history_of(trials)).propose(np.random.default_rng(0))
    table.check_point(point, "the point")


def test_a_history_of_failures_is_left_to_chance():
    trials = Trials()
    fmin(
        lambda x: {"status": "fail"},
        LAWS["uniform"],
        atpe.suggest,
        15,
        trials=trials,
        rstate=0,
        verbose=False,
        return_argmin=False,
    )
    assert len(set(trials.vals["x"])) == 15


@pytest.mark.filterwarnings("error")
def test_an_option_that_is_never_drawn_is_in_nobodys_way():
    space = hp.pchoice("x", [(0.0, 1), (0.5, 2), (0.5, 3)])
    trials = Trials()
    fmin(
        float,
        space,
        atpe.suggest,
        25,
        trials=trials,
        rstate=0,
        verbose=False,
        points_to_evaluate=[{"x": 0}],
    )
    assert set(trials.vals["x"][1:]) == {1, 2}
