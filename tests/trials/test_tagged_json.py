"""Values go to tagged JSON and come back as they were."""

from __future__ import annotations

import datetime
import json
import math
from collections import OrderedDict
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minopt.exceptions import DamagedStore, UnstorableValue
from minopt.trials.tagged_json import LEFT_OUT, Withheld, dumps, loads

UTC = datetime.timezone.utc

EXACT = [
    None,
    True,
    7,
    -(10**400),
    10**5000,
    0.1,
    -0.0,
    math.inf,
    "text",
    "\ud800 alone",
    "nul \x00",
    "",
    (),
    (1, (2.5, "x"), [3]),
    {1, 2, 3},
    frozenset({"a", "b"}),
    b"\x00\xff",
    bytearray(b"abc"),
    1 + 2j,
    complex(math.inf, -0.0),
    {"$": "tuple", "v": [1]},
    {"$": 1},
    {1: "int", None: "none", (1, 2): "tuple", "s": {2.5: 1}},
    {"a": {"b": [{"c": (1, 2)}]}},
    datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),
    datetime.datetime(2026, 1, 2, tzinfo=UTC),
    datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2), "mine")),
    datetime.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    datetime.date(2026, 1, 2),
    datetime.time(1, 2, 3, 4),
    datetime.time(1, 2, tzinfo=UTC),
    datetime.timedelta(days=-1, microseconds=5),
]

NUMPY = [
    np.float64(0.1),
    np.float32(0.1),
    np.float16(-0.5),
    np.longdouble("0.1"),
    np.float64("inf"),
    np.int64(-3),
    np.uint8(200),
    np.bool_(True),
    np.complex64(1 + 2j),
    np.str_("text"),
    np.bytes_(b"text"),
    np.datetime64("2026-01-02T03:04"),
    np.timedelta64(5, "ms"),
    np.array(1.5),
    np.arange(6).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(10)[::2],
    np.array([], dtype=np.float32),
    np.zeros((2, 0, 3)),
    np.array([np.inf, -0.0, 1e-300]),
    np.array(["a", "bcd"]),
    np.array(["", ""]),
    np.array([True, False]),
    np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
    np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", ">f8", (2,))]),
    np.array([{"a": 1}, [1, 2], None], dtype=object),
    np.array([[1, "a"], [2.5, None]], dtype=object),
]


def same(one, two):
    """Compare two values with their types, NaN equal to itself."""
    if type(one) is not type(two):
        return False
    if isinstance(one, (np.ndarray, np.generic)):
        if one.dtype != two.dtype or one.shape != two.shape:
            return False
        if one.dtype.hasobject:
            return all(same(a, b) for a, b in zip(one.ravel(), two.ravel(), strict=True))
        return one.tobytes() == two.tobytes()
    if isinstance(one, dict):
        pairs = zip(one.items(), two.items(), strict=False)
        return len(one) == len(two) and all(same(a, b) for a, b in pairs)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    if isinstance(one, datetime.datetime):
        return (one, repr(one)) == (two, repr(two))
    return repr(one) == repr(two) if isinstance(one, (float, complex)) else one == two


@pytest.mark.parametrize("value", EXACT, ids=lambda value: type(value).__name__)
def test_a_python_value_comes_back_exactly(value):
    assert same(loads(dumps(value)), value)


@pytest.mark.parametrize("value", NUMPY, ids=lambda value: f"{value!r} {value.dtype}")
def test_a_numpy_value_comes_back_exactly(value):
    back = loads(dumps({"v": value}))["v"]
    assert same(back, value)
    if isinstance(value, np.ndarray):
        assert back.flags.f_contiguous >= (value.flags.f_contiguous and value.flags.c_contiguous)
        assert back.flags.writeable


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.complex_numbers()
    | st.floats(width=32).map(np.float32),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.just("$"), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(values)
def test_any_value_comes_back_exactly_from_text_that_is_strict_json(value):
    text = dumps(value)
    json.loads(text, parse_constant=pytest.fail)
    assert text.isascii()
    assert same(loads(text), value)


def test_a_set_is_written_alike_in_every_process():
    assert dumps({"b", "a", "c"}) == '{"$":"set","v":["a","b","c"]}'


class Model:
    def __repr__(self):
        return "Model()"


@pytest.mark.parametrize(
    "value, path",
    [
        ({"result": {"model": Model()}}, r"result\.model"),
        ({"history": [1, Model()]}, r"history\[1\]"),
        ({"by fold": {3: (Model(),)}}, r"by fold\[3\]\[0\]"),
        ({"f": len}, "f"),
        ({"o": OrderedDict()}, "o"),
        ({"m": np.ma.masked_array([1], [True])}, "m"),
        ({"r": np.rec.array([(1, 2)])}, "r"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_the_path_to_it(value, path):
    with pytest.raises(UnstorableValue, match=f"^{path} cannot be written as JSON: it is of type"):
        dumps(value)


def test_the_refusal_carries_path_and_value():
    model = Model()
    with pytest.raises(UnstorableValue) as refusal:
        dumps([model], "result")
    assert (refusal.value.path, refusal.value.value) == ("result[0]", model)


def test_a_value_that_holds_itself_is_refused():
    value = {"a": []}
    value["a"].append(value)
    with pytest.raises(UnstorableValue, match=r"a\[0\] cannot .* holds itself"):
        dumps(value)


def test_one_list_found_twice_is_no_circle():
    shared = [1]
    assert loads(dumps([shared, shared])) == [[1], [1]]


def test_a_value_nested_too_deep_is_refused():
    value = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(UnstorableValue, match="nested deeper than 200 levels"):
        dumps(value)


def test_what_json_cannot_hold_may_be_kept_elsewhere():
    kept = {}

    def keep(path, value):
        kept[path] = value
        return {"$": "kept", "name": path}

    model = Model()
    text = dumps({"model": model, "loss": 1.0}, "result", keep)
    assert kept == {"result.model": model}
    assert loads(text, lambda told: kept[told["name"]]) == {"model": model, "loss": 1.0}


def test_a_value_kept_elsewhere_is_withheld_from_who_does_not_fetch_it():
    text = '{"model":{"$":"kept","name":"x","type":"Model"}}'
    read = loads(text)["model"]
    assert isinstance(read, Withheld)
    assert "trusted=True" in repr(read)
    assert dumps({"model": read}) == text


def test_a_key_whose_value_cannot_be_kept_at_all_may_be_left_out():
    text = dumps({"model": Model(), "list": [Model()], 1: Model()}, "", lambda *_: LEFT_OUT)
    assert loads(text) == {"list": [None]}


@pytest.mark.parametrize("text", ["", "{", '{"$":"unknown"}', '{"$":"bytes","v":"*"}', "\x00"])
def test_other_text_is_named_damaged(text):
    with pytest.raises(DamagedStore, match="not tagged JSON"):
        loads(text)
