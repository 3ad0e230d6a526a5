"""The eight laws over real numbers, each of one core and one finish of `minopt.space.shapes`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from minopt.space.checks import (
    check_exponent,
    check_order,
    check_step,
    check_tail,
    checked_number,
)
from minopt.space.law import Law
from minopt.space.shapes import BellLaw, FlatLaw, SmoothLaw, SteppedLaw, draw_flat


@dataclass(frozen=True, slots=True)
class Uniform(FlatLaw, SmoothLaw):
    """The flat law on [low, high)."""

    name = "uniform"
    log = False
    low: float
    high: float

    def __post_init__(self) -> None:
        _set_bounds(self)

    def draw_one(self, rng: np.random.Generator) -> float:
        return draw_flat(rng, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Loguniform(FlatLaw, SmoothLaw):
    """The law of exp(Z), Z flat on [low, high)."""

    name = "loguniform"
    log = True
    low: float
    high: float

    def __post_init__(self) -> None:
        _set_bounds(self)

    def draw_one(self, rng: np.random.Generator) -> float:
        return float(np.exp(draw_flat(rng, self.low, self.high)))


@dataclass(frozen=True, slots=True)
class Quniform(FlatLaw, SteppedLaw):
    """The flat law on [low, high), rounded to multiples of q."""

    name = "quniform"
    log = False
    low: float
    high: float
    q: float

    def __post_init__(self) -> None:
        _set_bounds(self)
        _set_step(self, max(abs(self.low), abs(self.high)))

    def draw_one(self, rng: np.random.Generator) -> float | int:
        return self.rounded(draw_flat(rng, self.low, self.high))


@dataclass(frozen=True, slots=True)
class Qloguniform(FlatLaw, SteppedLaw):
    """The law of exp(Z), Z flat on [low, high), rounded to multiples of q."""

    name = "qloguniform"
    log = True
    low: float
    high: float
    q: float

    def __post_init__(self) -> None:
        _set_bounds(self)
        _set_step(self, math.exp(self.high))

    def draw_one(self, rng: np.random.Generator) -> float | int:
        return self.rounded(float(np.exp(draw_flat(rng, self.low, self.high))))


@dataclass(frozen=True, slots=True)
class Normal(BellLaw, SmoothLaw):
    """The normal law."""

    name = "normal"
    log = False
    mu: float
    sigma: float

    def __post_init__(self) -> None:
        _set_moments(self)

    def draw_one(self, rng: np.random.Generator) -> float:
        return rng.normal(self.mu, self.sigma)


@dataclass(frozen=True, slots=True)
class Qnormal(BellLaw, SteppedLaw):
    """The normal law, rounded to multiples of q."""

    name = "qnormal"
    log = False
    mu: float
    sigma: float
    q: float

    def __post_init__(self) -> None:
        _set_moments(self)
        _set_step(self, abs(self.mu) + self.sigma)

    def draw_one(self, rng: np.random.Generator) -> float | int:
        return self.rounded(rng.normal(self.mu, self.sigma))


@dataclass(frozen=True, slots=True)
class Lognormal(BellLaw, SmoothLaw):
    """The law of exp(Z), Z normal."""

    name = "lognormal"
    log = True
    mu: float
    sigma: float

    def __post_init__(self) -> None:
        _set_moments(self)

    def draw_one(self, rng: np.random.Generator) -> float:
        return float(np.exp(rng.normal(self.mu, self.sigma)))


@dataclass(frozen=True, slots=True)
class Qlognormal(BellLaw, SteppedLaw):
    """The law of exp(Z), Z normal, rounded to multiples of q."""

    name = "qlognormal"
    log = True
    mu: float
    sigma: float
    q: float

    def __post_init__(self) -> None:
        _set_moments(self)
        _set_step(self, math.exp(self.mu + self.sigma))

    def draw_one(self, rng: np.random.Generator) -> float | int:
        return self.rounded(float(np.exp(rng.normal(self.mu, self.sigma))))


def _set_bounds(law: FlatLaw) -> None:
    check_order(law.name, law.low, law.high)
    _set(law, "low", checked_number(law.name, "low", law.low))
    _set(law, "high", checked_number(law.name, "high", law.high))
    if law.log:
        check_exponent(law.name, law.low, law.high)


def _set_moments(law: BellLaw) -> None:
    _set(law, "mu", checked_number(law.name, "mu", law.mu))
    _set(law, "sigma", checked_number(law.name, "sigma", law.sigma))
    if law.log:
        check_tail(law.name, law.mu, law.sigma)


def _set_step(law: SteppedLaw, largest: float) -> None:
    _set(law, "q", checked_number(law.name, "q", law.q))
    check_step(law.name, law.q, largest)


def _set(law: Law, field: str, value: float) -> None:
    object.__setattr__(law, field, value)
