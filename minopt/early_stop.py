"""When to stop early: functions for `fmin`'s argument ``early_stop_fn``."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

from minopt.exceptions import InvalidArgument
from minopt.trials.memory import Trials
from minopt.trials.stock import tally
from minopt.trials.summary import best_loss as lowest_loss

__all__ = ["no_progress_loss"]

StopFunction = Callable[..., tuple[bool, list[Any]]]


def no_progress_loss(iteration_stop_count: int = 20, percent_increase: float = 0.0) -> StopFunction:
    """Make a function that stops a search whose best loss does not get better.

    Parameters
    ----------
    iteration_stop_count : int > 0
        Stop after this many trials in a row without progress; the first trial of a search
        counts as one of them, and so do trials that fail or have no usable loss.
    percent_increase : float >= 0
        A loss is progress only if it is below the best one by more than this percentage.

    Returns
    -------
    callable
        For ``fmin(..., early_stop_fn=...)``.

    Examples
    --------
    >>> from minopt import Trials
    >>> no_progress_loss(10)(Trials())
    (False, [None, 1])
    """
    _check(iteration_stop_count, percent_increase)

    def stop_fn(
        trials: Any, best_loss: float | None = None, iteration_no_progress: int = 0
    ) -> tuple[bool, list[Any]]:
        lowest = _lowest(trials)
        is_first = best_loss is None and iteration_no_progress == 0
        if best_loss is not None and math.isnan(best_loss):
            best_loss = None
        if lowest is None:
            progress = False
        elif best_loss is None:
            progress = iteration_no_progress > 0
            best_loss = lowest
        else:
            progress = lowest < best_loss - abs(best_loss * (percent_increase / 100.0))
        if progress:
            return False, [lowest, 0]
        n_without = iteration_no_progress + 1
        stop = n_without >= iteration_stop_count and not is_first  # one trial shows no trend
        return stop, [best_loss, n_without]

    return stop_fn


def _lowest(trials: Any) -> float | None:
    return tally(trials).best_loss if isinstance(trials, Trials) else lowest_loss(trials)


def _check(iteration_stop_count: Any, percent_increase: Any) -> None:
    if not (_is_number(iteration_stop_count) and iteration_stop_count > 0):
        raise InvalidArgument(
            "no_progress_loss: iteration_stop_count must be a number of trials above 0, "
            f"got {iteration_stop_count!r}"
        )
    if not (_is_number(percent_increase) and percent_increase >= 0):
        raise InvalidArgument(
            f"no_progress_loss: percent_increase must be a number >= 0, got {percent_increase!r}"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
