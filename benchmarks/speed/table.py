"""A row of results as Markdown for the README and docs: ``python -m benchmarks.speed.table``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.rows import RESULTS, read
from benchmarks.speed.growth import Points, exponent

HEADINGS = {
    "mixed5": "5 mixed parameters",
    "mixed20": "20 mixed parameters",
    "mixed50": "50 mixed parameters",
    "plain20": "20 uniform parameters",
    "conditional": "a conditional space",
}
NAMES = {"minopt": "minopt", "hyperopt": "hyperopt", "optuna": "Optuna"}
PEERS = ("hyperopt", "optuna")


def markdown(row: dict[str, Any], spaces: tuple[str, ...] = ()) -> str:
    """All tables of one row, or only those of the named spaces."""
    points = Points(row["points"])
    blocks = [_provenance(row)]
    for algorithm, space in points.settings():
        if not spaces or space in spaces:
            blocks.append("\n".join(_cost_table(points, algorithm, space)))
    if row["memory"]:
        blocks.append("\n".join(_memory_table(row["memory"])))
    if row["imports"]:
        blocks.append("\n".join(_import_table(row["imports"])))
    return "\n\n".join(blocks)


def _provenance(row: dict[str, Any]) -> str:
    machine = row["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items())
    changed = " with uncommitted changes" if row["changed"] else ""
    if "rand_commit" in row:  # measured in a run of its own
        changed += f" (`rand` at {row['rand_commit']})"
    return (
        f"Measured {row['when'][:10]} at commit {row['commit']}{changed}, seed {row['seed']}, on "
        f"{machine['processor']} ({machine['cores']} cores, {machine['system']}); {versions}. "
        "CPU milliseconds of one thread per trial, objective excluded: the median of five rounds."
    )


def _cost_table(points: Points, algorithm: str, space: str) -> Iterator[str]:
    curves = {library: points.curve(library, algorithm, space) for library in points.libraries()}
    curves = {library: curve for library, curve in curves.items() if curve}
    sizes = sorted({trials for curve in curves.values() for trials in curve})
    yield f"**`{algorithm}`, {HEADINGS.get(space, space)}**"
    yield ""
    yield from _row("trials", [f"{trials:,}".replace(",", " ") for trials in sizes] + ["growth"])
    yield "| --- |" + " ---: |" * (len(sizes) + 1)
    for library, curve in curves.items():
        shown = [_number(curve.get(trials)) for trials in sizes]
        yield from _row(f"{NAMES[library]}, ms", [*shown, _power(exponent(curve))])
    for peer in PEERS:
        ratios = [points.ratio(peer, algorithm, space, trials) for trials in sizes]
        if any(ratios):
            shown = ["" if ratio is None else f"{_number(ratio)}×" for ratio in ratios]
            yield from _row(f"{NAMES[peer]} / minopt", [*shown, ""])


def _memory_table(memory: list[dict[str, Any]]) -> Iterator[str]:
    first = memory[0]
    yield f"**Memory, {HEADINGS[first['space']]}**"
    yield ""
    yield from _row("", ["bytes per trial", f"process at {first['trials']} trials, MB"])
    yield "| --- | ---: | ---: |"
    for cost in memory:
        yield from _row(
            NAMES[cost["library"]],
            [str(cost["bytes_per_trial"]), f"{cost['peak_mb']:.0f}"],
        )


def _import_table(imports: list[dict[str, Any]]) -> Iterator[str]:
    yield "**Import**"
    yield ""
    yield from _row("", ["CPU seconds", "process, MB", "modules"])
    yield "| --- | ---: | ---: | ---: |"
    for cost in imports:
        numbers = [
            f"{cost['cpu_s']:.3f}",
            f"{cost['peak_mb']:.0f}",
            str(cost["modules"]),
        ]
        yield from _row(NAMES.get(cost["what"], cost["what"]), numbers)


def _row(name: str, cells: list[str]) -> Iterator[str]:
    yield "| " + " | ".join([name, *cells]) + " |"


def _power(growth: float | None) -> str:
    return "" if growth is None else f"n^{round(growth, 2) + 0.0:.2f}"  # + 0.0: no minus zero


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Print the newest row, or that of `--row` (0 is the oldest)."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed.table", description=__doc__)
    options.add_argument("--file", type=Path, default=RESULTS / "speed.jsonl")
    options.add_argument("--row", type=int, default=-1, help="place in the file, -1 is the newest")
    options.add_argument("--spaces", nargs="*", default=[], help="only the tables of these spaces")
    given = options.parse_args()
    print(markdown(read(given.file)[given.row], tuple(given.spaces)))


if __name__ == "__main__":
    main()
