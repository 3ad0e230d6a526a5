"""The hp functions: hyperopt's graphs, hyperopt's draws, plain numbers."""

from __future__ import annotations

import copy
import pickle

import hyperopt.hp
import hyperopt.pyll
import hyperopt.pyll.stochastic
import numpy as np
import pytest

import minopt.pyll
from minopt import hp
from minopt.pyll import Literal, as_apply, clone, scope
from minopt.pyll.stochastic import sample
from minopt.space.laws import Quniform, Randint, Uniform, law_from, law_of
from minopt.space.parameters import holds_whole_numbers

# Function, positional arguments after the label, keyword arguments.
CALLS = [
    ("uniform", (0, 1), {}),
    ("uniform", (-1.5, 1e-3), {}),
    ("uniform", (0,), {"high": 1}),
    ("uniform", (), {"low": 0, "high": 1}),
    ("uniform", (), {"high": 1, "low": 0}),
    ("uniform", (np.float64(0.25), np.int64(3)), {}),
    ("quniform", (0, 10, 2), {}),
    ("quniform", (0, 10), {"q": 0.3}),
    ("quniform", (), {"q": 1, "low": -5, "high": 5}),
    ("loguniform", (-3, 2), {}),
    ("loguniform", (), {"low": np.log(1e-5), "high": 0}),
    ("qloguniform", (-3, 3, 0.5), {}),
    ("qloguniform", (0,), {"high": 5, "q": 1}),
    ("normal", (0, 1), {}),
    ("normal", (), {"mu": 3, "sigma": 0.1}),
    ("qnormal", (0, 5, 1), {}),
    ("qnormal", (0,), {"sigma": 5, "q": 0.5}),
    ("lognormal", (0, 1), {}),
    ("lognormal", (), {"sigma": 1, "mu": 0}),
    ("qlognormal", (1, 1, 2), {}),
    ("qlognormal", (1, 1), {"q": 0.1}),
    ("uniformint", (0, 10), {}),
    ("uniformint", (-3,), {"high": 7}),
    ("uniformint", (), {"low": 1, "high": 2}),
    ("randint", (5,), {}),
    ("randint", (-5, 12), {}),
    ("randint", (2,), {"high": 4}),
    ("randint", (), {"low": 2, "high": 40}),
    ("randint", (), {"low": 7}),
    ("choice", ([1, "two", (3, 4), {"five": 6}],), {}),
    ("choice", ((None, True, 2.5),), {}),
    ("choice", (range(5, 26, 5),), {}),
    ("choice", (np.arange(5, 26, 5),), {}),
    ("choice", (np.linspace(0, 1, 4),), {}),
    ("choice", (["only"],), {}),
    ("choice", ([[1, 2], [3]],), {}),
    ("choice", (), {"options": ["a", "b"]}),
    ("pchoice", ([(0.1, 1), (0.2, "b"), (0.7, None)],), {}),
    ("pchoice", (((1.0, "sure"),),), {}),
    ("pchoice", ([[0.5, 1], [0.5, 2]],), {}),
    ("pchoice", (np.array([[0.5, 1], [0.5, 2]]),), {}),
    ("pchoice", (), {"p_options": [(0.25, 1), (0.75, 2)]}),
]


def title(call):
    return f"{call[0]}{call[1]}{call[2]}"


@pytest.mark.parametrize("call", CALLS, ids=title)
def test_the_printed_graph_is_hyperopts(call):
    name, args, kwargs = call
    ours = getattr(hp, name)("x", *args, **kwargs)
    theirs = getattr(hyperopt.hp, name)("x", *args, **kwargs)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("call", CALLS, ids=title)
def test_samples_are_hyperopts_and_plain(call):
    name, args, kwargs = call
    ours = getattr(hp, name)("x", *args, **kwargs)
    theirs = getattr(hyperopt.hp, name)("x", *args, **kwargs)
    for seed in range(10):
        mine = sample(ours, np.random.default_rng(seed))
        assert mine == hyperopt.pyll.stochastic.sample(theirs, np.random.default_rng(seed))
        assert not isinstance(mine, np.generic)


@pytest.mark.parametrize("call", [call for call in CALLS if not call[1]], ids=title)
def test_the_label_may_be_a_keyword(call):
    name, _, kwargs = call
    assert str(getattr(hp, name)(label="x", **kwargs)) == str(getattr(hp, name)("x", **kwargs))


def drawn_by(node):
    """The random node below the label of a parameter."""
    return next(n for n in minopt.pyll.dfs(node) if n.name == "hyperopt_param").pos_args[1]


