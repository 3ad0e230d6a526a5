"""Draws near a good value: each law made narrower, around that value.

Every function takes the good value (or an array of them, one per draw), the fraction of the
law's width that is left, and then the numbers of the law as its graph symbol takes them (the
value stands in for a mean, so `mu` is not used).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minopt.pyll import stochastic

MAX_COUNTED = 10_000  # a range with more values is not held as a chance for each

_TINY = 1e-16  # keeps the logarithm of a value that was rounded to zero finite


def uniform(value: Any, fraction: float, low: Any, high: Any, rng: Any, size: Any) -> Any:
    """Draw near a value of ``uniform(low, high)``."""
    return stochastic.uniform(*_window(value, fraction, low, high), rng=rng, size=size)


def quniform(value: Any, fraction: float, low: Any, high: Any, q: Any, rng: Any, size: Any) -> Any:
    """Draw near a value of ``quniform(low, high, q)``."""
    return stochastic.quniform(*_window(value, fraction, low, high), q, rng=rng, size=size)


def loguniform(value: Any, fraction: float, low: Any, high: Any, rng: Any, size: Any) -> Any:
    """Draw near a value of ``loguniform(low, high)``."""
    return stochastic.loguniform(*_window(_log(value), fraction, low, high), rng=rng, size=size)


def qloguniform(
    value: Any, fraction: float, low: Any, high: Any, q: Any, rng: Any, size: Any
) -> Any:
    """Draw near a value of ``qloguniform(low, high, q)``."""
    return stochastic.qloguniform(*_window(_log(value), fraction, low, high), q, rng=rng, size=size)


def normal(value: Any, fraction: float, mu: Any, sigma: Any, rng: Any, size: Any) -> Any:  # noqa: ARG001
    """Draw near a value of ``normal(mu, sigma)``."""
    return stochastic.normal(value, sigma * fraction, rng=rng, size=size)


def qnormal(
    value: Any,
    fraction: float,
    mu: Any,  # noqa: ARG001
    sigma: Any,
    q: Any,
    rng: Any,
    size: Any,
) -> Any:
    """Draw near a value of ``qnormal(mu, sigma, q)``."""
    return stochastic.qnormal(value, sigma * fraction, q, rng=rng, size=size)


def lognormal(value: Any, fraction: float, mu: Any, sigma: Any, rng: Any, size: Any) -> Any:  # noqa: ARG001
    """Draw near a value of ``lognormal(mu, sigma)``."""
    return stochastic.lognormal(_log(value), sigma * fraction, rng=rng, size=size)


def qlognormal(
    value: Any,
    fraction: float,
    mu: Any,  # noqa: ARG001
    sigma: Any,
    q: Any,
    rng: Any,
    size: Any,
) -> Any:
    """Draw near a value of ``qlognormal(mu, sigma, q)``."""
    return stochastic.qlognormal(_log(_TINY + value), sigma * fraction, q, rng=rng, size=size)


def randint(value: Any, fraction: float, low: Any, high: Any, rng: Any, size: Any) -> Any:
    """Draw the value itself, or with chance `fraction` any of ``randint(low, high)``."""
    if np.ndim(low) or np.ndim(high):  # bounds that are expressions: each draw has its own
        each = np.broadcast_arrays(value, low, high)
        return np.asarray([randint(v, fraction, a, b, rng, 1)[0] for v, a, b in zip(*each)])
    n_values = high - low
    # other bounds may have held where the value was good, and a float may have rounded it up
    values = np.clip(np.atleast_1d(value).astype(np.int64), low, high - 1)
    if n_values > MAX_COUNTED:
        flat = rng.integers(low, high, size)
        return np.where(rng.random(size) < fraction, flat, values) if len(flat) else flat
    counts = _shares(values - low, n_values)
    p = (1 - fraction) * counts + fraction / n_values
    return stochastic.categorical(p, rng=rng, size=size) + low


def categorical(value: Any, fraction: float, p: Any, rng: Any, size: Any) -> Any:
    """Draw the value itself, or with chance `fraction` one of ``categorical(p)``."""
    if size == 0:
        return []
    prior = np.asarray(p)
    n_options = prior.shape[-1]
    values = np.clip(np.atleast_1d(value).astype(np.int64), 0, n_options - 1)
    counts = _shares(values, n_options)
    return stochastic.categorical((1 - fraction) * counts + fraction * prior, rng=rng, size=size)


NEAR: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        uniform,
        quniform,
        loguniform,
        qloguniform,
        normal,
        qnormal,
        lognormal,
        qlognormal,
        randint,
        categorical,
    )
}


def _window(value: Any, fraction: float, low: Any, high: Any) -> tuple[Any, Any]:
    """Return the bounds of a window around a value, shifted to lie within [low, high]."""
    half = 0.5 * ((high - low) * fraction)
    middle = np.minimum(np.maximum(value, low + half), high - half)
    return middle - half, middle + half


def _log(value: Any) -> Any:
    with np.errstate(divide="ignore"):  # a value may have been rounded to zero
        return np.log(value)


def _shares(values: Any, n_values: int) -> Any:
    """Return the share of each of 0 … n_values - 1 among the values."""
    return np.bincount(values, minlength=n_values) / max(len(values), 1)
