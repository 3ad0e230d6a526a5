"""Wrong arguments are refused when the space is made, by a sentence that helps."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import hyperopt.hp
import numpy as np
import pytest

from minopt import hp
from minopt.exceptions import (
    BadSearchSpace,
    InvalidDistribution,
    InvalidDistributionType,
    InvalidLabel,
)
from minopt.pyll import as_apply
from minopt.space.guards import validate_distribution_range, validate_label
from minopt.space.laws import Categorical, Randint, Uniform, law_from

nan, inf = math.nan, math.inf

# Function, all positional arguments, keyword arguments, a part of the message.
LABELS = [
    ("uniform", (), {}, "hp.uniform needs a label, a non-empty string, as its first argument"),
    ("uniform", (0, 1), {}, "hp.uniform: the label is missing or is no string"),
    ("uniform", (0, 1), {}, "got 0 of type int"),
    ("uniform", (), {"low": 0, "high": 1}, "hp.uniform needs a label"),
    ("uniform", ("", 0, 1), {}, "hp.uniform: the label must be a non-empty string, got ''"),
    ("uniform", (b"", 0, 1), {}, "must be a non-empty string, got b''"),
    ("uniform", (None, 0, 1), {}, "got None of type NoneType"),
    ("uniform", (as_apply(3), 0, 1), {}, "got 3 of type int"),
    ("uniform", (as_apply(""), 0, 1), {}, "must be a non-empty string, got ''"),
    ("quniform", (0, 1, 0.1), {}, "hp.quniform: the label is missing"),
    ("loguniform", (-3, 0), {}, "hp.loguniform: the label is missing"),
    ("qloguniform", (0, 3, 1), {}, "hp.qloguniform: the label is missing"),
    ("normal", (0, 1), {}, "hp.normal: the label is missing"),
    ("qnormal", (0, 1, 1), {}, "hp.qnormal: the label is missing"),
    ("lognormal", (0.0, 1), {}, "got 0.0 of type float"),
    ("qlognormal", (0, 1, 1), {}, "hp.qlognormal: the label is missing"),
    ("uniformint", (0, 10), {}, "hp.uniformint: the label is missing"),
    ("randint", (10,), {}, "hp.randint: the label is missing"),
    ("choice", (["a", "b"],), {}, "hp.choice: the label is missing or is no string"),
    ("choice", (["a", "b"],), {}, "got ['a', 'b'] of type list"),
    ("choice", (), {"options": [1]}, "hp.choice needs a label"),
    ("pchoice", ([(1.0, "a")],), {}, "hp.pchoice: the label is missing"),
    ("pchoice", (["x"], [(1.0, "a")]), {}, "got ['x'] of type list"),
]
NUMBERS = [
    (
        "uniform",
        ("x", 1, 0),
        {},
        "parameter 'x': uniform needs finite bounds with low < high, got low=1, high=0",
    ),
    ("uniform", ("x", 0, -1), {}, "low < high, got low=0, high=-1"),
    ("uniform", ("x", 1, 1), {}, "low < high, got low=1, high=1"),
    ("uniform", ("x", 0, 0), {}, "low < high, got low=0, high=0"),
    ("uniform", ("x", 0, nan), {}, "low < high, got low=0, high=nan"),
    ("uniform", ("x", nan, 1), {}, "low < high, got low=nan, high=1"),
    ("uniform", ("x", -inf, 1), {}, "needs finite bounds with low < high, got low=-inf"),
    ("uniform", ("x", 0, inf), {}, "needs finite bounds with low < high, got low=0, high=inf"),
    ("uniform", ("x",), {"low": 2, "high": 1}, "low < high, got low=2, high=1"),
    ("uniform", ("x", 2), {"high": 1}, "low < high, got low=2, high=1"),
    ("uniform", ("x", -1e308, 1e308), {}, "high - low to be a float"),
    ("uniform", ("x", "0", "1"), {}, "uniform needs a number as low, got '0' of type str"),
    ("uniform", ("x", "a", 1), {}, "uniform needs a number as low, got 'a' of type str"),
    ("uniform", ("x", 0, None), {}, "uniform needs a number as high, got None of type NoneType"),
    ("uniform", ("x", [0, 1], 2), {}, "uniform needs a number as low, got [0, 1] of type list"),
    ("uniform", ("x", np.zeros(2), 2), {}, "uniform needs a number as low, got array([0., 0.])"),
    ("uniform", ("x", 0, 1j), {}, "uniform needs a number as high, got 1j of type complex"),
    ("uniform", ("x", 0, 10**400), {}, "uniform needs a number as high"),
    ("quniform", ("x", 5, 1, 1), {}, "parameter 'x': quniform needs finite bounds with low < high"),
    ("quniform", ("x", 0, 1, 0), {}, "quniform needs q > 0, got q=0"),
    ("quniform", ("x", 0, 1, -0.5), {}, "quniform needs q > 0, got q=-0.5"),
    ("quniform", ("x", 0, 1, nan), {}, "quniform needs a finite q, got q=nan"),
    ("quniform", ("x", 0, 1, inf), {}, "quniform needs a finite q, got q=inf"),
    ("quniform", ("x", 0, 1), {"q": "1"}, "quniform needs a number as q, got '1' of type str"),
    ("quniform", ("x", 0, 1e300, 1e-300), {}, "quniform needs a q that fits its bounds"),
    ("loguniform", ("x", 0, -3), {}, "loguniform needs finite bounds with low < high"),
    ("loguniform", ("x", 0, 1000), {}, "loguniform takes the natural logarithms of the bounds"),
    ("loguniform", ("x", 1, 1000), {}, "exp(1000.0) is too large for a float"),
    ("loguniform", ("x", -1000, 0), {}, "exp(-1000.0) is too small for a float"),
    ("loguniform", ("x", -inf, 0), {}, "loguniform needs finite bounds"),
    ("qloguniform", ("x", 0, 1000, 1), {}, "qloguniform takes the natural logarithms"),
    ("qloguniform", ("x", 0, 5, 0), {}, "qloguniform needs q > 0, got q=0"),
    ("normal", ("x", 0, 0), {}, "parameter 'x': normal needs sigma > 0, got sigma=0"),
    ("normal", ("x", 0, -1), {}, "normal needs sigma > 0, got sigma=-1"),
    ("normal", ("x", 0, nan), {}, "normal needs a finite sigma, got sigma=nan"),
    ("normal", ("x", inf, 1), {}, "normal needs a finite mu, got mu=inf"),
    ("normal", ("x",), {"mu": 0, "sigma": -2}, "normal needs sigma > 0, got sigma=-2"),
    ("qnormal", ("x", 0, 1, 0), {}, "qnormal needs q > 0, got q=0"),
    ("qnormal", ("x", 0, -1, 1), {}, "qnormal needs sigma > 0"),
    ("lognormal", ("x", 0, 0), {}, "lognormal needs sigma > 0"),
    (
        "lognormal",
        ("x", 1000, 100),
        {},
        "lognormal takes the mean and the standard deviation of the natural logarithm",
    ),
    ("lognormal", ("x", 0, 500), {}, "exp(mu + 5 * sigma) is too large for a float"),
    ("qlognormal", ("x", 0, 1, -1), {}, "qlognormal needs q > 0, got q=-1"),
    ("qlognormal", ("x", 800, 1, 1), {}, "qlognormal takes the mean"),
    (
        "uniformint",
        ("x", 10, 0),
        {},
        "uniformint needs finite bounds with low < high, got low=10, high=0",
    ),
    ("uniformint", ("x", 0, 10, 0), {}, "parameter 'x': uniformint needs q > 0, got q=0"),
    ("uniformint", ("x", 0, 10), {"q": -2}, "uniformint needs q > 0, got q=-2"),
    ("uniformint", ("x", 0, 10), {"q": 0.5}, "uniformint needs a whole q, got q=0.5"),
    ("uniformint", ("x", 0, 10), {"q": nan}, "uniformint needs a whole q, got q=nan"),
    ("uniformint", ("x", 0, 10), {"q": hp.uniform("q", 1, 2)}, "uniformint needs a number as q"),
    (
        "randint",
        ("x", 0),
        {},
        "parameter 'x': randint needs whole numbers with low < high, got low=0, high=0",
    ),
    ("randint", ("x", -3), {}, "low < high, got low=0, high=-3"),
    ("randint", ("x", 5, 5), {}, "low < high, got low=5, high=5"),
    ("randint", ("x", 5, 2), {}, "low < high, got low=5, high=2"),
    ("randint", ("x",), {"low": 5, "high": 2}, "low < high, got low=5, high=2"),
    ("randint", ("x", 2.5), {}, "randint needs a whole high, got high=2.5"),
    ("randint", ("x", 0.5, 3), {}, "randint needs a whole low, got low=0.5"),
    ("randint", ("x", nan), {}, "randint needs whole numbers with low < high"),
    ("randint", ("x", "10"), {}, "randint needs a number as high, got '10' of type str"),
    ("randint", ("x", 0, 2**64), {}, "randint needs bounds between -2**63 and 2**63"),
]
COUNTS = [
    (
        "uniform",
        ("x",),
        {},
        "parameter 'x': uniform takes low, high; low and high missing, got nothing",
    ),
    ("uniform", ("x", 0), {}, "uniform takes low, high; high missing, got low=0"),
    ("uniform", ("x",), {"high": 1}, "low missing, got high=1"),
    ("uniform", ("x", 0, 1, 2), {}, "uniform takes low, high; got 3 values: 0, 1, 2"),
    ("uniform", ("x", 0, 1), {"hihg": 2}, "got an unknown argument hihg=2"),
    ("uniform", ("x", 0, 1), {"low": 0}, "got low twice, as 0 and as low=0"),
    ("uniform", ("x", 0, 1), {"label": "y"}, "got its label twice, as 'x' and as label='y'"),
    ("quniform", ("x", 0, 1), {}, "quniform takes low, high, q; q missing, got low=0, high=1"),
    ("loguniform", ("x", 0, 1, 1), {}, "loguniform takes low, high; got 3 values"),
    ("normal", ("x", 0), {}, "normal takes mu, sigma; sigma missing, got mu=0"),
    ("normal", ("x",), {"mean": 0, "sigma": 1}, "got an unknown argument mean=0"),
    ("qlognormal", ("x", 0, 1), {}, "qlognormal takes mu, sigma, q; q missing"),
    ("uniformint", ("x", 0), {}, "parameter 'x': uniformint takes low, high, q; high missing"),
    (
        "uniformint",
        ("x", 0, 1, 1, 1),
        {},
        "uniformint takes low, high, q; got 4 values: 0, 1, 1, 1",
    ),
    ("randint", ("x",), {}, "randint takes low, high; low missing"),
    ("randint", ("x",), {"high": 3}, "randint takes low, high; low missing, got high=3"),
    ("randint", ("x", 1, 2, 3), {}, "randint takes low, high; got 3 values: 1, 2, 3"),
    ("randint", ("x", 1), {"upper": 3}, "got an unknown argument upper=3"),
    ("choice", ("x",), {}, "parameter 'x': choice takes a label and options, got the label only"),
    ("choice", ("x", 1, 2), {}, "choice takes a label and options, got 1, 2"),
    ("choice", ("x",), {"values": [1]}, "choice takes a label and options, got values=[1]"),
    ("pchoice", ("x",), {}, "pchoice takes a label and p_options, got the label only"),
    ("pchoice", ("x", [0.5, 0.5], [1, 2]), {}, "pchoice takes a label and p_options"),
]
OPTIONS = [
    ("choice", ("x", []), {}, "parameter 'x': choice needs at least one option, got none"),
    ("choice", ("x", ()), {}, "choice needs at least one option"),
    ("choice", ("x", np.array([])), {}, "choice needs at least one option"),
    (
        "choice",
        ("x", {"a": 1}),
        {},
        "options must be a list, tuple, range or array, got {'a': 1} of type dict; pass a list",
    ),
    ("choice", ("x", {1, 2}), {}, "a set has no order"),
    ("choice", ("x", frozenset({1})), {}, "a set has no order"),
    ("choice", ("x", "abc"), {}, "got 'abc' of type str; for its letters write list('abc')"),
    ("choice", ("x", 5), {}, "options must be a list, tuple, range or array, got 5 of type int"),
    ("choice", ("x", None), {}, "got None of type NoneType"),
    ("choice", ("x", np.array(5)), {}, "got array(5) of type ndarray"),
    ("choice", ("x", hp.uniform("y", 0, 1)), {}, "an expression of unknown length"),
    ("pchoice", ("x", []), {}, "pchoice needs at least one (probability, option), got none"),
    ("pchoice", ("x", {"a": 0.5, "b": 0.5}), {}, "p_options must be a list"),
    (
        "pchoice",
        ("x", [(0.5, 1), (0.4, 2)]),
        {},
        "parameter 'x': pchoice needs probabilities that sum to 1, got [0.5, 0.4] with sum 0.9",
    ),
    ("pchoice", ("x", [(0.5, 1), (0.6, 2)]), {}, "with sum 1.1"),
    ("pchoice", ("x", [(0.0, 1), (0.0, 2)]), {}, "with sum 0"),
    ("pchoice", ("x", [(50, 1), (50, 2)]), {}, "with sum 100"),
    ("pchoice", ("x", [(-0.5, 1), (1.5, 2)]), {}, "between 0 and 1, got -0.5 as number 0"),
    ("pchoice", ("x", [(0.5, 1), (nan, 2)]), {}, "between 0 and 1, got nan as number 1"),
    ("pchoice", ("x", [(0.5, 1), (inf, 2)]), {}, "between 0 and 1, got inf as number 1"),
    (
        "pchoice",
        ("x", [("a", 0.5), ("b", 0.5)]),
        {},
        "pchoice needs a number as probability 0, got 'a'",
    ),
    (
        "pchoice",
        ("x", [1, 2]),
        {},
        "pchoice needs (probability, option) pairs, got 1 at position 0",
    ),
    ("pchoice", ("x", [(0.5, 1), (0.5,)]), {}, "pairs, got (0.5,) at position 1"),
    ("pchoice", ("x", [(0.5, 1, 2), (0.5, 2, 3)]), {}, "pairs, got (0.5, 1, 2) at position 0"),
]
WRONG = LABELS + NUMBERS + COUNTS + OPTIONS


def title(call):
    return f"{call[0]}-{call[3][:40]}"


def refusal(call, module=hp):
    """What the call raises, or None."""
    name, args, kwargs, _ = call
    try:
        getattr(module, name)(*args, **kwargs)
    except Exception as raised:
        return raised
    return None


@pytest.mark.parametrize("call", WRONG, ids=title)
def test_a_wrong_call_is_refused_with_a_sentence_that_says_what_is_wrong(call):
    assert isinstance(refusal(call), BadSearchSpace)
    assert call[3] in str(refusal(call))


@pytest.mark.parametrize("call", NUMBERS + COUNTS + OPTIONS, ids=title)
def test_a_refusal_names_the_label(call):
    assert "'x'" in str(refusal(call))


@pytest.mark.parametrize("call", WRONG, ids=title)
def test_a_refusal_is_of_the_class_that_hyperopt_raises_if_it_raises_at_once(call):
    theirs = refusal(call, hyperopt.hp)
    if isinstance(theirs, (TypeError, ValueError)):
        builtin = TypeError if isinstance(theirs, TypeError) else ValueError
        assert isinstance(refusal(call), builtin)


@pytest.mark.parametrize("call", LABELS, ids=title)
def test_a_wrong_label_is_an_invalid_label(call):
    assert isinstance(refusal(call), InvalidLabel)


@pytest.mark.parametrize("call", COUNTS, ids=title)
def test_a_wrong_number_of_arguments_is_a_type_error_too(call):
    assert isinstance(refusal(call), InvalidDistributionType)
    assert isinstance(refusal(call), TypeError)
    assert isinstance(refusal(call), ValueError)


@pytest.mark.parametrize("number", [Decimal("0.5"), np.float16(0.5), np.array(0.5), True, 10**3])
def test_numbers_of_other_kinds_are_numbers(number):
    assert Uniform(-1, number) == Uniform(-1, float(number))


def test_neighbouring_large_whole_bounds_are_in_order():
    assert Randint(2**62, 2**62 + 1).draw_one(np.random.default_rng(0)) == 2**62


@pytest.mark.parametrize("whole", [4.0, np.array(4.0), np.array(4), np.uint8(4), Decimal(4)])
def test_whole_numbers_of_every_kind_bound_a_randint(whole):
    assert Randint(0, whole) == Randint(0, 4)


def test_bounds_of_different_kinds_are_compared_as_numbers():
    assert Uniform(Decimal(0), np.float32(1)) == Uniform(0, 1)


def test_a_law_says_what_it_lacks_without_a_label():
    with pytest.raises(
        InvalidDistribution, match=re.escape("there is no law 'unifrom'; the laws are")
    ):
        law_from("unifrom", 0, 1)
    with pytest.raises(
        InvalidDistribution, match=r"^categorical needs probabilities that sum to 1"
    ):
        Categorical((0.5, 0.6))
    with pytest.raises(InvalidDistribution, match=r"^randint needs whole numbers with low < high"):
        Randint(3, 3)


def test_an_empty_iterator_of_options_is_refused():
    with pytest.raises(
        InvalidDistribution, match="parameter 'x': choice needs at least one option"
    ):
        hp.choice("x", iter([]))


@validate_label
def named(label, low=None):
    return label, low


@validate_distribution_range
def ranged(label, low, high, step=1):
    return low, high, step


def test_validate_label_guards_any_function():
    assert named("a", 3) == named("a", low=3) == named(label="a", low=3) == ("a", 3)
    with pytest.raises(InvalidLabel, match="named: the label is missing or is no string"):
        named(3)
    assert named.__name__ == "named"


def test_validate_distribution_range_guards_any_function():
    assert ranged("a", 0, 1) == ranged("a", low=0, high=1) == (0, 1, 1)
    assert ranged("a", 0, hp.uniform("b", 0, 1), 2)[2] == 2
    for low, high in [(1, 0), (0, 0), (0, nan), (0, -1)]:
        with pytest.raises(ValueError, match="parameter 'a': ranged needs finite bounds"):
            ranged("a", low, high=high)
