"""Make the real tables: train scikit-learn models over many configurations and keep their losses.

    nice -n 19 python -m benchmarks.problems.make_tables [NAME ...]

Tables that exist already are left alone unless they are named. All of them take about 20 minutes
of one core.
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ.update(
    OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"
)  # before numpy: one core, the same sums

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold, cross_val_score

from benchmarks.problems.forest import Arrays, flatten
from benchmarks.problems.space import Config, coordinates, sample
from benchmarks.problems.table_spaces import TABLES, Table
from benchmarks.problems.tables import FOLDER, grid_of
from benchmarks.problems.training import load, train

TREES = 24


def train_all(table: Table, configs: list[Config]) -> np.ndarray:
    """The losses of many configurations."""
    features, target = load(table)
    return np.array(
        [train(table, config, features, target) for config in configs], dtype=np.float32
    )


def fit(points: np.ndarray, losses: np.ndarray) -> tuple[Arrays, float]:
    """A forest through the table, and its R² on rows it did not see (5 folds)."""
    model = RandomForestRegressor(TREES, min_samples_leaf=2, max_features=0.7, random_state=0)
    skill = cross_val_score(model, points, losses, cv=KFold(5, shuffle=True, random_state=0)).mean()
    return flatten(model.fit(points, losses).estimators_), float(skill)


def make(table: Table) -> None:
    """Train one table and write it."""
    started = time.process_time()
    facts = {
        "data": table.data,
        "rows": table.rows,
        "folds": table.folds,
        "sklearn": sklearn.__version__,
    }
    if table.draws:
        rng = np.random.default_rng(2024)
        configs = [sample(table.space, rng) for _ in range(table.draws)]
        points = np.array(
            [coordinates(table.space, config) for config in configs], dtype=np.float32
        )
        losses = train_all(table, configs)
        forest, facts["skill"] = fit(points, losses)
        arrays: Arrays = {"points": points, "losses": losses, **forest}
    else:
        arrays = {"losses": train_all(table, list(grid_of(table.space)))}
    facts["configurations"] = len(arrays["losses"])
    facts["seconds"] = round(time.process_time() - started)
    np.savez_compressed(FOLDER / f"{table.name}.npz", facts=np.array(json.dumps(facts)), **arrays)
    quartiles = np.quantile(arrays["losses"], [0, 0.01, 0.25, 0.5, 0.75, 1]).round(3).tolist()
    print(json.dumps({"table": table.name, **facts, "losses": quartiles}), flush=True)


def main(names: list[str]) -> None:
    """Make the named tables, or those that are missing."""
    FOLDER.mkdir(exist_ok=True)
    for table in TABLES:
        if table.name in names or (not names and not (FOLDER / f"{table.name}.npz").exists()):
            make(table)


if __name__ == "__main__":
    main(sys.argv[1:])
