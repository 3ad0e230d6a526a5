"""The domain: compiling a space, drawing from it, building points, cleaning results."""

from __future__ import annotations

import json
import math
import pickle

import hyperopt
import numpy as np
import pytest

import minopt
from minopt import Trials, anneal, atpe, hp, rand, space_eval, tpe
from minopt.base import STATUS_FAIL, STATUS_OK, Ctrl, Domain
from minopt.exceptions import (
    BadSearchSpace,
    DuplicateLabel,
    InvalidArgument,
    InvalidArgumentType,
    InvalidLoss,
    InvalidResultStatus,
)
from minopt.pyll import as_apply, clone, dfs, rec_eval, scope


def points_of(space, algo, n=40, loss=lambda point: 0.0):
    """Run a search by hand and return the points that were tried, and the last trials."""
    domain, trials, rng, points = Domain(loss, space), Trials(), np.random.default_rng(0), []
    for tid in range(n):
        (doc,) = algo([tid], domain, trials, int(rng.integers(2**31 - 1)))
        values = {label: value[0] for label, value in doc["misc"]["vals"].items() if value}
        points.append(domain.point(values))
        doc.update(state=2, result=domain.evaluate(values, Ctrl(trials, doc)))
        trials.insert_trial_doc(doc)
        trials.refresh()
    return points, trials


NO_SPACES = [
    (None, "got None"),
    ({}, "an empty dict"),
    ([], "an empty list"),
    ("x", "the string 'x'"),
    ({1, 2}, "a set"),
    (hp.uniform, "call it"),
    (lambda x: x, "call it"),
    (scope.uniform, "call it"),
    ({"x": hp.uniform}, r"hp\.uniform itself; call it"),
    (hp.choice("c", [1, hp.qnormal]), r"hp\.qnormal itself; call it"),
]


@pytest.mark.parametrize(("space", "words"), NO_SPACES)
def test_what_is_no_space_is_refused_with_the_remedy(space, words):
    with pytest.raises(BadSearchSpace, match=words):
        Domain(abs, space)


def test_two_parameters_of_one_label_are_refused():
    with pytest.raises(DuplicateLabel, match="two parameters are called 'x'"):
        Domain(abs, [hp.uniform("x", 0, 1), hp.uniform("x", 0, 1)])


def test_one_parameter_may_stand_in_several_places():
    x = hp.uniform("x", 0, 1)
    (point, *_), _ = points_of([x, hp.choice("c", [x, x])], rand.suggest, n=1)
    assert point[0] == point[1]


def test_a_random_node_without_a_label_is_refused():
    with pytest.raises(BadSearchSpace, match=r"draws from 'normal' without a label"):
        Domain(abs, {"x": scope.normal(0, 1)})


def test_only_the_chosen_branch_has_values():
    space = hp.choice("c", [hp.uniform("a", 0, 1), {"b": hp.uniform("b", 0, 1)}])
    _, trials = points_of(space, rand.suggest)
    for misc in trials.miscs:
        chosen = misc["vals"]["c"][0]
        assert [len(misc["vals"]["a"]), len(misc["vals"]["b"])] == [1 - chosen, chosen]


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_bounds_may_depend_on_other_parameters(algo):
    x = hp.uniform("x", 0, 1)
    space = {"x": x, "y": hp.uniform("y", x, 2), "k": hp.randint("k", 1, scope.int(x * 10) + 3)}
    points, _ = points_of(space, algo)
    assert all(point["x"] <= point["y"] <= 2 for point in points)
    assert all(1 <= point["k"] < int(point["x"] * 10) + 3 for point in points)


def test_bounds_that_turn_out_reversed_are_named_with_the_point():
    x = hp.uniform("x", 0, 1)
    with pytest.raises(BadSearchSpace, match=r"parameter 'y' at \{'x': 0\..*low < high"):
        points_of({"x": x, "y": hp.uniform("y", x + 5, 2)}, rand.suggest, n=1)


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_a_switch_may_hang_on_an_expression(algo):
    n = hp.quniform("n", 0, 2, 1)
    space = {"n": n, "s": scope.switch(scope.int(n), "zero", hp.uniform("a", 0, 1), "two")}
    points, _ = points_of(space, algo)
    kinds = {0: str, 1: float, 2: str}
    assert all(isinstance(point["s"], kinds[int(point["n"])]) for point in points)


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_a_space_fixed_by_clone_leaves_the_fixed_parameter_out(algo):
    space = hp.choice("c", [hp.uniform("a", 0, 1), hp.uniform("b", 5, 6)])
    choice = next(n for n in dfs(space) if n.name == "hyperopt_param" and n.arg["label"].obj == "c")
    fixed = clone(space, memo={choice: as_apply(1)})
    points, trials = points_of(fixed, algo)
    assert all(5 <= point <= 6 for point in points)
    assert all(misc["vals"]["a"] == [] for misc in trials.miscs)


