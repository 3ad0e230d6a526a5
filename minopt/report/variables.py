"""A picture of every parameter: its value in each trial, coloured by the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument
from minopt.report.drawing import (
    RED,
    literally,
    pyplot,
    say_nothing_to_see,
    shortened,
    whole_ticks,
)
from minopt.report.outcomes import Outcome, good_ones, outcomes_of

_WIDTH, _HEIGHT = 2.6, 2.1  # of one parameter's axes, in inches
_DECADES = 1000  # values that span more are shown on a logarithmic axis
_WORST_SHOWN = 90  # per cent: losses above that share one colour


def main_plot_vars(
    trials: Any,
    do_show: bool = True,
    fontsize: float = 10,
    colorize_best: int | None = None,
    columns: int = 5,
    arrange_by_loss: bool = False,
) -> Any:
    """Draw the values of every parameter, trial by trial: the darker, the lower the loss.

    Parameters
    ----------
    trials : Trials
    do_show : bool
        Show the picture at the end; False leaves it to be saved or added to.
    fontsize : float
        Of the labels, in points.
    colorize_best : int, optional
        Draw so many of the best trials in red.
    columns : int > 0
        The most parameters side by side.
    arrange_by_loss : bool
        Put the loss on the horizontal axis, in place of the trial's id.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each parameter, in alphabetical order.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    InvalidArgument
        If `columns` or `colorize_best` is no such number.

    Notes
    -----
    A value axis is logarithmic if the values are positive and span more than three decades, or
    if "log" is in the label. Trials that failed are crosses.
    """
    if columns < 1:
        raise InvalidArgument(f"columns must be 1 or more, got {columns!r}")
    if colorize_best is not None and colorize_best < 0:
        raise InvalidArgument(f"colorize_best must not be negative, got {colorize_best!r}")
    plt = pyplot()
    outcomes = outcomes_of(trials)
    labels = sorted({label for outcome in outcomes for label in outcome.values})
    if not labels:
        axes = plt.gca()
        say_nothing_to_see(axes)
        all_axes = [axes]
    else:
        all_axes = _grid(plt, len(labels), min(columns, len(labels)))
        _draw_all(all_axes, labels, outcomes, fontsize, colorize_best or 0, arrange_by_loss)
    if do_show:
        plt.show()
    return all_axes


def _grid(plt: Any, n_axes: int, n_columns: int) -> list[Any]:
    """Return new axes in rows, in the current figure if that is empty."""
    n_rows = math.ceil(n_axes / n_columns)
    figure = plt.gcf()
    if figure.axes:
        figure = plt.figure()
    figure.set_size_inches(max(n_columns * _WIDTH + 1, 5), max(n_rows * _HEIGHT + 0.4, 3))
    figure.set_layout_engine("constrained")
    return [figure.add_subplot(n_rows, n_columns, place + 1) for place in range(n_axes)]


def _draw_all(
    all_axes: Sequence[Any],
    labels: Sequence[str],
    outcomes: Sequence[Outcome],
    fontsize: float,
    n_best: int,
    by_loss: bool,
) -> None:
    shades = _shades([outcome.loss for outcome in good_ones(outcomes)])
    best = {id(one) for one in sorted(good_ones(outcomes), key=lambda one: one.loss)[:n_best]}
    drawn = None
    for axes, label in zip(all_axes, labels, strict=True):
        here = [outcome for outcome in outcomes if label in outcome.values]
        _draw_failed(axes, label, [one for one in here if not one.good], by_loss)
        drawn = _draw_good(axes, label, good_ones(here), by_loss, shades, best) or drawn
        _dress(axes, label, [one.values[label] for one in here], fontsize)
    _name_the_horizontal(all_axes, fontsize, by_loss)
    if drawn is not None:
        bar = all_axes[0].figure.colorbar(
            drawn, ax=list(all_axes), extend="max", aspect=30, pad=0.02
        )
        bar.set_label(_legend(outcomes, len(best)), fontsize=fontsize)
        bar.ax.tick_params(labelsize=0.8 * fontsize)


def _legend(outcomes: Sequence[Outcome], n_best: int) -> str:
    notes = [f"red: the {n_best} best"] if n_best else []
    notes += ["×: failed"] if any(not outcome.good for outcome in outcomes) else []
    return f"loss ({', '.join(notes)})" if notes else "loss"


def _shades(losses: Sequence[float]) -> Any:
    from matplotlib.colors import Normalize

    if not losses:
        return Normalize(0, 1)
    low, high = min(losses), float(np.percentile(losses, _WORST_SHOWN))
    return Normalize(low, high if high > low else low + (abs(low) or 1.0))


def _horizontal(outcomes: Sequence[Outcome], by_loss: bool) -> list[Any]:
    return [one.loss if by_loss else one.trial["tid"] for one in outcomes]


def _draw_good(
    axes: Any,
    label: str,
    outcomes: Sequence[Outcome],
    by_loss: bool,
    shades: Any,
    best: set[int],
) -> Any:
    """Draw worse trials first, so that better ones lie on top."""
    ordered = sorted(outcomes, key=lambda one: -one.loss)
    if not ordered:
        return None
    values = [one.values[label] for one in ordered]
    drawn = axes.scatter(
        _horizontal(ordered, by_loss),
        values,
        c=[one.loss for one in ordered],
        norm=shades,
        cmap="viridis",
        s=16,
        alpha=0.85,
        linewidths=0,
    )
    chosen = [one for one in ordered if id(one) in best]
    if chosen:
        values = [one.values[label] for one in chosen]
        axes.scatter(_horizontal(chosen, by_loss), values, s=30, color=RED, linewidths=0)
    return drawn


def _draw_failed(axes: Any, label: str, outcomes: Sequence[Outcome], by_loss: bool) -> None:
    """Draw those that have a place; without a loss there is none on an axis of losses."""
    placed = [one for one in outcomes if not by_loss or math.isfinite(one.loss)]
    if placed:
        values = [one.values[label] for one in placed]
        across = _horizontal(placed, by_loss)
        axes.scatter(across, values, s=14, marker="x", color=RED, alpha=0.5, linewidths=0.8)


def _dress(axes: Any, label: str, values: Sequence[Any], fontsize: float) -> None:
    width = _WIDTH * 72 * 1.25 / fontsize  # so many characters fit above the axes
    axes.set_title(literally(shortened(label, int(width))), fontsize=fontsize)
    axes.tick_params(labelsize=0.8 * fontsize)
    if all(isinstance(value, (int, np.integer)) for value in values):
        whole_ticks(axes.yaxis)
    elif min(values) > 0 and ("log" in label or max(values) > _DECADES * min(values)):
        axes.set_yscale("log")


def _name_the_horizontal(all_axes: Sequence[Any], fontsize: float, by_loss: bool) -> None:
    """Label the horizontal axis under the lowest axes of each column, and number it there only."""
    n_columns = all_axes[0].get_subplotspec().get_geometry()[1]
    for place, axes in enumerate(all_axes):
        if place + n_columns < len(all_axes):
            axes.tick_params(labelbottom=False)
        else:
            axes.set_xlabel("loss" if by_loss else "trial", fontsize=0.9 * fontsize)
        if place:
            axes.sharex(all_axes[0])
    if not by_loss:
        whole_ticks(all_axes[0].xaxis)
