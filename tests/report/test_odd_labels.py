"""Labels of any characters: tables, files and pictures show them as they are."""

from __future__ import annotations

import io

import pytest

from minopt import Trials, fmin, graph_viz, hp, plotting, rand, read_jsonl
from minopt.pyll import as_apply

LABELS = [
    "$a^$", "cost $5", "$\\frac{$", "a\nb", "tab\t", "%s", "{x}", "_private", "a.b", "1", " ",
    "a,b;c", "a\\b", "<b>&\"'", "é ü", "^_^", "x" * 200,
]  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_a_label_of_odd_characters_is_kept_in_tables_and_drawn(label, tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pandas = pytest.importorskip("pandas")
    space = {"k": hp.uniform(label, 0, 1), "c": hp.choice(f"{label}2", [0, 1])}
    trials = Trials()
    best = fmin(lambda p: p["k"], space, rand.suggest, 4, trials=trials, rstate=0, verbose=False)
    assert set(best) == {label, f"{label}2"}
    assert trials.to_records()[0][f"vals.{label}"] == trials.vals[label][0]
    table = trials.to_dataframe()
    assert list(table[f"vals.{label}"]) == trials.vals[label]
    again = pandas.read_csv(io.StringIO(table.to_csv(index=False, lineterminator="\n")))
    assert f"vals.{label}" in again.columns
    trials.to_jsonl(tmp_path / "trials.jsonl")
    assert read_jsonl(tmp_path / "trials.jsonl").vals == trials.vals
    for draw in (plotting.main_plot_vars, plotting.main_plot_history):
        draw(trials, do_show=False)
        pyplot.gcf().savefig(io.BytesIO(), dpi=20)
        pyplot.close("all")
    assert graph_viz.dot_hyperparameters(as_apply(space)).startswith("digraph")
