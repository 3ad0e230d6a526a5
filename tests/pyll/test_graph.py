"""Graphs: building, walking, printing and evaluating them."""

from __future__ import annotations

import pickle

import networkx
import numpy as np
import pytest

from minopt import Domain, hp
from minopt.exceptions import BadSearchSpace, MissingValue
from minopt.pyll import Apply, Literal, as_apply, clone, clone_merge, dfs, rec_eval, scope, toposort
from minopt.pyll.base import Lambda, PyllImportError, SymbolTable, apply, p0
from minopt.pyll.stochastic import implicit_stochastic_symbols, recursive_set_rng_kwarg, sample


def chain(length):
    node = as_apply(1)
    for _ in range(length):
        node = node + 1
    return node


def test_graphs_thousands_of_nodes_deep_are_walked_cloned_printed_and_evaluated():
    node = chain(5000)
    assert rec_eval(node) == 5001
    assert node.eval() == 5001
    assert len(dfs(clone(node))) == 10001
    assert len(toposort(node)) == 10001
    assert rec_eval(clone_merge(node, merge_literals=True)) == 5001
    assert str(chain(1500)).count("\n") == 3000


def test_a_switch_evaluates_only_the_chosen_option():
    index = Literal()
    node = scope.switch(index, "a", scope.Raise(RuntimeError, "not this one"))
    assert rec_eval(node, memo={index: 0}) == "a"
    with pytest.raises(RuntimeError, match="not this one"):
        rec_eval(node, memo={index: 1})


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        (2, IndexError, "options 0 to 1, got index 2"),
        (-1, ValueError, "0 or more, got -1"),
        (0.5, TypeError, "whole number as its index, got 0.5"),
        ("a", TypeError, "whole number as its index, got 'a'"),
    ],
)
def test_a_switch_says_what_is_wrong_with_its_index(index, error, words):
    with pytest.raises(error, match=words):
        rec_eval(scope.switch(index, "a", "b"))


def test_a_choice_is_named_when_its_index_is_wrong():
    space = hp.choice("model", ["svc", "knn"])
    parameter = next(node for node in dfs(space) if node.name == "hyperopt_param")
    with pytest.raises(IndexError, match="choice 'model' has options 0 to 1, got index 7"):
        rec_eval(space, memo={parameter: 7})


@pytest.mark.parametrize("index", [1, 1.0, np.int64(1), np.array(1), np.array([1]), True])
def test_whole_numbers_of_any_kind_are_indices(index):
    assert rec_eval(scope.switch(index, "a", "b")) == "b"


def test_a_lambda_is_expanded_also_into_itself():
    fact = Lambda(
        "fact_of_test", [("x", p0)], scope.switch(p0 > 1, 1, p0 * apply("fact_of_test", p0 - 1))
    )
    scope.define(fact)
    try:
        assert rec_eval(scope.fact_of_test(6)) == 720
    finally:
        scope.undefine("fact_of_test")


def test_an_endless_program_is_stopped():
    scope.define(Lambda("endless_of_test", [("x", p0)], 1 + apply("endless_of_test", p0)))
    try:
        with pytest.raises(RuntimeError, match="probably an infinite loop"):
            rec_eval(scope.endless_of_test(1), max_program_len=500)
    finally:
        scope.undefine("endless_of_test")


def test_a_wrong_memo_in_place_of_deepcopy_inputs_is_refused():
    with pytest.raises(ValueError, match="deepcopy_inputs should be a bool"):
        rec_eval(as_apply(1), {})


def test_every_node_is_evaluated_once():
    calls = []

    def counted_of_test(value):
        calls.append(value)
        return value

    scope.define(counted_of_test)
    try:
        node = scope.counted_of_test(3)
        assert rec_eval(node + node * node) == 12
        assert calls == [3]
    finally:
        scope.undefine("counted_of_test")


def test_errors_inside_a_graph_are_raised_not_printed(capsys):
    with pytest.raises(ZeroDivisionError):
        rec_eval(as_apply(1) / 0)
    assert capsys.readouterr() == ("", "")


def test_an_unknown_symbol_is_named():
    with pytest.raises(NameError, match="applies 'nobody_defined_me'"):
        rec_eval(apply("nobody_defined_me", 1))


def test_a_cycle_is_refused():
    node = as_apply([1, 2])
    node.pos_args.append(node)
    with pytest.raises(networkx.NetworkXUnfeasible):
        toposort(node)


def test_a_container_that_holds_itself_is_refused():
    space = {"x": 1}
    space["self"] = space
    with pytest.raises(BadSearchSpace, match="contains itself"):
        as_apply(space)


def test_a_container_used_twice_is_no_cycle():
    shared = [1]
    assert rec_eval(as_apply({"a": shared, "b": shared})) == {"a": (1,), "b": (1,)}


def test_dicts_with_keys_of_several_kinds_keep_them():
    assert rec_eval(as_apply({1: "one", "two": 2})) == {1: "one", "two": 2}


