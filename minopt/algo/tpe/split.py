"""Which trials are good, and which candidate is best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minopt._types import FloatArray, IntArray
from minopt.algo.tpe.parzen import DEFAULT_LF
from minopt.pyll.symbols import scope


def count_good(n_trials: int, gamma: float, cap: int = DEFAULT_LF) -> int:
    """Return how many of the trials count as good: ``gamma * sqrt(n)``, rounded up, at most `cap`.

    The square root is hyperopt's rule; Bergstra et al. (2011, section 4) take a
    gamma-quantile of the losses instead.
    """
    return min(math.ceil(gamma * math.sqrt(n_trials)), cap)


def split_by_loss(losses: FloatArray, gamma: float) -> tuple[IntArray, IntArray]:
    """Part the trials into the good few and the rest.

    Parameters
    ----------
    losses : (n_trials,) float array
        ``inf`` for a trial without a usable loss, never NaN.
    gamma : float > 0

    Returns
    -------
    good, rest : (n_good,) and (n_trials - n_good,) int arrays
        Row numbers in increasing order.
    """
    n_good = count_good(len(losses), gamma)
    order = np.argsort(losses)  # plain on purpose: equal losses must fall as hyperopt's do
    rest = np.ones(len(losses), dtype=bool)
    rest[order[:n_good]] = False
    return np.flatnonzero(~rest), np.flatnonzero(rest)


@scope.define_info(o_len=2)
def ap_split_trials(
    o_idxs: Any, o_vals: Any, l_idxs: Any, l_vals: Any, gamma: float, gamma_cap: int = DEFAULT_LF
) -> tuple[Any, Any]:
    """Part the observations of one parameter by the losses of their trials.

    Parameters
    ----------
    o_idxs, o_vals : sequences
        Trial ids and observed values.
    l_idxs, l_vals : sequences
        Trial ids and losses.
    gamma : float
        See `count_good`.
    gamma_cap : int
        At most so many trials are good.

    Returns
    -------
    below, above : arrays
        The values observed in the good trials and in the rest, each in their order.
    """
    o_idxs, o_vals, l_idxs, l_vals = map(np.asarray, (o_idxs, o_vals, l_idxs, l_vals))
    n_good = count_good(len(l_vals), gamma, gamma_cap)
    order = np.argsort(l_vals)
    good, rest = set(l_idxs[order[:n_good]].tolist()), set(l_idxs[order[n_good:]].tolist())
    ids = o_idxs.tolist()
    below = [value for tid, value in zip(ids, o_vals, strict=True) if tid in good]
    above = [value for tid, value in zip(ids, o_vals, strict=True) if tid in rest]
    return np.asarray(below), np.asarray(above)


@scope.define
def broadcast_best(samples: Sequence[Any], below_llik: Any, above_llik: Any) -> list[Any]:
    """Return the sample with the largest ratio of likelihoods, as often as there are samples."""
    if not len(samples):
        return []
    score = below_llik - above_llik
    if len(samples) != len(score):
        raise ValueError(f"got {len(samples)} samples and {len(score)} scores")
    return [samples[int(np.argmax(score))]] * len(samples)
