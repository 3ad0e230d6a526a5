"""The statements of the two tutorials run with the import changed, and show what they show."""

from __future__ import annotations

import datetime
import os
from ast import literal_eval

import pytest

pytestmark = pytest.mark.seeds

# The text of the second tutorial has lost its indentation: level of each line that had one.
INDENTS = {
    **dict.fromkeys((26, 27, 29), 1),
    **dict.fromkeys((28, 30), 2),
    **dict.fromkeys((218, 219, 220, 226, 260, 261, 264, 265, 288, 289, 296, 297, 325, 326), 1),
    **dict.fromkeys((*range(308, 313), 333, 334, *range(345, 350)), 1),
}
# Slips that are not hyperopt's, Keras' own bar, which stumbles over
# PyTorch's tensors now and then, and fewer rounds of training than a reader would wait for.
MENDED = {
    "sparse=": "sparse_output=",
    "Adam(lr=": "Adam(learning_rate=",
    "SGD(lr=": "SGD(learning_rate=",
    "        ])}": "        ])",
    "evaluate(features, labels)": "evaluate(features, labels, verbose=0)",
    "epochs=50": "epochs=1",
    "max_evals=50": "max_evals=3",
}
DOCUMENT_KEYS = [
    *("state", "tid", "spec", "result", "misc", "exp_key", "owner", "version"),
    *("book_time", "refresh_time"),
]


@pytest.fixture(autouse=True)
def seeded(monkeypatch):
    """The tutorials give no seeds; three of a hundred such searches end in the worse case."""
    monkeypatch.setenv("HYPEROPT_FMIN_SEED", "0")


@pytest.fixture
def chinese(tutorial):
    pytest.importorskip("sklearn")
    return tutorial("002", indents=INDENTS)


@pytest.fixture
def italian(tutorial, capsys):
    pytest.importorskip("sklearn")
    return tutorial("001", mended=MENDED)


@pytest.fixture
def wine(italian):
    """The Italian tutorial up to its first search with Keras."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip("torch")
    pytest.importorskip("keras")
    for lines in [
        (28, 32),
        (38, 40),
        (46, 47),
        (72, 74),
        (78, 90),
        (94, 96),
        (121, 124),
        (128, 128),
    ]:
        italian.run(*lines)
    italian.run(132, 137)
    return italian


def test_two_cases_find_the_same_kind_of_best_point(chinese, capsys):
    chinese.run(24, 45)
    names = chinese.names
    assert list(names["best"]) == ["a", "c2"]
    assert names["best"]["a"] == 1
    assert type(names["best"]["c2"]) is float
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == str(names["best"])
    assert second == f"('case 2', {names['best']['c2']})"
    assert third == str(names["best2"])


def test_the_bar_counts_to_the_end_and_shows_the_best_loss(chinese, capsys):
    chinese.run(24, 40)
    bar = capsys.readouterr().err
    assert "| 100/100 [" in bar
    assert "trial/s, best loss: " in bar


def test_the_parabola_is_searched(chinese):
    chinese.run(24)
    chinese.run(157, 166)
    chinese.run(170, 175)
    assert abs(chinese.names["best"]["x"] - 3) < 1


def test_a_sample_holds_plain_numbers_where_the_tutorial_showed_arrays(chinese, capsys):
    chinese.run(182, 189)
    for _ in range(10):
        chinese.run(190)
    for line in capsys.readouterr().out.splitlines():
        point = literal_eval(line)  # plain numbers and strings: the printed point reads back
        assert {key: type(value) for key, value in point.items()} == {
            "c": str,
            "x": float,
            "y": float,
            "z": int,
        }


def test_the_trials_of_the_tutorial_print_as_shown(chinese, capsys):
    chinese.run(213, 226)
    printed = capsys.readouterr().out.splitlines()[-5:]
    for tid, (line, trial) in enumerate(zip(printed, chinese.names["trials"].trials, strict=False)):
        assert line == str(trial)
        assert eval(line, {"datetime": datetime}) == trial  # noqa: S307 (our own print)
        assert list(trial) == DOCUMENT_KEYS
        assert list(trial["misc"]) == ["tid", "cmd", "workdir", "idxs", "vals"]
        assert trial["misc"]["cmd"] == ("domain_attachment", "FMinIter_Domain")
        assert trial["misc"]["idxs"] == {"x": [tid]}
        assert (trial["state"], trial["tid"], trial["owner"]) == (2, tid, None)
        assert list(trial["result"]) == ["loss", "status"]
    chinese.run(235, 241)


def test_the_neighbours_search_and_its_scatter_plot_run(chinese):
    chinese.run(252, 268)
    assert chinese.names["best"].keys() == {"n_neighbors"}
    assert type(chinese.names["best"]["n_neighbors"]) is int
    chinese.run(271, 277)


def test_the_support_vectors_search_and_its_scatter_plots_run(chinese):
    chinese.mended["max_evals=100"] = "max_evals=30"
    chinese.run(280, 300)
    assert list(chinese.names["best"]) == ["C", "gamma", "kernel"]
    assert chinese.names["best"]["kernel"] in range(4)
    chinese.run(303, 313)


def test_the_tree_search_and_its_scatter_plots_run(chinese):
    chinese.run(317, 337)
    assert list(chinese.names["best"]) == ["criterion", "max_depth", "max_features"]
    assert {type(value) for value in chinese.names["best"].values()} == {int}
    chinese.run(340, 350)


def test_the_wavy_function_is_searched(italian):
    for lines in [(38, 40), (46, 47), (51, 52)]:
        italian.run(*lines)
    assert list(italian.names["best"]) == ["x"]


def test_keyword_bounds_of_a_quantised_parameter_are_read(italian):
    italian.run(46, 47)
    italian.run(168, before="note = {", after="}")
    assert "quniform" in str(italian.names["note"]["layer_size"])


def test_a_sample_of_the_conditional_space_reads_as_shown(italian, capsys):
    italian.run(38)
    italian.run(46, 47)
    for lines in [(231, 240), (246, 249), (253, 255)]:
        italian.run(*lines)
    for line in capsys.readouterr().out.splitlines():
        point = literal_eval(line)
        assert list(point) == ["layer_size", "optimizer"]
        assert type(point["layer_size"]) is int
        optimizer = point["optimizer"]
        shown = ["learning_rate", *(["momentum"] if optimizer["name"] == "sgd" else []), "name"]
        assert list(optimizer) == shown


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
def test_the_wine_search_with_keras_runs(wine):
    wine.run(100, 105)
    wine.run(147)
    wine.run(151, 152)
    wine.run(158, 159)
    wine.run(182, 183)
    wine.run(187)
    wine.run(193)
    wine.run(199, 207)
    first = wine.names["trials"].results[0]
    assert list(first) == ["loss", "status"]
    assert list(wine.names["trials"].trials[0]["misc"]["vals"]) == ["layer_size", "learning_rate"]
    assert list(wine.names["space_eval"](wine.names["search_space"], wine.names["best"])) == [
        "layer_size",
        "learning_rate",
    ]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
def test_the_conditional_wine_search_with_keras_runs(wine):
    for lines in [(215, 225), (231, 240), (262, 273), (277, 280), (284, 289), (293, 315)]:
        wine.run(*lines)
    wine.run(182, 183)
    result = wine.names["trials"].results[0]
    assert list(result) == ["loss", "status", "train_time"]
    assert result["train_time"] > 0
    vals = wine.names["trials"].trials[0]["misc"]["vals"]
    assert type(vals["batch_size"][0]) is float