@pytest.mark.parametrize("call", CALLS, ids=title)
def test_a_parameter_gives_the_same_stream_as_its_law(call):
    name, args, kwargs = call
    node = getattr(hp, name)("x", *args, **kwargs)
    law = law_of(drawn_by(node))
    if name in ("choice", "pchoice"):
        node = node.pos_args[0]
    assert [sample(node, np.random.default_rng(s)) for s in range(5)] == [
        law.draw_one(np.random.default_rng(s)) for s in range(5)
    ]


@pytest.mark.parametrize("label", [b"x", Literal("x"), Literal(b"x"), np.str_("x"), "ü ½"])
def test_bytes_literals_and_any_letters_make_a_label(label):
    theirs = label if not isinstance(label, Literal) else hyperopt.pyll.Literal(label.obj)
    ours = hp.uniform(label, 0, 1)
    assert str(ours) == str(hyperopt.hp.uniform(theirs, 0, 1))
    assert type(ours.pos_args[0].pos_args[0].obj) in (str, bytes)


def test_randint_takes_its_only_bound_by_the_name_upper():
    assert str(hp.randint("x", upper=5)) == str(hp.randint("x", 5))


def test_uniformint_honours_q_wherever_it_stands():
    for node in (hp.uniformint("x", 0, 12, 4), hp.uniformint("x", 0, 12, q=4)):
        assert law_of(drawn_by(node)) == Quniform(0, 12, 4)
        assert {sample(node, rng=seed) for seed in range(50)} == {0, 4, 8, 12}


def test_uniformint_is_told_from_an_int_around_quniform():
    ours, theirs = hp.uniformint("x", 0, 8), scope.int(hp.quniform("x", 0, 8, q=1.0))
    assert str(ours) == str(theirs)
    assert holds_whole_numbers(drawn_by(ours))
    assert not holds_whole_numbers(drawn_by(theirs))


@pytest.mark.parametrize(
    "copied",
    [clone, copy.deepcopy, copy.copy, lambda node: pickle.loads(pickle.dumps(node))],
    ids=["clone", "deepcopy", "copy", "pickle"],
)
def test_uniformint_stays_whole_when_its_graph_is_copied(copied):
    assert holds_whole_numbers(drawn_by(copied(hp.uniformint("x", 0, 8, 2))))


@pytest.mark.parametrize(
    "options, kinds",
    [
        (np.arange(5, 26, 5), int),
        (np.array([0.5, 1.5], dtype=np.float32), float),
        ([np.int64(1), np.int8(2)], int),
        ((np.float64(1), np.float16(2)), float),
        (np.array([True, False]), bool),
        (np.array(["a", "b"]), str),
        ([np.bool_(True)], bool),
        (range(3), int),
    ],
    ids=repr,
)
def test_numpy_options_reach_the_objective_as_python_values(options, kinds):
    node = hp.choice("x", options)
    assert {type(sample(node, rng=seed)) for seed in range(20)} == {kinds}
    assert {type(option.obj) for option in node.pos_args[1:]} == {kinds}


@pytest.mark.parametrize(
    "value",
    [
        np.datetime64("2020-01-01", "ns"),
        np.timedelta64(3, "M"),
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)])[0],
    ],
    ids=["date", "span", "record"],
)
def test_dates_spans_and_records_keep_their_units_and_fields(value):
    for space in (hp.choice("x", [value]), {"x": value, "y": hp.uniform("y", 0, 1)}):
        found = sample(space, rng=0)
        found = found["x"] if isinstance(found, dict) else found
        assert found.dtype == value.dtype
        assert found == value


def test_objects_in_an_array_of_options_are_kept():
    things = [object(), [1, 2], {"a": 1}]
    array = np.empty(3, dtype=object)
    array[:] = things
    assert hp.choice("x", array).pos_args[1].obj is things[0]


def test_rows_of_a_matrix_of_options_are_kept_as_arrays():
    node = hp.choice("x", np.arange(6).reshape(2, 3))
    assert isinstance(node.pos_args[1].obj, np.ndarray)


class Incomparable:
    """Like an array or a data frame: ``==`` gives no truth value."""

    def __eq__(self, other):
        raise AssertionError("options must not be compared")

    __hash__ = None


def test_options_are_never_compared():
    options = [Incomparable(), Incomparable(), np.zeros(3)]
    assert len(hp.choice("x", options).pos_args) == 4
    assert len(hp.pchoice("x", [(0.5, options[0]), (0.5, options[2])]).pos_args) == 3


