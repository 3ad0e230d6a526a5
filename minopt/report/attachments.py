"""A picture of curves that the objective attached to its trials, such as learning curves."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument
from minopt.report.drawing import literally, pyplot, say_nothing_to_see
from minopt.report.outcomes import Outcome, outcomes_of

_MOST_IN_LEGEND = 9
_FAINTEST = 0.2  # of the darkness of the best curve

_READABLE = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    ("builtins", "complex"),
    ("builtins", "bytearray"),
    ("builtins", "range"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (
            ("multiarray", "_reconstruct"),
            ("multiarray", "scalar"),
            ("numeric", "_frombuffer"),
        )
    ),
}


def main_plot_1D_attachment(
    trials: Any,
    attachment_name: str,
    do_show: bool = True,
    colorize_by_loss: bool = True,
    max_darkness: float = 0.5,
    num_trails: int | None = None,
    preprocessing_fn: Callable[[Any], Any] = lambda x: x,
    line_width: float = 0.1,
) -> Any:
    """Draw an attachment of the trials, a series of numbers each, as one curve per trial.

    Parameters
    ----------
    trials : Trials
    attachment_name : str
        Attachments that are no one-dimensional series are left out.
    do_show : bool
        Show the picture at the end; False leaves it to be saved or added to.
    colorize_by_loss : bool
        Draw a curve the darker, the lower the loss of its trial.
    max_darkness : float
        The opacity of the best curve, between 0 and 1.
    num_trails : int, optional
        Draw so many trials only, at even steps from the best to the worst.
    preprocessing_fn : callable
        Applied to each series.
    line_width : float
        In points.

    Returns
    -------
    matplotlib.axes.Axes
        The current axes, drawn upon; with a legend if there are fewer than 10 curves.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    InvalidArgument
        If `max_darkness` or `num_trails` is out of range, or a pickled attachment names
        something else than numpy arrays, numbers and builtin containers.
    """
    _check(max_darkness, num_trails)
    plt = pyplot()
    axes = plt.gca()
    curves = _curves(trials, attachment_name, num_trails)
    losses = [outcome.loss for outcome, _ in curves if outcome.good]
    for outcome, series in curves:
        opacity = _opacity(outcome, losses, max_darkness)
        axes.plot(
            preprocessing_fn(series),
            color=(0.0, 0.0, 0.0, opacity) if colorize_by_loss else None,
            linewidth=line_width,
            label=f"loss: {outcome.loss:.5}" if outcome.good else outcome.status,
        )
    axes.set(xlabel="position in the series", ylabel="value", title=literally(attachment_name))
    if 0 < len(curves) <= _MOST_IN_LEGEND:
        axes.legend(fontsize="small")
    if not curves:
        say_nothing_to_see(axes)
    if do_show:
        plt.show()
    return axes


def _check(max_darkness: Any, num_trails: Any) -> None:
    if not 0 <= max_darkness <= 1:
        raise InvalidArgument(f"max_darkness must lie between 0 and 1, got {max_darkness!r}")
    if num_trails is not None and num_trails < 1:
        raise InvalidArgument(f"num_trails must be 1 or more, or None, got {num_trails!r}")


def _curves(trials: Any, attachment_name: str, num_trails: int | None) -> list[tuple[Outcome, Any]]:
    having = [
        outcome
        for outcome in outcomes_of(trials)
        if attachment_name in trials.trial_attachments(outcome.trial)
    ]
    if num_trails is not None:
        ranked = sorted((one for one in having if one.good), key=lambda one: one.loss)
        places = np.linspace(
            0, len(ranked), min(num_trails, len(ranked)), endpoint=False, dtype=int
        )
        having = [ranked[place] for place in places]
    curves = []
    for outcome in having:
        attached = trials.trial_attachments(outcome.trial)[attachment_name]
        series = np.squeeze(np.asanyarray(_read(attached, attachment_name, outcome)))
        if series.ndim == 1:
            curves.append((outcome, series))
    return curves


def _opacity(outcome: Outcome, losses: Sequence[float], max_darkness: float) -> float:
    if not outcome.good:
        return _FAINTEST * max_darkness
    span = max(losses) - min(losses)
    badness = (outcome.loss - min(losses)) / span if span else 0.0
    return max_darkness * (1 - (1 - _FAINTEST) * badness)


class _SeriesUnpickler(pickle.Unpickler):
    """Reads numbers, builtin containers and numpy arrays, and nothing that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _READABLE or (module == "numpy.dtypes" and name.endswith("DType")):
            return super().find_class(module, name)
        raise InvalidArgument(
            f"its pickle names {module}.{name}, which could run code; "
            "attach a numpy array or a list"
        )


def _read(attached: Any, name: str, outcome: Outcome) -> Any:
    if not isinstance(attached, (bytes, bytearray)):
        return attached
    try:
        return _SeriesUnpickler(io.BytesIO(attached)).load()
    except Exception as wrong:  # damaged bytes raise anything
        raise InvalidArgument(
            f"trial {outcome.trial['tid']!r}: the attachment {name!r} cannot be read: {wrong}"
        ) from wrong
