"""Mixtures of normals and of log-normals: draws and log-densities.

Every sum is taken in hyperopt's order, so that the best of the candidates is the same one to the
last bit (where two candidates score within rounding, the last bit decides).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from minopt._types import FloatArray, IntArray
from minopt.pyll.stochastic import implicit_stochastic
from minopt.pyll.symbols import scope

EPS = 1e-12

_SATURATED = 6.0  # erf is exactly 1 or -1 in double precision beyond
_NEGLIGIBLE = -700.0  # added to a sum of at least 1, exp of this or less is lost; less is slow
_MANY = 256  # from so many components on it is worth looking for work to leave out
_MAX_REJECTIONS = 100_000
_ROOT_2 = np.sqrt(2)
_ROOT_2_PI = np.sqrt(2 * np.pi)


def floor_of(scale: float) -> float:
    """Return what numbers are kept away from zero by: `EPS`, less for parameters in tiny units."""
    return EPS if not 0.0 < scale < 1e-6 else EPS * scale


def erf(z: Any) -> Any:
    """Return the error function; scipy is loaded at the first call."""
    return _scipy_erf()(z)


@cache
def _scipy_erf() -> Callable[[Any], Any]:
    from scipy.special import erf as scipy_erf

    return scipy_erf


def _erf_near(z: FloatArray) -> FloatArray:
    """Return the error function of a vector most of which lies where it is 1."""
    if len(z) < _MANY:
        few: FloatArray = erf(z)
        return few
    near = np.flatnonzero(z < _SATURATED)
    values = np.ones(len(z))
    values[near] = erf(z[near])
    return values


@scope.define
def normal_cdf(x: Any, mu: Any, sigma: Any) -> Any:
    """Return the normal distribution function, elementwise."""
    return 0.5 * (1 + erf((x - mu) / np.maximum(_ROOT_2 * sigma, _floor_of_array(sigma))))


def _floor_of_array(sigma: Any) -> float:
    return floor_of(float(np.max(sigma))) if np.size(sigma) else EPS


@scope.define
def lognormal_cdf(x: Any, mu: Any, sigma: Any) -> Any:
    """Return the log-normal distribution function, elementwise.

    Raises
    ------
    ValueError
        If an `x` is negative.
    """
    x = np.asarray(x)
    if x.size == 0:
        return np.asarray([])
    if x.min() < 0:
        raise ValueError(f"lognormal_cdf needs x >= 0, got {x.min()!r}")
    z = (np.log(np.maximum(x, EPS)) - mu) / np.maximum(_ROOT_2 * sigma, EPS)
    return 0.5 + 0.5 * erf(z)


@scope.define
def lognormal_lpdf(x: Any, mu: Any, sigma: Any) -> Any:
    """Return the log of the log-normal density, elementwise."""
    sigma = np.maximum(sigma, EPS)
    normalizer = sigma * x * _ROOT_2_PI
    exponent = 0.5 * ((np.log(x) - mu) / sigma) ** 2
    return -exponent - np.log(normalizer)


@scope.define
def qlognormal_lpdf(x: Any, mu: Any, sigma: Any, q: float) -> Any:
    """Return the log of the log-normal mass in ``(x - q, x]``, elementwise."""
    return np.log(lognormal_cdf(x, mu, sigma) - lognormal_cdf(x - q, mu, sigma))


def logsum_rows(x: FloatArray) -> FloatArray:
    """Return ``log(sum(exp(row)))`` of every row of a matrix."""
    largest = x.max(axis=1)
    sums: FloatArray = np.log(np.exp(x - largest[:, None]).sum(axis=1)) + largest
    return sums


@implicit_stochastic
@scope.define
def GMM1(
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: float | None = None,
    high: float | None = None,
    q: float | None = None,
    rng: Any = None,
    size: Any = (),
) -> Any:
    """Draw from a mixture of normals, within [low, high), rounded to multiples of `q`.

    Parameters
    ----------
    weights, mus, sigmas : (n_components,) arrays
    low, high : float, optional
        Draws outside are thrown away.
    q : float, optional
    rng : Generator
    size : int or tuple

    Returns
    -------
    array of shape `size`
    """
    samples = np.reshape(_draw(weights, mus, sigmas, low, high, rng, size), size)
    return samples if q is None else np.round(samples / q) * q


@implicit_stochastic
@scope.define
def LGMM1(
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: float | None = None,
    high: float | None = None,
    q: float | None = None,
    rng: Any = None,
    size: Any = (),
) -> Any:
    """Draw numbers whose logarithms come from a mixture of normals; see `GMM1`.

    `low` and `high` bound the logarithms, `q` rounds the numbers themselves.
    """
    samples = np.reshape(np.exp(_draw(weights, mus, sigmas, low, high, rng, size)), size)
    return samples if q is None else np.round(samples / q) * q


def _draw(
    weights: Any, mus: Any, sigmas: Any, low: float | None, high: float | None, rng: Any, size: Any
) -> FloatArray:
    weights, mus, sigmas = map(np.asarray, (weights, mus, sigmas))
    if not len(weights) == len(mus) == len(sigmas):
        raise ValueError(
            "weights, mus and sigmas must be equally long, "
            f"got {len(weights)}, {len(mus)} and {len(sigmas)}"
        )
    n_samples = int(np.prod(size))
    if low is None and high is None:
        active = np.argmax(rng.multinomial(1, weights, (n_samples,)), axis=1)
        drawn: FloatArray = rng.normal(loc=mus[active], scale=sigmas[active])
        return drawn
    lowest = -math.inf if low is None else float(low)
    highest = math.inf if high is None else float(high)
    if lowest >= highest:
        raise ValueError(f"needs low < high, got low={low!r}, high={high!r}")
    return _draw_within(weights, mus, sigmas, lowest, highest, rng, n_samples)


def _draw_within(
    weights: FloatArray,
    mus: FloatArray,
    sigmas: FloatArray,
    low: float,
    high: float,
    rng: np.random.Generator,
    n_samples: int,
) -> FloatArray:
    """Draw one by one, as the order in which the stream is used demands."""
    means, widths = mus.tolist(), sigmas.tolist()
    multinomial, normal = rng.multinomial, rng.normal
    samples: list[float] = []
    tries_left = _MAX_REJECTIONS
    while len(samples) < n_samples:
        component = multinomial(1, weights).argmax()
        draw = normal(means[component], widths[component])
        if low <= draw < high:
            samples.append(draw)
            tries_left = _MAX_REJECTIONS
        else:
            tries_left -= 1
            if not tries_left:  # hardly any of the mixture lies within: take the nearest there is
                draw = min(max(draw, low), math.nextafter(high, low))
                samples += [draw] * (n_samples - len(samples))
    return np.asarray(samples)


@scope.define
def GMM1_lpdf(
    samples: Any,
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: float | None = None,
    high: float | None = None,
    q: float | None = None,
) -> Any:
    """Return the log-density of a truncated, perhaps quantised mixture of normals.

    Parameters
    ----------
    samples : array
    weights, mus, sigmas : (n_components,) arrays
    low, high : float, optional
        Bounds of the truncation.
    q : float, optional
        If given, the log of the mass within ``q / 2`` of each sample.

    Returns
    -------
    array of the shape of `samples`
    """
    flat, weights, mus, sigmas, shape = _checked(samples, weights, mus, sigmas)
    if flat.size == 0:
        return np.asarray([])
    floor = _floor_of_array(sigmas)
    p_accept = mass_within(weights, mus, sigmas, low, high, floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        if q is None:
            score = normal_score(flat, weights, mus, sigmas, p_accept, floor)
        else:
            score = quantised_score(flat, weights, mus, sigmas, low, high, q, p_accept, floor)
            score = _nothing_beyond(score)
    return score.reshape(shape)


@scope.define
def LGMM1_lpdf(
    samples: Any,
    weights: Any,
    mus: Any,
    sigmas: Any,
    low: float | None = None,
    high: float | None = None,
    q: float | None = None,
) -> Any:
    """Return the log-density of a truncated, perhaps quantised mixture of log-normals.

    It integrates to 1 over ``[exp(low), exp(high)]``. See `GMM1_lpdf`; `low` and `high` bound
    the logarithms.
    """
    flat, weights, mus, sigmas, shape = _checked(samples, weights, mus, sigmas)
    if flat.size == 0:
        return np.asarray([])
    p_accept = mass_within(weights, mus, sigmas, low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        if q is None:
            score = lognormal_score(flat, weights, mus, sigmas) - np.log(p_accept)
        else:
            score = quantised_log_score(flat, weights, mus, sigmas, low, high, q, p_accept)
            score = _nothing_beyond(score)
    return score.reshape(shape)


def _nothing_beyond(score: FloatArray) -> FloatArray:
    """Score values beyond the bounds, whose mass comes out negative, as impossible."""
    return np.where(np.isnan(score), -np.inf, score)


def _checked(samples: Any, weights: Any, mus: Any, sigmas: Any) -> tuple[Any, ...]:
    samples, weights, mus, sigmas = map(np.asarray, (samples, weights, mus, sigmas))
    for name, vector in (("weights", weights), ("mus", mus), ("sigmas", sigmas)):
        if vector.ndim != 1 or len(vector) != len(weights):
            raise TypeError(
                "weights, mus and sigmas must be equally long vectors, "
                f"{name} has shape {vector.shape}"
            )
    return samples.ravel(), weights, mus, sigmas, samples.shape


def mass_within(
    weights: FloatArray,
    mus: FloatArray,
    sigmas: FloatArray,
    low: Any,
    high: Any,
    floor: float = EPS,
) -> Any:
    """Return the share of a mixture of normals that lies between the bounds."""
    if low is None and high is None:
        return 1
    widths = np.maximum(_ROOT_2 * sigmas, floor)
    above = 1.0 if high is None else 0.5 * (1 + _erf_near((high - mus) / widths))
    # the negative of a large argument: erf is odd, to the last bit
    below = 0.0 if low is None else 0.5 * (1 + -_erf_near(-((low - mus) / widths)))
    return np.sum(weights * (above - below))


def normal_score(
    samples: FloatArray,
    weights: FloatArray,
    mus: FloatArray,
    sigmas: FloatArray,
    p_accept: Any,
    floor: float = EPS,
) -> FloatArray:
    """Return the log-density of a mixture of normals at each sample."""
    work = samples[:, None] - mus
    work /= np.maximum(sigmas, floor)
    np.square(work, out=work)
    work *= -0.5
    work += np.log(weights / np.sqrt(2 * np.pi * sigmas**2) / p_accept)
    return logsum_rows_in_place(work)


def logsum_rows_in_place(work: FloatArray) -> FloatArray:
    """Like `logsum_rows`, overwriting its argument."""
    largest = work.max(axis=1)
    work -= largest[:, None]
    np.maximum(work, _NEGLIGIBLE, out=work)  # exp is many times slower where it underflows
    np.exp(work, out=work)
    sums: FloatArray = np.log(work.sum(axis=1)) + largest
    return sums


def lognormal_score(
    samples: FloatArray, weights: FloatArray, mus: FloatArray, sigmas: FloatArray
) -> FloatArray:
    """Return the log-density of a mixture of log-normals, without regard to bounds."""
    return logsum_rows_in_place(lognormal_lpdf(samples[:, None], mus, sigmas) + np.log(weights))


def quantised_score(
    samples: FloatArray,
    weights: FloatArray,
    mus: FloatArray,
    sigmas: FloatArray,
    low: Any,
    high: Any,
    q: float,
    p_accept: Any,
    floor: float = EPS,
) -> FloatArray:
    """Return the log of a normal mixture's mass within ``q / 2`` of each sample."""
    values, inverse = np.unique(samples, return_inverse=True)
    upper, lower = values + q / 2, values - q / 2
    if high is not None:
        upper = np.minimum(upper, high)
    if low is not None:
        lower = np.maximum(lower, low)
    mass = _mass_of_cells(
        lower, upper, weights, mus, np.maximum(_ROOT_2 * sigmas, floor), _normal_share
    )
    log_mass: FloatArray = np.log(mass) - np.log(p_accept)
    return log_mass[inverse]


