"""Literals that stand for objects which exist only when a graph is evaluated."""

from __future__ import annotations

from typing import Any

from minopt.pyll.nodes import Apply, Literal
from minopt.pyll.walk import dfs


def use_obj_for_literal_in_memo(
    expr: Apply, obj: Any, lit: Any, memo: dict[Any, Any]
) -> dict[Any, Any]:
    """Let the literals of a graph that hold `lit` evaluate to `obj`.

    Parameters
    ----------
    expr : Apply
        The graph.
    obj : object
        What they shall be.
    lit : object
        What they hold, recognised by identity or, where that can be told, by ``==``.
    memo : dict
        The memo of `rec_eval`; written to.

    Returns
    -------
    dict
        `memo`.
    """
    for node in dfs(expr):
        if isinstance(node, Literal) and _same(node.obj, lit):
            memo[node] = obj
    return memo


def _same(held: Any, lit: Any) -> bool:
    if held is lit:
        return True
    try:
        return bool(held == lit)
    except (TypeError, ValueError, AttributeError):  # an array does not say True or False
        return False
