"""Recursive functions over nested things of any depth, run without recursion."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

Visit: TypeAlias = Generator[Any, Any, Any]


def run_nested(visit: Callable[[Any], Visit], top: Any) -> Any:
    """Return what the generator of `top` returns.

    Parameters
    ----------
    visit : generator function
        Yields an argument where a recursive function would call itself, and is sent the result.
    top : object
        The first argument.
    """
    path = [visit(top)]
    result = None
    while True:
        try:
            inner = path[-1].send(result)
        except StopIteration as finished:
            result = finished.value
            path.pop()
            if not path:
                return result
        else:
            path.append(visit(inner))
            result = None
