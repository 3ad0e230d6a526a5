"""The short check: a few cheap problems and seeds, against stored numbers; a worse search fails it.

The same seeds give the same trials, so an unchanged search gives the stored numbers exactly on the
machine they were stored on. ``SLACK`` leaves room for another machine's last bits, which change
single runs, but not their mean by much.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.problems import yardstick
from benchmarks.quality.entries import ENTRIES, Missing
from benchmarks.quality.results import runs_of
from benchmarks.quality.run import run
from benchmarks.quality.scores import FLOOR, geometric

STORED = Path(__file__).parent / "short.json"
PROBLEMS = (
    "branin_mixed",
    "hartmann6",
    "ackley_10_mixed",
    "levy_4_noise",
    "rosenbrock_3",
    "knn_digits_grid",
    "svc_cancer",
    "mlp_digits",
    "pipeline_diabetes",
    "tree_a",
    "optimiser",
    "layers",
)
OURS = tuple(name for name in ENTRIES if name.startswith("minopt-"))
SEEDS = range(16)
EVALUATIONS = 75
SLACK = 1.15


def measure(entry: str) -> dict[str, float]:
    """The mean regret of an entry on each problem."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{entry}.jsonl")
        run(ENTRIES[entry], PROBLEMS, SEEDS, path, evaluations=EVALUATIONS)
        runs = runs_of(path)
    if runs.errors:
        (name, seed), error = next(iter(runs.errors.items()))
        raise RuntimeError(f"{entry} on {name}, seed {seed}: {error}")
    means = {}
    for name in PROBLEMS:
        scale = yardstick(name)
        last = np.mean([runs.rows[name, seed]["curve"][-1][1] for seed in SEEDS])
        means[name] = round(float((last - scale.best) / (scale.median - scale.best)), 5)
    return means


def worse(now: dict[str, float], before: dict[str, float]) -> float:
    """The geometric mean of the regrets divided by the stored ones: above 1 is worse."""
    return geometric(
        np.array([max(now[name], FLOOR) / max(before[name], FLOOR) for name in PROBLEMS])
    )


def check(entries: Sequence[str] | None, *, keep: bool) -> int:
    """Run, compare, and with ``keep`` store; 1 if anything got worse or does not run any more."""
    stored: dict[str, dict[str, float]] = (
        json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    )
    failed = 0
    for entry in entries or OURS:
        started = time.process_time()
        try:
            now = measure(entry)
        except Missing as reason:
            print(f"{entry}: left out, {reason}")
            failed += entry in stored
            continue
        seconds = time.process_time() - started
        if keep or entry not in stored:
            stored[entry] = now
            print(f"{entry}: {'stored' if keep else 'no numbers are stored'} ({seconds:.0f} s)")
            continue
        ratio = worse(now, stored[entry])
        failed += ratio > SLACK
        verdict = " WORSE" if ratio > SLACK else ""
        print(f"{entry}: regret {ratio:.3f} x the stored ({seconds:.0f} s){verdict}")
    if keep:
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    return int(failed > 0)
