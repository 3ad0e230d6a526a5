"""TPE: its pieces against closed forms, and its proposals."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from minopt import Trials, fmin, hp, tpe
from minopt.algo.tpe.estimators import fit
from minopt.algo.tpe.screen import best_candidate, rough_log_density
from minopt.base import JOB_STATE_DONE, STATUS_FAIL, STATUS_OK, Domain
from minopt.pyll import Apply, scope
from minopt.space.laws import (
    Categorical,
    Lognormal,
    Loguniform,
    Normal,
    Qloguniform,
    Randint,
    Uniform,
)

WEIGHTS = np.array([0.2, 0.5, 0.3])
MUS = np.array([-1.0, 0.5, 2.0])
SIGMAS = np.array([0.5, 0.2, 1.5])


def mixture_pdf(x, low=-np.inf, high=np.inf):
    inside = stats.norm.cdf(high, MUS, SIGMAS) - stats.norm.cdf(low, MUS, SIGMAS)
    density = np.sum(WEIGHTS * stats.norm.pdf(np.asarray(x)[..., None], MUS, SIGMAS), axis=-1)
    return density / np.sum(WEIGHTS * inside)


@pytest.mark.parametrize("bounds", [(None, None), (-1.5, 2.5), (None, 1.0), (-0.5, None)])
def test_gmm1_lpdf_is_the_truncated_mixture(bounds):
    x = np.linspace(-0.4, 0.9, 7)
    low, high = bounds
    expected = mixture_pdf(x, -np.inf if low is None else low, np.inf if high is None else high)
    density = np.exp(tpe.GMM1_lpdf(x, WEIGHTS, MUS, SIGMAS, low=low, high=high))
    np.testing.assert_allclose(density, expected, rtol=1e-12)


@pytest.mark.parametrize("bounds", [(None, None), (-1.5, 2.5)])
def test_lgmm1_lpdf_integrates_to_one(bounds):
    low, high = bounds
    a, b = (0.0, np.inf) if low is None else (math.exp(low), math.exp(high))

    def density(x):
        return float(
            np.exp(tpe.LGMM1_lpdf(np.array([x]), WEIGHTS, MUS, SIGMAS, low=low, high=high))[0]
        )

    total = sum(integrate.quad(density, *edges, limit=300)[0] for edges in ((a, 1), (1, b)))
    assert total == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("lpdf", [tpe.GMM1_lpdf, tpe.LGMM1_lpdf])
def test_quantised_masses_sum_to_one_over_a_grid_that_is_wider_than_the_bounds(lpdf):
    grid = np.arange(-20, 40) * 0.5 if lpdf is tpe.GMM1_lpdf else np.arange(60) * 0.5
    mass = np.exp(lpdf(grid, WEIGHTS, MUS, SIGMAS, low=-1.0, high=1.5, q=0.5))
    assert mass.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", ["GMM1", "LGMM1"])
def test_quantised_masses_sum_to_one(name):
    q = 0.5
    grid = np.arange(-40, 200) * q
    low, high = (-1.5, 2.25) if name == "GMM1" else (-1.5, 3.0)
    if name == "LGMM1":
        grid = grid[grid >= 0]
    mass = np.exp(getattr(tpe, name + "_lpdf")(grid, WEIGHTS, MUS, SIGMAS, low=low, high=high, q=q))
    inside = np.nansum(mass[np.isfinite(mass) & (mass <= 1)])
    assert inside == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("bounds", [(None, None), (-1.0, 1.5)])
def test_draws_follow_the_density(bounds):
    rng = np.random.default_rng(0)
    draws = tpe.GMM1(WEIGHTS, MUS, SIGMAS, low=bounds[0], high=bounds[1], rng=rng, size=4000)
    edges = np.quantile(draws, np.linspace(0.02, 0.98, 15))
    a, b = (
        (-np.inf if bounds[0] is None else bounds[0]),
        (np.inf if bounds[1] is None else bounds[1]),
    )
    expected = [
        integrate.quad(lambda x: mixture_pdf(x, a, b), *pair)[0] for pair in pairwise(edges)
    ]
    observed = np.histogram(draws, edges)[0] / len(draws)
    np.testing.assert_allclose(observed, expected, atol=0.02)


def test_a_draw_of_a_mixture_that_misses_its_bounds_ends():
    draws = tpe.GMM1(
        [1.0], [0.0], [1e-9], low=5.0, high=6.0, rng=np.random.default_rng(0), size=(3,)
    )
    assert ((draws >= 5) & (draws < 6)).all()


def test_reversed_bounds_are_refused():
    with pytest.raises(ValueError, match=r"low < high, got low=1, high=0"):
        tpe.GMM1([1.0], [0.0], [1.0], low=1, high=0, rng=np.random.default_rng(0), size=1)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 30, 200])
def test_parzen_components_are_sorted_weighed_and_of_bounded_width(n):
    mus = np.random.default_rng(n).normal(size=n)
    weights, means, sigmas = tpe.adaptive_parzen_normal(mus, 1.0, 0.0, 2.0)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(means) >= 0).all()
    assert sorted(means) == sorted([*mus, 0.0])
    assert sigmas.max() == 2.0
    assert sigmas.min() >= 2.0 / min(100, n + 2)


def test_old_observations_weigh_less():
    weights = tpe.linear_forgetting_weights(100, 25)
    assert (weights[-25:] == 1).all()
    assert weights[0] == pytest.approx(1 / 100)
    assert (np.diff(weights) >= 0).all()


def test_weights_handed_out_may_be_changed_by_their_user():
    tpe.linear_forgetting_weights(40, 25)[:] = 0
    assert tpe.linear_forgetting_weights(40, 25)[-1] == 1


def test_samplers_by_law_return_nodes():
    for name, sampler in tpe.adaptive_parzen_samplers.items():
        n_args = {"uniform": 2, "normal": 2, "randint": 2, "categorical": 1}.get(
            name, 3 if name.startswith("q") else 2
        )
        node = sampler(np.array([1.0]), 1.0, *[scope.asarray([0.5, 0.5])] * n_args)
        assert isinstance(node, Apply)
        assert callable(getattr(scope, node.name + "_lpdf"))


LAWS = [Uniform(-3, 3), Loguniform(-3, 3), Normal(1, 2), Lognormal(0, 1)]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_rough_density_is_within_its_margin(law):
    rng = np.random.default_rng(3)
    rest = fit(law, law.draw(rng, 700), 1.0)
    samples = law.draw(rng, 300)
    gap = rough_log_density(rest, samples) - rest.log_density(samples)
    assert np.ptp(gap) < 0.002


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_screening_never_changes_the_choice(law):
    rng = np.random.default_rng(5)
    for _ in range(20):
        good, rest = fit(law, law.draw(rng, 20), 1.0), fit(law, law.draw(rng, 400), 1.0)
        candidates = good.draw(rng, 24)
        exact = candidates[np.argmax(good.log_density(candidates) - rest.log_density(candidates))]
        assert best_candidate(candidates, good, rest) == exact


@pytest.mark.parametrize(
    "law", [Uniform(0, 1e-12), Normal(3e-12, 1e-12)], ids=["uniform", "normal"]
)
def test_parameters_in_tiny_units_are_modelled_like_others(law):
    scale = 1e12
    rng = np.random.default_rng(0)
    seen = law.draw(rng, 40)
    large = type(law)(*(value * scale for value in (getattr(law, f) for f in law.__slots__)))
    tiny_fit, large_fit = fit(law, seen, 1.0), fit(large, seen * scale, 1.0)
    x = law.draw(rng, 50)
    gap = tiny_fit.log_density(x) - large_fit.log_density(x * scale)
    np.testing.assert_allclose(gap, math.log(scale), atol=1e-6)


def test_whole_numbers_over_huge_ranges_cost_memory_of_the_observations_only():
    estimator = fit(Randint(0, 10**12), np.array([5.0, 5.0, 10.0**11]), 1.0)
    draws = estimator.draw(np.random.default_rng(0), 2000)
    assert draws.min() >= 0
    assert draws.max() < 10**12
    seen, unseen = estimator.log_density(np.array([5, 6]))
    assert seen - unseen == pytest.approx(math.log(3))


def test_observations_that_the_space_no_longer_has_are_left_out():
    estimator = fit(Categorical((0.5, 0.5)), np.array([0.0, 7.0, 1.0]), 1.0)
    assert np.exp(estimator.log_density(np.array([0, 1]))).sum() == pytest.approx(1)


def history(space, losses, domain):
    """Trials with these losses; None stands for a failed one."""
    trials, rng = Trials(), np.random.default_rng(0)
    for tid, loss in enumerate(losses):
        misc = {
            "tid": tid,
            "cmd": None,
            "workdir": None,
            **domain.table.misc(tid, domain.table.draw(rng)),
        }
        result = {"status": STATUS_FAIL} if loss is None else {"status": STATUS_OK, "loss": loss}
        (doc,) = trials.new_trial_docs([tid], [None], [result], [misc])
        trials.insert_trial_doc({**doc, "state": JOB_STATE_DONE})
    trials.refresh()
    return trials


SPACE = {"x": hp.uniform("x", -5, 5), "c": hp.choice("c", [0, hp.normal("y", 0, 1)])}


def test_n_ids_give_n_distinct_documents():
    domain = Domain(abs, SPACE)
    trials = history(SPACE, np.arange(30.0), domain)
    docs = tpe.suggest(list(range(100, 110)), domain, trials, 1)
    assert [doc["tid"] for doc in docs] == list(range(100, 110))
    assert len({str(doc["misc"]["vals"]) for doc in docs}) == 10


def test_a_space_with_fewer_points_than_ids_still_answers():
    space = hp.choice("c", ["a", "b"])
    domain = Domain(abs, space)
    docs = tpe.suggest([50, 51, 52], domain, history(space, np.arange(30.0), domain), 1)
    assert {doc["misc"]["vals"]["c"][0] for doc in docs} == {0, 1}


def points_tried(bad):
    """Search where half of the space is bad, in one of several ways; return all points tried."""

    def loss(point):
        if point > 0:
            return (point - 2) ** 2 + 1
        if bad == "raises":
            raise RuntimeError("not here")
        return {"status": STATUS_FAIL} if bad == "fails" else {"status": STATUS_OK, "loss": bad}

    trials = Trials()
    fmin(
        loss,
        hp.uniform("x", -5, 5),
        tpe.suggest,
        60,
        trials=trials,
        rstate=0,
        verbose=False,
        catch_eval_exceptions=True,
    )
    return [doc["misc"]["vals"]["x"] for doc in trials._dynamic_trials]


@pytest.mark.parametrize("bad", [math.nan, math.inf, "fails", "raises"])
def test_bad_trials_teach_what_a_very_large_loss_teaches(bad):
    assert points_tried(bad) == points_tried(1e9)


def test_the_loss_of_a_failed_trial_is_ignored():
    domain = Domain(abs, SPACE)
    trials = history(SPACE, [None] * 30, domain)
    plain = tpe.suggest([100], domain, trials, 1)
    for result in trials.results:
        result["loss"] = -100.0
    again = tpe.suggest([100], domain, trials, 1)
    assert plain[0]["misc"]["vals"] == again[0]["misc"]["vals"]


def test_documents_written_after_the_first_look_are_seen():
    domain = Domain(abs, SPACE)
    trials = history(SPACE, np.arange(40.0), domain)
    first = tpe.suggest([100], domain, trials, 1)[0]["misc"]["vals"]
    for doc in trials.trials:
        doc["result"] = {"status": STATUS_OK, "loss": -doc["result"]["loss"]}
    turned = tpe.suggest([100], domain, trials, 1)[0]["misc"]["vals"]
    fresh = tpe.suggest([100], domain, history(SPACE, -np.arange(40.0), domain), 1)[0]["misc"][
        "vals"
    ]
    assert turned == fresh
    assert turned != first


def test_an_old_trial_without_a_parameter_counts_as_unobserved():
    domain = Domain(abs, hp.uniform("x", 0, 1))
    trials = history(SPACE, np.arange(30.0), domain)
    wider = Domain(abs, {"x": hp.uniform("x", 0, 1), "new": hp.randint("new", 3)})
    (doc,) = tpe.suggest([100], wider, trials, 1)
    assert doc["misc"]["vals"]["new"][0] in range(3)


def test_options_are_never_compared():
    class Touchy:
        def __eq__(self, other):
            raise AssertionError("compared")

        __hash__ = object.__hash__

    fmin(
        lambda o: 0.0,
        hp.choice("o", [Touchy(), Touchy()]),
        tpe.suggest,
        30,
        rstate=0,
        verbose=False,
    )


def test_a_quantised_log_law_with_zero_observations_works():
    estimator = fit(Qloguniform(-5, 2, 1), np.zeros(30), 1.0)
    assert np.isfinite(estimator.log_density(np.array([0.0, 1.0, 2.0]))).all()
