"""Write the report: tables in Markdown for the docs, and pictures of regret against evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.problems import HELD_OUT, TRAINING, names, names_of
from benchmarks.quality.entries import ENTRIES
from benchmarks.quality.results import RESULTS, Runs
from benchmarks.quality.scores import (
    CHECKPOINTS,
    REFERENCE,
    Regrets,
    duel,
    geometric,
    mean_ranks,
    ratios,
    read_all,
    regrets,
    spread,
)
from benchmarks.rows import ROOT

PAGE = ROOT / "docs" / "explanation" / "quality.md"
PICTURES = ROOT / "docs" / "explanation" / "quality"
RANKED_SEEDS = 10  # entries with fewer seeds are compared, but not ranked with the others
OURS = "minopt-"

INTRODUCTION = Path(__file__).parent / "introduction.md"


def number(value: float, digits: int = 2) -> str:
    """A figure, or a dash for none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join("| " + " | ".join(line) + " |" for line in (header, rule, *rows)) + "\n"


def seeds_of(table: Regrets, entry: str) -> int:
    """The least number of seeds on the problems an entry ran."""
    counts = [len(seeds) for (name, _), seeds in table.seeds.items() if name == entry]
    return min(counts, default=0)


def ranked(table: Regrets) -> list[str]:
    """The entries that ran every problem on enough seeds."""
    return [
        entry
        for entry in table.entries
        if seeds_of(table, entry) >= RANKED_SEEDS
        and all((entry, name) in table.curves for name in table.problems)
    ]


def overall(table: Regrets, results: dict[str, Runs]) -> str:
    """The first table: ratio at each checkpoint, rank, cost."""
    ranks = {at: mean_ranks(table, ranked(table), at) for at in (50, CHECKPOINTS[-1])}
    header = ["entry", *(f"ratio at {at}" for at in CHECKPOINTS), "rank at 50", "rank at 200"]
    rows = []
    for entry in sorted(table.entries, key=lambda name: geometric(ratios(table, name, 50))):
        cells = []
        for at in CHECKPOINTS:
            found = ratios(table, entry, at)
            low, high = spread(found)
            interval = f" ({number(low)}–{number(high)})" if np.isfinite(low) and low < high else ""
            cells.append(number(geometric(found)) + interval)
        cells += [number(ranks[at].get(entry, float("nan")), 1) for at in ranks]
        runs = list(results[entry].rows.values())
        cost = 1e3 * sum(run["cpu"] for run in runs) / sum(run["evaluations"] for run in runs)
        problems = sum((entry, name) in table.curves for name in table.problems)
        rows.append(
            [_name(entry), *cells, f"{cost:.1f}", f"{seeds_of(table, entry)}", f"{problems}"]
        )
    return markdown([*header, "ms a trial", "seeds", "problems"], rows)


def _name(entry: str) -> str:
    return f"**{entry}**" if entry.startswith(OURS) else entry


def win_matrix(table: Regrets, evaluations: int) -> str:
    """Row against column: problems clearly won and lost, a star where the whole differs."""
    entries = ranked(table)
    rows = []
    for entry in entries:
        cells = []
        for other in entries:
            if entry == other:
                cells.append("")
                continue
            found = duel(table, entry, other, evaluations)
            cells.append(f"{found.won}:{found.lost}" + ("*" if found.p < 0.05 else ""))
        rows.append([_name(entry), *cells])
    return markdown(["won : lost", *entries], rows)


def per_problem(table: Regrets, evaluations: int) -> str:
    """The mean regret on every problem, the least in bold."""
    entries = ranked(table)
    rows = []
    for name in table.problems:
        means = [table.mean(entry, name, evaluations) for entry in entries]
        least = min(means, default=float("nan"))
        cells = [f"**{number(mean, 3)}**" if mean == least else number(mean, 3) for mean in means]
        rows.append([name, *cells])
    return markdown(["problem", *entries], rows)


def losses(table: Regrets) -> str:
    """In words: which peers are better than each of our entries, and when."""
    lines = []
    for entry in (entry for entry in table.entries if entry.startswith(OURS)):
        lines.append(f"- `{entry}`")
        for at in CHECKPOINTS:
            ahead = [said for other in table.entries if (said := _lost(table, entry, other, at))]
            lines.append(f"    - after {at}: {', '.join(ahead) or 'to nobody'}")
    return "\n".join(lines) + "\n" if lines else "Nothing of ours has been run yet.\n"


