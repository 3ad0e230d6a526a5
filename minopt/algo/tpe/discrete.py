"""Estimators over options and whole numbers: weighted counts on top of the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minopt._types import FloatArray, IntArray
from minopt.algo.tpe.parzen import DEFAULT_LF, linear_forgetting_weights
from minopt.pyll.stochastic import categorical
from minopt.pyll.symbols import scope

MAX_COUNTED = 10_000  # ranges with more values are not counted value by value


@scope.define
def categorical_lpdf(sample: Any, p: Any) -> Any:
    """Return the log-probability of each index under the weights `p`."""
    return np.log(np.asarray(p)[sample]) if sample.size else np.asarray([])


@scope.define
def randint_via_categorical_lpdf(sample: Any, p: Any) -> Any:
    """Return the log-probability of each index under the weights `p`."""
    return categorical_lpdf(sample, p)


@scope.define
def tpe_cat_pseudocounts(counts: Any, prior_weight: float, p: Any, size: Any) -> Any:
    """Add the prior `p` to counts, as `prior_weight` observations per option, and normalise.

    `p` may have equal rows, one per draw; without draws (``size`` 0) there is nothing to return.
    """
    if np.prod(size) == 0:
        return []
    prior = p[0] if p.ndim == 2 else p
    pseudocounts = counts + prior.size * (prior_weight * prior)
    return pseudocounts / np.sum(pseudocounts)


def forgetting_counts(observations: IntArray, n_values: int) -> FloatArray:
    """Count each value 0 … n_values - 1, older observations for less."""
    weights = linear_forgetting_weights(len(observations), LF=DEFAULT_LF)
    counts: FloatArray = np.bincount(observations, weights, n_values).astype(float, copy=False)
    return counts


@dataclass(frozen=True)
class Counted:
    """A distribution over 0 … n - 1 held as n probabilities."""

    p: FloatArray

    def draw(self, rng: np.random.Generator, n_samples: int) -> IntArray:
        """Draw indices."""
        drawn: IntArray = categorical(self.p, rng, n_samples)
        return drawn

    def log_density(self, samples: IntArray) -> FloatArray:
        """Return the log-probability of each index."""
        with np.errstate(divide="ignore"):
            density: FloatArray = np.log(self.p[samples])
        return density


@dataclass(frozen=True)
class Sparse:
    """The same over so many values that only observed ones are held; the rest is flat."""

    values: IntArray
    counts: FloatArray
    prior_weight: float
    n_values: int

    def draw(self, rng: np.random.Generator, n_samples: int) -> IntArray:
        """Draw indices: an observed one, or a flat one, by their weights."""
        observed = self.counts.sum()
        if not observed:
            return rng.integers(self.n_values, size=n_samples)
        share = observed / (observed + self.prior_weight * self.n_values)
        flat = rng.integers(self.n_values, size=n_samples)
        seen = rng.choice(self.values, size=n_samples, p=self.counts / observed)
        return np.where(rng.random(n_samples) < share, seen, flat)

    def log_density(self, samples: IntArray) -> FloatArray:
        """Return the log-probability of each index."""
        weight = np.full(len(samples), float(self.prior_weight))
        if len(self.values):
            position = np.minimum(np.searchsorted(self.values, samples), len(self.values) - 1)
            hit = self.values[position] == samples
            weight[hit] += self.counts[position[hit]]
        with np.errstate(divide="ignore"):
            total = self.counts.sum() + self.prior_weight * self.n_values
            density: FloatArray = np.log(weight / total)
        return density


def fit_randint(observations: IntArray, prior_weight: float, n_values: int) -> Counted | Sparse:
    """Estimate the distribution of whole numbers 0 … n_values - 1."""
    if n_values > MAX_COUNTED:
        values, inverse = np.unique(observations, return_inverse=True)
        counts = forgetting_counts(inverse, len(values))
        return Sparse(values, counts, prior_weight, n_values)
    pseudocounts = forgetting_counts(observations, n_values) + prior_weight
    return Counted(pseudocounts / np.sum(pseudocounts))


def fit_categorical(observations: IntArray, prior_weight: float, p: FloatArray) -> Counted:
    """Estimate the distribution over options whose prior is `p`."""
    counts = forgetting_counts(observations, len(p))
    return Counted(tpe_cat_pseudocounts(counts, prior_weight, p, 1))
