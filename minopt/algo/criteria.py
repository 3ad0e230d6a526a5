"""How much a point promises, given a Gaussian belief about its value (larger is better).

With ``z = (mean - thresh) / sigma``, standard normal density ``phi`` and distribution ``Phi``,
the expected improvement over a threshold is ``sigma * (z * Phi(z) + phi(z))``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minopt._types import FloatArray
from minopt.exceptions import InvalidArgument

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
_SQRT_HALF_PI = math.sqrt(0.5 * math.pi)
_NEAR = -1.0  # above it the closed form loses no digits
_FAR = -100.0  # below it four terms of the asymptotic series are exact to rounding


def EI_empirical(samples: ArrayLike, thresh: ArrayLike) -> Any:
    """Estimate the expected improvement over a threshold from samples.

    Parameters
    ----------
    samples : array
        Draws of the value.
    thresh : float
        What is to be exceeded.

    Returns
    -------
    float
        The mean of ``max(samples - thresh, 0)``.

    Examples
    --------
    >>> float(EI_empirical([0.0, 1.0, 3.0], 1.0))
    0.6666666666666666
    """
    return np.maximum(np.asarray(samples) - thresh, 0).mean()


def EI_gaussian_empirical(
    mean: float, var: float, thresh: float, rng: np.random.Generator, N: int
) -> Any:
    """Estimate the expected improvement of a Gaussian over a threshold from `N` draws.

    Parameters
    ----------
    mean, var, thresh : float
    rng : Generator
        Has its stream moved on by `N` normal numbers.
    N : int
    """
    return EI_empirical(rng.standard_normal(N) * np.sqrt(var) + mean, thresh)


def EI_gaussian(mean: ArrayLike, var: ArrayLike, thresh: ArrayLike) -> Any:
    """Return the expected improvement of a Gaussian over a threshold.

    Parameters
    ----------
    mean, var, thresh : float or array
        Broadcast against each other; a variance of 0 is a value known for certain.

    Returns
    -------
    float or array
        ``sigma * (z * Phi(z) + phi(z))`` with ``z = (mean - thresh) / sigma``.

    Raises
    ------
    InvalidArgument
        If a variance is negative.

    References
    ----------
    Jones, Schonlau and Welch, "Efficient global optimization of expensive black-box
    functions", Journal of Global Optimization 13 (1998), equation 15.

    Examples
    --------
    >>> round(float(EI_gaussian(0.0, 1.0, 0.0)), 6)
    0.398942
    """
    from scipy.special import ndtr

    gain, sigma = _gain_and_sigma(mean, var, thresh)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        z = gain / sigma
        improvement = sigma * (z * ndtr(z) + np.exp(-0.5 * z * z - _LOG_SQRT_2PI))
    return np.where(sigma == 0, np.maximum(gain, 0.0), improvement)[()]


def logEI_gaussian(mean: ArrayLike, var: ArrayLike, thresh: ArrayLike) -> Any:
    """Return the logarithm of `EI_gaussian`, exact where that underflows.

    Parameters
    ----------
    mean, var, thresh : float or array
        Broadcast against each other.

    Returns
    -------
    float or array
        ``-inf`` where no improvement is possible.

    Raises
    ------
    InvalidArgument
        If a variance is negative.

    Notes
    -----
    Far below the threshold ``z * Phi(z)`` and ``phi(z)`` cancel. There
    ``phi(z) * (1 + z * Phi(z) / phi(z))`` is used, with the ratio from scipy's ``erfcx``, and
    below ``z = -100`` the series ``1/z**2 - 3/z**4 + 15/z**6 - 105/z**8`` of the bracket.

    References
    ----------
    Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization",
    NeurIPS 2023, equation 9.

    Examples
    --------
    >>> round(float(logEI_gaussian(0.0, 1.0, 5000.0)), 3)
    -12500017.953
    """
    gain, sigma = _gain_and_sigma(mean, var, thresh)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        uncertain = np.log(sigma) + _log_unit_improvement(gain / sigma)
        certain = np.log(np.maximum(gain, 0.0))
    return np.where(sigma == 0, certain, uncertain)[()]


def UCB(mean: ArrayLike, var: ArrayLike, zscore: ArrayLike) -> Any:
    """Return the upper confidence bound ``mean + zscore * sqrt(var)`` of a Gaussian.

    References
    ----------
    Srinivas et al., "Gaussian process optimization in the bandit setting", ICML 2010.

    Examples
    --------
    >>> float(UCB(1.0, 4.0, 1.0))
    3.0
    """
    return np.asarray(mean) + np.sqrt(var) * np.asarray(zscore)


def _gain_and_sigma(
    mean: ArrayLike, var: ArrayLike, thresh: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    variance = np.asarray(var, dtype=float)
    if np.any(variance < 0):
        raise InvalidArgument(f"var: a variance must not be negative, got {var!r}")
    gain = np.asarray(mean, dtype=float) - np.asarray(thresh, dtype=float)
    gain, sigma = np.broadcast_arrays(gain, np.sqrt(variance))
    return gain, sigma


def _log_unit_improvement(z: FloatArray) -> FloatArray:
    """Return ``log(phi(z) + z * Phi(z))``."""
    from scipy.special import erfcx, ndtr

    near = np.maximum(z, _NEAR)
    log_near = np.log(np.exp(-0.5 * near * near - _LOG_SQRT_2PI) + near * ndtr(near))
    middle = np.clip(z, _FAR, _NEAR)
    ratio = _SQRT_HALF_PI * erfcx(-middle / math.sqrt(2))  # Phi(z) / phi(z)
    inverse = 1.0 / np.minimum(z, _FAR) ** 2
    series = np.log(inverse) + np.log1p(inverse * (-3 + inverse * (15 - 105 * inverse)))
    log_bracket = np.where(z < _FAR, series, np.log1p(middle * ratio))
    log_bracket = np.where(z == -np.inf, 0.0, log_bracket)
    return np.where(z > _NEAR, log_near, -0.5 * z * z - _LOG_SQRT_2PI + log_bracket)
