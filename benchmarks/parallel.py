"""What does running trials at once cost? Yardstick: the ideal, work divided by workers; noise ~5 %.

``python -m benchmarks.parallel`` prints one row of JSON: the share of the ideal speed-up that two
processes reach with an objective of 100 ms, the seconds of 1 000 trivial trials in memory and in a
SQLite file (random search, which proposes for nothing, so that what is left is the running; and
`tpe`), and what an fsync of this disk costs.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.rows import provenance
from minopt import Trials, fmin, hp, rand, tpe

SPACE = {name: hp.uniform(name, -5, 5) for name in "abcde"}
N_WORKERS = 2


def nap(point: dict[str, float]) -> float:
    """An objective that takes 100 ms and no CPU."""
    time.sleep(0.1)
    return sum(value**2 for value in point.values())


def trivial(point: dict[str, float]) -> float:
    """An objective that takes no time."""
    return sum(value**2 for value in point.values())


def seconds(objective: Any, n_trials: int, trials: Any, algo: Any = tpe.suggest) -> float:
    """How long a search with two processes takes, the start of the processes included."""
    begin = time.perf_counter()
    fmin(
        objective,
        SPACE,
        algo,
        n_trials,
        trials=trials,
        n_jobs=N_WORKERS,
        rstate=0,
        verbose=False,
        return_argmin=False,
    )
    return time.perf_counter() - begin


def fsync_seconds(folder: Path, n: int = 200) -> float:
    """What one small write and its fsync cost here."""
    path = folder / "fsync"
    begin = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(n):
            file.write(b"x" * 512)
            file.flush()
            os.fsync(file.fileno())
    return (time.perf_counter() - begin) / n


def main() -> None:
    """Measure, and print the row."""
    row: dict[str, Any] = provenance(0, ("minopt", "loky"))
    few, many = seconds(nap, 20, Trials()), seconds(nap, 220, Trials())
    row["share_of_ideal_speed_up"] = round(200 * 0.1 / N_WORKERS / (many - few), 3)
    row["start_seconds"] = round(few - 20 * 0.1 / N_WORKERS, 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        row["fsync_milliseconds"] = round(1000 * fsync_seconds(folder), 3)
        for algo in (rand, tpe):
            short = algo.__name__.rpartition(".")[2]
            stores = {"memory": Trials(), "sqlite": str(folder / f"{short}.db")}
            for where, trials in stores.items():
                taken = seconds(trivial, 1000, trials, algo.suggest)
                row[f"trivial_1000_{short}_{where}_seconds"] = round(taken, 2)
    print(json.dumps(row))


if __name__ == "__main__":
    main()
