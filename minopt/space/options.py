"""What a choice chooses among: options as a list, their numbers plain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minopt.exceptions import InvalidDistribution, InvalidDistributionType
from minopt.pyll import Apply
from minopt.space.checks import checked_weights
from minopt.space.laws import number_or_node


def options_of(options: Any) -> list[Any]:
    """Return the options as a list, numpy scalars in it as Python's.

    Raises
    ------
    InvalidDistribution
        If there are none.
    InvalidDistributionType
        For a dict, a set, a string, or something that is no collection.
    """
    listed = _listed("options", options)
    if not listed:
        raise InvalidDistribution("choice needs at least one option, got none")
    return [_plain(option) for option in listed]


def weighted_options_of(pairs: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """Return the weights and the options of (weight, option) pairs.

    Raises
    ------
    InvalidDistribution
        For no pairs, something that is not a pair, or weights that are no probabilities.
    InvalidDistributionType
        For a dict, a set, a string, or something that is no collection.
    """
    listed = [_pair(i, pair) for i, pair in enumerate(_listed("p_options", pairs))]
    if not listed:
        raise InvalidDistribution("pchoice needs at least one (probability, option), got none")
    weights = tuple(number_or_node(weight) for weight, _ in listed)
    if not any(isinstance(weight, Apply) for weight in weights):
        weights = checked_weights(weights, law="pchoice")
    return weights, [_plain(option) for _, option in listed]


def _listed(name: str, given: Any) -> list[Any]:
    if isinstance(given, (str, bytes)):
        return _refuse(name, given, f"for its letters write list({given!r})")
    if isinstance(given, Mapping):
        return _refuse(name, given, "pass a list, of dicts if an option is a dict: [{...}, {...}]")
    if isinstance(given, (set, frozenset)):
        return _refuse(name, given, "a set has no order for indices to count in; pass sorted(...)")
    if isinstance(given, np.ndarray) and given.ndim == 1:
        return list(given)
    if isinstance(given, Apply):
        try:
            return [given[i] for i in range(len(given))]
        except TypeError:
            return _refuse(name, given, "an expression of unknown length; pass a list of options")
    if not isinstance(given, Iterable) or getattr(given, "ndim", 1) == 0:
        return _refuse(name, given, "pass a list")
    return list(given)


def _pair(position: int, pair: Any) -> tuple[Any, Any]:
    if isinstance(pair, (list, tuple, np.ndarray)) and len(pair) == 2:
        return pair[0], pair[1]
    kind = InvalidDistribution if isinstance(pair, (list, tuple)) else InvalidDistributionType
    raise kind(f"pchoice needs (probability, option) pairs, got {pair!r} at position {position}")


def _plain(option: Any) -> Any:
    is_span = isinstance(option, np.timedelta64)  # a number to numpy, but with a unit
    if isinstance(option, (np.number, np.bool_, np.str_, np.bytes_)) and not is_span:
        return option.item()
    return option


def _refuse(name: str, given: Any, advice: str) -> list[Any]:
    raise InvalidDistributionType(
        f"{name} must be a list, tuple, range or array, got {_short(given)} "
        f"of type {type(given).__name__}; {advice}"
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
