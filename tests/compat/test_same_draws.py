"""Graphs print as hyperopt's, and what is drawn from them by hand is drawn in the same order."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from minopt.testing.spaces import random_space

SEEDS = range(60)


@pytest.fixture
def both(hyperopt, minopt):
    """Build the same thing on each library: (ours, theirs)."""
    return lambda build: (build(minopt), build(hyperopt))


def nested(lib):
    hp = lib.hp
    x = hp.uniform("x", -1, 1)
    return {
        "model": hp.choice("model", [{"x": x}, [hp.randint("n", 3, 9), hp.lognormal("s", 0, 1)]]),
        "also": (x, hp.pchoice("p", [(0.2, "few"), (0.8, hp.quniform("q", 0, 9, 2))])),
        "whole": lib.scope.int(hp.uniformint("u", 1, 6)) + 1,
    }


GRAPHS = {
    "nested": nested,
    "a law": lambda lib: lib.hp.uniform("x", low=0, high=1),
    "randint": lambda lib: [lib.hp.randint("a", 5), lib.hp.randint("b", 2, 5)],
    "uniformint": lambda lib: lib.hp.uniformint("a", 1, 6),
    "choice": lambda lib: lib.hp.choice("c", [1, "two", None, {"k": 3.0}]),
    "pchoice": lambda lib: lib.hp.pchoice("c", [(0.5, 1), (0.5, [2, 3])]),
    "every quantised law": lambda lib: [
        lib.hp.quniform("a", 0, 1, 0.1),
        lib.hp.qloguniform("b", 0, 1, 0.1),
        lib.hp.qnormal("c", 0, 1, 0.1),
        lib.hp.qlognormal("d", 0, 1, 0.1),
    ],
    "arithmetic": lambda lib: -((lib.hp.uniform("x", 0, 1) * 2 + 1) ** lib.hp.normal("y", 0, 1)),
    "item": lambda lib: lib.pyll.as_apply([1, 2, 3])[lib.hp.randint("i", 3)],
    "by keyword": lambda lib: lib.hp.normal("x", mu=0, sigma=lib.pyll.Literal(2)),
    "a call": lambda lib: lib.scope.call(len, [lib.pyll.as_apply("word")]),
    "switch": lambda lib: lib.scope.switch(lib.scope.randint(2), "a", {"b": 1}),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_prints_as_the_reference_s(both, graph):
    ours, theirs = both(lambda lib: str(lib.pyll.as_apply(GRAPHS[graph](lib))))
    assert ours == theirs


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_space_prints_as_the_reference_s(both, seed):
    ours, theirs = both(lambda lib: str(lib.pyll.as_apply(random_space(seed, hp=lib.hp))))
    assert ours == theirs


@pytest.mark.parametrize("graph", ["nested", "every quantised law", "randint", "arithmetic"])
def test_the_graph_over_many_trials_prints_as_the_reference_s(both, graph):
    ours, theirs = both(lambda lib: str(lib.Domain(None, GRAPHS[graph](lib)).vh.v_expr))
    assert ours == theirs


def test_nodes_come_in_the_reference_s_order(both):
    def names(lib):
        space = lib.pyll.as_apply(nested(lib))
        return [n.name for n in lib.pyll.dfs(space)], [n.name for n in lib.pyll.toposort(space)]

    ours, theirs = both(names)
    assert ours[0] == theirs[0]
    assert sorted(ours[1]) == sorted(theirs[1])


@pytest.mark.parametrize("graph", ["nested", "every quantised law", "randint", "choice", "pchoice"])
def test_sample_gives_the_reference_s_points_from_the_same_generator(both, same, graph):
    def points(lib):
        rng, space = np.random.default_rng(11), GRAPHS[graph](lib)
        return [lib.sample(space, rng) for _ in range(20)]

    ours, theirs = both(points)
    assert same(ours, theirs), f"{ours}\n{theirs}"


@pytest.mark.parametrize("seed", SEEDS)
def test_sample_gives_the_reference_s_points_of_random_spaces(both, same, seed):
    def points(lib):
        rng, space = np.random.default_rng(seed), random_space(seed, hp=lib.hp)
        return [lib.sample(space, rng) for _ in range(5)]

    ours, theirs = both(points)
    assert same(ours, theirs), f"{ours}\n{theirs}"


def test_sample_leaves_the_generator_where_the_reference_does(both):
    def next_number(lib):
        rng = np.random.default_rng(3)
        lib.sample(nested(lib), rng)
        return rng.random()

    ours, theirs = both(next_number)
    assert ours == theirs


def columns(pair):
    """Turn (idxs, vals) into plain lists, in the order of the labels."""
    idxs, vals = pair
    return (
        {label: list(map(int, idxs[label])) for label in idxs},
        {label: [float(value).hex() for value in np.asarray(vals[label]) + 0.0] for label in vals},
    )


@pytest.mark.parametrize("n_ids", [1, 7])
@pytest.mark.parametrize("seed", SEEDS)
def test_evaluating_the_domain_s_own_graph_draws_the_same(both, seed, n_ids):
    def drawn(lib):
        domain = lib.Domain(None, random_space(seed, hp=lib.hp))
        memo = {
            domain.s_new_ids: list(range(40, 40 + n_ids)),
            domain.s_rng: np.random.default_rng(seed),
        }
        return columns(lib.pyll.rec_eval(domain.s_idxs_vals, memo=memo))

    ours, theirs = both(drawn)
    assert ours == theirs


@pytest.mark.parametrize("seed", SEEDS)
def test_rand_suggest_batch_gives_the_reference_s_columns(both, seed):
    def drawn(lib):
        domain = lib.Domain(None, random_space(seed, hp=lib.hp))
        return columns(lib.rand.suggest_batch([3, 4, 9], domain, lib.Trials(), seed))

    ours, theirs = both(drawn)
    assert ours == theirs


def plain_documents(docs):
    """Leave of each document what both libraries must agree upon."""
    return [
        {
            **{key: doc[key] for key in ("tid", "spec", "state", "result", "exp_key", "version")},
            "idxs": doc["misc"]["idxs"],
            "vals": {
                label: [float(v + 0.0).hex() for v in values]
                for label, values in doc["misc"]["vals"].items()
            },
            "cmd": tuple(doc["misc"]["cmd"]),
            "keys": sorted(doc),
            "misc keys": sorted(doc["misc"]),
        }
        for doc in docs
    ]


@pytest.mark.parametrize("algo", ["rand", "tpe"])
@pytest.mark.parametrize("seed", range(20))
def test_suggest_called_directly_gives_the_same_documents(both, algo, seed):
    def asked(lib):
        domain = lib.Domain(None, random_space(seed, hp=lib.hp))
        suggest = getattr(lib, algo).suggest
        return plain_documents(suggest([5, 6, 7, 12], domain, lib.Trials(), seed))

    ours, theirs = both(asked)
    assert ours == theirs


@pytest.mark.parametrize("algo", ["tpe", "anneal", "mix"])
def test_one_id_asked_after_the_start_gives_the_same_document(both, assert_same_trials, algo):
    searches = assert_same_trials(nested_without_node, "rand", seed=8, evals=30)

    def asked(search):
        lib = search.lib
        if algo == "mix":
            arms = [(0.5, lib.anneal.suggest), (0.5, lib.tpe.suggest)]
            return lib.mix.suggest([99], search.domain, search.trials, 5, p_suggest=arms)
        return getattr(lib, algo).suggest([99], search.domain, search.trials, 5)

    ours, theirs = (plain_documents(asked(search)) for search in searches)
    assert ours == theirs


@pytest.mark.parametrize("ids", [[50], [50, 51, 60]])
def test_anneal_suggest_batch_gives_the_same_columns(assert_same_trials, ids):
    searches = assert_same_trials(two_cases, "rand", seed=8, evals=30)
    ours, theirs = (
        columns(search.lib.anneal.suggest_batch(ids, search.domain, search.trials, 5))
        for search in searches
    )
    assert ours == theirs


def two_cases(lib):
    """A choice without chances: hyperopt's own batch fails on a conditional pchoice."""
    hp = lib.hp
    return hp.choice("a", [("case 1", 1 + hp.lognormal("c1", 0, 1)), hp.uniform("c2", -10, 10)])