def with_random_node_fixed(space, label, value):
    space = as_apply(space)
    drawn = Domain(abs, space).params[label]
    return clone(space, memo={drawn: as_apply(value)})


ALGOS = [rand.suggest, tpe.suggest, anneal.suggest, atpe.suggest]


@pytest.mark.parametrize("algo", ALGOS)
def test_a_label_whose_random_node_was_replaced_by_a_constant_keeps_that(algo):
    space = {"x": hp.uniform("x", 0, 1), "y": hp.normal("y", 0, 1)}
    points, trials = points_of(with_random_node_fixed(space, "x", 0.25), algo)
    assert {point["x"] for point in points} == {0.25}
    assert all(misc["vals"]["x"] == [0.25] for misc in trials.miscs)
    assert len({point["y"] for point in points}) == 40


@pytest.mark.parametrize("algo", ALGOS)
def test_a_choice_whose_index_was_fixed_is_not_chosen_again(algo):
    space = hp.choice("c", [hp.uniform("a", 0, 1), hp.uniform("b", 5, 6)])
    points, trials = points_of(with_random_node_fixed(space, "c", 1), algo)
    assert all(5 <= point <= 6 for point in points)
    assert all(
        misc["vals"]["c"] == [1] and misc["vals"]["a"] == [] and len(misc["vals"]["b"]) == 1
        for misc in trials.miscs
    )


def test_a_fixed_space_has_the_points_of_hyperopt():
    def draws(library):
        x = library.hp.uniform("x", 0, 1)
        space = library.pyll.as_apply(
            [library.hp.choice("y", [0, x]), library.hp.normal("z", 0, 1)]
        )
        node = library.Domain(abs, space).params["x"]
        fixed = library.pyll.clone(space, memo={node: library.pyll.as_apply(0.25)})
        domain = library.Domain(abs, fixed)
        docs = library.rand.suggest(range(1), domain, library.Trials(), 3)
        return [doc["misc"] for doc in docs]

    assert draws(minopt) == draws(hyperopt)


def test_an_initial_point_cannot_say_otherwise_than_what_is_fixed():
    table = Domain(abs, with_random_node_fixed([hp.uniform("x", 0, 1)], "x", 0.25)).table
    assert table.check_point({}, "p") == table.check_point({"x": 0.25}, "p") == {}
    with pytest.raises(InvalidArgument, match=r"p: parameter 'x' is fixed at 0\.25, got 0\.5"):
        table.check_point({"x": 0.5}, "p")


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_documents_hold_plain_python_that_json_takes(algo):
    space = {
        "i": hp.randint("i", 5),
        "u": hp.uniformint("u", 0, 9),
        "c": hp.choice("c", np.arange(3)),
        "q": scope.int(hp.quniform("q", 0, 9, 1)),
        "p": hp.pchoice("p", [(0.3, "a"), (0.7, "b")]),
        "f": hp.loguniform("f", -3, 0),
    }
    points, trials = points_of(space, algo)
    kinds = {"i": int, "u": int, "c": int, "q": float, "p": int, "f": float}
    for misc, point in zip(trials.miscs, points, strict=True):
        assert {label: type(value[0]) for label, value in misc["vals"].items()} == kinds
        assert type(point["q"]) is type(point["c"]) is int
        json.dumps(misc)


def test_a_domain_can_be_pickled():
    copy = pickle.loads(pickle.dumps(Domain(abs, {"x": hp.uniform("x", 0, 1)})))
    assert copy.table.labels == ("x",)
    assert Domain.__module__ == "minopt.base"


