"""The two laws over whole numbers: equal chances in a range, and given chances of an index."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minopt._types import FloatArray
from minopt.space.checks import check_int64, check_order, checked_weights, checked_whole
from minopt.space.law import Law, as_floats, number_in


class _Whole(Law):
    """A law over consecutive whole numbers."""

    __slots__ = ()

    @abstractmethod
    def _mass(self, k: FloatArray) -> FloatArray:
        """Probability of each whole number k, which lies inside."""

    @property
    def discrete(self) -> bool:
        return True

    @property
    def integral(self) -> bool:
        return True

    def contains(self, value: Any) -> bool:
        low, high = self.support()
        if isinstance(value, (int, np.integer)):
            return bool(low <= value <= high)
        number = number_in(value)
        return number.is_integer() and low <= number <= high

    def logpdf(self, x: ArrayLike) -> FloatArray:
        values = as_floats(x)
        low, high = self.support()
        inside = (values == np.floor(values)) & (values >= low) & (values <= high)
        with np.errstate(divide="ignore"):
            return np.where(inside, np.log(self._mass(np.where(inside, values, low))), -np.inf)

    def to_unit(self, x: ArrayLike) -> FloatArray:
        values = np.round(as_floats(x))
        return 0.5 * (self.cdf(values - 1) + self.cdf(values))


@dataclass(frozen=True, slots=True)
class Randint(_Whole):
    """Equal chances for every whole number in [low, high)."""

    name = "randint"
    low: int
    high: int

    def __post_init__(self) -> None:
        check_order(self.name, self.low, self.high, whole=True)
        object.__setattr__(self, "low", checked_whole(self.name, "low", self.low))
        object.__setattr__(self, "high", checked_whole(self.name, "high", self.high))
        check_int64(self.name, self.low, self.high)

    def draw_one(self, rng: np.random.Generator) -> int:
        return int(rng.integers(self.low, self.high))

    def support(self) -> tuple[float, float]:
        return self.low, self.high - 1

    def _mass(self, k: FloatArray) -> FloatArray:
        return np.full(k.shape, 1.0 / (self.high - self.low))

    def cdf(self, x: ArrayLike) -> FloatArray:
        covered = np.floor(as_floats(x)) + 1 - self.low
        return np.asarray(np.clip(covered / (self.high - self.low), 0.0, 1.0))

    def from_unit(self, u: ArrayLike) -> FloatArray:
        steps = np.floor(as_floats(u) * (self.high - self.low))
        return np.asarray(np.clip(self.low + steps, self.low, self.high - 1))


@dataclass(frozen=True, slots=True)
class Categorical(_Whole):
    """The index i with chance p[i]."""

    name = "categorical"
    p: tuple[float, ...]
    _weights: FloatArray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", checked_weights(self.p))
        object.__setattr__(self, "_weights", np.array(self.p))

    def draw_one(self, rng: np.random.Generator) -> int:
        return int(rng.multinomial(1, self._weights).argmax())

    def support(self) -> tuple[float, float]:
        return 0, len(self.p) - 1

    def _mass(self, k: FloatArray) -> FloatArray:
        return np.asarray(self._weights[k.astype(np.intp)])

    def cdf(self, x: ArrayLike) -> FloatArray:
        sums = np.concatenate([[0.0], np.cumsum(self._weights)])
        last = np.clip(np.floor(as_floats(x)) + 1, 0, len(self.p)).astype(np.intp)
        return np.asarray(np.minimum(sums[last], 1.0))

    def from_unit(self, u: ArrayLike) -> FloatArray:
        sums = np.cumsum(self._weights)
        found = np.searchsorted(sums, as_floats(u), side="right")
        return as_floats(np.minimum(found, np.flatnonzero(self._weights)[-1]))
