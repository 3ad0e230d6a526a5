"""Parzen estimators: where a mixture's components stand, how wide and how heavy they are."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minopt._types import FloatArray
from minopt.pyll.symbols import scope

DEFAULT_LF = 25  # so many of the latest observations keep their full weight


@scope.define
def linear_forgetting_weights(N: int, LF: int) -> FloatArray:
    """Weigh observations by age.

    Parameters
    ----------
    N : int >= 0
        Number of observations, the oldest first.
    LF : int > 0
        So many of the latest have weight 1; before them weights fall linearly to ``1 / N``.

    Returns
    -------
    (N,) float array
    """
    if N < 0 or LF <= 0:
        raise ValueError(f"needs N >= 0 and LF > 0, got N={N!r}, LF={LF!r}")
    return _forgetting(N, LF).copy()


@lru_cache(maxsize=64)
def _forgetting(n: int, full: int) -> FloatArray:
    if n < full:
        return np.ones(n)
    return np.concatenate([np.linspace(1 / n, 1.0, num=n - full), np.ones(full)], axis=0)


@scope.define_info(o_len=3)
def adaptive_parzen_normal(
    mus: Any, prior_weight: float, prior_mu: float, prior_sigma: float, LF: int = DEFAULT_LF
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Put a normal component on each observation and one on the prior.

    A component is as wide as the larger of the gaps to its neighbours, within
    ``prior_sigma / min(100, n_components + 1)`` and ``prior_sigma``.

    Parameters
    ----------
    mus : (n,) array
        Observations, the oldest first.
    prior_weight : float
        Weight of the prior's component, where the latest observations weigh 1.
    prior_mu, prior_sigma : float
        Mean and width of the prior's component.
    LF : int
        See `linear_forgetting_weights`.

    Returns
    -------
    weights, mus, sigmas : (n + 1,) float arrays
        The components by increasing mean; weights sum to 1.
    """
    observations = np.array(mus)
    if observations.ndim != 1:
        raise TypeError(f"mus must be a vector, got an array of shape {observations.shape}")
    n = len(observations)
    if n < 2:
        order = np.arange(n)
        position = int(n == 1 and not prior_mu < observations[0])
    else:
        order = np.argsort(observations)  # plain on purpose: ties must fall as hyperopt's do
        observations = observations[order]
        position = int(np.searchsorted(observations, prior_mu))
    means = _with_prior(observations, position, prior_mu)
    sigmas = _widths(means, position, prior_sigma)
    if LF and n > LF:
        weights = _with_prior(_forgetting(n, LF)[order], position, prior_weight)
    else:
        weights = np.ones(n + 1)
        weights[position] = prior_weight
    weights /= weights.sum()
    return weights, means, sigmas


def _with_prior(ordered: Any, position: int, prior: float) -> FloatArray:
    merged = np.empty(len(ordered) + 1)
    merged[:position] = ordered[:position]
    merged[position] = prior
    merged[position + 1 :] = ordered[position:]
    return merged


def _widths(means: FloatArray, position: int, prior_sigma: float) -> FloatArray:
    sigmas = np.empty(len(means))
    if len(means) == 2:
        sigmas[:] = prior_sigma * 0.5
    elif len(means) > 2:
        gaps = means[1:] - means[:-1]
        sigmas[0], sigmas[-1] = gaps[0], gaps[-1]
        np.maximum(gaps[:-1], gaps[1:], out=sigmas[1:-1])
    smallest = prior_sigma / min(100.0, 1.0 + len(means))
    np.maximum(sigmas, smallest, out=sigmas)
    np.minimum(sigmas, prior_sigma, out=sigmas)
    sigmas[position] = prior_sigma
    return sigmas


@scope.define_info(o_len=3)
def adaptive_parzen_normal_orig(
    mus: Any, prior_weight: float, prior_mu: float, prior_sigma: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Put a normal component on each observation, as the first hyperopt did: nothing is forgotten.

    The prior takes no part in the neighbours' gaps and comes first; widths lie within
    ``prior_sigma / sqrt(1 + n_components)`` and ``prior_sigma``.

    Parameters
    ----------
    mus : (n,) array
    prior_weight, prior_mu, prior_sigma : float
        Of the prior's component.

    Returns
    -------
    weights, mus, sigmas : (n + 1,) float arrays
        The prior's component, then one per observation in their order.
    """
    observations = np.array(mus)
    if observations.ndim != 1:
        raise TypeError(f"mus must be a vector, got an array of shape {observations.shape}")
    n = len(observations)
    if n < 2:
        widths = np.full(n, prior_sigma * 0.5)
    else:
        order = np.argsort(observations)
        gaps = np.diff(observations[order])
        ordered = np.zeros_like(observations)
        ordered[1:-1] = np.maximum(gaps[:-1], gaps[1:])
        # an outermost component reaches to its second neighbour, if there is one
        ordered[0] = gaps[: min(2, n - 1)].sum() if n == 2 else _reach(observations[order], 0, 2)
        ordered[-1] = gaps[-1] if n == 2 else _reach(observations[order], -3, -1)
        widths = np.empty_like(ordered)
        widths[order] = ordered
    means = np.asarray([prior_mu, *observations])
    sigmas = np.asarray([prior_sigma, *widths])
    sigmas = np.clip(sigmas, prior_sigma / np.sqrt(1 + len(means)), prior_sigma)
    weights = np.ones(len(means), dtype=means.dtype)
    weights[0] = prior_weight
    return weights / weights.sum(), means, sigmas


def _reach(ordered: FloatArray, first: int, last: int) -> float:
    return float(ordered[last] - ordered[first])
