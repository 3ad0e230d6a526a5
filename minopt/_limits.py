"""The checks of a search's limits; both messages are part of the interface, word for word."""

from __future__ import annotations

import numbers
from typing import Any

from minopt.exceptions import InvalidArgument


def validate_timeout(timeout: Any) -> None:
    """Refuse a `timeout` that is neither None nor a number above zero.

    Raises
    ------
    InvalidArgument
        For zero, negative numbers, NaN, bools and whatever is no number.
    """
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        raise InvalidArgument(
            f"The timeout argument should be None or a positive value. Given value: {timeout}"
        )


def validate_loss_threshold(loss_threshold: Any) -> None:
    """Refuse a `loss_threshold` that is neither None nor a number.

    Raises
    ------
    InvalidArgument
        For NaN, bools and whatever is no number.
    """
    if loss_threshold is not None and not _is_number(loss_threshold):
        raise InvalidArgument(
            "The loss_threshold argument should be None or a numeric value. "
            f"Given value: {loss_threshold}"
        )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, numbers.Number):
        return False
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return False
    return bool(value == value)  # NaN is unequal to itself
