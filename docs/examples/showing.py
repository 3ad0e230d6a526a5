"""What the examples share: their two options, and scatter plots of a search."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # the pictures go to files: no window, no display needed
import matplotlib.pyplot as plt


def options_of(description: str) -> argparse.Namespace:
    """Read ``--short`` and ``--pictures DIR`` from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--short", action="store_true", help="a few trials only, to see it run")
    parser.add_argument(
        "--pictures",
        type=Path,
        default=Path(__file__).parent / "pictures",
        help="folder for the pictures (default: %(default)s)",
    )
    options = parser.parse_args()
    options.pictures.mkdir(parents=True, exist_ok=True)
    return options


def save(figure, path: Path) -> None:
    """Write the picture and say where it is."""
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"picture: {path}")


def accuracy_by_iteration(trials, title: str):
    """Draw the accuracy (minus the loss) of every trial, in order, with the best so far."""
    tids = [trial["tid"] for trial in trials.trials]
    accuracies = [-trial["result"]["loss"] for trial in trials.trials]
    best_so_far = [max(accuracies[: i + 1]) for i in range(len(accuracies))]

    figure, axes = plt.subplots(figsize=(6.4, 4), layout="constrained")
    axes.scatter(tids, accuracies, s=22, alpha=0.7, linewidth=0, label="one trial")
    axes.step(tids, best_so_far, where="post", color="C1", label="best so far")
    axes.set_xlim(-1, len(tids))
    axes.set(xlabel="iteration", ylabel="accuracy", title=title)
    axes.legend(loc="lower right")
    return figure


def accuracy_by_parameter(
    trials,
    title: str,
    options: Mapping[str, Sequence] | None = None,
    log: Sequence[str] = (),
):
    """Draw the accuracy of every trial against each of its parameters.

    What a trial drew stands in ``trial["misc"]["vals"]``: one value under the label of each
    parameter that was in play, an empty list for one that was not. A choice holds the *index* of
    its option; `options` says what the options of a label are, so that the axis can show them.
    """
    labels = list(trials.trials[0]["misc"]["vals"])
    columns = min(len(labels), 4)
    rows = -(-len(labels) // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(max(3 * columns, 5), 3 * rows + 0.4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, label in zip(grid.flat, labels, strict=False):
        in_play = [trial for trial in trials.trials if trial["misc"]["vals"][label]]
        values = [trial["misc"]["vals"][label][0] for trial in in_play]
        accuracies = [-trial["result"]["loss"] for trial in in_play]
        axes.scatter(values, accuracies, s=20, alpha=0.5, linewidth=0)
        axes.set_xlabel(label)
        if label in log:
            axes.set_xscale("log")
        if options and label in options:
            show_options(axes, options[label])
    for axes in grid.flat[len(labels) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy")
    figure.suptitle(title)
    return figure


def show_options(axes, options: Sequence) -> None:
    """Name the options of a choice on the axis, at most eight of them."""
    step = -(-len(options) // 8)
    axes.set_xticks(range(0, len(options), step), [str(option) for option in options[::step]])
    axes.set_xlim(-0.5, len(options) - 0.5)
