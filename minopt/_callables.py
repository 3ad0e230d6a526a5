"""Whether what the user hands over can be called as a search is going to call it."""

from __future__ import annotations

import inspect
from typing import Any

from minopt.exceptions import InvalidArgumentType

_NEVER = {
    "an async": inspect.iscoroutinefunction,
    "a generator": inspect.isgeneratorfunction,
    "an async generator": inspect.isasyncgenfunction,
}


def check_objective(fn: Any, pass_expr_memo_ctrl: bool) -> None:
    """Refuse an objective that cannot be called with a point, or that returns no loss."""
    for kind, is_so in _NEVER.items():
        if is_so(fn) or is_so(type(fn).__call__):
            way_out = ", as in lambda point: asyncio.run(fn(point))" if kind == "an async" else ""
            raise InvalidArgumentType(
                f"fn must return the loss, but {_name(fn)} is {kind} function, whose call "
                f"returns no value yet; wrap it in one that does{way_out}"
            )
    if pass_expr_memo_ctrl:
        why = why_not(fn, expr=None, memo=None, ctrl=None)
        wanted = "keywords expr, memo and ctrl, which pass_expr_memo_ctrl asks for"
    else:
        why = why_not(fn, None)
        wanted = "one argument, the point (of a space that is a dict, a dict: point['x'])"
    if why:
        raise InvalidArgumentType(f"fn is called with {wanted}, and {_name(fn)} cannot be: {why}")


def check_algorithm(algo: Any) -> None:
    """Refuse an algorithm that cannot be asked."""
    why = why_not(algo, [], None, None, 0)
    if why:
        raise InvalidArgumentType(
            f"algo is called as algo(new_ids, domain, trials, seed), and {_name(algo)} cannot be: "
            f"{why}; an algorithm is a function such as tpe.suggest, with settings "
            "partial(tpe.suggest, gamma=0.2)"
        )


def check_stop_function(early_stop_fn: Any) -> None:
    """Refuse a function that cannot be asked whether to stop."""
    why = "" if early_stop_fn is None else why_not(early_stop_fn, None)
    if why:
        raise InvalidArgumentType(
            "early_stop_fn is called with the trials and the arguments that it returned last "
            f"time, none at first, and {_name(early_stop_fn)} cannot be: {why}"
        )


def why_not(function: Any, *args: Any, **kwargs: Any) -> str:
    """Say why a function cannot be called so; "" if it can, or if it does not tell."""
    try:  # what a wrapper wraps may be called otherwise than the wrapper
        signature = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as wrong:
        return str(wrong)
    return ""


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or repr(function))
