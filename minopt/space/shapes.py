"""What the laws over real numbers are made of: a core Z, and how a value comes of it.

Z is flat on [low, high) or normal(mu, sigma); the value is Z or exp(Z), and
``q * round(value / q)`` for a stepped law. Each half is written once: the cores know Z, the
finishes know what is made of it. A law is one core with one finish.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from minopt._types import BoolArray, FloatArray
from minopt.space.checks import WholeStep
from minopt.space.law import Law, as_floats, number_in

# What exp(log(bound)) may be off by: a bound typed as a value must be found inside.
ROUNDING = 1e-12


def _flat_by_product(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw from [low, high), in a third of the time that numpy's `uniform` takes for one."""
    return low + (high - low) * rng.random()


def _flat_by_numpy(rng: np.random.Generator, low: float, high: float) -> float:
    return rng.uniform(low, high)


def _chosen() -> Callable[[np.random.Generator, float, float], float]:
    """Return a way to draw that gives numpy's bits: some machines round its sum only once."""
    ours, numpys = np.random.default_rng(0), np.random.default_rng(0)
    bounds = [(-1.0 / (1 + i), math.pi * (1 + i)) for i in range(64)]
    if all(_flat_by_product(ours, *pair) == _flat_by_numpy(numpys, *pair) for pair in bounds):
        return _flat_by_product
    return _flat_by_numpy


draw_flat = _chosen()


