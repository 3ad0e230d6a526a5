"""What `fmin` returns: plain Python."""

from __future__ import annotations

import json

import numpy as np
import pytest

from minopt import Trials, fmin_pass_expr_memo_ctrl, hp, partial, space_eval
from minopt.base import Ctrl
from minopt.exceptions import InvalidAnnotatedParameter
from minopt.pyll import rec_eval

SPACE = {
    "u": hp.uniform("u", 0, 1),
    "n": hp.choice("n", np.arange(5, 26, 5)),
    "i": hp.randint("i", 3),
    "q": hp.quniform("q", 0, 10, 2),
    "c": hp.choice("c", ["a", {"b": hp.uniformint("b", 1, 9)}]),
}


def types(value):
    if isinstance(value, dict):
        return {key: types(item) for key, item in value.items()}
    return type(value)


def test_best_is_plain_and_in_alphabetical_order(search):
    best = search(lambda p: p["u"] - 2 * (p["c"] != "a"), where=SPACE, max_evals=20)
    assert list(best) == ["b", "c", "i", "n", "q", "u"]
    assert types(best) == {"b": int, "c": int, "i": int, "n": int, "q": float, "u": float}
    assert json.loads(json.dumps(best)) == best


def test_the_objective_receives_plain_numbers(search):
    received = []

    def objective(point):
        received.append(point)
        return point["u"]

    search(objective, where=SPACE, max_evals=20)
    assert {type(point["n"]) for point in received} == {int}
    assert {type(point["u"]) for point in received} == {float}


def test_the_point_itself_is_returned_without_argmin(search):
    best = search(
        lambda p: abs(p["n"] - 15) + p["u"], where=SPACE, max_evals=60, return_argmin=False
    )
    assert best["n"] == 15
    assert set(best) == set(SPACE)


def test_the_decoded_values_are_known_after_a_search(search):
    trials = Trials()
    search(lambda p: p["u"], where=SPACE, trials=trials)
    assert trials.best_params == space_eval(SPACE, trials.argmin)


def test_an_objective_can_ask_for_expression_memo_and_control(search):
    seen = []

    @fmin_pass_expr_memo_ctrl
    def objective(expr, memo, ctrl):
        seen.append(ctrl)
        return rec_eval(expr, memo=memo) ** 2

    trials = Trials()
    search(objective, trials=trials)
    assert all(isinstance(ctrl, Ctrl) for ctrl in seen)
    assert [ctrl.current_trial["tid"] for ctrl in seen] == trials.tids


def test_partial_keeps_what_the_objective_asks_for(search):
    @fmin_pass_expr_memo_ctrl
    def objective(expr, memo, ctrl, power):
        return rec_eval(expr, memo=memo) ** power

    trials = Trials()
    search(partial(objective, power=2), trials=trials)
    assert all(loss >= 0 for loss in trials.losses())
    assert not hasattr(partial(lambda x, y: 0, y=1), "fmin_pass_expr_memo_ctrl")


def test_a_space_can_be_read_from_annotations(search):
    def objective(x: hp.uniform("x", -5, 5), n: hp.choice("n", [1, 10]) = 1, *, c=2) -> float:
        return abs(x) * n + c

    best = search(objective, where="annotated", max_evals=20)
    assert set(best) == {"n", "x"}
    point = search(objective, where="annotated", return_argmin=False)
    assert point["n"] in (1, 10)


def test_annotations_of_methods_and_callable_objects_are_read(search):
    class Model:
        def __call__(self, x: hp.uniform("x", 0, 1)):
            return x

        def score(self, x: hp.uniform("x", 0, 1)):
            return x

    assert set(search(Model(), where="annotated")) == {"x"}
    assert set(search(Model().score, where="annotated")) == {"x"}


def bad_type(x: hp.uniform("x", 0, 1), y: float):
    return x


def bad_missing(x: hp.uniform("x", 0, 1), y):
    return x


def bad_none():
    return 0.0


@pytest.mark.parametrize(
    "objective, words",
    [
        (bad_type, "the argument 'y' of bad_type must be annotated .* got <class 'float'>"),
        (bad_missing, "'y' of bad_missing .* got nothing"),
        (bad_none, "bad_none has no argument annotated with a space"),
    ],
)
def test_annotations_that_are_no_spaces_are_refused(search, objective, words):
    with pytest.raises(InvalidAnnotatedParameter, match=words):
        search(objective, where="annotated")
