"""Spaces as graphs over many trials."""

from __future__ import annotations

import numpy as np
import pytest

from minopt import hp
from minopt.base import Domain
from minopt.pyll import Literal, as_apply, rec_eval, scope
from minopt.pyll.stochastic import recursive_set_rng_kwarg
from minopt.testing.spaces import loss_of, random_space
from minopt.vectorize import VectorizeHelper, replace_repeat_stochastic, vectorize_stochastic


def draws(domain, rec_eval, ids, seed):
    memo = {domain.s_new_ids: ids, domain.s_rng: np.random.default_rng(seed)}
    idxs, vals = rec_eval(domain.s_idxs_vals, memo=memo)
    return {label: (list(idxs[label]), list(vals[label])) for label in idxs}


@pytest.mark.parametrize("seed", range(25))
def test_evaluating_draws_what_hyperopt_draws_for_many_trials_at_once(seed):
    hyperopt = pytest.importorskip("hyperopt")
    theirs = hyperopt.base.Domain(loss_of, random_space(seed, hp=hyperopt.hp))
    ours = Domain(loss_of, random_space(seed))
    ids = list(range(5, 25))
    assert draws(ours, rec_eval, ids, seed) == draws(theirs, hyperopt.pyll.rec_eval, ids, seed)


@pytest.mark.parametrize("seed", range(25, 50))
def test_evaluating_for_one_trial_draws_what_the_table_draws(seed):
    domain = Domain(loss_of, random_space(seed))
    point = domain.table.draw(np.random.default_rng(seed))
    for label, (idxs, vals) in draws(domain, rec_eval, [7], seed).items():
        assert vals == ([point[label]] if label in point else [])
        assert idxs == ([7] if label in point else [])


def test_the_graph_of_a_plain_space_is_hyperopt_s_node_for_node():
    hyperopt = pytest.importorskip("hyperopt")

    def space(hp):
        return {
            "a": hp.choice("c", [hp.normal("n", 0, 1), hp.quniform("q", 0, 9, 2) + 1]),
            "b": [1, 2],
        }

    theirs = hyperopt.base.Domain(loss_of, space(hyperopt.hp))
    assert str(Domain(loss_of, space(hp)).s_idxs_vals) == str(theirs.s_idxs_vals)


def test_values_of_the_space_follow_from_the_draws():
    p0 = hp.uniform("p0", 0, 1)
    space = as_apply({"p": p0, "c": hp.choice("c", [-1, p0, p0 + 1]), "list": [3, p0]})
    ids = Literal("ids")
    helper = VectorizeHelper(space, ids)
    graph = as_apply([helper.v_expr, helper.idxs_by_label(), helper.vals_by_label()])
    recursive_set_rng_kwarg(graph, as_apply(np.random.default_rng(1)))
    points, idxs, vals = rec_eval(graph, memo={ids: [10, 11, 12, 13, 14, 15]})
    assert list(idxs["p0"]) == [10, 11, 12, 13, 14, 15]
    for point, p, choice in zip(points, vals["p0"], vals["c"], strict=True):
        assert (point["p"], point["c"]) == (p, [-1, p, p + 1][choice])
        assert list(point["list"]) == [3, p]


def test_a_graph_can_be_rewritten_and_evaluated():
    domain = Domain(loss_of, {"x": hp.uniform("x", 0, 1), "y": hp.normal("y", 0, 1)})
    x = domain.vh.vals_by_label()["x"]
    for node in [domain.s_idxs_vals, *domain.s_idxs_vals.inputs()]:
        node.replace_input(x, as_apply([0.25, 0.75]))
    drawn = draws(domain, rec_eval, [0, 1], 0)
    assert drawn["x"][1] == [0.25, 0.75]


def test_memos_lead_from_nodes_of_the_space_to_their_ids_and_values():
    x = hp.uniform("x", 0, 1)
    space = as_apply([x, hp.choice("c", [0, x])])
    ids = Literal("ids")
    helper = VectorizeHelper(space, ids, build=True)
    assert set(helper.params) == {"x", "c"}
    assert helper.idxs_memo.keys() == helper.take_memo.keys()
    uniform = helper.params["x"]
    assert helper.idxs_by_label()["x"] is helper.idxs_memo[uniform]
    takes = helper.take_memo[uniform]
    assert {take.pos_args[1] for take in takes} == {helper.vals_by_label()["x"]}
    assert helper.dfs_nodes[-1] is space


def test_bounds_that_are_parameters_are_given_draw_by_draw():
    low = hp.uniform("low", 0, 10)
    domain = Domain(loss_of, {"low": low, "x": hp.uniform("x", low, low + 1)})
    drawn = draws(domain, rec_eval, list(range(50)), 3)
    assert all(a <= b <= a + 1 for a, b in zip(drawn["low"][1], drawn["x"][1], strict=True))


def test_a_parameter_that_decides_where_it_is_needed_is_refused():
    networkx = pytest.importorskip("networkx")
    x = hp.randint("x", 2)
    space = scope.switch(x, 0, x + 1)
    with pytest.raises(networkx.NetworkXUnfeasible):
        VectorizeHelper(space, Literal("ids"))


def test_draws_one_by_one_are_made_at_once():
    idxs = as_apply([0, 1, 2])
    bounds = [as_apply([idxs, scope.asarray(scope.repeat(3, bound))]) for bound in (0, 1)]
    one_by_one = scope.idxs_map(idxs, "uniform", *bounds)
    user = scope.add(one_by_one, 1)
    replaced, memo = replace_repeat_stochastic(user, return_memo=True)
    assert replaced is user
    (at_once,) = memo.values()
    assert user.pos_args[0] is at_once
    assert at_once.name == "uniform"
    drawn = rec_eval(recursive_set_rng_kwarg(user, as_apply(np.random.default_rng(0))))
    assert drawn.tolist() == (np.random.default_rng(0).uniform(0, 1, 3) + 1).tolist()


def test_a_random_graph_of_one_node_is_replaced_itself():
    idxs = as_apply([0, 1])
    one = scope.idxs_map(idxs, "randint", as_apply([idxs, scope.asarray(scope.repeat(2, 5))]))
    assert replace_repeat_stochastic(one).name == "randint"


def test_other_nodes_are_left_as_they_are():
    node = scope.idxs_map(as_apply([0]), "add", as_apply([[0], [1]]), as_apply([[0], [1]]))
    assert vectorize_stochastic(node) is node


def test_a_size_of_its_own_is_refused():
    idxs = as_apply([0])
    node = scope.idxs_map(idxs, "randint", as_apply([idxs, [5]]), size=as_apply([idxs, [3]]))
    with pytest.raises(NotImplementedError, match="'randint' has a size already"):
        vectorize_stochastic(node)


def test_deep_and_wide_spaces_are_turned_without_recursion():
    node = x = hp.uniform("x", 0, 1)
    for _ in range(2000):
        node = node + 1
    for number in range(200):
        node = hp.choice(f"c{number}", [node, x])
    domain = Domain(loss_of, node)
    drawn = draws(domain, rec_eval, [3, 4, 5], 0)
    assert len(drawn) == 201
