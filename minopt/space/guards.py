"""What guards the functions that make parameters: labels, bounds, and how an error is put."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from minopt.exceptions import InvalidDistribution, InvalidDistributionType, InvalidLabel
from minopt.pyll import Apply, Literal
from minopt.space.checks import check_order
from minopt.space.laws import number_or_node

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MISSING = object()


def validate_label(f: _Function) -> _Function:
    """Make a function check that its first argument, ``label``, is a non-empty string.

    Bytes and literals of the graph that hold a string are labels, too.

    Raises
    ------
    InvalidLabel
        By the decorated function, which is a TypeError as well.
    """
    called = f.__name__.replace("hp_", "hp.", 1)

    @wraps(f)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if args and "label" in kwargs:
            raise InvalidDistributionType(
                f"{called} got its label twice, as {args[0]!r} and as label={kwargs['label']!r}"
            )
        if not args:
            args = (kwargs.pop("label", _MISSING),)
        _check_label(called, args[0])
        return f(*args, **kwargs)

    return checked  # type: ignore[return-value]


def validate_distribution_range(f: _Function) -> _Function:
    """Make a function ``f(label, low, high, ...)`` check that low < high, where both are numbers.

    Raises
    ------
    InvalidDistribution
        By the decorated function, which is a ValueError as well.
    """

    @wraps(f)
    def checked(label: Any, *args: Any, **kwargs: Any) -> Any:
        given = dict(zip(("low", "high"), args, strict=False)) | kwargs
        low, high = number_or_node(given.get("low")), number_or_node(given.get("high"))
        if not (low is None or high is None or isinstance(low, Apply) or isinstance(high, Apply)):
            with naming(label):
                check_order(f.__name__.removeprefix("hp_"), low, high)
        return f(label, *args, **kwargs)

    return checked  # type: ignore[return-value]


@contextmanager
def naming(label: Any, law: str = "", called: str = "") -> Iterator[None]:
    """Put the parameter's label in front of what is wrong, and call a law as the user did."""
    try:
        yield
    except InvalidDistribution as wrong:
        said = str(wrong).replace(law, called, 1) if called else str(wrong)
        raise type(wrong)(f"parameter {_shown(label)}: {said}") from None


def plain_label(label: Any) -> Any:
    """Return a label of numpy's as Python's; any other unchanged."""
    return label.item() if isinstance(label, np.character) else label


def _check_label(called: str, label: Any) -> None:
    text = label.obj if isinstance(label, Literal) else label
    if text is _MISSING:
        raise InvalidLabel(f"{called} needs a label, a non-empty string, as its first argument")
    if not isinstance(text, (str, bytes)):
        raise InvalidLabel(
            f"{called}: the label is missing or is no string; its first argument must be a "
            f"non-empty string, got {text!r} of type {type(text).__name__}"
        )
    if not text:
        raise InvalidLabel(f"{called}: the label must be a non-empty string, got {text!r}")


def _shown(label: Any) -> str:
    return repr(label.obj if isinstance(label, Literal) else plain_label(label))
