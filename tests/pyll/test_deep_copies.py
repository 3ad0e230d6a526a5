"""Spaces thousands of nodes deep are pickled and copied; shared parameters stay shared."""

from __future__ import annotations

import copy
import pickle
import threading

import cloudpickle
import pytest

from minopt import Domain, fmin, hp, rand, space_eval
from minopt.pyll import Apply, as_apply, dfs

COPIERS = {
    "pickle": lambda held: pickle.loads(pickle.dumps(held)),
    "pickle, protocol 0": lambda held: pickle.loads(pickle.dumps(held, 0)),
    "pickle written in Python": lambda held: pickle.loads(vars(pickle)["_dumps"](held)),
    "cloudpickle": lambda held: pickle.loads(cloudpickle.dumps(held)),
    "deepcopy": copy.deepcopy,
}


@pytest.fixture(params=COPIERS.values(), ids=COPIERS)
def copied(request):
    return request.param


def deep_space():
    x = hp.uniform("x", 0, 1)
    deep = x
    for _ in range(3000):
        deep = deep + 1
    return {"deep": deep, "x": x, "choice": hp.choice("c", [x, {"deep": deep}])}


def test_a_deep_space_is_copied_with_what_it_shares(copied):
    space = deep_space()
    twin = copied(space)
    assert space_eval(twin, {"x": 0.5, "c": 1}) == space_eval(space, {"x": 0.5, "c": 1})
    assert len(dfs(as_apply(twin))) == len(dfs(as_apply(space)))
    assert twin["x"] is not space["x"]
    assert twin["choice"].pos_args[1] is twin["x"]
    assert list(fmin(lambda p: p["x"], twin, rand.suggest, 2, rstate=0, verbose=False))


def test_a_node_alone_is_copied_as_what_it_is(copied):
    for node in (hp.choice("c", [1, {"k": 2}]), as_apply(3), as_apply({"a": (1, "b")})):
        twin = copied(node)
        assert type(twin) is type(node)
        assert str(twin) == str(node)


def test_a_domain_of_a_deep_space_is_copied(copied):
    if copied is COPIERS["cloudpickle"]:
        domain = Domain(lambda point: point["x"], deep_space())
    else:
        domain = Domain(len, deep_space())
    assert set(copied(domain).params) == {"x", "c"}


def test_a_shallow_copy_shares_its_inputs():
    node = hp.uniform("x", 0, 1) + 1
    twin = copy.copy(node)
    assert type(twin) is Apply
    assert twin is not node
    assert twin.pos_args[0] is node.pos_args[0]


def test_a_space_is_pickled_after_an_option_could_not_be():
    space = deep_space()
    for _ in range(2):
        with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
            pickle.dumps(hp.choice("bad", [space["deep"], threading.Lock()]))
    assert space_eval(pickle.loads(pickle.dumps(space)), {"x": 0, "c": 0})["deep"] == 3000


def test_threads_pickle_one_space_at_once():
    space, sizes = deep_space(), []
    threads = [
        threading.Thread(target=lambda: sizes.append(len(pickle.dumps(space)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sizes) == 3
    assert len(set(sizes)) == 1
