"""What every law of a parameter promises: drawing, densities, and the way to the unit interval."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from minopt._types import FloatArray
from minopt.pyll import stochastic


class Law(ABC):
    """The probability law of one parameter; an immutable value that is right once it exists.

    Attributes
    ----------
    name : str
        The graph symbol that draws from this law.
    """

    __slots__ = ()

    name: ClassVar[str]

    @property
    @abstractmethod
    def discrete(self) -> bool:
        """True if the values lie on a grid: `logpdf` is then the logarithm of a mass."""

    @property
    @abstractmethod
    def integral(self) -> bool:
        """True if values are held as ``int`` in trials and for the objective."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What the graph symbol takes: the numbers of the law, in its order."""
        return tuple(getattr(self, name) for name in arguments_of(type(self)))

    def draw(self, rng: np.random.Generator, size: int | tuple[int, ...] = ()) -> Any:
        """Draw an array, from the same stream and with the same bits as the graph symbol."""
        return getattr(stochastic, self.name)(*self.arguments, rng=rng, size=size)

    @abstractmethod
    def draw_one(self, rng: np.random.Generator) -> float | int:
        """Draw ``draw(rng, 1)[0]`` as a plain Python number, quickly."""

    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Return the smallest and the largest value; infinite where there is none."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Tell whether `value`, of any type, is one that this law can give."""

    @abstractmethod
    def logpdf(self, x: ArrayLike) -> FloatArray:
        """Return the log-density, or log-mass if `discrete`, at `x`; -inf outside."""

    @abstractmethod
    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return the probability of a value not above `x`."""

    @abstractmethod
    def to_unit(self, x: ArrayLike) -> FloatArray:
        """Map values into [0, 1]: the cdf, or the middle of its jump if `discrete`."""

    @abstractmethod
    def from_unit(self, u: ArrayLike) -> FloatArray:
        """Map [0, 1] onto the values, such that a flat `u` gives this law."""


def arguments_of(law: type[Law]) -> tuple[str, ...]:
    """Return the names of a law's numbers, in the order in which its graph symbol takes them."""
    return tuple(field.name for field in fields(law) if field.init)  # type: ignore[arg-type]


def as_floats(x: ArrayLike) -> FloatArray:
    """Return `x` as a float array (0-d for a scalar)."""
    return np.asarray(x, dtype=np.float64)


def number_in(value: Any) -> float:
    """Return `value` as a float, NaN if it is no number."""
    if isinstance(value, (str, bytes)) or (isinstance(value, np.ndarray) and value.ndim > 0):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
