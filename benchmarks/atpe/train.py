"""Learn which setting of the knobs suits which search, from what `collect` found.

Yardstick: log-regret at the checkpoint after next, compared with the mean setting; noise is what
leaving one family of problems out shows. ``python -m benchmarks.atpe.train`` writes
``minopt/algo/atpe/model.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import minopt.algo.atpe
from benchmarks.atpe.collect import DATA
from benchmarks.problems.catalogue import build
from minopt.algo.atpe.knobs import Knobs
from minopt.algo.atpe.model import Model

AHEAD = 2  # checkpoints from choosing to judging
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
SHARPNESSES = (3.0, 6.0, 12.0)


class Data:
    """The table of results: one target per setting, for each situation (problem, checkpoint)."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        names = sorted({row["problem"] for row in rows})
        knobs = sorted({json.dumps(row["knobs"]) for row in rows})
        complete = [
            k for k in knobs if sum(json.dumps(row["knobs"]) == k for row in rows) == len(names)
        ]
        self.settings = [Knobs(**json.loads(k)) for k in complete]
        by_key = {(row["problem"], json.dumps(row["knobs"])): row for row in rows}
        situations, targets, groups = [], [], []
        for name in names:
            held = [by_key[name, k] for k in complete]
            regret = np.array([row["log_regret"] for row in held])
            features = np.mean([row["features"] for row in held], axis=0)
            for place in range(regret.shape[1] - AHEAD):
                later = regret[:, place + AHEAD]
                situations.append([1.0, *features[place]])
                targets.append(later - later.mean())
                groups.append(build(name).family)
        self.x, self.y = np.array(situations), np.array(targets)
        self.groups = np.array(groups)


def fit(x: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge regression of every setting's worth on the features; the constant is not shrunk."""
    shrink = penalty * np.eye(x.shape[1])
    shrink[0, 0] = 1e-9
    return np.linalg.solve(x.T @ x + shrink, x.T @ y).T


def expected(worth: np.ndarray, y: np.ndarray, sharpness: float) -> float:
    """The mean target when settings are drawn as the model draws them."""
    odds = np.exp(-sharpness * (worth - worth.min(axis=1, keepdims=True)))
    odds /= odds.sum(axis=1, keepdims=True)
    return float((odds * y).sum(axis=1).mean())


def left_out(data: Data, penalty: float, sharpness: float) -> float:
    """The same on families of problems that were not learned from."""
    scores = []
    for family in np.unique(data.groups):
        out = data.groups == family
        weights = fit(data.x[~out], data.y[~out], penalty)
        scores.append(expected(data.x[out] @ weights.T, data.y[out], sharpness))
    return float(np.mean(scores))


def main() -> None:
    """Train, choose the penalty by leaving families out, and write the model."""
    data = Data([json.loads(line) for line in DATA.read_text().splitlines()])
    scores = {
        (penalty, sharpness): left_out(data, penalty, sharpness)
        for penalty in PENALTIES
        for sharpness in SHARPNESSES
    }
    penalty, sharpness = min(scores, key=scores.__getitem__)
    single = data.y.mean(axis=0)
    print(f"{len(data.settings)} settings, {len(data.y)} situations")
    print(f"the best single setting: {single.min():.3f} {data.settings[int(single.argmin())]}")
    print(f"hyperopt's setting: {single[data.settings.index(Knobs(n_startup=10))]:.3f}")
    best = min(scores.values())
    print(f"families left out, penalty {penalty}, sharpness {sharpness}: {best:.3f}")
    model = Model(data.settings, fit(data.x, data.y, penalty), sharpness)
    path = Path(minopt.algo.atpe.__file__).with_name("model.json")
    path.write_text(json.dumps(model.as_json(), indent=1) + "\n")


if __name__ == "__main__":
    main()