def test_a_space_may_ask_for_the_ctrl_of_its_trial():
    trials = Trials()
    ctrl = Ctrl(trials, {"tid": 0})
    seen = []
    domain = Domain(lambda point: seen.append(point["ctrl"]) or 0.0, {"ctrl": Domain.pyll_ctrl})
    domain.evaluate({}, ctrl)
    assert seen == [ctrl]


def test_the_memo_of_pass_expr_memo_ctrl_builds_the_point():
    domain = Domain(
        lambda expr, memo, ctrl: rec_eval(expr, memo=memo)["x"],
        {"x": hp.uniform("x", 0, 1)},
        pass_expr_memo_ctrl=True,
    )
    assert domain.evaluate({"x": 0.25}, Ctrl(None, {"tid": 0}))["loss"] == 0.25


class Half:
    def __float__(self):
        return 0.5


@pytest.mark.parametrize(
    "returned",
    [
        0.5,
        np.float32(0.5),
        np.array(0.5),
        np.array([0.5]),
        Half(),
        {"loss": Half(), "status": "ok"},
    ],
)
def test_numbers_of_any_kind_are_losses(returned):
    result = Domain(lambda x: returned, hp.uniform("x", 0, 1)).evaluate({"x": 0}, Ctrl(None))
    assert type(result["loss"]) is float
    assert result == {"loss": 0.5, "status": STATUS_OK}


class Report:
    def keys(self):
        return ["loss", "status"]

    def __getitem__(self, key):
        return {"loss": 0.5, "status": STATUS_OK}[key]


@pytest.mark.parametrize("returned", [Report(), [("loss", 0.5), ("status", STATUS_OK)]])
def test_what_a_dict_can_be_made_from_is_a_result(returned):
    result = Domain(lambda x: returned, hp.uniform("x", 0, 1)).evaluate({"x": 0}, Ctrl(None))
    assert result == {"loss": 0.5, "status": STATUS_OK}


@pytest.mark.parametrize("wrap", [lambda loss: loss, lambda loss: {"loss": loss, "status": "ok"}])
def test_a_masked_loss_is_nan_and_not_what_lies_beneath(wrap):
    returned = wrap(np.ma.array([0.3, 0.5], mask=[True, True]).mean())
    result = Domain(lambda x: returned, hp.uniform("x", 0, 1)).evaluate({"x": 0}, Ctrl(None))
    assert math.isnan(result["loss"])


WRONG_RETURNS = [
    (None, InvalidLoss, "trial 12: the objective returned None; return a float"),
    ("0.5", InvalidLoss, "trial 12: the objective returned '0.5'"),
    ([1, 2], InvalidLoss, "the objective returned"),
    (1j, InvalidLoss, "the objective returned 1j"),
    (10**400, InvalidLoss, "the objective returned 1000"),
    ({"loss": 10**400, "status": "ok"}, InvalidLoss, "the 'loss' 1000"),
    ({"loss": 1.0}, InvalidResultStatus, r"returned no 'status' \(its keys: loss\)"),
    ({"status": "done"}, InvalidResultStatus, "the status 'done'; it must be one of 'new'"),
    ({"status": "ok", "accuracy": 1}, InvalidLoss, r"no 'loss' \(its keys: status, accuracy\)"),
    ({"status": "ok", "loss": None}, InvalidLoss, "the 'loss' None"),
    ({"status": "ok", "loss": np.zeros(2)}, InvalidLoss, "the 'loss' array"),
]


@pytest.mark.parametrize(("returned", "error", "words"), WRONG_RETURNS)
def test_a_wrong_result_is_described_with_the_remedy(returned, error, words):
    domain = Domain(lambda x: returned, hp.uniform("x", 0, 1))
    with pytest.raises(error, match=words) as caught:
        domain.evaluate({"x": 0.5}, Ctrl(None, {"tid": 12}))
    assert caught.value.result is returned or caught.value.result == returned


def test_attachments_that_are_no_dict_are_refused():
    returned = {"loss": 0.5, "status": "ok", "attachments": [1]}
    domain = Domain(lambda x: returned, hp.uniform("x", 0, 1))
    with pytest.raises(InvalidArgumentType, match=r"trial 12: the 'attachments' .* got \[1\]"):
        domain.evaluate({"x": 0.5}, Ctrl(None, {"tid": 12}))


