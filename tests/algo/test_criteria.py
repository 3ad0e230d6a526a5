"""Criteria of Bayesian optimization against numerical integration and mpmath-made numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minopt import criteria
from minopt.exceptions import InvalidArgument


@pytest.mark.parametrize("mean, var", [(0.0, 1.0), (-4.0, 9.0), (2.0, 1e-6)])
@pytest.mark.parametrize("steps", [-4.0, -0.5, 0.0, 0.7, 3.0])
def test_expected_improvement_is_the_integral_of_what_exceeds_the_threshold(mean, var, steps):
    from scipy.integrate import quad
    from scipy.stats import norm

    sigma = math.sqrt(var)
    thresh = mean + steps * sigma
    law = norm(mean, sigma)
    top = mean + 40 * sigma
    points = [mean + k * sigma for k in (-3, 0, 3) if k > steps]
    integral, _ = quad(
        lambda value: (value - thresh) * law.pdf(value), thresh, top, points=points, limit=200
    )
    assert criteria.EI_gaussian(mean, var, thresh) == pytest.approx(integral, rel=1e-6)


# log(phi(z) + z * Phi(z)), computed with 60 digits
@pytest.mark.parametrize(
    "z, expected",
    [
        (-5000.0, -12500017.953325036),
        (-101.0, -5110.649473554864),
        (-99.0, -4910.609484215455),
        (-37.0, -692.6429601632704),
        (-10.0, -55.55312203612236),
        (-3.0, -7.869686059603029),
        (-1.0, -2.4851210257126413),
        (0.0, -0.9189385332046727),
        (5.0, 1.6094379231264313),
    ],
)
def test_the_logarithm_is_exact_far_into_the_tail(z, expected):
    assert criteria.logEI_gaussian(z, 1.0, 0.0) == pytest.approx(expected, rel=3e-15)


def test_the_logarithm_grows_steadily_through_all_its_formulas():
    z = np.linspace(-130, 20, 30_001)
    assert np.all(np.diff(criteria.logEI_gaussian(z, 1.0, 0.0)) > 0)


def test_arrays_are_broadcast_and_scalars_stay_scalars():
    log_ei = criteria.logEI_gaussian(np.array([0.0, 1.0]), np.array([1.0, 4.0]), 3.0)
    assert log_ei.tolist() == [
        criteria.logEI_gaussian(0.0, 1.0, 3.0),
        criteria.logEI_gaussian(1.0, 4.0, 3.0),
    ]
    assert np.ndim(criteria.EI_gaussian(0, 1, 0)) == 0


def test_a_value_known_for_certain_improves_by_what_it_is_above_the_threshold():
    assert criteria.EI_gaussian([2.0, 0.5], 0.0, 1.0).tolist() == [1.0, 0.0]
    assert criteria.logEI_gaussian([2.0, 0.5], 0.0, 1.0).tolist() == [0.0, -math.inf]


@pytest.mark.parametrize("criterion", [criteria.EI_gaussian, criteria.logEI_gaussian])
def test_a_negative_variance_is_refused(criterion):
    with pytest.raises(InvalidArgument, match=r"variance must not be negative, got -1"):
        criterion(0.0, -1.0, 0.0)


def test_samples_estimate_the_same_improvement():
    rng = np.random.default_rng(0)
    estimate = criteria.EI_gaussian_empirical(1.0, 4.0, 2.0, rng, 200_000)
    assert estimate == pytest.approx(criteria.EI_gaussian(1.0, 4.0, 2.0), rel=0.02)


def test_only_what_exceeds_the_threshold_counts_among_samples():
    assert criteria.EI_empirical([0.0, 1.0, 4.0, 2.0], 1.0) == 1.0


def test_upper_confidence_bound_is_so_many_deviations_above_the_mean():
    assert criteria.UCB(1.0, 4.0, 1.5) == 4.0