def _lost(table: Regrets, entry: str, other: str, evaluations: int) -> str:
    """By how much an entry loses to a peer; empty if it does not."""
    ratio = geometric(ratios(table, entry, evaluations, to=other))
    if other.startswith(OURS) or not ratio > 1:
        return ""
    found = duel(table, entry, other, evaluations)
    if found.p >= 0.05 and found.lost <= found.won:
        return ""
    clear = f", clearly {found.lost}:{found.won}" if found.lost + found.won else ""
    return f"{other} ({number(ratio)} ×{clear})"


def absent(everything: dict[str, Runs]) -> str:
    """What stopped with an error, and what has not run or not far enough to be shown."""
    lines = []
    for entry in ENTRIES:
        runs = everything.get(entry)
        if runs is None:
            lines.append(f"- `{entry}` has not been run.")
        elif not _far_enough(runs):
            lines.append(f"- `{entry}` has run on {len(runs.problems())} of the problems only.")
        if runs is not None and runs.errors:
            problems = {name for name, _ in runs.errors}
            example = next(iter(runs.errors.values()))
            lines.append(f"- `{entry}` stopped on {len(problems)} problems, such as: `{example}`")
    return "\n".join(lines or ["Everything ran."]) + "\n"


def _far_enough(runs: Runs) -> bool:
    return len(runs.problems()) > len(names()) / 2


def measured(results: dict[str, Runs]) -> str:
    """Commit, versions and machine of the rows."""
    rows = []
    for entry, runs in results.items():
        last = runs.sessions[-1]
        versions = ", ".join(f"{name} {version}" for name, version in last["versions"].items())
        commits = sorted({session["commit"] or "?" for session in runs.sessions})
        rows.append(
            [
                entry,
                versions,
                " ".join(commits) if entry.startswith(OURS) else "",
                last["session"][:10],
            ]
        )
    processor = next(iter(results.values())).sessions[-1]["machine"]["processor"]
    return f"On {processor}, one thread.\n\n" + markdown(
        ["entry", "versions", "commits", "last run"], rows
    )


def sections(table: Regrets, results: dict[str, Runs]) -> list[str]:
    """The page, part by part."""
    held_out = Regrets(
        table.entries,
        tuple(name for name in table.problems if name in names_of(HELD_OUT)),
        table.curves,
        table.seeds,
    )
    return [
        INTRODUCTION.read_text(encoding="utf-8").format(problems=len(table.problems)),
        "## Overall\n",
        overall(table, results),
        "![Median over problems of the regret after so many evaluations](quality/overall.png)\n",
        f"Ranks are over the entries with at least {RANKED_SEEDS} seeds on all problems.\n",
        "## Where we lose\n",
        "To whom, and by how much our mean regret is larger (geometric mean over problems), and "
        "on how many problems it is clearly larger : smaller (Wilcoxon's signed-rank test over "
        "paired seeds, p < 0.05; with few seeds nothing is clear on a single problem).\n",
        losses(table),
        f"## On the {len(held_out.problems)} problems that `atpe` was not trained on\n",
        f"Whole families are held out. `atpe` may be trained on {', '.join(sorted(TRAINING))}, "
        "and on problems made like them; on none of those in this table.\n",
        overall(held_out, results),
        "## Who beats whom\n",
        "Row against column, at 100 evaluations: on how many problems the row is clearly better : "
        "clearly worse. A star: over all problems together the two differ (Wilcoxon's test on the "
        "logarithms of the ratios, p < 0.05).\n",
        win_matrix(table, 100),
        "## Every problem\n",
        "Mean regret after 100 evaluations; the least in bold.\n",
        per_problem(table, 100),
        "![Regret against evaluations on every problem](quality/problems.png)\n",
        "## Measured with\n",
        measured(results),
    ]


def write(results_in: Path = RESULTS, page: Path = PAGE, pictures: Path = PICTURES) -> None:
    """Read all results and write the page and its pictures."""
    from benchmarks.quality.pictures import draw_overall, draw_problems

    everything = read_all(results_in, ENTRIES)
    results = {entry: runs for entry, runs in everything.items() if _far_enough(runs)}
    if REFERENCE not in results:
        raise SystemExit(f"no results of {REFERENCE} in {results_in}: run --full first")
    table = regrets(results, names())
    pictures.mkdir(parents=True, exist_ok=True)
    parts = [*sections(table, results), "## What did not run\n", absent(everything)]
    page.write_text("\n".join(parts), encoding="utf-8")
    draw_overall(table, pictures / "overall.png")
    draw_problems(table, pictures / "problems.png")
    print(f"wrote {page} and two pictures in {pictures}")
