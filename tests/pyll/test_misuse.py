"""Parts of a space used as if they had their values: refused by label, with the way out."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest

from minopt import Trials, fmin, hp, rand, space_eval
from minopt.exceptions import InvalidLoss
from minopt.pyll import Apply, scope

X = hp.uniform("x", 0, 1)
Q = hp.quniform("q", 0, 5, 1)
CHOICE = hp.choice("c", [1, X])


@pytest.mark.parametrize(
    "use, way_out",
    [
        (lambda: int(Q), r"parameter 'q' .*scope\.int\("),
        (lambda: int(Q * 2), r"'mul' of parameter 'q' .*scope\.int\("),
        (lambda: float(X), r"parameter 'x' .*scope\.float\("),
        (lambda: math.exp(X), r"parameter 'x' .*scope\.exp"),
        (lambda: np.exp(X), r"parameter 'x' .*scope\.exp\(.*hp\.loguniform"),
        (lambda: np.sqrt(X), r"parameter 'x' .*scope\.sqrt\("),
        (lambda: np.arctan(X), r"np\.arctan of it is not defined.*scope\.define"),
        (lambda: np.maximum(X, 2), r"parameter 'x' .*scope\.maximum\("),
        (lambda: np.isnan(X + Q), r"'add' of parameters 'x', 'q' .*np\.isnan"),
        (lambda: round(Q), r"parameter 'q' .*hp\.quniform"),
        (lambda: abs(X), r"parameter 'x' .*objective"),
        (lambda: X % 2, r"parameter 'x' .*objective"),
        (lambda: f"{X:.2f}", r"parameter 'x' .*'\.2f'.*objective"),
        (lambda: range(hp.randint("r", 5)), r"parameter 'r' .*scope\.range\("),
        (lambda: [1, 2, 3][hp.randint("r", 3)], r"parameter 'r' .*hp\.choice"),
        (lambda: bool(CHOICE), r"parameter 'c' .*neither true nor false.*hp\.choice"),
        (lambda: max(X, 1), r"'lt' of parameter 'x' .*neither true nor false"),
        (lambda: not X, r"parameter 'x' .*neither true nor false"),
        (lambda: list(CHOICE), r"parameter 'c' .*iterate in the objective"),
        (lambda: 1 in CHOICE, r"parameter 'c' .*iterate in the objective"),
    ],
)
def test_a_part_of_a_space_used_as_a_value_is_refused_with_label_and_way_out(use, way_out):
    with pytest.raises(TypeError, match=way_out):
        use()


def test_a_long_list_of_labels_is_cut():
    many = sum(hp.uniform(f"x{i}", 0, 1) for i in range(9))
    with pytest.raises(TypeError, match=r"'add' of parameters 'x0', 'x1', 'x2', … is a part"):
        int(many)


@pytest.mark.parametrize(
    "expression, value",
    [
        (lambda: np.float64(2) * X, 1.0),
        (lambda: X * np.float64(2), 1.0),
        (lambda: np.int64(3) + X, 3.5),
        (lambda: np.float64(1) / X, 2.0),
        (lambda: np.float32(2) ** X, 2.0**0.5),
        (lambda: np.float64(1) > X, True),
    ],
)
def test_numpy_scalars_make_expressions_as_python_numbers_do(expression, value):
    node = expression()
    assert isinstance(node, Apply)
    assert space_eval(node, {"x": 0.5}) == pytest.approx(value)


def test_arrays_multiply_a_part_of_a_space_item_by_item():
    product = np.array([1, 2]) * X
    assert [space_eval(node, {"x": 0.5}) for node in product] == [0.5, 1.0]


def test_equality_stays_identity_and_a_graph_can_be_shown_in_an_f_string():
    assert X == X
    assert operator.ne(X, Q)
    assert f"{X}" == str(X)


def test_an_objective_that_returns_a_part_of_the_space_gets_an_error_of_its_loss():
    with pytest.raises(InvalidLoss, match="trial 0"):
        fmin(lambda x: X, hp.uniform("y", 0, 1), rand.suggest, 2, trials=Trials(), verbose=False)


def test_numbers_of_scope_are_still_made_of_expressions():
    assert space_eval([scope.int(Q), scope.exp(X)], {"q": 3.0, "x": 0.0}) == (3, 1.0)
