"""The symbols that compute many trials at once."""

from __future__ import annotations

import numpy as np
import pytest

from minopt.exceptions import InvalidArgument
from minopt.pyll import as_apply, rec_eval, scope
from minopt.vectorize import idxs_map, idxs_take, uniq, vchoice_merge, vchoice_split


def test_what_is_split_is_merged_again():
    idxs, choices = [4, 7, 9, 11], [2, 0, 2, 1]
    parts = vchoice_split(idxs, choices, 4)
    assert parts == [[7], [11], [4, 9], []]
    pairs = [(part, [f"{number}:{idx}" for idx in part]) for number, part in enumerate(parts)]
    assert vchoice_merge(idxs, choices, *pairs) == ["2:4", "0:7", "2:9", "1:11"]


@pytest.mark.parametrize("function", [vchoice_split, vchoice_merge, idxs_take])
def test_ids_without_a_value_each_are_refused(function):
    with pytest.raises(InvalidArgument, match=f"{function.__name__}: 3 ids but 2 values"):
        function([1, 2, 3], [0, 0], 1)


def test_a_symbol_is_applied_at_each_id():
    assert idxs_map([3, 1], "sub", ([1, 2, 3], [10, 20, 30]), ([1, 3], [1, 3])) == [27, 9]


def test_keyword_arguments_are_applied_at_each_id():
    assert idxs_map([5], "dict", a=([5, 6], ["x", "y"])) == [{"a": "x"}]


def test_an_argument_that_lacks_an_id_is_named():
    with pytest.raises(InvalidArgument, match="an argument of 'add' has no value for id 2"):
        idxs_map([1, 2], "add", ([1, 2], [1, 2]), ([1], [1]))


def test_values_are_taken_in_the_order_asked_for():
    taken = idxs_take([5, 6, 7], [0.5, 0.6, 0.7], [7, 5])
    assert isinstance(taken, np.ndarray)
    assert taken.tolist() == [0.7, 0.5]


def test_lists_of_different_lengths_are_taken_as_they_are():
    assert list(idxs_take([0, 1], [[1, 2], [3]], [1, 0])) == [[3], [1, 2]]


def test_objects_are_told_apart_by_identity():
    one, other = [1], [1]
    assert [id(item) for item in uniq([one, other, one])] == [id(one), id(other)]


def test_the_scope_knows_the_symbols():
    node = scope.vchoice_split(as_apply([1, 2]), as_apply([1, 0]), 2)
    assert rec_eval(node) == [[2], [1]]
