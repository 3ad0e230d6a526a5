"""Users' own algorithms: an evaluation of the graph in which a subclass steps in."""

from __future__ import annotations

import numpy as np
import pytest

import minopt
from minopt import hp, rand
from minopt.algobase import ExprEvaluator, SuggestAlgo
from minopt.base import Domain, Trials
from minopt.pyll import as_apply, rec_eval, scope
from minopt.pyll.base import GarbageCollected, Lambda, p0
from minopt.testing.spaces import loss_of, random_space


class Prior(SuggestAlgo):
    """Draws every parameter from its prior, and remembers what it was asked."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = {}

    def on_node_hyperparameter(self, memo, node, label):
        self.asked[label] = memo[node.arg["size"]]
        return ExprEvaluator.on_node(self, memo, node)


class Lowest(SuggestAlgo):
    """Proposes the lower bound of every uniform."""

    def on_node_hyperparameter(self, memo, node, label):
        if node.name == "uniform":
            return [memo[node.arg["low"]]] * memo[node.arg["size"]]
        return ExprEvaluator.on_node(self, memo, node)


def test_a_user_s_algorithm_searches():
    trials = Trials()
    space = {"x": hp.uniform("x", -3, 5), "c": hp.choice("c", [0, hp.uniform("y", 2, 3)])}

    def suggest(new_ids, domain, trials, seed):
        return [doc for tid in new_ids for doc in Lowest(domain, trials, seed)(tid)]

    best = minopt.fmin(
        lambda p: p["x"] + p["c"], space, suggest, 20, trials=trials, verbose=False,
        rstate=np.random.default_rng(0),
    )  # fmt: skip
    assert best == {"x": -3.0, "c": 0}
    assert set(trials.vals["x"]) == {-3.0}
    assert set(trials.vals["y"]) == {2.0}


@pytest.mark.parametrize("seed", range(15))
def test_a_visit_that_only_draws_gives_what_the_table_draws(seed):
    domain, trials = Domain(loss_of, random_space(seed)), Trials()
    (visited,) = Prior(domain, trials, 40)(2)
    (drawn,) = rand.suggest([2], domain, trials, 42)
    assert visited["misc"]["vals"] == drawn["misc"]["vals"]
    assert visited["misc"]["idxs"] == drawn["misc"]["idxs"]


def test_each_label_is_visited_with_the_number_of_values_wanted():
    domain = Domain(
        loss_of, {"c": hp.choice("c", [0, hp.uniform("x", 0, 1)]), "u": hp.normal("u", 0, 1)}
    )
    algo = Prior(domain, Trials(), 0)
    _, vals = algo.batch(range(30))
    assert algo.asked == {"c": 30, "u": 30, "x": sum(vals["c"])}


def test_a_label_without_an_answer_names_the_method_that_is_missing():
    domain = Domain(loss_of, hp.uniform("x", 0, 1))
    with pytest.raises(NotImplementedError, match=r"SuggestAlgo must define on_node_hyper.*'x'"):
        SuggestAlgo(domain, Trials(), 0)(0)


def test_values_that_are_not_needed_any_more_are_let_go():
    a = scope.add(as_apply(1), as_apply(2))
    expr = scope.mul(a, as_apply(5))
    memo = ExprEvaluator(expr).eval_nodes()
    assert memo[expr] == 15
    assert memo[a] is GarbageCollected
    kept = ExprEvaluator(expr, memo_gc=False).eval_nodes()
    assert kept[a] == 3


def test_only_the_chosen_option_of_a_switch_is_evaluated():
    expr = scope.switch(as_apply(1), scope.Raise(RuntimeError, "not this one"), as_apply("this"))
    assert ExprEvaluator(expr).eval_nodes()[expr] == "this"


def test_known_values_are_taken_from_the_memo():
    x = hp.uniform("x", 0, 1)
    expr = as_apply([x + 1, x])
    given = {x: 4}
    assert ExprEvaluator(expr).eval_nodes(given)[expr] == (5, 4)
    assert given == {x: 4}


def test_a_symbol_that_returns_a_node_is_evaluated_on():
    double = Lambda("double_in_visit", [("x", p0)], p0 + p0)
    scope.define(double)
    try:
        expr = scope.double_in_visit(as_apply(3)) + 1
        assert ExprEvaluator(expr).eval_nodes()[expr] == rec_eval(expr) == 7
    finally:
        scope.undefine("double_in_visit")


def test_a_program_that_is_too_long_is_given_up():
    expr = as_apply(list(range(50)))
    with pytest.raises(RuntimeError, match="more than 10 nodes wait"):
        ExprEvaluator(expr, max_program_len=10).eval_nodes()


def test_a_memo_passed_in_place_of_a_flag_is_noticed():
    with pytest.raises(ValueError, match="deepcopy_inputs should be a bool"):
        ExprEvaluator(as_apply(1), {"a": 1})


def test_inputs_are_copied_on_request():
    held = [3, 1, 2]
    sort = scope.call_method(as_apply(held)[0:3], "sort")
    literal = scope.call_method(scope.identity(minopt.pyll.Literal(held)), "sort")
    ExprEvaluator(literal, deepcopy_inputs=True).eval_nodes()
    assert held == [3, 1, 2]
    ExprEvaluator(literal).eval_nodes()
    assert held == [1, 2, 3]
    assert sort is not None


def test_deep_graphs_are_visited_without_recursion():
    node = hp.uniform("x", 0, 1)
    for _ in range(3000):
        node = node + 1
    domain = Domain(loss_of, hp.choice("c", [node, 0]))
    (doc,) = Prior(domain, Trials(), 1)(0)
    assert set(doc["misc"]["vals"]) == {"c", "x"}
