"""What does a trial cost? Yardstick: hyperopt and Optuna, in turns; noise: low to high, ~10 %.

The cost is CPU time beside the objective. ``low`` and ``high`` of a point are the cheapest and
the dearest of its five rounds; single points repeat within about 10 % on a quiet machine.
One row of JSON per run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.rows import RESULTS, keep, provenance
from benchmarks.speed.contestants import ALGORITHMS, LIBRARIES
from benchmarks.speed.crew import crew
from benchmarks.speed.fresh import can_import, import_costs, memory_costs
from benchmarks.speed.spaces import SPACES
from benchmarks.speed.suggest_record import Place, measure
from benchmarks.speed.table import markdown
from benchmarks.speed.targets import verdicts

QUESTION = "CPU milliseconds per suggest + record, memory per trial, cost of the import"
PACKAGES = ("minopt", "hyperopt", "optuna", "numpy", "scipy")
SHORT_SIZES = (100, 500, 1000)
WITH_TARGETS = ("mixed20", "plain20")  # the others stand at the two ends only in a short run
FULL_SIZES = (100, 500, 1000, 2000, 5000, 10000)
SHORT_MEMORY = (500, 1000)
FULL_MEMORY = (1000, 3000)


def main() -> int:
    """Measure, print the row, the tables and the verdicts, and keep the row."""
    options = _options()
    _tell(__doc__.splitlines()[0])
    libraries = tuple(name for name in options.libraries if can_import(name))
    for name in sorted(set(options.libraries) - set(libraries)):
        _tell(f"{name} cannot be imported here and is left out")
    row = _measured(options, libraries)
    if options.keep:
        keep(row, options.keep)
    print(json.dumps(row) if options.json else markdown(row))
    return _judge(row, options) if options.check or options.strict else 0


def _measured(options: argparse.Namespace, libraries: tuple[str, ...]) -> dict[str, Any]:
    places = [
        Place(algorithm, space, trials)
        for space in options.spaces
        for algorithm in options.algorithms
        for trials in _sizes(space, options)
    ]
    row = {
        "question": QUESTION,
        **provenance(options.seed, PACKAGES),
        "full": options.full,
    }
    with crew(libraries) as members:
        row["points"] = list(measure(members, places, options.seed, _tell))
    fresh = not options.only_time
    row["imports"] = import_costs(libraries) if fresh else []
    counted = FULL_MEMORY if options.full else SHORT_MEMORY
    largest = max(place.trials for place in places)
    row["memory"] = memory_costs(libraries, largest, counted) if fresh else []
    return row


def _sizes(space: str, options: argparse.Namespace) -> tuple[int, ...]:
    if options.sizes:
        return tuple(options.sizes)
    if options.full:
        return FULL_SIZES
    return SHORT_SIZES if space in WITH_TARGETS else (SHORT_SIZES[0], SHORT_SIZES[-1])


def _judge(row: dict[str, Any], options: argparse.Namespace) -> int:
    judged = verdicts(row)
    for verdict in judged:
        print(verdict)
    missed = any(verdict.word == "MISS" for verdict in judged)
    return 1 if missed and options.strict else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    extent = options.add_mutually_exclusive_group()
    extent.add_argument("--short", action="store_true", help="100 to 1 000 trials (the default)")
    extent.add_argument("--full", action="store_true", help="100 to 10 000 trials")
    options.add_argument("--sizes", type=int, nargs="+", help="numbers of trials instead")
    options.add_argument("--spaces", nargs="+", choices=list(SPACES), default=list(SPACES))
    options.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=ALGORITHMS)
    options.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    options.add_argument("--only-time", action="store_true", help="no imports, no memory")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--check", action="store_true", help="print PASS or MISS per target")
    options.add_argument("--strict", action="store_true", help="like --check, and fail on a MISS")
    options.add_argument("--json", action="store_true", help="print the row instead of the tables")
    options.add_argument(
        "--keep",
        type=Path,
        nargs="?",
        const=RESULTS / "speed.jsonl",
        help=("append the row to this file of JSON lines (benchmarks/results/speed.jsonl)"),
    )
    return options.parse_args()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