class RealLaw(Law):
    """A law made of a core Z; `log` says whether the value is exp(Z)."""

    __slots__ = ()

    log: ClassVar[bool]

    @abstractmethod
    def _core_range(self) -> tuple[float, float]:
        """The ends of Z."""

    @abstractmethod
    def _core_cdf(self, z: FloatArray) -> FloatArray:
        """P(Z <= z)."""

    @abstractmethod
    def _core_quantile(self, u: FloatArray) -> FloatArray:
        """The inverse of `_core_cdf`."""

    @abstractmethod
    def _core_logpdf(self, z: FloatArray) -> FloatArray:
        """Log-density of Z."""

    @abstractmethod
    def _core_logmass(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Log of P(a < Z <= b)."""

    def _core_of(self, x: FloatArray) -> FloatArray:
        """The Z that makes the value x, before rounding."""
        if not self.log:
            return x
        with np.errstate(divide="ignore"):
            return np.log(np.maximum(x, 0.0))

    def _range(self) -> tuple[float, float]:
        low, high = self._core_range()
        return (float(np.exp(low)), float(np.exp(high))) if self.log else (low, high)

    def _value_of_unit(self, u: FloatArray) -> FloatArray:
        z = self._core_quantile(u)
        return np.exp(z) if self.log else z


class FlatLaw(RealLaw):
    """Z is flat on [low, high)."""

    __slots__ = ()

    low: float
    high: float

    def _core_range(self) -> tuple[float, float]:
        return self.low, self.high

    def _core_cdf(self, z: FloatArray) -> FloatArray:
        return np.clip((z - self.low) / (self.high - self.low), 0.0, 1.0)

    def _core_quantile(self, u: FloatArray) -> FloatArray:
        return np.clip(self.low + u * (self.high - self.low), self.low, self.high)

    def _core_logpdf(self, z: FloatArray) -> FloatArray:
        slack = ROUNDING * max(1.0, abs(self.low), abs(self.high)) if self.log else 0.0
        inside = (z >= self.low - slack) & (z <= self.high + slack)
        return np.where(inside, -math.log(self.high - self.low), -np.inf)

    def _core_logmass(self, a: FloatArray, b: FloatArray) -> FloatArray:
        part = np.clip(b, self.low, self.high) - np.clip(a, self.low, self.high)
        with np.errstate(divide="ignore"):
            return np.log(part) - math.log(self.high - self.low)


class BellLaw(RealLaw):
    """Z is normal with mean mu and standard deviation sigma."""

    __slots__ = ()

    mu: float
    sigma: float

    def _core_range(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def _core_cdf(self, z: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        return np.asarray(ndtr((z - self.mu) / self.sigma))

    def _core_quantile(self, u: FloatArray) -> FloatArray:
        from scipy.special import ndtri

        return np.asarray(self.mu + self.sigma * ndtri(u))

    def _core_logpdf(self, z: FloatArray) -> FloatArray:
        deviation = (z - self.mu) / self.sigma
        return -0.5 * deviation**2 - math.log(self.sigma * math.sqrt(2 * math.pi))

    def _core_logmass(self, a: FloatArray, b: FloatArray) -> FloatArray:
        from scipy.special import log_ndtr

        a, b = (a - self.mu) / self.sigma, (b - self.mu) / self.sigma
        upper = a > 0  # in the upper tail the cdf is 1 to all digits: mirror to the lower one
        a, b = np.where(upper, -b, a), np.where(upper, -a, b)
        top = log_ndtr(b)
        with np.errstate(divide="ignore", invalid="ignore"):
            mass = top + np.log1p(-np.exp(log_ndtr(a) - top))
        return np.where(b > a, mass, -np.inf)


class SmoothLaw(RealLaw):
    """The value is Z or exp(Z) itself."""

    __slots__ = ()

    @property
    def discrete(self) -> bool:
        return False

    @property
    def integral(self) -> bool:
        return False

    def support(self) -> tuple[float, float]:
        return self._range()

    def contains(self, value: Any) -> bool:
        number = number_in(value)
        return math.isfinite(number) and bool(np.isfinite(self.logpdf(number)))

    def logpdf(self, x: ArrayLike) -> FloatArray:
        values = as_floats(x)
        z = self._core_of(values)
        if not self.log:
            return self._core_logpdf(z)
        with np.errstate(invalid="ignore"):
            return np.where(values > 0, self._core_logpdf(z) - z, -np.inf)

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self._core_cdf(self._core_of(as_floats(x)))

    def to_unit(self, x: ArrayLike) -> FloatArray:
        return self.cdf(x)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        return self._value_of_unit(as_floats(u))


class SteppedLaw(RealLaw):
    """The value is Z or exp(Z), rounded to the nearest multiple of q, half to even."""

    __slots__ = ()

    q: float

    @property
    def discrete(self) -> bool:
        return True

    @property
    def integral(self) -> bool:
        return type(self.q) is WholeStep

    def support(self) -> tuple[float, float]:
        low, high = self._range()
        return float(np.round(low / self.q) * self.q), float(np.round(high / self.q) * self.q)

    def contains(self, value: Any) -> bool:
        number = number_in(value)
        if not math.isfinite(number):
            return False
        low, high = self.support()
        nearest = round(number / self.q) * self.q
        return low <= nearest <= high and bool(self.on_grid(number))

    def encloses(self, value: float) -> bool:
        """Tell whether a value lies within the bounds, be it a multiple of `q` or not."""
        (low, high), (lowest, highest) = self._range(), self.support()
        return min(low, lowest) <= value <= max(high, highest)

    def logpdf(self, x: ArrayLike) -> FloatArray:
        values = as_floats(x)
        low, high = self._cell(values)
        return np.where(self.on_grid(values), self._core_logmass(low, high), -np.inf)

    def cdf(self, x: ArrayLike) -> FloatArray:
        last = np.floor(as_floats(x) / self.q + 1e-9)
        return self._core_cdf(self._core_of((last + 0.5) * self.q)) * (last >= self._first_step())

    def to_unit(self, x: ArrayLike) -> FloatArray:
        low, high = self._cell(as_floats(x))
        return 0.5 * (self._core_cdf(low) + self._core_cdf(high))

    def from_unit(self, u: ArrayLike) -> FloatArray:
        return np.round(self._value_of_unit(as_floats(u)) / self.q) * self.q

    def on_grid(self, x: ArrayLike) -> BoolArray:
        """Tell which values are multiples of q, up to rounding."""
        values = as_floats(x)
        with np.errstate(invalid="ignore"):
            off = np.abs(values - np.round(values / self.q) * self.q)
            return np.asarray(off <= 1e-9 * np.maximum(np.abs(values), self.q))

    def _first_step(self) -> float:
        return float(np.round(self._range()[0] / self.q))

    def _cell(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The Z between which values are rounded to x."""
        step = np.round(x / self.q)
        return self._core_of((step - 0.5) * self.q), self._core_of((step + 0.5) * self.q)

    def rounded(self, value: float) -> float | int:
        """np.round(value / q) * q, with the sign of zero kept; an int if the law is integral."""
        steps = value / self.q
        whole: float = round(steps) or math.copysign(0.0, steps)
        return int(whole * self.q) if self.integral else whole * self.q
