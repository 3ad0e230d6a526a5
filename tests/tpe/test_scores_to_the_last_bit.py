"""The score of a candidate is hyperopt's to the last bit, however it is reckoned."""

from __future__ import annotations

import numpy as np
import pytest

from minopt.algo.tpe import mixture
from minopt.algo.tpe.estimators import fit
from minopt.algo.tpe.parzen import adaptive_parzen_normal
from minopt.algo.tpe.screen import best_candidate
from minopt.space.laws import law_from

hyperopt_tpe = pytest.importorskip("hyperopt.tpe")

# around the number of components from which work is left out, and the number kept in full
SIZES = (0, 1, 2, 5, 24, 100, 255, 256, 257, 700, 2500)
LAWS = {
    "uniform": ("uniform", -5.0, 5.0),
    "uniform in millionths": ("uniform", 1e-6, 3e-6),
    "quniform of few values": ("quniform", 0.0, 10.0, 0.5),
    "quniform of many values": ("quniform", 0.0, 10.0, 0.001),
    "whole numbers": ("quniform", 0.5, 100.5, 1.0),
    "loguniform": ("loguniform", -11.5, 0.0),
    "qloguniform": ("qloguniform", 0.0, 6.9, 1.0),
    "qloguniform around one": ("qloguniform", -3.0, 2.0, 0.5),
    "normal": ("normal", 0.0, 1.0),
    "qnormal": ("qnormal", 0.0, 3.0, 0.5),
    "lognormal": ("lognormal", 0.0, 1.0),
    "qlognormal": ("qlognormal", 0.0, 1.0, 0.1),
}


def observations(law, size, rng):
    """Observations as a search makes them: spread at first, then around one place."""
    spread = law.draw(rng, max(size, 1))
    narrow = np.random.default_rng(3).permutation(np.sort(spread)[: size // 3 + 1])
    return np.concatenate([spread, narrow])[-size:] if size else spread[:0]


def score_of_hyperopt(estimator, candidates):
    components = (estimator.weights, estimator.mus, estimator.sigmas)
    lpdf = hyperopt_tpe.LGMM1_lpdf if estimator.logarithmic else hyperopt_tpe.GMM1_lpdf
    return lpdf(candidates, *components, estimator.low, estimator.high, estimator.q)


@pytest.mark.parametrize("law", [law_from(*law) for law in LAWS.values()], ids=list(LAWS))
@pytest.mark.parametrize("size", SIZES)
def test_the_score_of_every_candidate_is_the_reference_s(law, size):
    for seed in range(3):
        rng = np.random.default_rng([seed, size])
        estimator = fit(law, observations(law, size, rng), 1.0)
        candidates = estimator.draw(rng, 24)
        with np.errstate(all="ignore"):
            expected = score_of_hyperopt(estimator, candidates)
            np.testing.assert_array_equal(estimator.log_density(candidates), expected)


@pytest.mark.parametrize("size", SIZES)
def test_the_components_are_the_reference_s(size):
    seen = np.random.default_rng(size).normal(size=size)
    ours = adaptive_parzen_normal(seen, 1.0, 0.25, 2.0)
    for mine, its in zip(ours, hyperopt_tpe.adaptive_parzen_normal(seen, 1.0, 0.25, 2.0)):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("law", [law_from(*law) for law in LAWS.values()], ids=list(LAWS))
@pytest.mark.parametrize("size", [100, 400, 2500])
def test_the_best_candidate_is_the_one_that_full_scores_choose(law, size):
    for seed in range(10):
        rng = np.random.default_rng([seed, size])
        seen = observations(law, size, rng)
        good, rest = fit(law, seen[-10:], 1.0), fit(law, seen[:-10], 1.0)
        candidates = good.draw(rng, 24)
        with np.errstate(all="ignore"):
            scores = score_of_hyperopt(good, candidates) - score_of_hyperopt(rest, candidates)
        assert best_candidate(candidates, good, rest) == candidates[np.argmax(scores)]


def test_an_error_function_that_saturates_is_the_full_one():
    z = np.linspace(-30.0, 30.0, 10_001)
    weights, flat = np.full(z.shape, 1 / z.size), np.ones_like(z)
    ours = mixture.mass_within(weights, z, flat, -1.0, 1.0)
    above, below = (hyperopt_tpe.normal_cdf(edge, z, flat) for edge in (1.0, -1.0))
    assert ours == np.sum(weights * (above - below))
