"""Runs: what is kept of them, how they resume, and what the report makes of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.problems import build, yardstick
from benchmarks.problems.problem import Problem
from benchmarks.problems.space import Float, sample
from benchmarks.quality import report, run, short
from benchmarks.quality.entries import Entry, Missing
from benchmarks.quality.recorder import Recorder, at
from benchmarks.quality.results import Runs, add, rows_of, runs_of
from benchmarks.quality.scores import duel, geometric, mean_ranks, ratios, read_all, regrets

PROBLEMS = ("branin", "layers")


@pytest.fixture
def entry(monkeypatch):
    """An entry that draws at random, counts its runs and fails where it is told to."""
    asked, failing = [], set()

    def minimise(space, objective, evaluations, seed):
        asked.append(seed)
        if seed in failing:
            raise RuntimeError("no more")
        rng = np.random.default_rng(seed)
        for _ in range(evaluations):
            objective(sample(space, rng))

    monkeypatch.setattr(Entry, "prepare", lambda _: minimise)
    made = Entry("mine", "minopt", "")
    return made, asked, failing


def go(entry, path, seeds, **settings):
    return run.run(entry, PROBLEMS, seeds, path, evaluations=10, **settings)


def test_a_run_that_was_stopped_goes_on_where_it_was(entry, tmp_path):
    made, asked, _ = entry
    path = tmp_path / "mine.jsonl"
    assert go(made, path, range(2)) == 4
    assert go(made, path, range(3)) == 2
    assert asked == [0, 0, 1, 1, 2, 2]
    assert go(made, path, range(3)) == 0


def test_a_line_that_was_cut_off_is_run_again(entry, tmp_path):
    made, _, _ = entry
    path = tmp_path / "mine.jsonl"
    go(made, path, range(2))
    path.write_bytes(path.read_bytes()[:-20])
    assert go(made, path, range(2)) == 1
    assert len(runs_of(path).rows) == 4


def test_again_replaces_what_there_was(entry, tmp_path):
    made, _, _ = entry
    path = tmp_path / "mine.jsonl"
    go(made, path, range(1))
    assert go(made, path, range(1), again=True) == 2
    assert len(rows_of(path)) == 2 * (1 + 2)
    assert len(runs_of(path).rows) == 2


def test_nothing_starts_after_the_time_is_up(entry, tmp_path):
    assert go(entry[0], tmp_path / "mine.jsonl", range(2), stop=0.0) == 0


def test_a_run_that_fails_is_noted_and_the_next_one_starts(entry, tmp_path):
    made, _, failing = entry
    failing.add(0)
    path = tmp_path / "mine.jsonl"
    assert go(made, path, range(2)) == 4
    runs = runs_of(path)
    assert set(runs.errors) == {("branin", 0), ("layers", 0)}
    assert "no more" in runs.errors["branin", 0]
    assert set(runs.rows) == {("branin", 1), ("layers", 1)}


def test_what_failed_is_tried_again_only_when_asked(entry, tmp_path):
    made, _, failing = entry
    failing.add(0)
    path = tmp_path / "mine.jsonl"
    go(made, path, range(1))
    failing.clear()
    assert go(made, path, range(1)) == 0
    assert go(made, path, range(1), retry=True) == 2
    assert not runs_of(path).errors


def test_a_session_notes_commit_versions_seed_and_machine(entry, tmp_path):
    path = tmp_path / "mine.jsonl"
    go(entry[0], path, range(1))
    (session,) = runs_of(path).sessions
    assert {"session", "entry", "commit", "versions", "seed", "machine"} <= set(session)


def test_an_entry_that_asks_too_seldom_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(
        Entry, "prepare", lambda _: lambda space, objective, evaluations, seed: None
    )
    path = tmp_path / "mine.jsonl"
    go(Entry("mine", "minopt", ""), path, range(1))
    assert "0 of 10 evaluations" in runs_of(path).errors["branin", 0]


def test_a_curve_keeps_the_loss_of_the_best_so_far():
    losses = iter([3.0, 4.0, 1.0, 2.0])
    recorder = Recorder(Problem("p", "f", (Float("x", 0.0, 1.0),), lambda _: next(losses)), seed=0)
    for _ in range(4):
        recorder({"x": 0.5})
    assert recorder.curve == [(1, 3.0), (3, 1.0)]
    assert at(recorder.curve, 4) == [3.0, 3.0, 1.0, 1.0]
    assert at(recorder.curve, 3) == [3.0, 3.0, 1.0]


def test_noise_is_seen_by_the_optimiser_but_not_kept():
    problem = build("hartmann6_noise")
    recorder = Recorder(problem, seed=0)
    config = sample(problem.space, np.random.default_rng(0))
    seen = {recorder(config) for _ in range(20)}
    assert len(seen) == 20
    kept = [loss for _, loss in recorder.curve]
    assert kept == pytest.approx([problem.loss(config)] * len(kept), rel=1e-6)


def test_a_point_outside_the_space_is_refused():
    with pytest.raises(ValueError, match="x1"):
        Recorder(build("branin"), seed=0)({"x1": 99.0, "x2": 0.0})


def made_up(entry, levels):
    """Runs of an entry whose regret on the first problem is given seed by seed."""
    scale = yardstick("branin")
    rows = {
        ("branin", seed): {
            "evaluations": 2,
            "cpu": 0.1,
            "curve": [[1, scale.best + level * (scale.median - scale.best)]],
        }
        for seed, level in enumerate(levels)
    }
    rows["branin", 99] = {"evaluations": 2, "cpu": 0.1, "curve": [[1, scale.best]]}
    return Runs(entry, rows, {}, ())


def test_regret_is_0_at_the_best_known_and_1_at_the_median():
    table = regrets({"a": made_up("a", [1.0, 0.5])}, ["branin"])
    assert table.at("a", "branin", 2) == pytest.approx({0: 1.0, 1: 0.5, 99: 0.0})


def test_a_better_point_than_the_best_known_becomes_the_best_known():
    table = regrets({"a": made_up("a", [-0.5, 1.0])}, ["branin"])
    assert table.at("a", "branin", 1)[0] == 0.0
    assert table.at("a", "branin", 1)[99] == pytest.approx(1 / 3)


def test_ratios_are_taken_on_the_seeds_both_ran():
    table = regrets({"a": made_up("a", [0.1, 0.3, 9.0]), "b": made_up("b", [0.4, 0.4])}, ["branin"])
    assert ratios(table, "a", 2, to="b") == pytest.approx([0.5])
    assert geometric(np.array([0.5, 2.0])) == pytest.approx(1.0)


def test_ties_share_a_rank():
    table = regrets(
        {name: made_up(name, [level]) for name, level in (("a", 0.2), ("b", 0.2), ("c", 0.1))},
        ["branin"],
    )
    assert mean_ranks(table, ("a", "b", "c"), 2) == {"a": 2.5, "b": 2.5, "c": 1.0}


def test_a_duel_counts_only_what_wilcoxon_s_test_calls_different():
    clear = np.linspace(0.1, 0.3, 12)
    table = regrets(
        {"a": made_up("a", clear), "b": made_up("b", clear * 2), "c": made_up("c", clear[::-1])},
        ["branin"],
    )
    assert (duel(table, "a", "b", 2).won, duel(table, "b", "a", 2).lost) == (1, 1)
    even = duel(table, "a", "c", 2)
    assert (even.won, even.lost, even.problems) == (0, 0, 1)


def test_the_report_is_written_from_the_rows(entry, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    made, _, _ = entry
    for name, shift in (("hyperopt-tpe", 0), ("minopt-tpe", 50)):
        for problem, seed in itertools.product(PROBLEMS, range(10)):
            recorder = Recorder(build(problem), seed)
            made.prepare()(recorder.problem.space, recorder, 200, seed + shift)
            row = {"problem": problem, "seed": seed, "evaluations": 200, "cpu": 1.0}
            add(row | {"curve": recorder.curve}, tmp_path / f"{name}.jsonl")
        session = {"session": "2024", "commit": "c", "versions": {"python": "3"}}
        add(session | {"machine": {"processor": "P"}}, tmp_path / f"{name}.jsonl")
    monkeypatch.setattr(report, "names", lambda: PROBLEMS)
    report.write(tmp_path, tmp_path / "page.md", tmp_path / "pictures")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| **minopt-tpe** |" in page
    assert "## Where we lose" in page
    assert "`optuna` has not been run" in page
    for picture in ("overall", "problems"):
        assert (tmp_path / "pictures" / f"{picture}.png").stat().st_size > 10_000
    assert capsys.readouterr().out.startswith("wrote")
    assert len(read_all(tmp_path, ["minopt-tpe", "never-run"])) == 1


def test_the_short_check_fails_when_an_entry_does_not_run_any_more(monkeypatch, tmp_path):
    def gone(_):
        raise Missing("gone")

    monkeypatch.setattr(short, "STORED", tmp_path / "short.json")
    monkeypatch.setattr(short, "measure", gone)
    assert short.check(["minopt-tpe"], keep=False) == 0
    (tmp_path / "short.json").write_text('{"minopt-tpe": {}}')
    assert short.check(["minopt-tpe"], keep=False) == 1


def test_the_short_check_fails_when_regret_grows(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(short, "STORED", tmp_path / "short.json")
    monkeypatch.setattr(short, "measure", lambda _: dict.fromkeys(short.PROBLEMS, 0.1))
    assert short.check(["minopt-tpe"], keep=True) == 0
    assert short.check(["minopt-tpe"], keep=False) == 0
    monkeypatch.setattr(short, "measure", lambda _: dict.fromkeys(short.PROBLEMS, 0.2))
    assert short.check(["minopt-tpe"], keep=False) == 1
    assert "WORSE" in capsys.readouterr().out
