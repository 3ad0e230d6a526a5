"""Evaluation of a graph: lazily at switches, through Lambdas, without recursion."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument, InvalidArgumentType, MissingValue
from minopt.pyll.nodes import Apply, Literal, as_apply
from minopt.pyll.symbols import scope

DEFAULT_MAX_PROGRAM_LEN = 100000


class GarbageCollected:
    """Marks in a memo a value that is not there: freed, or of an inactive parameter."""


GarbageCollected.__module__ = "minopt.pyll.base"


def rec_eval(
    expr: Any,
    deepcopy_inputs: bool = False,
    memo: dict[Apply, Any] | None = None,
    max_program_len: int | None = None,
    memo_gc: bool = True,  # noqa: ARG001
    print_trace: bool = False,
    print_node_on_error: bool = True,  # noqa: ARG001
) -> Any:
    """Evaluate a graph.

    Of a ``switch`` only the chosen option is evaluated; a symbol that returns a node (a Lambda)
    is evaluated on. Every node is evaluated at most once.

    Parameters
    ----------
    expr : Apply, or anything `as_apply` takes
    deepcopy_inputs : bool
        Give every function copies of its arguments, to find out whether one changes them.
    memo : dict from Apply to object, optional
        Known values of nodes; not changed.
    max_program_len : int, default 100 000
        Give up when more nodes than this wait for their inputs.
    memo_gc, print_node_on_error : bool
        Kept for hyperopt's signature. Values are freed when the evaluation ends, and errors
        are raised with the name of the symbol instead of printed.
    print_trace : bool
        Print every node as its turn comes.

    Returns
    -------
    object
        The value of `expr`.

    Raises
    ------
    RuntimeError
        If the program is longer than `max_program_len`.
    TypeError, ValueError, IndexError
        If a switch is given something that is no index of one of its options.
    """
    if deepcopy_inputs not in (0, 1, False, True):
        raise ValueError(
            f"deepcopy_inputs should be a bool, got {deepcopy_inputs!r}; is it meant as memo=?"
        )
    limit = DEFAULT_MAX_PROGRAM_LEN if max_program_len is None else max_program_len
    top = as_apply(expr)
    known: dict[Apply, Any] = {} if memo is None else dict(memo)
    expansions: dict[Apply, Apply] = {}  # a node -> the node that its symbol returned
    todo = [top]
    while todo:
        if len(todo) > limit:
            raise RuntimeError(
                f"more than {limit} nodes wait for their inputs: probably an infinite loop"
            )
        node = todo.pop()
        if print_trace:
            print("rec_eval:print_trace", len(todo), node.name)  # noqa: T201
        if node in known:
            continue
        if isinstance(node, Literal):
            known[node] = node.obj
            continue
        if node in expansions:
            needed = [expansions[node]]
        elif node.name == "switch":
            needed = _needed_of_switch(node, known)
        else:
            needed = node.inputs()
        missing = [arg for arg in needed if arg not in known]
        if missing:
            todo.append(node)
            todo.extend(missing)
        elif node in expansions or node.name == "switch":
            known[node] = known[needed[-1]]
        else:
            value = _apply_symbol(node, known, deepcopy_inputs)
            if isinstance(value, Apply):
                expansions[node] = value
                todo.append(node)
            else:
                known[node] = value
    return known[top]


def _needed_of_switch(node: Apply, known: dict[Apply, Any]) -> list[Apply]:
    """Return the selector alone while it is unknown, then the selector and its option."""
    selector = node.pos_args[0]
    if selector not in known:
        return [selector]
    return [selector, node.pos_args[1 + switch_index(node, known[selector])]]


def switch_index(node: Apply, value: Any) -> int:
    """Return `value` as an index of one of the options of a switch, or say why it is none."""
    if value is GarbageCollected:
        raise MissingValue(f"{_who(node)} has no value here")
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    n_options = len(node.pos_args) - 1
    whole = isinstance(value, (int, np.integer)) or (
        isinstance(value, (float, np.floating)) and float(value).is_integer()
    )
    if not whole:
        raise InvalidArgumentType(f"{_who(node)} needs a whole number as its index, got {value!r}")
    index = int(value)
    if index < 0:
        raise InvalidArgument(f"{_who(node)} needs an index of 0 or more, got {value!r}")
    if index >= n_options:
        raise IndexError(f"{_who(node)} has options 0 to {n_options - 1}, got index {value!r}")
    return index


def _who(switch: Apply) -> str:
    selector = switch.pos_args[0]
    if selector.name == "hyperopt_param" and isinstance(selector.pos_args[0], Literal):
        return f"choice {selector.pos_args[0].obj!r}"
    return "switch"


def _apply_symbol(node: Apply, known: dict[Apply, Any], deepcopy_inputs: bool) -> Any:
    args = [known[arg] for arg in node.pos_args]
    kwargs = {keyword: known[arg] for keyword, arg in node.named_args}
    for arg in node.inputs():
        if known[arg] is GarbageCollected:
            raise MissingValue(f"{node.name!r} needs {_describe(arg)}, which has no value here")
    if deepcopy_inputs:
        args, kwargs = copy.deepcopy((args, kwargs))
    try:
        function = scope._impls[node.name]
    except KeyError:
        raise NameError(
            f"the graph applies {node.name!r}, which scope does not have here; "
            "define it with @scope.define before evaluating"
        ) from None
    return function(*args, **kwargs)


def _describe(node: Apply) -> str:
    if node.name == "hyperopt_param" and isinstance(node.pos_args[0], Literal):
        return f"parameter {node.pos_args[0].obj!r}"
    return f"the value of {node.name!r}"
