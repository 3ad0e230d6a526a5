"""The estimator that belongs to each law: from observations to a density to draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from minopt._types import FloatArray
from minopt.algo.tpe.discrete import fit_categorical, fit_randint
from minopt.algo.tpe.mixture import (
    EPS,
    GMM1,
    LGMM1,
    floor_of,
    lognormal_score,
    mass_within,
    normal_score,
    quantised_log_score,
    quantised_score,
)
from minopt.algo.tpe.parzen import adaptive_parzen_normal
from minopt.space.laws import Law


class Estimator(Protocol):
    """A density fitted to observations."""

    def draw(self, rng: np.random.Generator, n_samples: int) -> Any:
        """Draw values."""

    def log_density(self, samples: Any) -> FloatArray:
        """Return the log-density at values, up to a constant that all values share."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal components on observations, or on their logarithms.

    Attributes
    ----------
    weights, mus, sigmas : (n_components,) float arrays
    low, high : float or None
        Bounds of the truncation, of logarithms if `logarithmic`.
    q : float or None
        Values are multiples of it.
    logarithmic : bool
    floor : float
        Widths are kept above it.
    """

    weights: FloatArray
    mus: FloatArray
    sigmas: FloatArray
    low: float | None
    high: float | None
    q: float | None
    logarithmic: bool
    floor: float

    def draw(self, rng: np.random.Generator, n_samples: int) -> Any:
        """Draw values."""
        draw = LGMM1 if self.logarithmic else GMM1
        components = (self.weights, self.mus, self.sigmas)
        return draw(*components, self.low, self.high, self.q, rng=rng, size=n_samples)

    def log_density(self, samples: Any) -> FloatArray:
        """Return the log-density, with the arithmetic by which hyperopt ranks candidates.

        A truncated mixture of log-normals is not normalised: a constant for all candidates.
        """
        components = (self.weights, self.mus, self.sigmas)
        if self.logarithmic and self.q is None:
            return lognormal_score(samples, *components)
        floor = EPS if self.logarithmic else self.floor
        p_accept = mass_within(*components, self.low, self.high, floor)
        if self.q is None:
            return normal_score(samples, *components, p_accept, floor)
        bounds = (self.low, self.high)
        if self.logarithmic:
            return quantised_log_score(samples, *components, *bounds, self.q, p_accept)
        return quantised_score(samples, *components, *bounds, self.q, p_accept, floor)


def _flat(law: Any, observations: FloatArray, prior_weight: float) -> Mixture:
    mean, width = 0.5 * (law.high + law.low), 1.0 * (law.high - law.low)
    weights, mus, sigmas = adaptive_parzen_normal(observations, prior_weight, mean, width)
    q, logarithmic = getattr(law, "q", None), law.name.endswith("loguniform")
    return Mixture(weights, mus, sigmas, law.low, law.high, q, logarithmic, floor_of(width))


def _bell(law: Any, observations: FloatArray, prior_weight: float) -> Mixture:
    weights, mus, sigmas = adaptive_parzen_normal(observations, prior_weight, law.mu, law.sigma)
    q, logarithmic = getattr(law, "q", None), law.name.endswith("lognormal")
    return Mixture(weights, mus, sigmas, None, None, q, logarithmic, floor_of(law.sigma))


def _loguniform(law: Any, observations: FloatArray, prior_weight: float) -> Mixture:
    return _flat(law, np.log(observations), prior_weight)


def _qloguniform(law: Any, observations: FloatArray, prior_weight: float) -> Mixture:
    # values rounded down below exp(low), to zero even, count as exp(low)
    lowest = np.maximum(floor_of(np.exp(law.high)), np.exp(law.low))
    return _flat(law, np.log(np.maximum(observations, lowest)), prior_weight)


def _lognormal(law: Any, observations: FloatArray, prior_weight: float) -> Mixture:
    return _bell(law, np.log(observations), prior_weight)


def _qlognormal(law: Any, observations: FloatArray, prior_weight: float) -> Mixture:
    lowest = floor_of(np.exp(law.mu))
    return _bell(law, np.log(np.maximum(observations, lowest)), prior_weight)


@dataclass(frozen=True, slots=True)
class Shifted:
    """An estimator over 0 … n - 1, moved to start at `low`."""

    inner: Any
    low: int

    def draw(self, rng: np.random.Generator, n_samples: int) -> Any:
        """Draw values."""
        return self.inner.draw(rng, n_samples) + self.low

    def log_density(self, samples: Any) -> FloatArray:
        """Return the log-probability of each value."""
        density: FloatArray = self.inner.log_density(samples - self.low)
        return density


def _randint(law: Any, observations: FloatArray, prior_weight: float) -> Shifted:
    n_values = law.high - law.low
    seen = _whole_between(observations - law.low, n_values)
    return Shifted(fit_randint(seen, prior_weight, n_values), law.low)


def _categorical(law: Any, observations: FloatArray, prior_weight: float) -> Estimator:
    p = np.asarray(law.p)
    return fit_categorical(_whole_between(observations, len(p)), prior_weight, p)


def _whole_between(observations: FloatArray, n_values: int) -> Any:
    """Return observations as ints, without those that the space no longer has."""
    seen = observations.astype(np.int64)
    return seen[(seen >= 0) & (seen < n_values)]


_FITS: dict[str, Callable[[Any, FloatArray, float], Estimator]] = {
    "uniform": _flat,
    "quniform": _flat,
    "loguniform": _loguniform,
    "qloguniform": _qloguniform,
    "normal": _bell,
    "qnormal": _bell,
    "lognormal": _lognormal,
    "qlognormal": _qlognormal,
    "randint": _randint,
    "categorical": _categorical,
}


def fit(law: Law, observations: FloatArray, prior_weight: float) -> Estimator:
    """Fit the estimator of a law.

    Parameters
    ----------
    law : Law
        The prior.
    observations : (n,) float array
        Oldest first.
    prior_weight : float
        Weight of the prior, where the latest observations weigh 1.
    """
    return _FITS[law.name](law, observations, prior_weight)
