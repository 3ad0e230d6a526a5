"""The numbers given to a law: what they must be, and the sentence that says so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minopt.exceptions import InvalidDistribution, InvalidDistributionType

LARGEST_EXPONENT = math.log(np.finfo(np.float64).max)
SMALLEST_EXPONENT = -745.0  # exp of less is 0.0, which has no logarithm
SUM_TOLERANCE = 1e-6  # probabilities may come from float32
TAIL = 5.0  # standard deviations above `mu` that must not overflow under exp


class WholeStep(float):
    """A quantisation step whose multiples are held as ``int``: the mark of `hp.uniformint`.

    It prints as the float that it is, and survives cloning and pickling of a graph.
    """

    __slots__ = ()


def checked_number(law: str, field: str, value: Any) -> float:
    """Return one number of a law as a float, or say what is wrong with it by itself."""
    number = _real(law, field, value)
    if not math.isfinite(number):
        raise InvalidDistribution(f"{law} needs a finite {field}, got {field}={value!r}")
    if field in ("sigma", "q") and number <= 0:
        raise InvalidDistribution(f"{law} needs {field} > 0, got {field}={value!r}")
    return number


def checked_whole(law: str, field: str, value: Any) -> int:
    """Return one number of a law as an int, or say that it is not whole."""
    number = _real(law, field, value)
    if not number.is_integer():
        raise InvalidDistribution(f"{law} needs a whole {field}, got {field}={value!r}")
    return int(value) if isinstance(value, (int, np.integer)) else int(number)


def check_order(law: str, low: Any, high: Any, *, whole: bool = False) -> None:
    """Refuse bounds that are not finite numbers in rising order."""
    numbers = [_real(law, "low", low), _real(law, "high", high)]
    both_ints = isinstance(low, (int, np.integer)) and isinstance(high, (int, np.integer))
    rising = low < high if both_ints else numbers[0] < numbers[1]  # large ints have no float
    if not (all(map(math.isfinite, numbers)) and rising):
        kind = "whole numbers" if whole else "finite bounds"
        raise InvalidDistribution(
            f"{law} needs {kind} with low < high, got low={low!r}, high={high!r}"
        )
    if not math.isfinite(numbers[1] - numbers[0]):
        raise InvalidDistribution(
            f"{law} needs high - low to be a float, got low={low!r}, high={high!r}"
        )


def check_int64(law: str, low: int, high: int) -> None:
    """Refuse bounds that numpy's generator cannot draw between."""
    if low < -(2**63) or high > 2**63:
        raise InvalidDistribution(
            f"{law} needs bounds between -2**63 and 2**63, got low={low}, high={high}"
        )


def check_exponent(law: str, low: float, high: float) -> None:
    """Refuse bounds of a logarithm whose exponential is no positive float."""
    if high > LARGEST_EXPONENT:
        raise InvalidDistribution(
            f"{law} takes the natural logarithms of the bounds, and exp({high!r}) is too large for "
            f"a float, got low={low!r}, high={high!r}; for values up to 1000 write high=log(1000)"
        )
    if law == "loguniform" and low < SMALLEST_EXPONENT:
        raise InvalidDistribution(
            f"{law} takes the natural logarithms of the bounds, and exp({low!r}) is too small for "
            f"a float, got low={low!r}, high={high!r}; for values from 0.001 write low=log(0.001)"
        )


def check_tail(law: str, mu: float, sigma: float) -> None:
    """Refuse a normal logarithm whose exponential overflows now and then."""
    if mu + TAIL * sigma > LARGEST_EXPONENT:
        raise InvalidDistribution(
            f"{law} takes the mean and the standard deviation of the natural logarithm, and "
            f"exp(mu + {TAIL:g} * sigma) is too large for a float, got mu={mu!r}, sigma={sigma!r}"
        )


def check_step(law: str, q: float, largest: float) -> None:
    """Refuse a step so small that counting the steps overflows."""
    if not math.isfinite(largest / q):
        raise InvalidDistribution(
            f"{law} needs a q that fits its bounds, got q={q!r} for values up to {largest!r}"
        )


def checked_weights(weights: Any, law: str = "categorical") -> tuple[float, ...]:
    """Return probabilities as floats that numpy's multinomial takes.

    Raises
    ------
    InvalidDistribution
        For no weights, a negative or NaN weight, or a sum that is not 1 within 1e-6.
    """
    numbers = tuple(_real(law, f"probability {i}", weight) for i, weight in enumerate(weights))
    for i, number in enumerate(numbers):
        if not (math.isfinite(number) and number >= 0):
            raise InvalidDistribution(
                f"{law} needs probabilities between 0 and 1, got {number!r} as number {i}"
            )
    total = math.fsum(numbers)
    if not numbers or abs(total - 1.0) > SUM_TOLERANCE:
        raise InvalidDistribution(
            f"{law} needs probabilities that sum to 1, got {list(numbers)} with sum {total:.9g}"
        )
    if math.fsum(numbers[:-1]) > 1.0 + 1e-12 or max(numbers) > 1.0:
        return tuple(number / total for number in numbers)  # numpy would refuse such rounding
    return numbers


def _real(law: str, field: str, value: Any) -> float:
    if type(value) is float or type(value) is WholeStep:
        return value
    is_text = isinstance(value, (str, bytes, bytearray))
    is_array = isinstance(value, np.ndarray) and value.ndim > 0
    if is_text or is_array or not hasattr(value, "__float__"):
        raise InvalidDistributionType(
            f"{law} needs a number as {field}, got {value!r} of type {type(value).__name__}"
        )
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as failure:
        raise InvalidDistributionType(
            f"{law} needs a number as {field}, got {value!r}: {failure}"
        ) from failure
