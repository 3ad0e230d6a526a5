"""What the objective says about itself: the space in its annotations, how it wants to be called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from minopt.exceptions import InvalidAnnotatedParameter
from minopt.pyll.nodes import Apply

Objective = Callable[..., Any]
F = TypeVar("F", bound=Objective)


def fmin_pass_expr_memo_ctrl(f: F) -> F:
    """Mark an objective that wants to be called as ``f(expr=, memo=, ctrl=)``.

    `expr` is the space, `memo` a dict with which ``rec_eval(expr, memo=memo)`` builds the point,
    `ctrl` the `Ctrl` of the trial.
    """
    f.fmin_pass_expr_memo_ctrl = True  # type: ignore[attr-defined]
    return f


def partial(fn: Objective, **kwargs: Any) -> functools.partial[Any]:
    """Do what `functools.partial` does, and keep the mark of `fmin_pass_expr_memo_ctrl`."""
    bound = functools.partial(fn, **kwargs)
    if hasattr(fn, "fmin_pass_expr_memo_ctrl"):
        bound.fmin_pass_expr_memo_ctrl = fn.fmin_pass_expr_memo_ctrl  # type: ignore[attr-defined]
    return bound


class ByKeyword:
    """An objective with one argument, a dict, from one with several."""

    def __init__(self, fn: Objective) -> None:
        self.fn = fn
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, point: Mapping[str, Any]) -> Any:
        """Call the objective."""
        return self.fn(**point)


def annotated_space(fn: Objective) -> dict[str, Apply]:
    """Read the space from the annotations of an objective's arguments.

    Raises
    ------
    InvalidAnnotatedParameter
        If an argument is annotated with something else, or lacks an annotation and a default.
    """
    name = getattr(fn, "__name__", repr(fn))
    try:
        parameters = inspect.signature(_routine(fn), eval_str=True).parameters
    except NameError as unknown:
        raise InvalidAnnotatedParameter(
            f'space="annotated": the annotations of {name} are strings, and {unknown}; define the '
            "spaces at the top of the module, or leave out 'from __future__ import annotations'"
        ) from unknown
    space = {label: p.annotation for label, p in parameters.items() if _is_searched(p)}
    for label, annotation in space.items():
        if not isinstance(annotation, Apply):
            got = "nothing" if annotation is inspect.Parameter.empty else repr(annotation)
            raise InvalidAnnotatedParameter(
                f'space="annotated": the argument {label!r} of {name} must be annotated with a '
                f"space such as hp.uniform({label!r}, 0, 1), got {got}"
            )
    if not space:
        raise InvalidAnnotatedParameter(
            f'space="annotated": {name} has no argument annotated with a space such as '
            "hp.uniform('x', 0, 1)"
        )
    return space


def is_annotated(fn: Objective) -> bool:
    """Tell whether an argument of an objective is annotated with a space, or may be."""
    try:
        parameters = inspect.signature(_routine(fn), eval_str=True).parameters.values()
    except NameError:
        return True  # `annotated_space` says what is wrong
    except (TypeError, ValueError):
        return False  # one of C's, without a signature
    return any(isinstance(parameter.annotation, Apply) for parameter in parameters)


def _routine(fn: Objective) -> Objective:
    """Return what has the annotations: of an object that can be called, its method."""
    if inspect.isroutine(fn) or inspect.isclass(fn) or isinstance(fn, functools.partial):
        return fn
    return fn.__call__  # type: ignore[no-any-return,operator]


def _is_searched(parameter: inspect.Parameter) -> bool:
    if parameter.annotation is not inspect.Parameter.empty:
        return True
    optional = parameter.default is not inspect.Parameter.empty
    return not optional and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
