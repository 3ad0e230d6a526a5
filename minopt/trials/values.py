"""Values as documents hold them: plain Python, in containers of their own."""

from __future__ import annotations

import copy
import datetime
import math
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgumentType

PLAIN = frozenset({float, int, str, bool, type(None)})


def plain(value: Any) -> Any:
    """Turn a numpy scalar or 0-d array into the Python value that it holds; leave the rest."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, np.floating):
        return float(value)  # not .item(): that of a longdouble is a longdouble
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return plain(only_item(value))
    return plain(value.item()) if isinstance(value, np.generic) else value


def only_item(array: Any) -> Any:
    """Return the one value of an array; NaN if it is masked, whatever lies beneath.

    Raises
    ------
    ValueError
        If there are more.
    """
    value = array.item()
    return math.nan if np.any(getattr(array, "mask", False)) else value


def copied(value: Any) -> Any:
    """Copy the dicts, lists, tuples and sets that a value is made of, and keep their leaves.

    A container that is found twice, or that holds itself, is copied once; one that is nested
    deeper than Python can follow is kept.
    """
    try:
        return _copied(value, {})
    except RecursionError:
        return copy.copy(value)


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    kind = type(value)
    if kind not in (dict, list, tuple, set):
        return value
    if id(value) in memo:
        return memo[id(value)]
    if kind is dict:
        fresh: dict[Any, Any] = {}
        memo[id(value)] = fresh
        fresh.update((key, _copied(item, memo)) for key, item in value.items())
        return fresh
    if kind is list:
        items: list[Any] = []
        memo[id(value)] = items
        items.extend(_copied(item, memo) for item in value)
        return items
    if kind is tuple:
        memo[id(value)] = found = tuple(_copied(item, memo) for item in value)
        return found
    return set(value)


def usable_loss(result: Any) -> float | None:
    """Return the loss of a result whose status is ``ok``; None if it has none, or NaN."""
    try:
        if result["status"] != "ok":
            return None
        loss = result.get("loss")
    except (TypeError, KeyError, AttributeError, ValueError):  # an array is no status
        return None
    return number(loss)


def number(value: Any) -> float | None:
    """Return what `value` is as a float; None for what is no number, and for NaN."""
    if type(value) is not float:
        if value is None or isinstance(value, (str, bytes)):
            return None
        try:
            value = float(only_item(value) if isinstance(value, np.ndarray) else value)
        except (TypeError, ValueError, OverflowError, RuntimeError):
            return None
    return None if math.isnan(value) else value


def SONify(
    arg: Any,
    memo: dict[int, Any] | None = None,  # noqa: ARG001 - hyperopt's parameter
) -> Any:
    """Return `arg` in the types that BSON and JSON know.

    Numpy scalars become Python numbers, arrays become lists; dicts, lists and tuples are
    rebuilt; strings, bytes, dates, None and MongoDB's ObjectIds stay.

    Parameters
    ----------
    arg : object
        What to convert.
    memo : dict, optional
        Kept for compatibility: containers converted so far, by ``id``.

    Raises
    ------
    InvalidArgumentType
        For any other object, and for a container that holds itself.

    Examples
    --------
    >>> SONify({"a": np.arange(3), "b": (np.float64(0.5), "c")})
    {'a': [0, 1, 2], 'b': (0.5, 'c')}
    """
    return _sonify(arg, ())


def _sonify(arg: Any, above: tuple[int, ...]) -> Any:
    arg = plain(arg)
    if isinstance(arg, (str, bytes, float, int, type(None), datetime.datetime)):
        return arg
    if isinstance(arg, (dict, list, tuple, np.ndarray)):
        if id(arg) in above:
            raise InvalidArgumentType(f"SONify: a {type(arg).__name__} holds itself")
        return _sonify_container(arg, (*above, id(arg)))
    if type(arg).__name__ == "ObjectId" and type(arg).__module__.startswith("bson"):
        return arg
    raise InvalidArgumentType(
        f"SONify: cannot convert {arg!r} of type {type(arg).__name__}; it takes numbers, strings, "
        "bytes, dates, None, arrays, and dicts, lists and tuples of these"
    )


def _sonify_container(arg: Any, above: tuple[int, ...]) -> Any:
    if isinstance(arg, dict):
        return {_sonify(key, above): _sonify(item, above) for key, item in arg.items()}
    items = [_sonify(item, above) for item in arg]
    if isinstance(arg, np.ndarray) or type(arg) is list:
        return items
    if hasattr(arg, "_fields"):
        return type(arg)(*items)  # a named tuple
    return type(arg)(items)
