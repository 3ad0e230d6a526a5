"""A space as plain data, to be saved with its trials: data is never code.

Every node is ``["literal", value]`` or ``[symbol, [positions], {keyword: position}]``, where
positions count the nodes before it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from minopt.exceptions import BadSearchSpace
from minopt.pyll.nodes import Apply, Literal
from minopt.pyll.symbols import scope
from minopt.pyll.walk import dfs
from minopt.space.checks import WholeStep

# What only computes: with `getattr`, `call` and the like a forged space could run anything.
_LAWS = (
    *("uniform", "quniform", "loguniform", "qloguniform", "normal", "qnormal", "lognormal"),
    *("qlognormal", "randint", "randint_via_categorical", "categorical"),
)
_SYMBOLS = frozenset(
    (
        *("pos_args", "dict", "switch", "hyperopt_param", "int", "float", *_LAWS),
        *("add", "sub", "mul", "truediv", "floordiv", "neg", "pow", "exp", "log", "sqrt"),
        *("sin", "cos", "tan", "max", "min", "maximum", "minimum", "sum", "len", "getitem"),
        *("eq", "gt", "ge", "lt", "le", "list", "range", "identity", "str_join", "asarray"),
    )
)
_MOST = 1_000_000  # bits of a whole number, items of a list, characters of a text
_MOST_NODES = 10_000_000  # with all those below them, unless they are nearly as many
_LONG = 300  # characters
_SEQUENCES = (str, bytes, list, tuple)
_SCALARS = (bool, int, float, complex, str, bytes, type(None))


# ---- what a forged space could make without end out of a few bytes


@scope.define_pure
def bounded_pow(a: Any, b: Any) -> Any:
    """Return ``a ** b``, unless that is a whole number of too many digits."""
    if isinstance(a, int) and isinstance(b, int) and abs(a) > 1:
        _check_size(a.bit_length() * b)
    return a**b


@scope.define_pure
def bounded_mul(a: Any, b: Any) -> Any:
    """Return ``a * b``, unless that is too long a number, text or list."""
    if isinstance(a, int) and isinstance(b, int):
        _check_size(a.bit_length() + b.bit_length())
    for held, times in ((a, b), (b, a)):
        if isinstance(held, _SEQUENCES) and isinstance(times, (int, np.integer)):
            _check_size(len(held) * int(times))
    return a * b


@scope.define_pure
def bounded_add(a: Any, b: Any) -> Any:
    """Return ``a + b``, unless that is too long a text or list."""
    if isinstance(a, _SEQUENCES) and isinstance(b, _SEQUENCES):
        _check_size(len(a) + len(b))
    return a + b


@scope.define_pure
def bounded_range(*args: Any) -> range:
    """Return a range, unless it is too long."""
    made = range(*args)
    _check_size(len(made))
    return made


@scope.define_pure
def bounded_join(s: str, seq: Any) -> str:
    """Join texts by `s`, unless that makes too long a text of it."""
    parts = list(seq)
    _check_size(len(s) * len(parts) + sum(map(len, parts)))
    return s.join(parts)


def _check_size(size: int) -> None:
    if size > _MOST:
        raise BadSearchSpace(
            "the space that was saved with these trials makes a value that is too large; give the "
            "right one with trials.set_space(space)"
        )


_BOUNDED = {
    "add": "bounded_add",
    "pow": "bounded_pow",
    "mul": "bounded_mul",
    "range": "bounded_range",
    "str_join": "bounded_join",
}


# ---- to data and back


def as_data(expr: Apply) -> list[Any] | None:
    """Return a space as data; None if it holds options or functions that are none."""
    nodes = dfs(expr)
    names = {bounded: name for name, bounded in _BOUNDED.items()}
    place = {node: number for number, node in enumerate(nodes)}
    data: list[Any] = []
    for node in nodes:
        if isinstance(node, Literal):
            value = float(node.obj) if isinstance(node.obj, WholeStep) else node.obj
            if not _is_plain(value):
                return None
            data.append(["literal", value])
            continue
        name = names.get(node.name, node.name)
        if name not in _SYMBOLS:
            return None
        args = [place[arg] for arg in node.pos_args]
        data.append([name, args, {key: place[arg] for key, arg in node.named_args}])
    return data


def from_data(data: Any) -> Apply:
    """Return the space that `as_data` made `data` of.

    Raises
    ------
    BadSearchSpace
        If it is none.
    """
    nodes: list[Apply] = []
    try:
        for name, *parts in data:
            nodes.append(_node(name, parts, nodes))
        _check_sharing(nodes)
        return nodes[-1]
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as wrong:
        raise BadSearchSpace(
            f"the space that was saved with these trials is damaged ({wrong}); give it with "
            "trials.set_space(space)"
        ) from wrong


def options_in(data: Any) -> dict[str, list[str]]:
    """Return how the options of each choice read, by its label, of a space as data.

    A parameter within an option reads as its label, whatever it is drawn from. What is no space
    holds no choices.
    """
    read: list[str] = []
    found: dict[str, list[str]] = {}
    try:
        for symbol, *parts in data:
            if symbol == "literal":
                read.append(_cut(repr(parts[0])))
                continue
            args = [read[place] for place in parts[0]]
            named = [f"{key!r}: {read[place]}" for key, place in parts[1].items()]
            if symbol == "hyperopt_param":
                args = args[:1]
            elif symbol == "switch" and data[parts[0][0]][0] == "hyperopt_param":
                found[args[0].removeprefix("hyperopt_param(").removesuffix(")")] = args[1:]
            read.append(_cut(f"{symbol}({', '.join([*args, *named])})"))
    except (TypeError, ValueError, LookupError, AttributeError):
        return {}
    return found


def _cut(text: str) -> str:
    """Shorten a text so that different ones stay different: nodes that are shared would grow it."""
    if len(text) <= _LONG:
        return text
    return f"{text[:_LONG]}… {hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _node(name: Any, parts: Any, before: list[Apply]) -> Apply:
    if name == "literal":
        (value,) = parts
        if not _is_plain(value):
            raise ValueError(f"an option of type {type(value).__name__}")
        return Literal(value)
    if name not in _SYMBOLS:
        raise ValueError(f"it applies {name!r}")
    args, kwargs = parts
    named = [(key, before[_place(number, before)]) for key, number in kwargs.items()]
    positional = [before[_place(number, before)] for number in args]
    return Apply(_BOUNDED.get(name, name), positional, named)


def _check_sharing(nodes: list[Apply]) -> None:
    """Refuse nodes that share nodes, over and over: what they make would have no end."""
    sizes: dict[Apply, int] = {}
    n_inputs = sum(len(node.inputs()) for node in nodes)
    for node in nodes:
        sizes[node] = 1 + sum(sizes[arg] for arg in node.inputs())
        if sizes[node] > max(_MOST_NODES, 100 * n_inputs):
            raise ValueError("its nodes share nodes over and over")


def _place(number: Any, before: list[Apply]) -> int:
    if type(number) is not int or not 0 <= number < len(before):
        raise ValueError(f"no node {number!r}")
    return number


def _is_plain(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufcUS" and type(value) is np.ndarray
    if type(value) in (tuple, list, frozenset, set):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(_is_plain(part) for item in value.items() for part in item)
    return type(value) in _SCALARS or (
        isinstance(value, np.generic) and value.dtype.kind in "biufc"
    )
