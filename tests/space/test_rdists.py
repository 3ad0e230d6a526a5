"""The laws in scipy.stats' manner."""

from __future__ import annotations

import hyperopt.rdists
import numpy as np
import pytest
from scipy import integrate, stats

from minopt import rdists
from minopt.space.laws import Quniform

CONTINUOUS = [
    (rdists.loguniform_gen, (0, 1), stats.loguniform(1, np.e)),
    (rdists.loguniform_gen, (-5, 2), stats.loguniform(np.exp(-5), np.exp(2))),
    (rdists.lognorm_gen, (0, 1), stats.lognorm(1)),
    (rdists.lognorm_gen, (-2, 0.5), stats.lognorm(0.5, scale=np.exp(-2))),
]
STEPPED = [
    ("quniform_gen", (0, 10, 1)),
    ("quniform_gen", (0, 1, 0.1)),
    ("quniform_gen", (-20, -1, 3)),
    ("quniform_gen", (0.3, 9.8, 0.7)),
    ("qloguniform_gen", (0, 1, 0.1)),
    ("qloguniform_gen", (-20, 4, 3)),
    ("qloguniform_gen", (np.log(0.05), np.log(0.75), 0.5)),
    ("qnormal_gen", (0, 1, 0.1)),
    ("qnormal_gen", (-20, 4, 3)),
    ("qlognormal_gen", (0, 1, 0.1)),
    ("qlognormal_gen", (1, 2, 2)),
]


def title(case):
    return f"{getattr(case[0], '__name__', case[0])}{case[1]}"


@pytest.mark.parametrize("case", CONTINUOUS, ids=title)
def test_the_density_integrates_to_one(case):
    make, numbers, theirs = case
    law = make(*numbers)
    low, high = theirs.ppf([1e-12, 1 - 1e-12])
    area, _ = integrate.quad(lambda z: law.pdf(np.exp(z)) * np.exp(z), np.log(low), np.log(high))
    assert area == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("case", CONTINUOUS, ids=title)
@pytest.mark.parametrize("method", ["pdf", "logpdf", "cdf", "sf"])
def test_functions_agree_with_scipy(case, method):
    make, numbers, theirs = case
    x = theirs.ppf(np.linspace(0.01, 0.99, 31))
    ours = getattr(make(*numbers), method)(x)
    np.testing.assert_allclose(ours, getattr(theirs, method)(x), rtol=1e-9)


@pytest.mark.parametrize("case", CONTINUOUS, ids=title)
def test_quantiles_moments_and_support_agree_with_scipy(case):
    make, numbers, theirs = case
    law = make(*numbers)
    u = np.linspace(0.01, 0.99, 31)
    np.testing.assert_allclose(law.ppf(u), theirs.ppf(u), rtol=1e-9)
    np.testing.assert_allclose(law.stats(moments="mvsk"), theirs.stats(moments="mvsk"), rtol=1e-6)
    np.testing.assert_allclose(law.support(), theirs.support())


@pytest.mark.parametrize("case", CONTINUOUS, ids=title)
def test_samples_follow_the_law(case):
    make, numbers, theirs = case
    drawn = make(*numbers, seed=5).rvs(size=5_000)
    assert stats.kstest(drawn, theirs.cdf).pvalue > 1e-3


@pytest.mark.parametrize("case", CONTINUOUS, ids=title)
def test_a_frozen_law_is_the_same_law(case):
    make, numbers, _ = case
    frozen = make(*numbers)()
    assert frozen.cdf(0.9) == make(*numbers).cdf(0.9)


@pytest.mark.parametrize("case", STEPPED, ids=title)
def test_masses_are_hyperopts(case):
    name, numbers = case
    ours, theirs = getattr(rdists, name)(*numbers), getattr(hyperopt.rdists, name)(*numbers)
    x = np.arange(-60, 200) * numbers[2]
    np.testing.assert_allclose(ours.pmf(x), theirs.pmf(x), rtol=1e-6, atol=1e-10)
    assert ours.pmf(0.3 * numbers[2]) == theirs.pmf(0.3 * numbers[2]) == 0


@pytest.mark.parametrize("case", STEPPED, ids=title)
def test_masses_sum_to_one_and_up_to_the_cdf(case):
    name, numbers = case
    law = getattr(rdists, name)(*numbers)
    x = np.arange(-400, 20_000) * numbers[2]
    missing = 1 - law.cdf(x[-1])
    assert law.pmf(x).sum() + missing == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(np.cumsum(law.pmf(x)), law.cdf(x), atol=1e-9)


