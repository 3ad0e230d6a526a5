"""The functions behind the symbols of arithmetic, arrays, calls and control flow."""

from __future__ import annotations

import copy
import operator
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minopt.pyll.nodes import Apply, Lambda, apply, p0
from minopt.pyll.symbols import scope

for _operator in (
    operator.getitem,
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.neg,
    operator.eq,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
):
    scope.define_pure(_operator)


@scope.define
def call(fn: Callable[..., Any], args: Sequence[Any] = (), kwargs: Any = None) -> Any:
    """Call `fn`; what ``node(...)`` stands for."""
    return fn(*args, **(kwargs or {}))


@scope.define
def callpipe1(fn_list: Sequence[Callable[[Any], Any]], arg: Any) -> Any:
    """Send `arg` through the functions, the first one first."""
    for function in fn_list:
        arg = function(arg)
    return arg


@scope.define
def partial(name: Any, *args: Any, **kwargs: Any) -> Any:
    """Define and return a symbol that applies `name` to these arguments and one more."""
    symbol = getattr(name, "apply_name", name)
    own_name = f"partial_{symbol}_id{len(scope._impls)}"
    scope.define(Lambda(own_name, [("x", p0)], expr=apply(symbol, *args, p0, **kwargs)))
    return getattr(scope, own_name)


@scope.define_pure
def pos_args(*args: Any) -> tuple[Any, ...]:
    """Return the arguments as a tuple: what lists and tuples in a space become."""
    return args


@scope.define_pure
def identity(obj: Any) -> Any:
    """Return the argument."""
    return obj


@scope.define_pure
def exp(a: Any) -> Any:
    """Exponential."""
    return np.exp(a)


@scope.define_pure
def log(a: Any) -> Any:
    """Natural logarithm."""
    return np.log(a)


@scope.define_pure
def pow(a: Any, b: Any) -> Any:
    """Return ``a ** b``."""
    return a**b


@scope.define_pure
def sin(a: Any) -> Any:
    """Sine of an angle in radians."""
    return np.sin(a)


@scope.define_pure
def cos(a: Any) -> Any:
    """Cosine of an angle in radians."""
    return np.cos(a)


@scope.define_pure
def tan(a: Any) -> Any:
    """Tangent of an angle in radians."""
    return np.tan(a)


@scope.define_pure
def sum(x: Any, axis: int | None = None) -> Any:
    """Sum of an array, along `axis` if given."""
    return np.sum(x) if axis is None else np.sum(x, axis=axis)


@scope.define_pure
def sqrt(x: Any) -> Any:
    """Square root."""
    return np.sqrt(x)


@scope.define_pure
def minimum(x: Any, y: Any) -> Any:
    """Elementwise smaller one."""
    return np.minimum(x, y)


@scope.define_pure
def maximum(x: Any, y: Any) -> Any:
    """Elementwise larger one."""
    return np.maximum(x, y)


@scope.define_pure
def array_union1(args: Sequence[Any]) -> Any:
    """Return the sorted union of several collections as an array."""
    union: set[Any] = set()
    for collection in args:
        union.update(collection)
    return np.asarray(sorted(union))


@scope.define_pure
def array_union(*args: Any) -> Any:
    """Return the sorted union of the arguments as an array."""
    return array_union1(args)


@scope.define_pure
def asarray(a: Any, dtype: Any = None) -> Any:
    """Return `a` as an array."""
    return np.asarray(a) if dtype is None else np.asarray(a, dtype=dtype)


@scope.define_pure
def str_join(s: str, seq: Sequence[str]) -> str:
    """Join strings by `s`."""
    return s.join(seq)


@scope.define_pure
def bincount(
    x: Any, offset: int = 0, weights: Any = None, minlength: int = 0, p: Any = None
) -> Any:
    """Count whole numbers from `offset` on, each with its weight.

    `p`, if given, tells the number of bins by its length, or by the length of its equal rows.
    """
    y = np.asarray(x, dtype="int")
    if p is not None and np.ndim(p) == 2:
        minlength = len(p[0])
    return np.bincount(y - offset, weights, minlength)


@scope.define_pure
def repeat(n_times: int, obj: Any) -> list[Any]:
    """Return a list of `n_times` times the same object."""
    return [obj] * n_times


@scope.define
def call_method(obj: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method."""
    return getattr(obj, methodname)(*args, **kwargs)


@scope.define_pure
def call_method_pure(obj: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method that has no side effects."""
    return getattr(obj, methodname)(*args, **kwargs)


@scope.define_pure
def copy_call_method_pure(obj: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method of a shallow copy, so that the object itself stays as it is."""
    return getattr(copy.copy(obj), methodname)(*args, **kwargs)


@scope.define_pure
def switch(pos: int, *args: Any) -> Any:
    """Return option number `pos`. `rec_eval` evaluates that option only."""
    return args[pos]


def kwswitch(kw: Any, **kwargs: Any) -> Apply:
    """Make a switch whose options are chosen by name."""
    names, options = zip(*sorted(kwargs.items(), key=lambda item: item[0]), strict=True)
    node: Apply = scope.switch(scope.call_method_pure(names, "index", kw), *options)
    return node


vars(scope).update(kwswitch=kwswitch)


@scope.define_pure
def Raise(etype: Callable[..., BaseException], *args: Any, **kwargs: Any) -> Any:
    """Raise an exception when evaluated."""
    raise etype(*args, **kwargs)


@scope.define_info(o_len=2)
def curtime(obj: Any) -> tuple[float, Any]:
    """Return the time in seconds since the epoch, and the argument."""
    return time.time(), obj


@scope.define
def pdb_settrace(obj: Any) -> Any:
    """Stop in the debugger, then return the argument."""
    import pdb

    pdb.set_trace()
    return obj
