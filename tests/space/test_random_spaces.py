"""Random spaces are the same for every hp module, and have everything in them."""

from __future__ import annotations

from collections import Counter

import hyperopt.hp
import hyperopt.pyll
import hyperopt.pyll.stochastic
import numpy as np
import pytest

from minopt import hp
from minopt.pyll import as_apply, dfs
from minopt.pyll.stochastic import sample
from minopt.testing.spaces import KINDS, loss_of, numbers_in, random_space


@pytest.mark.parametrize("seed", range(100))
def test_a_seed_gives_one_space_for_both_modules(seed):
    ours, theirs = random_space(seed), random_space(seed, hp=hyperopt.hp)
    assert str(as_apply(ours)) == str(hyperopt.pyll.as_apply(theirs))


@pytest.mark.parametrize("seed", range(100))
def test_samples_of_a_random_space_are_hyperopts(seed):
    theirs = random_space(seed, hp=hyperopt.hp)
    mine = sample(random_space(seed), np.random.default_rng(seed))
    assert mine == hyperopt.pyll.stochastic.sample(theirs, np.random.default_rng(seed))


def labels_in(space):
    return [node.pos_args[0].obj for node in dfs(as_apply(space)) if node.name == "hyperopt_param"]


def test_limits_are_kept():
    for seed in range(50):
        labels = labels_in(random_space(seed, max_parameters=4))
        assert 1 <= len(labels) <= 4
        assert len(set(labels)) == len(labels)


def test_only_the_laws_asked_for_are_used():
    for seed in range(30):
        nodes = [node.name for node in dfs(as_apply(random_space(seed, laws=["normal"])))]
        assert "normal" in nodes
        assert not {"uniform", "randint", "categorical", "switch"} & set(nodes)


@pytest.mark.parametrize("kind", KINDS)
def test_each_law_alone_makes_spaces(kind):
    assert all(labels_in(random_space(seed, laws=[kind])) for seed in range(20))


def test_many_spaces_have_all_kinds_nested_choices_and_shared_nodes():
    nodes, users, depth = Counter(), Counter(), 0
    for seed in range(100):
        space = as_apply(random_space(seed))
        nodes.update(node.name for node in dfs(space))
        users.update(
            id(arg)
            for node in dfs(space)
            for arg in node.inputs()
            if arg.name in ("float", "switch")
        )
        depth = max(depth, switches_above(space))
    assert set(nodes) >= {"uniform", "qlognormal", "randint", "categorical", "add", "mul", "neg"}
    assert max(users.values()) > 1
    assert depth >= 2


def switches_above(node):
    inner = max((switches_above(arg) for arg in node.inputs()), default=0)
    return inner + (node.name == "switch")


def test_the_twelve_kinds_are_hps():
    assert set(KINDS) == set(hp.__all__)


def test_a_loss_is_a_finite_float_whatever_the_point():
    point = {"b": [1, 2.5, None, "word"], "a": (True, {"c": ()})}
    assert list(numbers_in(point)) == [1.0, 1.0, 2.5, 4.0]
    assert isinstance(loss_of(point), float)
    assert loss_of({}) == 0
