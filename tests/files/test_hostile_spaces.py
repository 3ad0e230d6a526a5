"""Spaces that were saved with trials, and would make what has no end out of a few bytes."""

from __future__ import annotations

import pickle

import pytest

import minopt
from minopt import Trials, hp, load_trials, rand
from minopt.exceptions import BadSearchSpace
from minopt.pyll import scope


def doubled(symbol, first):
    return [["literal", first], *([symbol, [place, place], {}] for place in range(60))]


SPACES = {
    "a power": [["literal", 10], ["literal", 10**10], ["pow", [0, 1], {}]],
    "a list, repeated": [["literal", [1]], ["literal", 10**12], ["mul", [0, 1], {}]],
    "a text, repeated": [["literal", 10**12], ["literal", "ab"], ["mul", [0, 1], {}]],
    "a list of a range": [["literal", 10**12], ["range", [0], {}], ["list", [1], {}]],
    "an array of a range": [["literal", 10**8], ["range", [0], {}], ["asarray", [1], {}]],
    "a joined text": [
        ["literal", "ab" * 10**5],
        ["literal", "c" * 10**5],
        ["str_join", [0, 1], {}],
    ],
    "lists of lists": doubled("pos_args", 1),
    "sums of lists": doubled("add", [1]),
    "products": doubled("mul", 3),
}


@pytest.fixture
def trials():
    made = Trials()
    minopt.fmin(
        lambda x: x, hp.uniform("x", 0, 1), rand.suggest, 3, trials=made, rstate=0, verbose=False
    )
    return made


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_the_table_of_trials_does_without_a_space_that_has_no_end(trials, space, tmp_path):
    trials._learn(None, space)
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    read = load_trials(file)
    assert [row["loss"] for row in read.to_records()] == trials.losses()
    assert not [name for name in read.to_records()[0] if name.startswith("params")]
    with pytest.raises(BadSearchSpace, match=r"give .* with trials\.set_space"):
        read.best_params  # noqa: B018


def test_spaces_that_compute_are_saved_with_their_trials_again_and_again(tmp_path):
    x = hp.uniform("x", 1, 2)
    space = {
        "power": x**2,
        "product": 3 * x,
        "row": scope.list(scope.range(3)),
        "text": scope.str_join("-", ["a", "b"]),
    }
    trials = Trials()
    minopt.fmin(
        lambda point: point["product"],
        space,
        rand.suggest,
        2,
        trials=trials,
        rstate=0,
        verbose=False,
    )
    points = trials.params
    for _ in range(3):
        (tmp_path / "trials.pkl").write_bytes(pickle.dumps(trials))
        trials = load_trials(tmp_path / "trials.pkl")
        assert trials.params == points
        assert points[0]["row"] == [0, 1, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda: scope.mul([0], hp.randint("n", 101, 200)),
        lambda: [hp.randint("n", 3), scope.mul("-", 120), scope.range(2000)],
        lambda: hp.choice("c", [[i, shared] for shared in [list(range(300))] for i in range(400)]),
    ],
)
def test_large_values_are_read_back(make, tmp_path):
    trials = Trials()
    minopt.fmin(
        lambda _: 0.5, make(), minopt.rand.suggest, 2, trials=trials, rstate=0, verbose=False
    )
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    assert load_trials(file).params == trials.params


@pytest.mark.parametrize("symbol", ["mul", "add", "str_join"])
def test_values_that_grow_by_steps_are_refused(trials, symbol, tmp_path):
    first = {"mul": 10**1000, "add": [0] * 10, "str_join": ["text" * 10] * 10}[symbol]
    space = [["literal", first], ["literal", ""]]
    if symbol == "add":
        space.append(["list", [0], {}])
    for step in range(19):
        last = len(space) - 1
        if symbol == "str_join":
            space += [["str_join", [1, last if step else 0], {}]]
            space += [["pos_args", [last + 1] * 10, {}]]
        else:
            before = last if step or symbol == "add" else 0
            space.append([symbol, [before, before], {}])
    trials._learn(None, space)
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    with pytest.raises(BadSearchSpace):
        load_trials(file).best_params  # noqa: B018
