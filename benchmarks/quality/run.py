"""Run one entry where it lives: ``python -m benchmarks.quality.run --entry NAME --seeds 0:20``.

Appends to ``results/NAME.jsonl``: first a line on the session (commit, versions, machine), then a
line for each problem and seed. What the file holds already is not run again.
"""

from __future__ import annotations

import argparse
import math
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.problems import build, names
from benchmarks.quality.entries import ENTRIES, Entry, Missing, Runner
from benchmarks.quality.recorder import Recorder
from benchmarks.quality.results import RESULTS, Key, Row, add, runs_of
from benchmarks.rows import provenance


def tasks(problems: Iterable[str], seeds: range, held: set[Key]) -> Iterator[Key]:
    """What is still to be run, seed by seed, so that a run that is stopped leaves whole seeds."""
    chosen = tuple(problems)
    return ((name, seed) for seed in seeds for name in chosen if (name, seed) not in held)


def run_one(runner: Runner, name: str, seed: int, evaluations: int) -> Row:
    """One search, as a row."""
    recorder = Recorder(build(name), seed)
    started = time.process_time()
    runner(recorder.problem.space, recorder, evaluations, seed)
    if recorder.count < evaluations:
        raise RuntimeError(
            f"{name}, seed {seed}: {recorder.count} of {evaluations} evaluations were made"
        )
    seconds = round(time.process_time() - started, 3)
    return {
        "problem": name,
        "seed": seed,
        "evaluations": evaluations,
        "cpu": seconds,
        "curve": recorder.curve,
    }


def run(
    entry: Entry,
    problems: Iterable[str],
    seeds: range,
    path: Path,
    *,
    evaluations: int,
    stop: float = math.inf,
    again: bool = False,
    retry: bool = False,
) -> int:
    """Run what is missing until ``stop`` (monotonic seconds); how many rows were added."""
    held = set() if again else runs_of(path).held(retry=retry)
    todo = list(tasks(problems, seeds, held))
    if not todo:
        return 0
    runner = entry.prepare()
    session = provenance(seeds.start, entry.packages)
    add({"session": session.pop("when"), "entry": entry.name, **session}, path)
    added = 0
    for name, seed in todo:
        if time.monotonic() > stop:
            break
        try:
            row = run_one(runner, name, seed, evaluations)
        except Exception as reason:  # noqa: BLE001 - a peer that fails goes on with the next
            line = traceback.extract_tb(reason.__traceback__)[-1]
            row = {
                "problem": name,
                "seed": seed,
                "error": f"{type(reason).__name__}: {reason} ({line.name})"[:300],
            }
        add(row, path)
        added += 1
    return added


def seeds_from(text: str) -> range:
    """``0:20`` or ``20`` as a range."""
    first, _, last = text.rpartition(":")
    return range(int(first or 0), int(last))


def main(arguments: list[str] | None = None) -> int:
    """Run one entry by the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.run", description=__doc__)
    parser.add_argument("--entry", required=True, choices=sorted(ENTRIES))
    parser.add_argument("--seeds", type=seeds_from, help="such as 0:20")
    parser.add_argument("--problems", nargs="*", help="some of the problems; all if left out")
    parser.add_argument("--evaluations", type=int)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="start nothing after so long"
    )
    parser.add_argument(
        "--again", action="store_true", help="also what there is: the last row counts"
    )
    parser.add_argument("--retry", action="store_true", help="also what stopped by an error")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    entry = ENTRIES[asked.entry]
    try:
        added = run(
            entry,
            asked.problems or names(),
            asked.seeds or range(entry.seeds),
            asked.out / f"{entry.name}.jsonl",
            evaluations=asked.evaluations or entry.evaluations,
            stop=time.monotonic() + 60 * asked.minutes,
            again=asked.again,
            retry=asked.retry,
        )
    except Missing as reason:
        print(f"{entry.name}: left out, {reason}")
        return 3
    print(f"{entry.name}: {added} runs added")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
