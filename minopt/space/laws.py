"""Every law by its name, made from numbers or read off a graph node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minopt.exceptions import InvalidDistribution, InvalidDistributionType
from minopt.pyll import Apply, Literal
from minopt.space.checks import WholeStep, checked_number
from minopt.space.continuous import (
    Lognormal,
    Loguniform,
    Normal,
    Qlognormal,
    Qloguniform,
    Qnormal,
    Quniform,
    Uniform,
)
from minopt.space.discrete import Categorical, Randint
from minopt.space.law import Law, arguments_of

__all__ = [
    "LAWS",
    "Categorical",
    "Law",
    "Lognormal",
    "Loguniform",
    "Normal",
    "Qlognormal",
    "Qloguniform",
    "Qnormal",
    "Quniform",
    "Randint",
    "Uniform",
    "WholeStep",
    "bind",
    "check_numbers",
    "law_from",
    "law_of",
    "number_or_node",
]

LAWS: dict[str, Any] = {
    law.name: law
    for law in (
        Uniform,
        Loguniform,
        Quniform,
        Qloguniform,
        Normal,
        Qnormal,
        Lognormal,
        Qlognormal,
        Randint,
        Categorical,
    )
}
# Arguments of every random symbol that are no part of its law.
_OF_THE_DRAW = ("rng", "size")


def law_from(name: str, *args: Any, **kwargs: Any) -> Law:
    """Make a law from the name of its graph symbol and that symbol's arguments.

    Parameters
    ----------
    name : str
        ``"uniform"``, ``"qlognormal"``, ``"randint"``, ``"categorical"``, …
    *args, **kwargs
        Numbers, as the symbol takes them; ``randint`` with one means [0, n).

    Raises
    ------
    InvalidDistribution
        For an unknown name, arguments missing or too many, or numbers that make no law.

    Examples
    --------
    >>> law_from("quniform", 0, 10, q=2)
    Quniform(low=0.0, high=10.0, q=2.0)
    >>> law_from("randint", 5)
    Randint(low=0, high=5)
    """
    if name not in LAWS:
        raise InvalidDistribution(f"there is no law {name!r}; the laws are {', '.join(LAWS)}")
    bound = bind(name, args, kwargs)
    if name == "randint" and bound.get("high") is None:
        bound = {"low": 0, "high": bound["low"]}
    law: Law = LAWS[name](**bound)
    return law


def law_of(node: Apply) -> Law | None:
    """Read the law off a graph node such as ``scope.uniform(0, 1)``.

    Returns
    -------
    Law or None
        None if the node is no law, or one of its arguments is an expression.

    Raises
    ------
    InvalidDistribution
        If all arguments are given and make no law.
    """
    if node.name not in LAWS:
        return None
    args = [number_or_node(arg) for arg in node.pos_args]
    kwargs = {key: number_or_node(arg) for key, arg in node.named_args if key not in _OF_THE_DRAW}
    if any(isinstance(value, Apply) for value in [*args, *kwargs.values()]):
        return None
    return law_from(node.name, *args, **kwargs)


def bind(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arguments of a law their names; refuse missing, doubled and unknown ones."""
    names = arguments_of(LAWS[name])
    takes = f"{name} takes {', '.join(names)}"
    if len(args) > len(names):
        raise InvalidDistributionType(f"{takes}; got {len(args)} values: {_listed(args)}")
    bound = dict(zip(names, args, strict=False))
    for key, value in kwargs.items():
        if key not in names:
            raise InvalidDistributionType(f"{takes}; got an unknown argument {key}={value!r}")
        if key in bound:
            raise InvalidDistributionType(
                f"{takes}; got {key} twice, as {bound[key]!r} and as {key}={value!r}"
            )
        bound[key] = value
    needed = names[:1] if name == "randint" else names
    missing = [key for key in needed if key not in bound]
    if missing:
        given = ", ".join(f"{key}={value!r}" for key, value in bound.items()) or "nothing"
        raise InvalidDistributionType(f"{takes}; {' and '.join(missing)} missing, got {given}")
    return bound


def check_numbers(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Check what can be checked now: all of a law's numbers, or each one beside expressions."""
    values = {key: number_or_node(value) for key, value in bind(name, args, kwargs).items()}
    if not any(isinstance(value, Apply) for value in values.values()):
        law_from(name, **values)
        return
    for key, value in values.items():
        if not isinstance(value, Apply) and name != "categorical":
            checked_number(name, key, value)


def number_or_node(arg: Any) -> Any:
    """Return what a node holds if that is certain now, else the node; other things unchanged."""
    if isinstance(arg, Literal):
        value = arg.obj
        is_vector = isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > 0)
        return tuple(value) if is_vector else value
    if isinstance(arg, Apply) and arg.name == "pos_args" and not arg.named_args:
        items = [number_or_node(item) for item in arg.pos_args]
        return arg if any(isinstance(item, Apply) for item in items) else tuple(items)
    return arg


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(repr, values))
