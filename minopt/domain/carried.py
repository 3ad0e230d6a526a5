"""The user's own symbols in a space, which travel with it to other processes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeAlias

from minopt.pyll.nodes import Apply, Lambda
from minopt.pyll.symbols import scope
from minopt.pyll.walk import dfs

Carried: TypeAlias = dict[str, tuple[bytes, int | None, bool]]
"""By name: the pickled function, the length of what it returns, whether it is pure."""

_OF_EVERYBODY = ("minopt", "builtins", "_operator")


def carried_symbols(expr: Apply) -> Carried:
    """Pickle the functions behind a space that the user has defined; not those that cannot be."""
    found: Carried = {}
    for name, function in _users_symbols(expr):
        entry = vars(scope).get(name)
        with suppress(Exception):  # pickling runs the code of users' objects
            import cloudpickle

            data = cloudpickle.dumps(function)
            found[name] = data, getattr(entry, "o_len", None), getattr(entry, "pure", False)
    return found


def _users_symbols(expr: Apply) -> Iterator[tuple[str, Any]]:
    exprs: list[Apply] = [expr]
    seen: set[str] = set()
    while exprs:
        for name in {node.name for node in dfs(exprs.pop())} - seen:
            seen.add(name)
            function = dict.get(scope._impls, name)
            if isinstance(function, Lambda):
                exprs.append(function.expr)
                yield name, function
            elif not (function is None or isinstance(function, str) or _is_everybodys(function)):
                yield name, function


def _is_everybodys(function: Any) -> bool:
    """Tell whether every process that has minopt has a function."""
    return str(getattr(function, "__module__", "")).partition(".")[0] in _OF_EVERYBODY


_brought: dict[str, tuple[bytes, Any]] = {}  # by name: what was defined here, and of which pickle


def define_carried(symbols: Carried) -> None:
    """Define the symbols that this process does not have, or has of another domain's older self.

    Those that cannot be read are not defined.
    """
    for name, (data, o_len, pure) in symbols.items():
        before = _brought.get(name)
        is_older = before is not None and before[0] != data and scope._impls.get(name) is before[1]
        if name not in scope._impls or is_older:
            with suppress(Exception):  # a module that is not here: told when the space is used
                function = pickle.loads(data)  # noqa: S301 - part of a pickled Domain
                scope._define(function, o_len, pure, name)
                _brought[name] = data, function
