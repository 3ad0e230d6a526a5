"""Every law against scipy or a closed form, and what all of them promise."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minopt.space.laws import (
    Categorical,
    Lognormal,
    Loguniform,
    Normal,
    Qlognormal,
    Qloguniform,
    Qnormal,
    Quniform,
    Randint,
    Uniform,
    WholeStep,
)

SMOOTH = [
    (Uniform(-2, 3), stats.uniform(-2, 5)),
    (Uniform(1e-12, 3e-12), stats.uniform(1e-12, 2e-12)),
    (Loguniform(-3, 2), stats.loguniform(np.exp(-3), np.exp(2))),
    (Loguniform(-50, -40), stats.loguniform(np.exp(-50), np.exp(-40))),
    (Normal(1.5, 0.3), stats.norm(1.5, 0.3)),
    (Lognormal(-1, 0.7), stats.lognorm(0.7, scale=np.exp(-1))),
    (Lognormal(2, 2), stats.lognorm(2, scale=np.exp(2))),
]
STEPPED = [
    (Quniform(0, 10, 1), stats.uniform(0, 10)),
    (Quniform(-3.3, 4.1, 0.25), stats.uniform(-3.3, 7.4)),
    (Quniform(0, 1, 10), stats.uniform(0, 1)),
    (Quniform(0.4, 0.6, 1), stats.uniform(0.4, 0.2)),
    (Qloguniform(-2, 3, 0.5), stats.loguniform(np.exp(-2), np.exp(3))),
    (Qloguniform(-20, 4, 3), stats.loguniform(np.exp(-20), np.exp(4))),
    (Qnormal(0, 1, 0.5), stats.norm(0, 1)),
    (Qnormal(-7, 5, 2), stats.norm(-7, 5)),
    (Qlognormal(0, 1, 0.5), stats.lognorm(1)),
    (Qlognormal(1, 2, 2), stats.lognorm(2, scale=np.exp(1))),
]
WHOLE = [
    (Randint(0, 7), stats.randint(0, 7)),
    (Randint(-5, 3), stats.randint(-5, 3)),
    (Categorical((0.2, 0.5, 0.3)), stats.rv_discrete(values=([0, 1, 2], [0.2, 0.5, 0.3]))),
    (Categorical((1.0,)), stats.rv_discrete(values=([0], [1.0]))),
]
ALL = [law for law, _ in SMOOTH + STEPPED + WHOLE]


def named(case):
    return repr(case[0]) if isinstance(case, tuple) else repr(case)


def grid_of(law, n_steps=4000):
    """The multiples of q that a stepped law can give, or as many as matter."""
    low, high = law.support()
    first = max(np.round(low / law.q), -n_steps) if np.isfinite(low) else -n_steps
    last = min(np.round(high / law.q), n_steps) if np.isfinite(high) else n_steps
    return np.arange(first, last + 1) * law.q


@pytest.mark.parametrize("case", SMOOTH, ids=named)
def test_a_smooth_law_has_the_density_of_scipy(case):
    law, theirs = case
    x = theirs.ppf(np.linspace(0.001, 0.999, 101))
    np.testing.assert_allclose(law.logpdf(x), theirs.logpdf(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", SMOOTH, ids=named)
def test_a_smooth_law_has_the_cdf_and_the_quantiles_of_scipy(case):
    law, theirs = case
    u = np.linspace(0.001, 0.999, 101)
    x = theirs.ppf(u)
    np.testing.assert_allclose(law.cdf(x), u, rtol=1e-9)
    np.testing.assert_allclose(law.from_unit(u), x, rtol=1e-9)


@pytest.mark.parametrize("case", SMOOTH, ids=named)
def test_a_smooth_law_has_no_density_outside(case):
    law, theirs = case
    low, high = theirs.support()
    outside = [x for x in (low - 1.0, high + 1.0, high * 2) if np.isfinite(x)]
    outside = [x for x in outside if not low <= x <= high]
    assert np.all(np.isneginf(law.logpdf(outside)))


@pytest.mark.parametrize("case", STEPPED, ids=named)
def test_a_stepped_law_has_the_mass_of_the_interval_that_is_rounded(case):
    law, before = case
    x = grid_of(law)
    expected = before.cdf(x + law.q / 2) - before.cdf(x - law.q / 2)
    np.testing.assert_allclose(np.exp(law.logpdf(x)), expected, rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize("case", STEPPED, ids=named)
def test_the_masses_of_a_stepped_law_sum_to_one(case):
    law, before = case
    x = grid_of(law)
    left_out = before.sf(x[-1] + law.q / 2) + before.cdf(x[0] - law.q / 2)
    assert np.exp(law.logpdf(x)).sum() + left_out == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("case", STEPPED, ids=named)
def test_the_cdf_of_a_stepped_law_adds_up_its_masses(case):
    law, before = case
    x = grid_of(law)
    below = before.cdf(x[0] - law.q / 2)
    sums = below + np.cumsum(np.exp(law.logpdf(x)))
    np.testing.assert_allclose(law.cdf(x), sums, atol=1e-12)
    np.testing.assert_allclose(law.cdf(x + 0.4 * law.q), sums, atol=1e-12)


@pytest.mark.parametrize("case", STEPPED, ids=named)
def test_a_stepped_law_has_no_mass_between_its_steps(case):
    law, _ = case
    assert np.all(np.isneginf(law.logpdf(grid_of(law, 50) + 0.3 * law.q)))


def test_the_mass_far_out_in_a_tail_keeps_its_digits():
    law = Qnormal(0, 1, 1)
    for x in (9.0, 20.0, 35.0):
        expected = stats.norm.logsf(x - 0.5) + np.log1p(
            -np.exp(stats.norm.logsf(x + 0.5) - stats.norm.logsf(x - 0.5))
        )
        assert float(law.logpdf(x)) == pytest.approx(expected, rel=1e-12)
        assert float(law.logpdf(-x)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("case", WHOLE, ids=named)
def test_a_law_of_whole_numbers_has_the_mass_and_the_cdf_of_scipy(case):
    law, theirs = case
    x = np.arange(-8, 10)
    np.testing.assert_allclose(np.exp(law.logpdf(x)), theirs.pmf(x), atol=1e-15)
    np.testing.assert_allclose(law.cdf(x), theirs.cdf(x), atol=1e-15)
    np.testing.assert_allclose(law.cdf(x + 0.5), theirs.cdf(x), atol=1e-15)


@pytest.mark.parametrize("law", [law for law, _ in WHOLE], ids=named)
def test_a_law_of_whole_numbers_has_no_mass_between_them(law):
    assert np.isneginf(law.logpdf(0.5))


@pytest.mark.parametrize("law", ALL, ids=named)
def test_drawn_values_follow_the_cdf(law):
    drawn = np.sort(law.draw(np.random.default_rng(7), 20_000))
    values = np.unique(drawn)
    seen = np.searchsorted(drawn, values, side="right") / drawn.size
    assert np.max(np.abs(seen - law.cdf(values))) < 0.015  # Kolmogorov: p < 1e-3


@pytest.mark.parametrize("law", ALL, ids=named)
def test_a_flat_number_in_the_unit_interval_gives_the_law(law):
    u = (np.arange(20_000) + 0.5) / 20_000
    made = np.sort(law.from_unit(u))
    values = np.unique(made)
    seen = np.searchsorted(made, values, side="right") / made.size
    assert np.max(np.abs(seen - law.cdf(values))) < 2e-4


@pytest.mark.parametrize("law", ALL, ids=named)
def test_the_ends_of_the_unit_interval_give_the_ends_of_the_law(law):
    low, high = law.support()
    possible = law.from_unit([0.0, 1.0])
    assert low <= possible[0] <= possible[1] <= high


@pytest.mark.parametrize("law", ALL, ids=named)
def test_a_law_survives_pickling_and_can_be_a_key(law):
    again = pickle.loads(pickle.dumps(law))
    assert again == law
    assert {law: 1}[again] == 1


@pytest.mark.parametrize("law", ALL, ids=named)
@pytest.mark.parametrize("value", [None, "1", b"1", float("nan"), float("inf"), [1.0], object()])
def test_what_is_no_finite_number_is_not_contained(law, value):
    assert law.contains(value) is False


@pytest.mark.parametrize(
    "law, inside, outside",
    [
        (Uniform(0, 1), [0, 1, 0.5, np.float32(0.25)], [-1e-9, 1 + 1e-9, 2]),
        (Loguniform(np.log(1e-3), np.log(1000)), [1e-3, 1000, 1000.0], [9e-4, 1001, 0, -1]),
        (Normal(0, 1), [0, -40.0, 1e6], []),
        (Lognormal(0, 1), [1e-9, 1e9], [0, -1]),
        (Quniform(0, 1, 0.1), [0, 0.3, 0.1 + 0.2, 1], [0.25, 1.1, -0.1]),
        (Quniform(1, 10, 2), [0, 2, 10], [1, 3, 12]),
        (Qloguniform(0, np.log(100), 10), [0, 10, 100], [5, 110, -10]),
        (Qnormal(0, 1, 2), [-4, 0, 100], [1, 0.5]),
        (Qlognormal(0, 1, 2), [0, 2, 100], [-2, 1]),
        (Randint(2, 5), [2, 4, 4.0, np.int64(3)], [1, 5, 2.5]),
        (Randint(2**62, 2**62 + 5), [2**62 + 4], [2**62 + 5, 2**62 - 1]),
        (Categorical((0.5, 0.5)), [0, 1, 1.0], [2, -1, 0.5]),
    ],
    ids=named,
)
def test_a_law_contains_what_it_can_give_and_nothing_else(law, inside, outside):
    assert [law.contains(value) for value in inside] == [True] * len(inside)
    assert [law.contains(value) for value in outside] == [False] * len(outside)


def test_the_ends_of_a_loguniform_are_inside_whatever_rounding_does_to_their_logarithms():
    for low in np.linspace(-20, 5, 1000):
        law = Loguniform(low, low + 3.3)
        assert [law.contains(end) for end in law.support()] == [True, True]


def test_an_option_without_weight_never_comes():
    law = Categorical((0.0, 0.5, 0.0, 0.5, 0.0))
    assert law.from_unit([0.0, 0.5, 1.0]).tolist() == [1, 3, 3]
    assert set(law.draw(np.random.default_rng(0), 500).tolist()) == {1, 3}
    assert np.isneginf(law.logpdf(0))


def test_only_the_stepped_and_whole_laws_are_discrete():
    assert [law.discrete for law, _ in SMOOTH] == [False] * len(SMOOTH)
    assert [law.discrete for law, _ in STEPPED + WHOLE] == [True] * len(STEPPED + WHOLE)


def test_values_of_a_whole_step_are_held_as_ints():
    law = Quniform(0, 10, WholeStep(2))
    assert law.integral
    assert not Quniform(0, 10, 2).integral
    assert type(law.draw_one(np.random.default_rng(0))) is int


def test_numbers_of_every_kind_become_plain_ones():
    law = Quniform(np.float32(0), np.int64(5), np.array(0.5))
    assert law == Quniform(0.0, 5.0, 0.5)
    assert [type(x) for x in (law.low, law.high, law.q)] == [float] * 3
    assert [type(x) for x in (Randint(np.int8(0), 4.0).low, Randint(0, 4.0).high)] == [int] * 2


@st.composite
def any_law(draw):
    a = draw(st.floats(-50, 50))
    width = draw(st.floats(0.01, 60))
    q = draw(st.floats(0.01, 10))
    kind = draw(st.sampled_from(range(10)))
    weights = draw(st.lists(st.integers(1, 20), min_size=1, max_size=6))
    return [
        lambda: Uniform(a, a + width),
        lambda: Loguniform(a, a + width),
        lambda: Quniform(a, a + width, q),
        lambda: Qloguniform(a / 10, (a + width) / 10, q),
        lambda: Normal(a, width),
        lambda: Qnormal(a, width, q),
        lambda: Lognormal(a / 10, width / 10),
        lambda: Qlognormal(a / 10, width / 10, q),
        lambda: Randint(int(a), int(a) + 1 + int(width)),
        lambda: Categorical([w / sum(weights) for w in weights]),
    ][kind]()


@given(any_law(), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_draw_is_contained_and_inside_the_support(law, seed):
    rng = np.random.default_rng(seed)
    low, high = law.support()
    for value in [law.draw_one(rng) for _ in range(20)]:
        assert law.contains(value)
        assert low <= value <= high or np.isclose(value, [low, high]).any()


@given(any_law(), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_values_return_from_the_unit_interval(law, seed):
    drawn = law.draw(np.random.default_rng(seed), 20)
    u = law.to_unit(drawn)
    assert np.all((u >= 0) & (u <= 1))
    tails = (u < 1e-9) | (u > 1 - 1e-9)  # where the cdf has no digits left
    np.testing.assert_allclose(law.from_unit(u)[~tails], drawn[~tails], rtol=1e-6, atol=1e-9)


@given(any_law(), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_one_draw_has_the_bits_of_the_array_draw(law, seed):
    ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
    one_by_one = np.array([law.draw_one(ours) for _ in range(25)])
    together = np.concatenate([law.draw(theirs, 1) for _ in range(5)] + [law.draw(theirs, 20)])
    assert one_by_one.tobytes() == together.astype(one_by_one.dtype).tobytes()
    assert ours.random() == theirs.random()


def test_draws_of_all_laws_share_one_stream_bit_for_bit():
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    for law in ALL * 200:
        one, array = law.draw_one(ours), law.draw(theirs, 1)
        assert float(one).hex() == float(array[0]).hex(), law
    assert ours.bit_generator.state == theirs.bit_generator.state
