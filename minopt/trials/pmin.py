"""How likely each of several noisy losses is the lowest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minopt._random import generator_of
from minopt._types import FloatArray

_SEED = 232342  # hyperopt's, so that average_best_error agrees with it


def pmin_sampled(
    mean: ArrayLike, var: ArrayLike, n_samples: int = 1000, rng: Any = None
) -> FloatArray:
    """Estimate by sampling the probability that each Gaussian is less than the others.

    Parameters
    ----------
    mean, var : (n,) array_like
        Means and variances.
    n_samples : int
        How many times all of them are drawn.
    rng : Generator, optional
        Where the draws come from; without one every call gives the same numbers.

    Returns
    -------
    (n,) float array
        Sums to 1.

    Examples
    --------
    >>> pmin_sampled([0.0, 100.0], [1.0, 1.0])
    array([1., 0.])
    """
    mean, var = np.asarray(mean, dtype=float), np.asarray(var, dtype=float)
    stream = generator_of(_SEED) if rng is None else rng
    draws = stream.standard_normal((n_samples, mean.size)) * np.sqrt(var) + mean
    wins = (draws == draws.min(axis=1, keepdims=True)).sum(axis=0).astype(float)
    return np.asarray(wins / wins.sum())
