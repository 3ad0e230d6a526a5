"""Pictures of regret against evaluations: every problem, and all of them together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.scores import FLOOR, Regrets

# A hue for each library, a line style for each algorithm of it; minopt thick.
LOOKS = {
    "minopt-rand": ("#6baed6", "-", 1.0),
    "minopt-tpe": ("#2171b5", "-", 2.2),
    "minopt-anneal": ("#2171b5", "--", 1.8),
    "minopt-mix": ("#2171b5", ":", 1.8),
    "minopt-atpe": ("#08306b", "-", 2.6),
    "hyperopt-rand": ("#bdbdbd", "-", 1.2),
    "hyperopt-tpe": ("#252525", "-", 1.6),
    "hyperopt-anneal": ("#252525", "--", 1.2),
    "hyperopt-mix": ("#252525", ":", 1.2),
    "hyperopt-atpe": ("#636363", "-.", 1.6),
    "optuna": ("#d94801", "-", 1.4),
    "optuna-random": ("#fdd0a2", "-", 1.0),
    "optuna-cmaes": ("#fd8d3c", "--", 1.2),
    "optuna-gp": ("#d94801", ":", 1.6),
    "nevergrad": ("#6a51a3", "-", 1.2),
    "smac": ("#238b45", "-", 1.2),
    "skopt-gp": ("#c51b8a", ":", 1.2),
    "skopt-forest": ("#c51b8a", "-", 1.2),
    "ax": ("#8c6d31", "-", 1.2),
    "hebo": ("#66c2a4", "--", 1.2),
}
LEFT_OUT = ("optuna-random",)  # of the pictures: one more random search
SHADED = ("minopt-tpe", "minopt-atpe", "hyperopt-tpe", "optuna")


def _plot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def shown(table: Regrets) -> dict[str, str]:
    """The entries that are drawn, with their labels; those still without most problems are not.

    minopt's algorithms that run the same trials as hyperopt's share a line with them.
    """
    half = len(table.problems) / 2
    drawn = {
        entry: entry
        for entry in table.entries
        if entry not in LEFT_OUT
        and sum((entry, name) in table.curves for name in table.problems) > half
    }
    for entry in [entry for entry in drawn if entry.startswith("minopt-")]:
        twin = entry.replace("minopt-", "hyperopt-")
        if twin in drawn and same(table, entry, twin):
            drawn[entry] = f"{entry} (= {twin})"
            del drawn[twin]
    return drawn


def same(table: Regrets, entry: str, other: str) -> bool:
    """Whether two entries found the same on all problems and seeds that both ran."""
    for name in table.problems:
        mine, theirs = table.curves.get((entry, name)), table.curves.get((other, name))
        if mine is None or theirs is None:
            continue
        rows = dict(zip(table.seeds[entry, name], mine, strict=True))
        for seed, row in zip(table.seeds[other, name], theirs, strict=True):
            if seed in rows and not np.array_equal(rows[seed], row):
                return False
    return True


def style(entry: str) -> dict[str, Any]:
    """How an entry's line looks."""
    colour, dashes, width = LOOKS[entry]
    return {"color": colour, "linestyle": dashes, "linewidth": width}


def _shade(axes: Any, steps: np.ndarray, low: np.ndarray, high: np.ndarray, entry: str) -> None:
    if entry in SHADED:
        axes.fill_between(steps, low, high, color=LOOKS[entry][0], alpha=0.10, linewidth=0)


def draw_overall(table: Regrets, path: Path) -> None:
    """The geometric mean over problems, and the quartiles over problems of a few entries."""
    pyplot = _plot()
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(13, 5.6), layout="constrained")
    for entry, label in shown(table).items():
        means = [
            table.curves[entry, name].mean(axis=0)
            for name in table.problems
            if (entry, name) in table.curves
        ]
        length = min(map(len, means))
        logs = np.log10(np.maximum([mean[:length] for mean in means], FLOOR))
        steps = np.arange(1, length + 1)
        left.plot(steps, 10 ** logs.mean(axis=0), label=label, **style(entry))
        if entry in SHADED:
            low, middle, high = 10 ** np.quantile(logs, [0.25, 0.5, 0.75], axis=0)
            right.plot(steps, middle, label=label, **style(entry))
            _shade(right, steps, low, high, entry)
    left.set_title("Geometric mean over problems of the mean regret", fontsize=11)
    right.set_title("Median over problems, with quartiles", fontsize=11)
    for axes in (left, right):
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="evaluations",
            ylabel="normalised regret",
            xlim=(5, 200),
        )
        axes.set_xticks([5, 10, 25, 50, 100, 200], ["5", "10", "25", "50", "100", "200"])
        axes.minorticks_off()
        axes.grid(alpha=0.25)
    left.legend(fontsize=8, loc="lower left", ncols=2)
    right.legend(fontsize=8, loc="lower left")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def draw_problems(table: Regrets, path: Path, columns: int = 5) -> None:
    """One panel a problem: the median over seeds of every entry, with quartiles for a few."""
    pyplot = _plot()
    drawn = shown(table)
    lines = -(-len(table.problems) // columns)
    figure, panels = pyplot.subplots(
        lines, columns, figsize=(3.4 * columns, 2.7 * lines), sharex=True, layout="constrained"
    )
    for axes, name in zip(panels.flat, table.problems, strict=False):
        for entry, label in drawn.items():
            if (entry, name) not in table.curves:
                continue
            curves = np.maximum(table.curves[entry, name], FLOOR)
            steps = np.arange(1, curves.shape[1] + 1)
            low, middle, high = np.quantile(curves, [0.25, 0.5, 0.75], axis=0)
            axes.plot(steps, middle, label=label, **style(entry))
            _shade(axes, steps, low, high, entry)
        axes.set(xscale="log", yscale="log", xlim=(5, 200), ylim=(None, 1.5))
        axes.set_xticks([5, 25, 100, 200], ["5", "25", "100", "200"])
        axes.minorticks_off()
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25)
    for axes in list(panels.flat)[len(table.problems) :]:
        axes.set_visible(False)
    found = [panel.get_legend_handles_labels() for panel in panels.flat]
    legend = {
        label: handle
        for lines, labels in found
        for handle, label in zip(lines, labels, strict=True)
    }
    legend = {label: legend[label] for label in drawn.values() if label in legend}
    figure.legend(legend.values(), legend.keys(), loc="outside upper center", ncols=5, fontsize=9)
    figure.supxlabel("evaluations")
    figure.supylabel("normalised regret (median over seeds, quartiles shaded)")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