def nested_without_node(lib):
    """The nested space with Python numbers only, so that a loss can be made of its points."""
    return {key: value for key, value in nested(lib).items() if key != "whole"}


@pytest.mark.parametrize(
    "name, arguments",
    {
        "uniform": (0.0, 1.0),
        "loguniform": (-2.0, 1.0),
        "quniform": (0.0, 9.0, 2.0),
        "qloguniform": (0.0, 3.0, 1.0),
        "normal": (1.0, 2.0),
        "qnormal": (1.0, 2.0, 0.5),
        "lognormal": (0.0, 1.0),
        "qlognormal": (0.0, 1.0, 0.5),
        "randint": (2, 9),
        "categorical": ([0.1, 0.6, 0.3],),
    }.items(),
)
@pytest.mark.parametrize("size", [(), (5,), (0,)])
def test_graph_functions_draw_the_reference_s_arrays(both, name, arguments, size):
    def draw(lib):
        function = getattr(lib.stochastic, name)
        takes_size = "size" in inspect.signature(function).parameters
        return function(
            *arguments, rng=np.random.default_rng(4), **({"size": size} if takes_size else {})
        )

    ours, theirs = both(draw)
    assert np.shape(ours) == np.shape(theirs)
    assert np.asarray(ours).dtype.kind == np.asarray(theirs).dtype.kind
    assert np.array_equal(ours, theirs)