@pytest.mark.parametrize("case", STEPPED, ids=title)
def test_samples_have_the_masses(case):
    name, numbers = case
    law = getattr(rdists, name)(*numbers, seed=1)
    values, counts = np.unique(law.rvs(size=20_000), return_counts=True)
    expected = law.pmf(values) * 20_000
    common = expected > 5
    chi2 = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert stats.chi2.sf(chi2, common.sum()) > 1e-3


@pytest.mark.parametrize("case", [case for case in STEPPED if "uniform" in case[0]], ids=title)
def test_the_table_of_values_and_masses_is_hyperopts(case):
    name, numbers = case
    ours, theirs = getattr(rdists, name)(*numbers), getattr(hyperopt.rdists, name)(*numbers)
    xs, ps = np.asarray(theirs.xs), np.asarray(theirs.ps)
    np.testing.assert_allclose(ours.xs[: len(xs)], xs, atol=1e-9)
    np.testing.assert_allclose(ours.ps[: len(ps)], ps, atol=1e-9)
    assert (ours.qlow, ours.low, ours.high) == (theirs.qlow, theirs.low, theirs.high)


def test_a_scalar_gives_a_float_and_an_array_an_array():
    law = rdists.qnormal_gen(0, 1, 1)
    assert type(law.pmf(0)) is type(law.logpmf(0.0)) is float
    assert law.pmf(np.array(0.0)).shape == ()
    assert law.logpmf([[0, 1, 2]]).shape == (1, 3)


def test_samples_are_ints_where_the_step_is_one():
    assert type(rdists.quniform_gen(0, 10, 1).rvs()) is int
    assert type(rdists.qlognormal_gen(0, 1, 1.0).rvs()) is float
    assert type(rdists.uniformint_gen(0, 10).rvs()) is int
    assert rdists.uniformint_gen(0, 10).rvs(size=3).dtype.kind == "i"


def test_samples_obey_a_seed_and_no_global_state():
    law = rdists.qnormal_gen(0, 1, 0.5)
    assert np.all(law.rvs(size=9, random_state=3) == law.rvs(size=9, random_state=3))
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    law.rvs(size=9)
    rdists.lognorm_gen(0, 1).rvs(size=9)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_an_old_random_state_is_a_generator_too():
    state = np.random.RandomState(0)
    assert rdists.quniform_gen(0, 9, 1).rvs(size=4, random_state=state).shape == (4,)


def test_the_domain_is_the_multiples_of_q():
    assert rdists.qnormal_gen(0, 1, 2).in_domain(np.array([-2, 1, 4])).tolist() == [
        True,
        False,
        True,
    ]
    assert rdists.qlognormal_gen(0, 1, 2).in_domain([-2, 1, 4]).tolist() == [False, False, True]


def test_a_table_is_looked_up():
    xs, ps = [2, 4, 6], [0.2, 0.5, 0.3]
    x = np.array([2.0, 3.0, 6.0, 8.0, -2.0])
    np.testing.assert_allclose(rdists.qtable_pmf(x, 2, 2, xs, ps), [0.2, 0, 0.3, 0, 0])
    np.testing.assert_allclose(
        rdists.qtable_logpmf(x, 2, 2, xs, ps), hyperopt.rdists.qtable_logpmf(x, 2, 2, xs, ps)
    )
    assert rdists.qtable_pmf(4, 2, 2, xs, ps) == 0.5


@pytest.mark.parametrize("whole", [3.0, np.array([1.0, -2.0]), [1.0, 2.0]], ids=repr)
def test_whole_floats_become_ints(whole):
    ours, theirs = rdists.safe_int_cast(whole), hyperopt.rdists.safe_int_cast(whole)
    assert type(ours) is type(theirs)
    assert np.all(np.asarray(ours) == theirs)


def test_a_wrong_law_is_refused():
    with pytest.raises(ValueError, match="lognormal needs sigma > 0, got sigma=0"):
        rdists.lognorm_gen(0, 0)


def test_the_names_are_hyperopts_and_one_more():
    public = {
        name
        for name, thing in vars(hyperopt.rdists).items()
        if getattr(thing, "__module__", "") == "hyperopt.rdists"
    }
    assert public | {"uniformint_gen"} == set(rdists.__all__)


def test_the_mathematics_is_that_of_the_laws():
    assert rdists.quniform_gen(0, 10, 2).law == Quniform(0, 10, 2)
