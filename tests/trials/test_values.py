"""Plain numbers, copies of containers, and SONify."""

from __future__ import annotations

import datetime
import math
import sys
from decimal import Decimal
from typing import NamedTuple

import hyperopt.base
import numpy as np
import pytest
from bson import BSON, ObjectId

from minopt.base import SONify
from minopt.trials.values import copied, number, plain, usable_loss


class Point(NamedTuple):
    x: object
    y: object


SONIFIED = [
    1,
    1.5,
    True,
    None,
    "a",
    b"a",
    datetime.datetime(2020, 1, 1),
    ObjectId("507f1f77bcf86cd799439011"),
    np.int8(3),
    np.float32(0.5),
    np.array(4.0),
    np.arange(6).reshape(2, 3),
    np.array(["a", "bc"]),
    {"a": [np.int64(1), (2, np.float64(3.0))], "b": {"c": np.zeros(2)}},
]


@pytest.mark.parametrize("thing", SONIFIED, ids=repr)
def test_sonify_agrees_with_hyperopt(thing):
    ours, theirs = SONify(thing), hyperopt.base.SONify(thing)
    assert ours == theirs
    assert type(ours) is type(theirs)
    assert BSON.encode({"a": ours}) == BSON.encode({"a": theirs})


def test_sonify_takes_numpy_bools_which_hyperopt_refuses():
    assert SONify(np.array([True, False])) == [True, False]


def test_sonify_keeps_named_tuples():
    assert SONify(Point(np.int64(1), 2)) == Point(1, 2)
    assert type(SONify(Point(1, 2))) is Point


def test_sonify_names_what_it_cannot_convert():
    with pytest.raises(TypeError, match=r"cannot convert \{1\} of type set"):
        SONify({"a": [{1}]})


def test_sonify_refuses_a_list_that_holds_itself():
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(TypeError, match="a list holds itself"):
        SONify(ring)


def test_sonify_takes_the_same_list_twice():
    shared = [1]
    assert SONify([shared, shared]) == [[1], [1]]


@pytest.mark.parametrize(
    ("value", "python"),
    [
        (np.float64(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.uint8(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(2), 2),
    ],
)
def test_numpy_scalars_become_python_values(value, python):
    assert plain(value) == python
    assert type(plain(value)) is type(python)


def test_other_values_stay_what_they_are():
    array, thing = np.arange(2), object()
    assert plain(array) is array
    assert plain(thing) is thing


def test_copies_share_leaves_and_no_container():
    leaf = object()
    original = {"a": [1, {"b": (leaf, [2])}], "s": {3}}
    copy = copied(original)
    original["a"][1]["b"][1].append(9)
    original["s"].add(9)
    original["new"] = 1
    assert copy == {"a": [1, {"b": (leaf, [2])}], "s": {3}}
    assert copy["a"][1]["b"][0] is leaf


def test_a_container_that_holds_itself_is_copied_once():
    ring: dict[str, object] = {}
    ring["me"] = ring
    copy = copied(ring)
    assert copy is not ring
    assert copy["me"] is copy


def test_containers_nested_deeper_than_python_follows_are_kept():
    tree = ()
    for _ in range(sys.getrecursionlimit() + 100):
        tree = (tree,)
    original = {"tree": tree, "loss": 1.0}
    copy = copied(original)
    assert copy is not original
    assert copy["tree"] is tree


def test_a_masked_scalar_is_no_plain_number():
    assert math.isnan(plain(np.ma.masked))


def test_subclasses_of_containers_are_leaves():
    point = Point([1], 2)
    assert copied([point])[0] is point


class Float:
    def __float__(self):
        return 2.5

    def __repr__(self):  # without an address, so that the test keeps its name
        return "Float()"


@pytest.mark.parametrize(
    ("loss", "read"),
    [
        (1, 1.0),
        (-np.inf, -np.inf),
        (np.float32(0.5), 0.5),
        (np.array(0.5), 0.5),
        (np.array([0.5]), 0.5),
        (Decimal("0.5"), 0.5),
        (Float(), 2.5),
        (None, None),
        (float("nan"), None),
        (np.float64("nan"), None),
        (np.array([1.0, 2.0]), None),
        (np.ma.masked, None),
        (np.ma.array([3.0], mask=[True]), None),
        (np.ma.array([3.0], mask=[False]), 3.0),
        ("0.5", None),
        (b"0.5", None),
        (1j, None),
        ([1.0], None),
        (10**400, None),
    ],
    ids=repr,
)
def test_what_is_no_number_is_no_loss(loss, read):
    assert number(loss) == read
    assert usable_loss({"status": "ok", "loss": loss}) == read


@pytest.mark.parametrize("result", [{"status": "fail", "loss": 1.0}, {"loss": 1.0}, {}, None, 3])
def test_only_results_of_status_ok_have_a_loss(result):
    assert usable_loss(result) is None
