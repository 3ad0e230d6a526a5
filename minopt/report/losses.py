"""Pictures of the losses: one after the other, and how often which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minopt.exceptions import AllTrialsFailed
from minopt.report.drawing import (
    BLUE,
    GREEN,
    GREY,
    RED,
    literally,
    put_legend,
    pyplot,
    say_nothing_to_see,
    whole_ticks,
)
from minopt.report.outcomes import Outcome, good_ones, outcomes_of
from minopt.trials.documents import STATUS_FAIL, STATUS_NEW, STATUS_OK, STATUS_RUNNING

default_status_colors = {
    STATUS_NEW: "k",
    STATUS_RUNNING: GREEN,
    STATUS_OK: BLUE,
    STATUS_FAIL: RED,
}

_MAX_BARS = 50


def main_plot_history(
    trials: Any,
    do_show: bool = True,
    status_colors: Mapping[str, Any] | None = None,
    title: str = "Loss History",
) -> Any:
    """Draw the loss of every trial in the order of trials, and the best so far.

    Trials without a finite loss are marked on the lower edge.

    Parameters
    ----------
    trials : Trials
    do_show : bool
        Show the picture at the end; False leaves it to be saved or added to.
    status_colors : dict from str to color, optional
        In place of `default_status_colors`.
    title : str

    Returns
    -------
    matplotlib.axes.Axes
        The current axes, drawn upon.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> axes = main_plot_history(trials, do_show=False)  # doctest: +SKIP
    >>> axes.figure.savefig("history.png")  # doctest: +SKIP
    """
    plt = pyplot()
    axes = plt.gca()
    outcomes = outcomes_of(trials)
    _draw_losses(axes, outcomes, {**default_status_colors, **(status_colors or {})})
    if any(outcome.good for outcome in outcomes):
        _draw_best_so_far(axes, outcomes)
        _draw_average_best_error(axes, trials)
    else:
        say_nothing_to_see(axes)
    axes.set(xlabel="trial", ylabel="loss", title=literally(title))
    whole_ticks(axes.xaxis)
    if outcomes:
        put_legend(axes, len(outcomes))
    if do_show:
        plt.show()
    return axes


def main_plot_histogram(trials: Any, do_show: bool = True, title: str = "Loss Histogram") -> Any:
    """Draw how many trials had which loss.

    Parameters
    ----------
    trials : Trials
    do_show : bool
        Show the picture at the end; False leaves it to be saved or added to.
    title : str

    Returns
    -------
    matplotlib.axes.Axes
        The current axes, drawn upon.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    plt = pyplot()
    axes = plt.gca()
    outcomes = outcomes_of(trials)
    losses = [outcome.loss for outcome in good_ones(outcomes)]
    if losses:
        n_bars = min(max(math.ceil(math.sqrt(len(losses))), 5), _MAX_BARS)
        axes.hist(losses, bins=n_bars, color=BLUE, edgecolor="white", label=_counted(outcomes))
        put_legend(axes, 0)
    else:
        say_nothing_to_see(axes)
    axes.set(xlabel="loss", ylabel="number of trials", title=literally(title))
    whole_ticks(axes.yaxis)
    if do_show:
        plt.show()
    return axes


def _counted(outcomes: Sequence[Outcome]) -> str:
    n_good = sum(outcome.good for outcome in outcomes)
    n_other = len(outcomes) - n_good
    shown = f"{n_good} trial{'s' if n_good != 1 else ''}"
    return f"{shown} ({n_other} without a usable loss not shown)" if n_other else shown


def _draw_losses(axes: Any, outcomes: Sequence[Outcome], colors: Mapping[str, Any]) -> None:
    placed = list(enumerate(outcomes))
    finite = [(place, outcome) for place, outcome in placed if math.isfinite(outcome.loss)]
    for status in dict.fromkeys(outcome.status for _, outcome in finite):
        points = [(place, one.loss) for place, one in finite if one.status == status]
        marker = "o" if status == STATUS_OK else "x"
        axes.scatter(
            *zip(*points, strict=True),
            s=18,
            color=colors.get(status, GREY),
            marker=marker,
            linewidths=0 if marker == "o" else 1.2,
            alpha=0.75,
            label=status,
        )
    lost = [place for place, outcome in placed if not math.isfinite(outcome.loss)]
    if lost:
        axes.scatter(
            lost,
            np.zeros(len(lost)),
            transform=axes.get_xaxis_transform(),
            s=22,
            color=colors[STATUS_FAIL],
            marker="x",
            linewidths=1.2,
            clip_on=False,
            zorder=3,
            label=f"no loss ({len(lost)})",
        )


def _draw_best_so_far(axes: Any, outcomes: Sequence[Outcome]) -> None:
    losses = np.array([outcome.loss if outcome.good else np.inf for outcome in outcomes])
    best = np.minimum.accumulate(losses)
    places = np.flatnonzero(np.isfinite(best))
    axes.step(places, best[places], where="post", color=GREY, linewidth=1.2, label="best so far")


def _draw_average_best_error(axes: Any, trials: Any) -> None:
    try:
        error = trials.average_best_error()
    except AllTrialsFailed:  # the only good trials are not among the visible ones
        return
    axes.axhline(
        error, color=GREEN, linewidth=1, linestyle="--", label=f"average best error: {error:.4g}"
    )