def test_clone_keeps_what_is_shared_shared():
    x = hp.uniform("x", 0, 1)
    copy = clone(as_apply([x, x]))
    assert copy.pos_args[0] is copy.pos_args[1]
    assert copy.pos_args[0] is not x


def test_clone_merge_makes_one_of_equal_pure_nodes():
    a, b = as_apply(2), as_apply(3)
    merged = clone_merge((a + b) * (a + b))
    assert len(dfs(merged)) == 4
    assert rec_eval(merged) == 25


def test_nodes_can_be_pickled_under_hyperopts_path():
    space = {"x": hp.uniform("x", 0, 1)}
    copy = pickle.loads(pickle.dumps(as_apply(space)))
    assert str(copy) == str(as_apply(space))
    assert Apply.__module__ == Literal.__module__ == "minopt.pyll.base"


def test_iterating_over_a_node_of_unknown_length_is_refused():
    with pytest.raises(TypeError, match="its length is not known"):
        list(hp.uniform("x", 0, 1))


def test_branching_on_a_part_of_a_space_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"'gt' of parameter 'x' is .*branch in the objective"):
        bool(hp.uniform("x", 0, 1) > 0.5)


def test_arg_names_the_parameters_of_the_symbol():
    node = scope.uniform(0, high=2)
    assert node.arg["low"].obj == 0
    assert node.arg["high"].obj == 2
    with pytest.raises(TypeError, match="no argument 'q'"):
        scope.uniform(0, 1, q=2).arg  # noqa: B018


def test_user_functions_become_symbols_once():
    def only_here_of_test(x):
        return x

    scope.define(only_here_of_test)
    try:
        with pytest.raises(ValueError, match="already has a symbol 'only_here_of_test'"):
            scope.define(_named("only_here_of_test"))
        scope.define_if_new(only_here_of_test)
        assert rec_eval(scope.only_here_of_test(3)) == 3
    finally:
        scope.undefine(only_here_of_test)
    assert not hasattr(scope, "only_here_of_test")


def _named(name):
    def function(x):
        return x

    function.__name__ = name
    return function


def test_builtin_symbols_cannot_be_redefined():
    with pytest.raises(ValueError, match="already has a symbol 'GMM1'"):
        scope.define(_named("GMM1"))


def test_inject_and_import_give_symbols_by_name():
    names = {}
    scope.import_(names, "add", times="mul")
    assert rec_eval(names["times"](names["add"](1, 2), 3)) == 9
    with pytest.raises(PyllImportError, match="nothing_like_it"):
        scope.inject("nothing_like_it")


def test_the_scope_of_a_fresh_interpreter_answers_for_all_of_hyperopts_symbols():
    hyperopt_scope = pytest.importorskip("hyperopt.pyll").scope
    own = [name for name in hyperopt_scope._impls if not name.startswith("partial_")]
    assert [name for name in own if not callable(getattr(scope, name, None))] == []
    assert [name for name in own if name not in scope._impls] == []


def test_a_second_table_starts_with_the_builtins():
    assert SymbolTable().int(3.7).eval() == 3


def test_samples_are_plain_python():
    space = {
        "x": scope.uniform(0, 1),
        "n": hp.randint("n", 5),
        "e": scope.exp(hp.normal("z", 0, 1)),
    }
    point = sample(space, rng=np.random.default_rng(1))
    assert {key: type(value) for key, value in point.items()} == {"x": float, "n": int, "e": float}


def test_sampling_leaves_the_space_as_it_is():
    space = as_apply({"x": hp.uniform("x", 0, 1)})
    before = str(space)
    sample(space)
    assert str(space) == before


def test_a_generator_is_put_into_every_random_node():
    rng = np.random.default_rng(0)
    graph = recursive_set_rng_kwarg(as_apply([scope.uniform(0, 1), scope.normal(0, 1)]), rng)
    random = [node for node in dfs(graph) if node.name in implicit_stochastic_symbols]
    assert [dict(node.named_args)["rng"].obj for node in random] == [rng, rng]


@pytest.mark.parametrize(
    ("nest", "within"),
    [
        (lambda inner: [inner], 0),
        (lambda inner: (1, inner), 1),
        (lambda inner: {"k": inner}, "k"),
        (lambda inner: {"k": 1, 2: inner}, 2),
    ],
)
def test_containers_thousands_deep_are_spaces_and_points(nest, within):
    space = scope.uniform(0, 1)
    for _ in range(3000):
        space = nest(space)
    point = sample(space, rng=0)
    for _ in range(3000):
        point = point[within]
    assert point == sample(scope.uniform(0, 1), rng=0)


@pytest.mark.parametrize(
    "space", [{"n": hp.uniform("n", 0, 1)}, hp.choice("n", [1, 2]), scope.int(hp.randint("n", 3))]
)
def test_a_parameter_without_a_value_is_named(space):
    """An `AssertionError` as well: Ray Tune explains points that lack a parameter by it."""
    memo = Domain(abs, space).memo_from_config({})
    with pytest.raises(MissingValue, match=r"'n'.* has no value here") as missing:
        rec_eval(as_apply(space), memo=memo)
    assert isinstance(missing.value, AssertionError)
