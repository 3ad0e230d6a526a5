"""The speed benchmark measures what it says; no test here looks at a clock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rows import ROOT, keep, process_settings, provenance, read
from benchmarks.speed.contestants import start_search
from benchmarks.speed.growth import Points, exponent
from benchmarks.speed.histories import documents, optuna_trials, random_losses, random_points
from benchmarks.speed.spaces import SPACES, for_hyperopt, labels, mixed
from benchmarks.speed.suggest_record import Place, measure
from benchmarks.speed.table import markdown
from benchmarks.speed.targets import verdicts

ISSUE_MIXTURE = [
    "uniform",
    "loguniform",
    "uniformint",
    "quniform",
    "choice",
    "normal",
    "uniform",
    "qloguniform",
    "choice",
    "lognormal",
]


def point(library: str, trials: int, ms: float, algorithm: str = "tpe") -> dict[str, object]:
    return {
        "library": library,
        "algorithm": algorithm,
        "space": "mixed20",
        "trials": trials,
        "ms": ms,
    }


@pytest.fixture
def row() -> dict[str, object]:
    points = [
        point(library, trials, ms)
        for trials, ours, theirs in ((100, 2.0, 20.0), (1000, 4.0, 40.0))
        for library, ms in (("minopt", ours), ("hyperopt", theirs))
    ]
    return {
        "question": "a question",
        **provenance(1, ("numpy",)),
        "points": points,
        "memory": [
            {
                "library": "minopt",
                "space": "mixed20",
                "trials": 1000,
                "bytes_per_trial": 5400,
                "peak_mb": 50.0,
            }
        ],
        "imports": [{"what": "minopt", "cpu_s": 0.1, "peak_mb": 60.0, "modules": 9}],
    }


def test_twenty_mixed_parameters_are_the_mixture_of_the_target_twice():
    assert [label.partition("_")[2] for label in labels(mixed(20))] == ISSUE_MIXTURE * 2


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_space_names_each_parameter_once(name):
    assert max(Counter(labels(SPACES[name]())).values()) == 1


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_space_has_the_same_labels_in_hyperopt(name):
    hyperopt = pytest.importorskip("hyperopt")
    space = SPACES[name]()
    expressions = for_hyperopt(space, hyperopt.hp)
    assert sorted(hyperopt.base.Domain(None, expressions).params) == sorted(labels(space))


def test_a_random_point_holds_the_branch_taken_and_no_other():
    space = SPACES["conditional"]()
    for drawn in random_points(space, 50, np.random.default_rng(0)):
        assert ("svm_c" in drawn) == (drawn["model"] == 0)


def test_random_points_are_plain_python_numbers():
    space = SPACES["mixed20"]()
    (drawn,) = random_points(space, 1, np.random.default_rng(0))
    assert {type(value) for value in drawn.values()} == {int, float}


def test_documents_are_accepted_by_hyperopt_as_its_own():
    base = pytest.importorskip("hyperopt.base")
    space = SPACES["conditional"]()
    rng = np.random.default_rng(0)
    trials = base.trials_from_docs(documents(space, random_points(space, 5, rng), [0.5] * 5))
    assert trials.losses() == [0.5] * 5


def test_optuna_gets_the_same_points_where_its_laws_allow_them():
    pytest.importorskip("optuna")
    space = SPACES["plain20"]()
    rng = np.random.default_rng(0)
    points = random_points(space, 3, rng)
    frozen = optuna_trials(space, points, random_losses(3, rng))
    assert [trial.params for trial in frozen] == points


@pytest.mark.parametrize("library", ["minopt", "hyperopt", "optuna"])
@pytest.mark.parametrize("algorithm", ["tpe", "rand"])
@pytest.mark.parametrize("space", ["mixed20", "conditional"])
def test_a_search_goes_on_from_its_injected_history(library, algorithm, space):
    pytest.importorskip(library)
    search = start_search(library, algorithm, space, n_trials=25, seed=1)
    search.run(2)
    assert len(search) == 27
    assert search.suggest_seconds > 0


@pytest.mark.parametrize("library", ["minopt", "hyperopt", "optuna"])
def test_a_search_may_change_its_algorithm(library):
    pytest.importorskip(library)
    search = start_search(library, "rand", "mixed5", n_trials=25, seed=1)
    search.use("tpe")
    search.run(1)
    assert len(search) == 26


class FakeMember:
    """A measured process that answers at once with given costs."""

    def __init__(self, library, costs, journal):
        self.library = library
        self._costs = iter(costs)
        self._journal = journal

    def ask(self, do, **given):
        self._journal.append((do, self.library))
        if do == "prepare":
            return {"first_ms": 1.0}
        return {"ms": next(self._costs), "suggest_ms": 0.5}


def test_libraries_take_turns_and_the_median_round_counts():
    journal = []
    members = [
        FakeMember("minopt", [1.0, 9.0, 2.0, 3.0, 4.0], journal),
        FakeMember("hyperopt", [5.0] * 5, journal),
    ]
    points = list(measure(members, [Place("tpe", "mixed5", 100)], 1, lambda line: None))
    assert [p["ms"] for p in points] == [3.0, 5.0]
    runs = [library for do, library in journal if do == "run"]
    assert runs == ["minopt", "hyperopt"] * 5


def test_the_exponent_of_a_power_law_is_its_power():
    assert exponent({n: 3.0 * n**0.7 for n in (100, 1000, 10000)}) == pytest.approx(0.7)


def test_one_size_alone_has_no_exponent():
    assert exponent({100: 3.0}) is None


def test_a_ratio_says_how_many_times_cheaper_minopt_is(row):
    assert Points(row["points"]).ratio("hyperopt", "tpe", "mixed20", 100) == 10.0


def test_targets_are_passed_missed_or_not_measured(row):
    words = {verdict.what: verdict.word for verdict in verdicts(row)}
    assert words["tpe times hyperopt at 100"] == "PASS"
    assert words["tpe times hyperopt at 1000"] == "MISS"
    assert words["tpe times hyperopt at 2000"] == "-"
    assert words["bytes per trial of 20 parameters"] == "PASS"
    assert words["MB after the import"] == "MISS"


def test_the_table_shows_costs_growth_and_ratios(row):
    text = markdown(row)
    assert "| minopt, ms | 2 | 4 | n^0.30 |" in text
    assert "| hyperopt / minopt | 10× | 10× |  |" in text


def test_a_kept_row_is_read_back_as_it_was(row, tmp_path: Path):
    path = tmp_path / "results" / "speed.jsonl"
    keep(row, path)
    keep(row, path)
    assert read(path) == [row, row]


def test_the_command_prints_one_row_with_commit_seed_machine_versions(tmp_path: Path):
    pytest.importorskip("optuna")
    command = "-m benchmarks.speed --sizes 30 --spaces mixed5 --libraries optuna --only-time --json"
    done = subprocess.run(
        [sys.executable, *command.split(), "--keep", str(tmp_path / "rows")],
        cwd=ROOT,
        env=process_settings(),
        capture_output=True,
        text=True,
        check=True,
    )
    printed = json.loads(done.stdout)
    assert {"commit", "seed", "machine", "versions", "points"} <= set(printed)
    assert read(tmp_path / "rows") == [printed]
