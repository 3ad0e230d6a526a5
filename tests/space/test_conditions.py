"""Which parameters a space asks for, and under which choices."""

from __future__ import annotations

import hyperopt.hp
import hyperopt.pyll_utils
import pytest

from minopt import hp
from minopt.exceptions import DuplicateLabel
from minopt.pyll import as_apply, scope
from minopt.pyll_utils import EQ, Cond, expr_to_config
from minopt.testing.spaces import random_space


def conditions_of(space, root=()):
    hps = {}
    expr_to_config(space, root, hps)
    return {label: config["conditions"] for label, config in hps.items()}


def test_a_condition_prints_compares_and_hashes_as_hyperopts():
    theirs = hyperopt.pyll_utils.EQ("a", 1)
    assert str(EQ("a", 1)) == repr(EQ("a", 1)) == str(theirs)
    assert EQ("a", 1) == Cond("a", 1, "=")
    assert hash(EQ("a", 1)) == hash(Cond("a", 1, "="))
    assert EQ("a", 1) != EQ("a", 2)
    assert EQ("a", 1) != "a = 1"


def test_nested_choices_give_nested_conditions():
    space = hp.choice("a", [0, {"b": hp.choice("b", [hp.normal("c", 0, 1), 2])}])
    assert conditions_of(space) == {
        "a": {()},
        "b": {(EQ("a", 1),)},
        "c": {(EQ("a", 1), EQ("b", 0))},
    }


def test_a_parameter_in_some_branches_has_one_set_of_conditions_for_each():
    x = hp.uniform("x", 0, 1)
    assert conditions_of(hp.choice("a", [x, x + 1, 3]))["x"] == {(EQ("a", 0),), (EQ("a", 1),)}


@pytest.mark.parametrize(
    "choice",
    [
        lambda x: hp.choice("a", [x, x + 1]),
        lambda x: hp.pchoice("a", [(0.2, x), (0.8, -x)]),
        lambda x: hp.pchoice("a", [(0.2, x), (0.0, 2 * x), (0.8, -x)]),
    ],
    ids=["choice", "pchoice", "pchoice of three"],
)
def test_a_parameter_in_every_branch_has_no_condition(choice):
    assert conditions_of(choice(hp.uniform("x", 0, 1)), (True,)) == {"a": {(True,)}, "x": {(True,)}}


def test_a_conditional_pchoice_has_conditions():
    inner = hp.pchoice("b", [(0.5, hp.normal("c", 0, 1)), (0.5, 0)])
    assert conditions_of(hp.choice("a", [1, inner]))["c"] == {(EQ("a", 1), EQ("b", 0))}


def test_no_conditions_means_an_empty_tuple():
    assert conditions_of(hp.uniform("x", 0, 1), None) == {"x": {()}}


def test_a_node_is_what_the_parameter_draws_from():
    hps = {}
    expr_to_config([hp.loguniform("x", -1, 1)], (), hps)
    assert hps["x"]["node"].name == "loguniform"
    assert hps["x"]["label"] == "x"


def test_one_label_for_two_parameters_is_refused():
    with pytest.raises(DuplicateLabel, match="two parameters are called 'x'"):
        conditions_of([hp.uniform("x", 0, 1), hp.uniform("x", 0, 1)])


def test_a_parameter_in_the_bounds_of_another_is_found():
    x = hp.uniform("x", 0, 1)
    found = conditions_of(hp.choice("a", [0, hp.uniform("y", x, 2)]))
    assert found["x"] == found["y"] == {(EQ("a", 1),)}


def test_a_switch_on_something_else_than_a_choice_makes_no_condition():
    space = scope.switch(scope.int(hp.quniform("i", 0, 1, 1)), hp.uniform("x", 0, 1), 2)
    assert conditions_of(space) == {"i": {()}, "x": {()}}


def test_a_huge_randint_costs_nothing():
    n = hp.randint("n", 10**12)
    x = hp.uniform("x", 0, 1)
    assert conditions_of([n, hp.choice("a", [x, [x, n]])])["n"] == {(), (EQ("a", 1),)}


def test_thousands_of_nested_nodes_work():
    node = hp.uniform("x", 0, 1)
    for _ in range(20_000):
        node = node + 1
    assert conditions_of(node) == {"x": {()}}


def test_a_node_used_over_and_over_is_walked_once():
    node = hp.uniform("x", 0, 1)
    for _ in range(200):
        node = node + node  # 2 ** 200 ways from the top to x
    assert conditions_of(node) == {"x": {()}}


NO_PCHOICE = [kind for kind in hp.__all__ if kind != "pchoice"]


@pytest.mark.parametrize("seed", range(60))
def test_conditions_of_random_spaces_are_hyperopts(seed):
    theirs = {}
    space = random_space(seed, laws=NO_PCHOICE, hp=hyperopt.hp)
    hyperopt.pyll_utils.expr_to_config(space, (True,), theirs)
    ours = {}
    expr_to_config(random_space(seed, laws=NO_PCHOICE), (True,), ours)
    assert list(ours) == list(theirs), f"seed {seed}"
    for label in ours:
        assert str(ours[label]["node"]) == str(theirs[label]["node"])
        assert shown(ours[label]) == shown(theirs[label]), f"seed {seed}, label {label}"


def shown(config):
    return sorted(str(path) for path in config["conditions"])


@pytest.mark.parametrize("seed", range(20))
def test_every_parameter_of_a_random_space_is_listed(seed):
    space = as_apply(random_space(seed))
    assert set(conditions_of(space)) == labels_of(space)


def labels_of(space):
    from minopt.pyll import dfs

    return {node.pos_args[0].obj for node in dfs(space) if node.name == "hyperopt_param"}
