"""How well TPE does under each setting of its knobs, on each problem that may be learned from.

Yardstick: normalised regret (0 best known, 1 median random point). Noise: five seeds a problem.
``python -m benchmarks.atpe.collect`` appends a line for each setting and problem to
``trained_on.jsonl``; what the file holds already is not run again.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.problems.catalogue import TRAINING, build, names_of, yardstick
from benchmarks.quality.entries.hyperopt_like import flat, tree
from benchmarks.quality.recorder import Recorder, at
from minopt import Trials, fmin, hp, rand
from minopt.algo.atpe.features import features_of
from minopt.algo.atpe.knobs import Knobs
from minopt.algo.atpe.propose import Proposer
from minopt.algo.shared import new_document
from minopt.domain.domain import Domain
from minopt.trials.columns import history_of

DATA = Path(__file__).with_name("trained_on.jsonl")
CHECKPOINTS = (20, 35, 50, 75, 100, 150, 200)
SEEDS = range(1000, 1005)  # none that the quality benchmark uses
FLOOR = 1e-3

GRID = {
    "gamma": (0.25, 0.5, 1.0),
    "n_candidates": (24, 64),
    "prior_weight": (0.3, 1.0),
    "keep": (0.7, 1.0),
    "lock": (0.0, 0.3, 0.5, 0.7, 0.85),
    "n_elite": (1, 3, 8),
}
N_SETTINGS = 30


def settings() -> list[Knobs]:
    """Hyperopt's setting, and some drawn from the grid so that every value comes equally often."""
    rng = np.random.default_rng(7)
    columns = {
        name: rng.permutation(np.resize(np.array(values), N_SETTINGS)).tolist()
        for name, values in GRID.items()
    }
    drawn = [dict(zip(columns, row)) for row in zip(*columns.values())]
    return [Knobs(n_startup=10), *(Knobs(n_startup=10, **setting) for setting in drawn)]


def algorithm(knobs: Knobs) -> Any:
    """Return TPE under fixed knobs, as `fmin` takes it."""

    def suggest(new_ids: Any, domain: Domain, trials: Trials, seed: int) -> Any:
        history = history_of(trials)
        if len(history) < knobs.n_startup:
            return rand.suggest(new_ids, domain, trials, seed)
        rng, proposer = np.random.default_rng(seed), Proposer(history, knobs)
        return [
            new_document(trials, domain, tid, proposer.propose(domain.table, rng))
            for tid in new_ids
        ]

    return suggest


def run(name: str, knobs: Knobs, seed: int) -> tuple[list[float], list[list[float]]]:
    """Return log-regrets and the features of the search at the checkpoints."""
    recorder, space = Recorder(build(name), seed), build(name).space
    trials, rng = Trials(), np.random.default_rng(seed)
    domain, seen = Domain(float, tree(hp, space)), []
    for checkpoint in CHECKPOINTS:
        fmin(
            lambda point: recorder(flat(space, point)),
            tree(hp, space),
            algorithm(knobs),
            checkpoint,
            trials=trials,
            rstate=rng,
            verbose=False,
        )
        seen.append(features_of(domain.table, history_of(trials)).tolist())
    yard = yardstick(name)
    losses = np.array(at(recorder.curve, CHECKPOINTS[-1]))[np.array(CHECKPOINTS) - 1]
    regrets = np.maximum((losses - yard.best) / (yard.median - yard.best), FLOOR)
    return np.log(regrets).tolist(), seen


def main() -> None:
    """Run what is missing."""
    held = set()
    if DATA.exists():
        rows = map(json.loads, DATA.read_text().splitlines())
        held = {(row["problem"], json.dumps(row["knobs"])) for row in rows}
    for knobs in settings():
        for name in names_of(TRAINING):
            if (name, json.dumps(asdict(knobs))) in held:
                continue
            runs = [run(name, knobs, seed) for seed in SEEDS]
            row = {
                "problem": name,
                "knobs": asdict(knobs),
                "log_regret": np.mean([regret for regret, _ in runs], axis=0).round(4).tolist(),
                "features": np.mean([seen for _, seen in runs], axis=0).round(4).tolist(),
            }
            with DATA.open("a") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