def test_an_iterator_of_options_is_read_once():
    assert str(hp.choice("x", (i * i for i in range(3)))) == str(hp.choice("x", [0, 1, 4]))
    assert str(hp.choice("x", {"a": 1, "b": 2}.keys())) == str(hp.choice("x", ["a", "b"]))


def test_options_may_be_a_node_of_known_length():
    ours = hp.choice("x", as_apply((1, 2)))
    assert str(ours) == str(hyperopt.hp.choice("x", hyperopt.pyll.as_apply((1, 2))))


def test_the_list_of_options_is_not_changed():
    options = [np.int64(1), [2], {"a": 3}]
    hp.choice("x", options)
    assert type(options[0]) is np.int64
    assert options[1:] == [[2], {"a": 3}]


@pytest.mark.parametrize(
    "node",
    [
        lambda x: hp.uniform("y", x, 2),
        lambda x: hp.uniform("y", -1, high=x),
        lambda x: hp.uniform("y", low=x, high=x + 1),
        lambda x: hp.quniform("y", 0, x + 1, 0.5),
        lambda x: hp.loguniform("y", x - 3, x),
        lambda x: hp.normal("y", x, 1),
        lambda x: hp.lognormal("y", 0, x + 0.1),
        lambda x: hp.uniformint("y", x, 9),
        lambda x: hp.randint("y", scope.int(x * 10) + 1),
        lambda x: hp.pchoice("y", [(x, 1), (1 - x, 2)]),
    ],
)
def test_bounds_may_be_expressions(node):
    space = node(hp.uniform("x", 0, 1))
    assert law_of(drawn_by_label(space, "y")) is None
    assert sample({"y": space}, rng=0)["y"] == sample({"y": space}, rng=0)["y"]


def drawn_by_label(node, label):
    for found in minopt.pyll.dfs(node):
        if found.name == "hyperopt_param" and found.pos_args[0].obj == label:
            return found.pos_args[1]
    raise KeyError(label)


def test_a_bound_beside_an_expression_is_checked_at_once():
    x = hp.uniform("x", 0, 1)
    with pytest.raises(
        ValueError, match="parameter 'y': uniform needs a finite high, got high=nan"
    ):
        hp.uniform("y", x, float("nan"))
    with pytest.raises(ValueError, match="parameter 'y': normal needs sigma > 0, got sigma=-1"):
        hp.normal("y", x, -1)


def test_bounds_that_are_literals_are_numbers():
    assert law_of(drawn_by(hp.uniform("x", as_apply(0), as_apply(1)))) == Uniform(0, 1)
    with pytest.raises(ValueError, match="low < high"):
        hp.uniform("x", as_apply(1), as_apply(0))


def test_weights_are_normalised_only_where_rounding_would_stop_numpy():
    thirds = [(np.float32(1 / 3), i) for i in range(3)]
    assert law_of(drawn_by(hp.pchoice("x", thirds))).p == (float(np.float32(1 / 3)),) * 3
    over = [(0.5 + 1e-8, 0), (0.5 + 1e-8, 1), (0.0, 2)]
    assert sum(law_of(drawn_by(hp.pchoice("x", over))).p) == pytest.approx(1, abs=1e-15)


def test_help_shows_what_a_parameter_takes():
    import inspect

    assert str(inspect.signature(hp.uniform)) == "(label, low, high)"
    assert str(inspect.signature(hp.uniformint)) == "(label, low, high, q=1.0)"
    assert str(inspect.signature(hp.pchoice)) == "(label, p_options)"


def test_a_law_is_made_from_the_arguments_of_its_symbol():
    assert law_from("randint", 5) == law_from("randint", low=5) == Randint(0, 5)
    assert law_from("randint", 2, high=5) == Randint(2, 5)
    assert law_from("quniform", 0, q=2, high=4) == Quniform(0, 4, 2)
    assert law_from("categorical", p=[0.5, 0.5]).p == (0.5, 0.5)


def test_a_law_is_read_off_a_node_whatever_its_generator():
    node = scope.uniform(0, high=1, rng=np.random.default_rng(0), size=3)
    assert law_of(node) == Uniform(0, 1)
    assert law_of(scope.categorical(np.array([0.5, 0.5]))).p == (0.5, 0.5)
    assert law_of(scope.categorical([0.5, 0.5])).p == (0.5, 0.5)


def test_a_node_that_is_no_law_has_none():
    assert law_of(scope.add(1, 2)) is None


def test_the_twelve_names_are_hyperopts():
    theirs = [name for name in dir(hyperopt.hp) if callable(getattr(hyperopt.hp, name))]
    assert hp.__all__ == sorted(theirs)
