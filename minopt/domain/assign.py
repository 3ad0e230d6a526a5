"""From the values of parameters to a point: the structure that the objective receives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minopt.domain.uses import is_parameter, parameter_parts
from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.pyll.evaluate import rec_eval, switch_index
from minopt.pyll.nodes import Apply, Lambda, Literal, as_apply
from minopt.pyll.stochastic import plain
from minopt.pyll.symbols import scope
from minopt.pyll.walk import dfs

Values = Mapping[str, Any]
_Step = Callable[[Values], Any]

_MAX_DEPTH = 60  # deeper graphs are evaluated without recursion
_CHEAP = frozenset({"float", "int", "hyperopt_param", "literal"})


def space_eval(space: Any, hp_assignment: Mapping[str, Any]) -> Any:
    """Build the point of a space that belongs to values of its parameters.

    Parameters
    ----------
    space : Apply, or anything `as_apply` takes
    hp_assignment : mapping from label to value
        What `fmin` returns, ``trial["misc"]["vals"]`` (lists of one value, or of none), or a
        dict of your own. Choices are indices, as int or float.

    Returns
    -------
    object
        A point with the structure of the space, its numbers plain Python numbers.

    Raises
    ------
    InvalidArgument
        If a parameter that the point needs is missing, or `hp_assignment` is no mapping.

    Examples
    --------
    >>> from minopt import hp
    >>> space_eval(hp.choice("model", ["svc", "knn"]), {"model": 1})
    'knn'
    """
    if not isinstance(hp_assignment, Mapping):
        raise InvalidArgumentType(
            "space_eval needs a dict from label to value, such as what fmin returns or "
            f"trial['misc']['vals']; got {hp_assignment!r}"
        )
    expr = as_apply(space)
    listed = {label: _listed(value) for label, value in hp_assignment.items()}
    return build_point(expr, {label: held[0] for label, held in listed.items() if len(held)})


def _listed(value: Any) -> Sequence[Any]:
    """Return a value as documents keep it: alone in a list, or in none."""
    if isinstance(value, (list, tuple)):
        return value
    return [value] if np.ndim(value) == 0 else list(value)


def build_point(expr: Apply, values: Values) -> Any:
    """Evaluate a space at the values of its parameters, without recursion."""
    memo = {}
    for node in dfs(expr):
        if is_parameter(node):
            label = parameter_parts(node)[0]
            if label in values:
                memo[node] = values[label]
    try:
        return plain(rec_eval(expr, memo=memo))
    except AttributeError as wrong:  # a random node without a value looks for its generator
        missing = _missing_label(expr, values, wrong)
        if missing is None:
            raise
        raise InvalidArgument(
            f"the point needs a value for parameter {missing!r}; given are: "
            f"{', '.join(sorted(map(str, values))) or 'none'}"
        ) from None


def _missing_label(expr: Apply, values: Values, wrong: AttributeError) -> str | None:
    if getattr(wrong, "obj", None) is not None or "NoneType" not in str(wrong):
        return None
    labels = [parameter_parts(node)[0] for node in dfs(expr) if is_parameter(node)]
    return next((label for label in labels if label not in values), None)


class Program:
    """A space prepared for quick evaluation, many times.

    Parameters
    ----------
    expr : Apply
    """

    def __init__(self, expr: Apply) -> None:
        self._expr = expr
        self._step = _compile(expr)

    def __call__(self, values: Values) -> Any:
        """Build the point of these values; all labels that it needs must be among them."""
        if self._step is None:
            return build_point(self._expr, values)
        try:
            return self._step(values)
        except _MissingValue as missing:
            raise InvalidArgument(
                f"the point needs a value for parameter {missing.args[0]!r}; given are: "
                f"{', '.join(sorted(map(str, values))) or 'none'}"
            ) from None


class _MissingValue(Exception):
    """A step did not find the value of its label."""


def _compile(expr: Apply) -> _Step | None:
    """Turn a graph into nested functions, or return None if it must be evaluated node by node."""
    n_uses = Counter(arg for node in dfs(expr) for arg in node.inputs())
    depth: dict[Apply, int] = {}
    for node in dfs(expr):
        shared = n_uses[node] > 1 and not _is_cheap(node)
        if shared or isinstance(dict.get(scope._impls, node.name), Lambda):
            return None
        depth[node] = 1 + max((depth[arg] for arg in node.inputs()), default=0)
    return _step(expr) if depth[expr] <= _MAX_DEPTH else None


def _is_cheap(node: Apply) -> bool:
    """Tell whether evaluating a node twice is as good as once: a parameter, perhaps converted."""
    while node.name in ("float", "int") and len(node.pos_args) == 1:
        node = node.pos_args[0]
    return node.name in ("hyperopt_param", "literal")


def _step(node: Apply) -> _Step:
    if isinstance(node, Literal):
        constant = plain(node.obj)
        return lambda _: constant
    if is_parameter(node):
        return _value_step(parameter_parts(node)[0])
    if node.name == "switch":
        return _switch_step(node)
    args = [_step(arg) for arg in node.pos_args]
    kwargs = [(keyword, _step(arg)) for keyword, arg in node.named_args]
    if node.name == "pos_args" and not kwargs:
        return lambda values: tuple([arg(values) for arg in args])
    if node.name == "dict" and not args:
        return lambda values: {keyword: arg(values) for keyword, arg in kwargs}
    if node.name in ("float", "int") and len(args) == 1:
        convert, inner = (float if node.name == "float" else int), args[0]
        return lambda values: convert(inner(values))
    return _call_step(node.name, args, kwargs)


def _value_step(label: str) -> _Step:
    def value(values: Values) -> Any:
        try:
            return values[label]
        except KeyError:
            raise _MissingValue(label) from None

    return value


def _switch_step(node: Apply) -> _Step:
    selector, *options = [_step(arg) for arg in node.pos_args]
    n_options = len(options)

    def switch(values: Values) -> Any:
        index = selector(values)
        if type(index) is not int or not 0 <= index < n_options:
            index = switch_index(node, index)
        return options[index](values)

    return switch


def _call_step(name: str, args: list[_Step], kwargs: list[tuple[str, _Step]]) -> _Step:
    function = scope._impls.get(name)
    if function is None:
        raise NameError(
            f"the space applies {name!r}, which scope does not have in this process; define it in "
            "a module that the objective imports"
        )

    def call(values: Values) -> Any:
        value = function(
            *[arg(values) for arg in args], **{keyword: arg(values) for keyword, arg in kwargs}
        )
        if isinstance(value, Apply):
            value = rec_eval(value)
        kind = type(value)
        if kind is float or kind is int or kind is tuple or kind is dict or kind is list:
            return value
        return plain(value)

    return call