def quantised_log_score(
    samples: FloatArray,
    weights: FloatArray,
    mus: FloatArray,
    sigmas: FloatArray,
    low: Any,
    high: Any,
    q: float,
    p_accept: Any,
) -> FloatArray:
    """Return the log of a log-normal mixture's mass within ``q / 2`` of each sample."""
    values, inverse = np.unique(samples, return_inverse=True)
    upper, lower = values + q / 2, values - q / 2
    if high is not None:
        upper = np.minimum(upper, np.exp(high))
    if low is not None:
        lower = np.maximum(lower, np.exp(low))
    floor = floor_of(q)
    mass = _mass_of_cells(
        np.log(np.maximum(np.maximum(0, lower), floor)),
        np.log(np.maximum(upper, floor)),
        weights,
        mus,
        np.maximum(_ROOT_2 * sigmas, EPS),
        _lognormal_share,
    )
    log_mass: FloatArray = np.log(mass) - np.log(p_accept)
    return log_mass[inverse]


def _normal_share(z: FloatArray) -> FloatArray:
    share: FloatArray = 0.5 * (1 + erf(z))
    return share


def _lognormal_share(z: FloatArray) -> FloatArray:
    share: FloatArray = 0.5 + 0.5 * erf(z)  # the same, but for the last bit
    return share


