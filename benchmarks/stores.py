"""What does it cost to keep trials in a database? Yardsticks: memory, and this disk's fsync.

One row of JSON per run: milliseconds per trial added (wall, and of the processor), milliseconds of
one fsync just now, fsyncs per trial (counted by strace, if there is one), seconds to open, memory
per 1000 trials; and seconds for 1000 trivial trials by two processes. Noise: the wall times follow
the disk, which others may use; the processor's times repeat within about 10 %.

    python -m benchmarks.stores --trials 10000
    python -m benchmarks.stores --url postgresql://user@host/name
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPACE_SIZE = 20


def search(place: str, n: int, start: int = 0, n_jobs: int = 1) -> None:
    from minopt import SQLTrials, Trials, fmin, hp, rand

    space = [hp.uniform(f"x{i}", -1, 1) for i in range(SPACE_SIZE)]
    trials = SQLTrials(place) if place else Trials()
    wall, cpu = time.perf_counter(), time.process_time()
    fmin(first, space, rand.suggest, n, trials=trials, rstate=0, verbose=False, n_jobs=n_jobs)
    done = n - start
    told = {
        "wall_ms": (time.perf_counter() - wall) / done * 1e3,
        "cpu_ms": (time.process_time() - cpu) / done * 1e3,
    }
    print(json.dumps(told))


def first(point: list[float]) -> float:
    return point[0] ** 2


def open_one(place: str) -> None:
    import sqlalchemy  # noqa: F401 - its import is not what is asked

    from minopt import SQLTrials

    before = resident()
    wall, cpu = time.perf_counter(), time.process_time()
    trials = SQLTrials(place)
    told = {
        "open_s": time.perf_counter() - wall,
        "open_cpu_s": time.process_time() - cpu,
        "mb_per_1000": (resident() - before) / len(trials) * 1000,
    }
    cpu = time.process_time()
    trials.refresh()
    print(json.dumps(told | {"refresh_cpu_s": time.process_time() - cpu}))


def resident() -> float:
    text = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else float("nan")


def call(function: str, *arguments: object, traced: str = "") -> dict[str, float]:
    """Call a function of this module in a new process, and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.stores", "--call", function, *map(str, arguments)]
    if traced:
        command = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", traced, *command]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def save(folder: str, n: int) -> None:
    """Write `trials_save_file` with `n` trials in it, once more."""
    from minopt import Trials, fmin, hp, rand
    from minopt.trials.save_file import SaveFile

    space = [hp.uniform(f"x{i}", -1, 1) for i in range(SPACE_SIZE)]
    trials = Trials()
    fmin(first, space, rand.suggest, n, trials=trials, rstate=0, verbose=False)
    file = SaveFile(str(Path(folder, "saved.pkl")))
    with file.held_for(trials):
        times = []
        for _ in range(10):
            wall = time.perf_counter()
            file.save(trials)
            times.append(time.perf_counter() - wall)
    print(json.dumps({"ms": sorted(times)[5] * 1e3}))


def fsync_ms(folder: str) -> float:
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        begun = time.perf_counter()
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return (time.perf_counter() - begun) / 200 * 1e3


def fsyncs_per_trial(folder: str) -> float | None:
    if shutil.which("strace") is None:
        return None
    trace = str(Path(folder, "trace"))
    counts = []
    for n in (50, 250):  # the difference leaves out what making the file costs
        place = Path(folder, f"{n}.db")
        call("search", place, n, traced=trace)
        rows = [line.split() for line in Path(trace).read_text().splitlines()]
        counts.append(sum(int(row[3]) for row in rows if row and row[-1].endswith("sync")))
    return (counts[1] - counts[0]) / 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--url", help="of a PostgreSQL database (default: an SQLite file)")
    parser.add_argument("--folder", help="where the file is to lie (default: a temporary one)")
    parser.add_argument("--call", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.call:
        function, place, *numbers = args.call
        globals()[function](place, *map(int, numbers))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        place = args.url or str(Path(folder, "search.db"))
        row: dict[str, object] = {
            "question": "trials in a database",
            "commit": subprocess.run(
                ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
            ).stdout.strip(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load": os.getloadavg()[0],
            "store": "postgresql" if args.url else "sqlite",
            "trials": args.trials,
            "memory": call("search", "", args.trials),
            "fsync_ms": fsync_ms(folder),
            "added": call("search", place, args.trials),
            "opened": call("open_one", place),
            "saved_as_a_pickle": call("save", folder, args.trials),
        }
        if not args.url:
            row["fsyncs_per_trial"] = fsyncs_per_trial(folder)
            both = call("search", Path(folder, "both.db"), 1000, 0, 2)
            row["1000_by_2_processes_s"] = both["wall_ms"]  # a thousandth of 1000 trials
        print(json.dumps(row))


if __name__ == "__main__":
    main()
