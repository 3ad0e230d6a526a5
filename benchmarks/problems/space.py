"""A search space said neutrally, so that every optimiser is given the same one.

A space is a tuple of parameters. A :class:`Branch` is a choice whose options carry parameters of
their own; those are active only while that option is taken. A configuration is a flat ``dict`` of
the active parameters alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

Value = float | int | str
Config = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Float:
    """A real number in [low, high], even in the logarithm if ``log``, in steps if ``step``."""

    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"{self.name}: needs low < high, got {self.low!r}, {self.high!r}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError(f"{self.name}: a log scale needs low > 0 and no step")

    def draw(self, rng: np.random.Generator) -> float:
        """One value from the prior."""
        if self.step is not None:
            return self.low + self.step * int(rng.integers(self.levels))
        if self.log:
            return float(np.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return float(rng.uniform(self.low, self.high))

    @property
    def levels(self) -> int:
        """How many values there are; 0 for a continuum."""
        return 0 if self.step is None else round((self.high - self.low) / self.step) + 1

    def number(self, value: Value) -> float:
        """The value as a coordinate (the logarithm on a log scale)."""
        return math.log(value) if self.log else float(value)

    def middle(self) -> float:
        """The coordinate that stands for an inactive parameter."""
        return 0.5 * (self.number(self.low) + self.number(self.high))

    def legal(self, value: Value) -> bool:
        """Whether an optimiser was allowed to ask for this value."""
        if not isinstance(value, float) or not self.low <= value <= self.high:
            return False
        if self.step is None:
            return True
        place = (value - self.low) / self.step
        return abs(place - round(place)) < 1e-9


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number in [low, high], both included; even in the logarithm if ``log``."""

    name: str
    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low < 1):
            raise ValueError(f"{self.name}: needs low < high (low >= 1 on a log scale)")

    def draw(self, rng: np.random.Generator) -> int:
        """One value from the prior."""
        if not self.log:
            return int(rng.integers(self.low, self.high + 1))
        drawn = np.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return min(max(round(float(drawn)), self.low), self.high)

    @property
    def levels(self) -> int:
        """How many values there are."""
        return self.high - self.low + 1

    def number(self, value: Value) -> float:
        """The value as a coordinate (the logarithm on a log scale)."""
        return math.log(value) if self.log else float(value)

    def middle(self) -> float:
        """The coordinate that stands for an inactive parameter."""
        return 0.5 * (self.number(self.low) + self.number(self.high))

    def legal(self, value: Value) -> bool:
        """Whether an optimiser was allowed to ask for this value."""
        return type(value) is int and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Categorical:
    """One of a few options without order."""

    name: str
    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(set(self.options)) != len(self.options) or len(self.options) < 2:
            raise ValueError(f"{self.name}: needs two or more different options")

    def draw(self, rng: np.random.Generator) -> Value:
        """One value from the prior."""
        return self.options[int(rng.integers(len(self.options)))]

    @property
    def levels(self) -> int:
        """How many values there are."""
        return len(self.options)

    def number(self, value: Value) -> float:
        """The option's place in the list."""
        return float(self.options.index(value))

    def middle(self) -> float:
        """The coordinate that stands for an inactive parameter."""
        return -1.0

    def legal(self, value: Value) -> bool:
        """Whether an optimiser was allowed to ask for this value."""
        return value in self.options


@dataclass(frozen=True, slots=True)
class Branch:
    """A choice among sub-spaces: option name -> the parameters that are active under it."""

    name: str
    arms: tuple[tuple[str, Space], ...]

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the arms."""
        return tuple(option for option, _ in self.arms)

    def arm(self, option: Value) -> Space:
        """The parameters active under one option."""
        for name, space in self.arms:
            if name == option:
                return space
        raise KeyError(f"{self.name}: no option {option!r}")

    draw = Categorical.draw
    levels = Categorical.levels
    number = Categorical.number
    middle = Categorical.middle
    legal = Categorical.legal


Parameter = Float | Int | Categorical | Branch
Space = tuple[Parameter, ...]


def branch(name: str, **arms: Space) -> Branch:
    """A :class:`Branch` by keywords."""
    return Branch(name, tuple(arms.items()))


def parameters(space: Space) -> Iterator[Parameter]:
    """Every parameter of a space, a branch before what stands under it."""
    for parameter in space:
        yield parameter
        if isinstance(parameter, Branch):
            for _, arm in parameter.arms:
                yield from parameters(arm)


def active(space: Space, values: Mapping[str, Value]) -> Iterator[Parameter]:
    """The parameters that count, given the values of the branches."""
    for parameter in space:
        yield parameter
        if isinstance(parameter, Branch):
            yield from active(parameter.arm(values[parameter.name]), values)


def prune(space: Space, values: Mapping[str, Value]) -> Config:
    """The configuration left of a full assignment when the inactive parameters are dropped."""
    return {parameter.name: values[parameter.name] for parameter in active(space, values)}


def sample(space: Space, rng: np.random.Generator) -> Config:
    """One configuration from the prior."""
    config: Config = {}
    for parameter in space:
        config[parameter.name] = value = parameter.draw(rng)
        if isinstance(parameter, Branch):
            config |= sample(parameter.arm(value), rng)
    return config


def check(space: Space, config: Config) -> None:
    """Raise ``ValueError`` if a configuration is not one of this space."""
    wanted = {parameter.name: parameter for parameter in active(space, config)}
    if wanted.keys() != config.keys():
        raise ValueError(f"the active parameters are {sorted(wanted)}, got {sorted(config)}")
    for name, parameter in wanted.items():
        if not parameter.legal(config[name]):
            raise ValueError(f"{name}={config[name]!r} does not lie in {parameter}")


def coordinates(space: Space, config: Mapping[str, Value]) -> list[float]:
    """A configuration as one number a parameter; inactive ones stand at their middle."""
    return [
        parameter.number(config[parameter.name]) if parameter.name in config else parameter.middle()
        for parameter in parameters(space)
    ]


def depth(space: Space) -> int:
    """How many choices lie above the deepest parameter, itself counted."""
    below = (
        depth(arm)
        for parameter in space
        if isinstance(parameter, Branch)
        for _, arm in parameter.arms
    )
    return 1 + max(below, default=0) if space else 0