def _mass_of_cells(
    lower: FloatArray,
    upper: FloatArray,
    weights: FloatArray,
    mus: FloatArray,
    widths: FloatArray,
    share_below: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Sum the components' masses in each cell, in the order of the components.

    Quantised parameters have few values: with many observations most components equal their
    neighbours, and the error functions of one serve the whole run.
    """
    first = _starts_of_runs(mus, widths)
    run, column, z_lower, z_upper = _near_pairs(lower, upper, mus[first], widths[first])
    below, above = share_below(z_lower), share_below(z_upper)
    component = first[run]
    if len(first) < len(mus):
        lengths = np.diff(first, append=len(mus))[run]
        place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        component = np.repeat(component, lengths) + place
        column = np.repeat(column, lengths)
        below, above = np.repeat(below, lengths), np.repeat(above, lengths)
    weight = weights[component]
    mass = weight * above
    mass -= weight * below
    return np.bincount(column, weights=mass, minlength=len(lower)).astype(np.float64, copy=False)


def _starts_of_runs(mus: FloatArray, widths: FloatArray) -> IntArray:
    """Return the first component of each run of equal ones."""
    if len(mus) < _MANY:
        return np.arange(len(mus))
    new = np.ones(len(mus), dtype=bool)
    new[1:] = (mus[1:] != mus[:-1]) | (widths[1:] != widths[:-1])
    return np.flatnonzero(new)


def _near_pairs(
    lower: FloatArray, upper: FloatArray, mus: FloatArray, widths: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """List the components and the increasing cells that are near each other.

    A component so far away that erf is the same at both edges of a cell adds an exact zero to it
    and is left out.

    Returns
    -------
    component, column : (n_pairs,) int arrays
        Components in their order.
    z_lower, z_upper : (n_pairs,) float arrays
        The cell's edges in the component's units.
    """
    reach = _SATURATED * widths
    first = np.searchsorted(upper, mus - reach)
    count = np.maximum(np.searchsorted(lower, mus + reach) - first, 0)
    component = np.repeat(np.arange(len(mus)), count)
    column = np.arange(len(component)) - np.repeat(np.cumsum(count) - count - first, count)
    mu, width = mus[component], widths[component]
    return component, column, (lower[column] - mu) / width, (upper[column] - mu) / width