def test_a_failed_trial_needs_no_loss():
    domain = Domain(lambda x: {"status": STATUS_FAIL}, hp.uniform("x", 0, 1))
    assert domain.evaluate({"x": 0.5}, Ctrl(None)) == {"status": STATUS_FAIL}


def test_attachments_leave_the_result():
    trials = Trials()
    ctrl = Ctrl(trials, {"tid": 0})
    domain = Domain(
        lambda x: {"loss": x, "status": STATUS_OK, "attachments": {"log": b"all"}},
        hp.uniform("x", 0, 1),
    )
    assert "attachments" not in domain.evaluate({"x": 0.5}, ctrl)
    assert ctrl.attachments["log"] == b"all"


NESTED = {"m": hp.choice("m", ["a", hp.uniform("u", 0, 1)]), "q": hp.quniform("q", 0, 10, 1)}

WRONG_POINTS = [
    ({"m": 1, "q": 3}, "parameter 'u' is active here and missing"),
    ({"m": 0}, "parameter 'q' is active here and missing"),
    ({"m": 2, "q": 3}, "parameter 'm' cannot be 2"),
    ({"m": "a", "q": 3}, "parameter 'm' needs the index of an option, got 'a'"),
    ({"m": 0, "q": 30}, "parameter 'q' cannot be 30"),
    ({"m": 0, "q": None}, "parameter 'q' needs a number, got None"),
    ({"m": 0, "Q": 3}, r"no parameter 'Q' \(it has: m, q, u\)"),
]


@pytest.mark.parametrize(("point", "words"), WRONG_POINTS)
def test_a_wrong_initial_point_is_refused_naming_argument_and_label(point, words):
    with pytest.raises(InvalidArgument, match=r"points\[0\]: .*" + words):
        Domain(abs, NESTED).table.check_point(point, "points[0]")


def test_inactive_labels_may_be_missing_from_an_initial_point():
    assert Domain(abs, NESTED).table.check_point({"m": 0, "q": 3.0}, "p") == {"m": 0, "q": 3.0}


@pytest.mark.parametrize(
    "assignment", [{"m": 1, "u": 0.5}, {"m": [1], "u": [0.5]}, {"m": 1.0, "u": 0.5}]
)
def test_space_eval_takes_values_documents_and_float_indices(assignment):
    assert space_eval(NESTED["m"], assignment) == 0.5


@pytest.mark.parametrize("held", [np.int64(1), np.array(1), np.array([1]), (1,), [np.float64(1)]])
def test_space_eval_takes_numpy_values_alone_or_in_any_sequence(held):
    assert space_eval(hp.choice("c", ["a", "b"]), {"c": held}) == "b"


@pytest.mark.parametrize("assignment", [None, [("x", 1)], "x"])
def test_space_eval_of_what_is_no_mapping_says_what_would_be(assignment):
    with pytest.raises(InvalidArgument, match=r"a dict from label to value.* got"):
        space_eval(hp.choice("c", ["a", "b"]), assignment)


def test_space_eval_names_what_is_missing():
    with pytest.raises(InvalidArgument, match="needs a value for parameter 'u'; given are: m"):
        space_eval(NESTED["m"], {"m": 1})


def test_the_graph_of_prior_draws_draws_what_the_table_draws():
    domain = Domain(abs, NESTED)
    for seed in range(20):
        memo = {domain.s_new_ids: [7], domain.s_rng: np.random.default_rng(seed)}
        idxs, vals = rec_eval(domain.s_idxs_vals, memo=memo)
        drawn = {label: value[0] for label, value in vals.items() if len(value)}
        assert drawn == domain.table.draw(np.random.default_rng(seed))
        assert {label for label, ids in idxs.items() if list(ids) == [7]} == set(drawn)


def test_deeply_nested_choices_work():
    node = hp.uniform("u", 0, 1)
    for depth in range(300):
        node = hp.choice(f"c{depth:03}", [0, node])
    domain = Domain(abs, node)
    assert domain.point({"u": 0.5, **{f"c{depth:03}": 1 for depth in range(300)}}) == 0.5


def test_a_users_own_memo_is_what_the_point_is_made_of():
    class Shifted(Domain):
        def memo_from_config(self, config):
            return {node: value + 1 for node, value in super().memo_from_config(config).items()}

    assert Shifted(abs, [hp.uniform("x", 0, 1)]).point({"x": 0.5}) == (1.5,)
