"""What to say when a part of a space is used as if it had its value already."""

from __future__ import annotations

from typing import Any

import numpy as np

_IMPORT = "(from minopt.pyll import scope)"
_COMPARISONS = frozenset({"greater", "greater_equal", "less", "less_equal"})
_IN_SCOPE = frozenset({"cos", "exp", "log", "maximum", "minimum", "sin", "sqrt", "tan"})
_AROUND = frozenset({"float", "int", "switch"})  # what hp puts around a parameter
_SHOWN = 3


class Unevaluated:
    """What Python asks of a value, and a part of a space cannot give before it has one."""

    def __contains__(self, item: Any) -> bool:
        raise no_items(self)

    def __int__(self) -> int:
        raise _no_number(self, "int")

    def __float__(self) -> float:
        raise _no_number(self, "float")

    def __index__(self) -> int:
        raise _no_index(self)

    def __round__(self, ndigits: Any = None) -> Any:
        raise _no_rounding(self)

    def __abs__(self) -> Any:
        raise _no_operation(self, "abs")

    def __mod__(self, other: Any) -> Any:
        raise _no_operation(self, "%")

    def __format__(self, spec: str) -> str:
        if spec:
            raise _no_text(self, spec)
        return str(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _apply_ufunc(self, ufunc, method, inputs, kwargs)


def told(node: Any) -> str:
    """Say which part of a space a node is: by the labels of the parameters in it."""
    head = node
    while head.name in _AROUND and head.pos_args:
        head = head.pos_args[0]
    if head.name == "hyperopt_param":
        return f"parameter {_label(head)!r} is a part of a space"
    labels = _labels(node)
    if not labels:
        return f"{node.name!r} is a part of a space"
    few = ", ".join(map(repr, labels[:_SHOWN])) + (", …" if len(labels) > _SHOWN else "")
    return f"{node.name!r} of parameter{'s' * (len(labels) > 1)} {few} is a part of a space"


def _labels(node: Any) -> list[Any]:
    from minopt.pyll.walk import dfs

    return list(
        dict.fromkeys(_label(below) for below in dfs(node) if below.name == "hyperopt_param")
    )


def _label(parameter: Any) -> Any:
    return getattr(parameter.pos_args[0], "obj", None) if parameter.pos_args else None


def _no_number(node: Any, kind: str) -> TypeError:
    """Make the error for ``int(node)`` or ``float(node)``, which `math` calls, too."""
    others = "" if kind == "int" else ", or scope.exp, scope.log, scope.sqrt, … for those of math"
    return TypeError(
        f"{told(node)}: it is no {kind} before it is evaluated; write scope.{kind}(...) "
        f"{_IMPORT}{others}, or convert in the objective"
    )


def _no_index(node: Any) -> TypeError:
    """Make the error for ``options[node]`` and ``range(node)``."""
    return TypeError(
        f"{told(node)}: it is no integer to index or count with before it is evaluated; write "
        f"hp.choice(label, options), scope.getitem(options, ...) or scope.range(...) {_IMPORT}, or "
        "do it in the objective"
    )


def _no_rounding(node: Any) -> TypeError:
    """Make the error for ``round(node)``."""
    return TypeError(
        f"{told(node)}: it cannot be rounded before it is evaluated; hp.quniform(label, low, high, "
        f"q) draws multiples of q, and scope.int(...) {_IMPORT} makes them int"
    )


def _no_operation(node: Any, what: str) -> TypeError:
    """Make the error for an operation that expressions do not have."""
    return TypeError(
        f"{told(node)}: {what} of it is not defined before it is evaluated; do it in the "
        f"objective, or in a function of your own with @scope.define {_IMPORT}"
    )


def _no_text(node: Any, spec: str) -> TypeError:
    """Make the error for ``f"{node:spec}"``."""
    return TypeError(
        f"{told(node)}: it has no value to be formatted as {spec!r} before it is evaluated; "
        "format it in the objective"
    )


def no_length(node: Any) -> TypeError:
    """Make the error for ``len(node)`` and ``bool(node)``."""
    return TypeError(
        f"{told(node)}: it has no length, and is neither true nor false, before it is evaluated; "
        "compare and branch in the objective, or let hp.choice choose between the two cases"
    )


def no_items(node: Any) -> TypeError:
    """Make the error for ``for item in node``."""
    return TypeError(
        f"{told(node)}: cannot iterate over {node.name!r}, its length is not known before it is "
        "evaluated; iterate in the objective"
    )


def _apply_ufunc(node: Any, ufunc: Any, method: str, inputs: Any, kwargs: Any) -> Any:
    """Do with a node what numpy does with objects that it does not know.

    Raises
    ------
    TypeError
        If objects have no such function.
    """
    if ufunc.__name__ in _COMPARISONS:
        kwargs = {"dtype": object, **kwargs}  # an expression, as of Python's numbers
    try:
        return getattr(ufunc, method)(*map(_boxed, inputs), **kwargs)
    except TypeError as refused:
        name = ufunc.__name__
        if name not in _IN_SCOPE:
            raise _no_operation(node, f"np.{name}") from refused
        ranges = {
            "exp": "; hp.loguniform(label, np.log(low), np.log(high)) draws on a log scale",
            "log": "; hp.loguniform(label, ...) and hp.lognormal(label, ...) draw on a log scale",
        }
        raise TypeError(
            f"{told(node)}: np.{name} has no number to work on before it is evaluated; write "
            f"scope.{name}(...) {_IMPORT}, or do it in the objective{ranges.get(name, '')}"
        ) from refused


def _boxed(given: Any) -> Any:
    if not hasattr(given, "pos_args"):
        return given
    box = np.empty((), dtype=object)
    box[()] = given
    return box
