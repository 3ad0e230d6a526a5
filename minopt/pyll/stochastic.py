"""Random symbols: what each one draws from a generator, and how a graph is given one.

The draws use numpy's generator in the way that hyperopt does, number for number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from minopt.pyll.evaluate import rec_eval
from minopt.pyll.nesting import Visit, run_nested
from minopt.pyll.nodes import Apply, as_apply
from minopt.pyll.symbols import scope
from minopt.pyll.walk import clone, dfs

_Function = TypeVar("_Function", bound=Callable[..., Any])

implicit_stochastic_symbols: set[str] = set()


def implicit_stochastic(f: _Function) -> _Function:
    """Mark a symbol as random: `recursive_set_rng_kwarg` gives its nodes an ``rng``."""
    implicit_stochastic_symbols.add(f.__name__)
    return f


@scope.define
def rng_from_seed(seed: Any) -> np.random.Generator:
    """Return a new generator."""
    return np.random.default_rng(seed)


@implicit_stochastic
@scope.define
def uniform(low: Any, high: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw flat numbers in [low, high)."""
    return rng.uniform(low, high, size=size)


@implicit_stochastic
@scope.define
def loguniform(low: Any, high: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw numbers whose logarithm is flat in [low, high)."""
    return np.exp(rng.uniform(low, high, size=size))


@implicit_stochastic
@scope.define
def quniform(low: Any, high: Any, q: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw flat numbers, rounded to multiples of `q`."""
    return np.round(rng.uniform(low, high, size=size) / q) * q


@implicit_stochastic
@scope.define
def qloguniform(low: Any, high: Any, q: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw log-flat numbers, rounded to multiples of `q`."""
    return np.round(np.exp(rng.uniform(low, high, size=size)) / q) * q


@implicit_stochastic
@scope.define
def normal(mu: Any, sigma: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw normal numbers."""
    return rng.normal(mu, sigma, size=size)


@implicit_stochastic
@scope.define
def qnormal(mu: Any, sigma: Any, q: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw normal numbers, rounded to multiples of `q`."""
    return np.round(rng.normal(mu, sigma, size=size) / q) * q


@implicit_stochastic
@scope.define
def lognormal(mu: Any, sigma: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw numbers whose logarithm is normal."""
    return np.exp(rng.normal(mu, sigma, size=size))


@implicit_stochastic
@scope.define
def qlognormal(mu: Any, sigma: Any, q: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw log-normal numbers, rounded to multiples of `q`."""
    return np.round(np.exp(rng.normal(mu, sigma, size=size)) / q) * q


@implicit_stochastic
@scope.define
def randint(low: Any, high: Any = None, rng: Any = None, size: Any = ()) -> Any:
    """Draw whole numbers in [low, high), or in [0, low) if `high` is None."""
    return rng.integers(low, high, size)


@implicit_stochastic
@scope.define
def categorical(p: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw index ``i`` with probability ``p[i]``.

    Parameters
    ----------
    p : (n_options,) or (n_draws, n_options) array, or a list of one such vector
    rng : Generator
    size : int or tuple
        One draw if ``()``.

    Returns
    -------
    int array of shape `size`
    """
    if len(p) == 1 and isinstance(p[0], np.ndarray):
        p = p[0]
    weights = np.asarray(p)
    shape = _shape_of(size)
    if shape == (0,):
        return np.asarray([])
    if weights.ndim == 1:
        hits = rng.multinomial(n=1, pvals=weights, size=int(np.prod(shape)))
        return np.dot(hits, np.arange(len(weights))).reshape(shape)
    if weights.ndim == 2 and shape == (len(weights),):
        rows = [rng.multinomial(n=1, pvals=row).argmax() for row in weights]
        return np.asarray(rows).reshape(shape)
    raise NotImplementedError(
        f"categorical takes a vector of weights, or one row of weights per draw; "
        f"got weights of shape {weights.shape} for draws of shape {shape}"
    )


def _shape_of(size: Any) -> tuple[int, ...]:
    if isinstance(size, (int, np.number)):
        return (int(size),)
    return (1,) if size == () else tuple(size)


@implicit_stochastic
@scope.define
def randint_via_categorical(p: Any, rng: Any = None, size: Any = ()) -> Any:
    """Draw like `categorical`: what TPE makes of a `randint`."""
    return categorical(p, rng, size)


def choice(args: Any) -> Apply:
    """Make a node that takes one of the options with equal chances."""
    return one_of(*args)


def one_of(*args: Any) -> Apply:
    """Make a node that takes one of the arguments with equal chances."""
    node: Apply = scope.switch(scope.randint(len(args)), *args)
    return node


vars(scope).update(choice=choice, one_of=one_of)


def recursive_set_rng_kwarg(expr: Apply, rng: Any = None) -> Apply:
    """Give every random node of a graph, in place, the generator `rng`.

    Parameters
    ----------
    expr : Apply
    rng : Generator or Apply, optional
        A new generator if None.

    Returns
    -------
    expr
    """
    generator = as_apply(np.random.default_rng() if rng is None else rng)
    for node in dfs(expr):
        if node.name not in implicit_stochastic_symbols:
            continue
        for pair in node.named_args:
            if pair[0] == "rng":
                pair[1] = generator
                break
        else:
            node.named_args.append(["rng", generator])
    return expr


def sample(expr: Any, rng: Any = None, **kwargs: Any) -> Any:
    """Draw one point from a space.

    Parameters
    ----------
    expr : Apply, or anything `as_apply` takes
    rng : Generator, int or SeedSequence, optional
        A new generator if None; a generator moves on, so that the next point differs.
    **kwargs
        Passed on to `rec_eval`.

    Returns
    -------
    object
        A point with the structure of the space, its numbers plain Python numbers.

    Examples
    --------
    >>> from minopt import hp
    >>> sample({"x": hp.uniform("x", 0, 1), "n": hp.randint("n", 5)}, rng=0)
    {'n': 2, 'x': 0.6369616873214543}
    """
    generator = np.random.default_rng() if rng is None else rng
    if not isinstance(generator, Apply) and hasattr(generator, "uniform") is False:
        generator = np.random.default_rng(generator)
    program = recursive_set_rng_kwarg(clone(as_apply(expr)), as_apply(generator))
    return plain(rec_eval(program, **kwargs))


def plain(value: Any) -> Any:
    """Turn numpy scalars, at any depth of tuples, lists and dicts, into Python numbers."""
    return run_nested(_plain_items, value) if type(value) in _NESTING else _plain_leaf(value)


_NESTING = (dict, tuple, list)
_NOT_PLAIN = "mMV"  # dates, spans of time and records: a Python value lacks their unit, or fields


def _plain_items(value: Any) -> Visit:
    kind, items = type(value), []
    for item in value.values() if kind is dict else value:
        items.append((yield item) if type(item) in _NESTING else _plain_leaf(item))
    if kind is dict:
        return dict(zip(map(plain, value), items, strict=True))
    return kind(items)


def _plain_leaf(value: Any) -> Any:
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value if value.dtype.kind in _NOT_PLAIN else value.item()
    return value
