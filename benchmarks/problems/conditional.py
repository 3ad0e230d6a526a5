"""Hierarchical spaces, three levels deep, on bowls whose least point is known.

The loss adds an offset for every arm taken and a bowl, with ripples and couplings, for every
active number; all bowls are 0 at their best values, so the least loss is the least sum of offsets,
which is shifted to 0. Arms with low offsets are given steep bowls: they look bad to whoever tries
them once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.space import (
    Branch,
    Categorical,
    Config,
    Float,
    Int,
    Parameter,
    Space,
    Value,
    active,
    branch,
    parameters,
)


def assignments(space: Space) -> Iterator[dict[str, str]]:
    """Every way of taking the branches of a space."""
    if not space:
        yield {}
        return
    first, rest = space[0], space[1:]
    heads: list[dict[str, str]] = [{}]
    if isinstance(first, Branch):
        heads = [
            {first.name: option} | below for option, arm in first.arms for below in assignments(arm)
        ]
    for tail in assignments(rest):
        for head in heads:
            yield head | tail


def best_value(parameter: Parameter, rng: np.random.Generator) -> Value:
    """A value in the inner 70 % of a parameter."""
    part = rng.uniform(0.15, 0.85)
    if isinstance(parameter, Categorical):
        return parameter.draw(rng)
    low, high = parameter.number(parameter.low), parameter.number(parameter.high)
    number = low + part * (high - low)
    number = math.exp(number) if parameter.log else number
    return round(number) if isinstance(parameter, Int) else number


class Bowls:
    """The loss of a hierarchical space, made from a seed."""

    def __init__(self, space: Space, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.space = space
        self.best: Config = {}
        self._offset: dict[tuple[str, Value], float] = {}
        self._scale: dict[str, tuple[float, float, float]] = {}  # best number, width, steepness
        self._grow(space, rng, 0.0)
        choices = list(assignments(space))
        sums = [sum(self._offset[taken] for taken in choice.items()) for choice in choices]
        self._least = min(sums)
        winner = choices[sums.index(self._least)]
        self.optimum = {
            parameter.name: winner.get(parameter.name, self.best.get(parameter.name))
            for parameter in active(space, winner)
        }

    def _grow(self, space: Space, rng: np.random.Generator, promise: float) -> None:
        """Give every parameter its bowl; ``promise`` says how low the arms above lie."""
        for parameter in space:
            if isinstance(parameter, Branch):
                for option, arm in parameter.arms:
                    self._offset[parameter.name, option] = offset = float(rng.uniform(0.0, 0.5))
                    self._grow(arm, rng, promise + 0.5 - offset)
                continue
            self.best[parameter.name] = value = best_value(parameter, rng)
            steepness = float(rng.uniform(0.5, 1.5)) * (1 + 3 * promise)
            width = (
                1.0
                if isinstance(parameter, Categorical)
                else 2 * (parameter.middle() - parameter.number(parameter.low))
            )
            self._scale[parameter.name] = (parameter.number(value), width, steepness)

    def __call__(self, config: Config) -> float:
        total, before = -self._least, 0.0
        for parameter in active(self.space, config):
            name, value = parameter.name, config[parameter.name]
            if isinstance(parameter, Branch):
                total += self._offset[name, value]
                continue
            number, width, steepness = self._scale[name]
            if isinstance(parameter, Categorical):
                total += 0.0 if value == self.best[name] else 0.2 * steepness
                continue
            away = (parameter.number(value) - number) / width
            total += steepness * ((away + 0.3 * before) ** 2 + 0.5 * away**2)
            total += 0.02 * (1 - math.cos(10 * math.pi * away))
            before = away
        return max(total, 0.0)


def tree(rng: np.random.Generator, depth: int = 3, name: str = "t") -> Branch:
    """A tree of choices with two or three arms each and a few numbers on every arm."""
    arms: list[tuple[str, Space]] = []
    for letter in "abc"[: int(rng.integers(2, 4))]:
        here = f"{name}{letter}"
        numbers: list[Parameter] = [
            Float(f"{here}_x{place}", 1e-3, 1e1, log=True)
            if rng.random() < 0.4
            else Float(f"{here}_x{place}", -1.0, 1.0)
            for place in range(int(rng.integers(1, 3)))
        ]
        if depth > 1:
            numbers.append(tree(rng, depth - 1, here))
        arms.append((letter, tuple(numbers)))
    return Branch(name, tuple(arms))


OPTIMISER: Space = (
    Float("weight_decay", 1e-6, 1e-1, log=True),
    Int("batch", 8, 256, log=True),
    branch(
        "optimiser",
        sgd=(
            Float("sgd_rate", 1e-4, 1e0, log=True),
            branch(
                "momentum",
                none=(),
                classic=(Float("classic_momentum", 0.5, 0.999),),
                nesterov=(
                    Float("nesterov_momentum", 0.5, 0.999),
                    Categorical("restart", ("no", "yes")),
                ),
            ),
        ),
        adam=(
            Float("adam_rate", 1e-5, 1e-1, log=True),
            Float("adam_beta", 0.5, 0.999),
            branch("amsgrad", no=(), yes=(Float("amsgrad_epsilon", 1e-8, 1e-2, log=True),)),
        ),
        rmsprop=(Float("rms_rate", 1e-5, 1e-1, log=True), Float("rms_rho", 0.5, 0.999)),
    ),
    branch(
        "schedule",
        constant=(),
        step=(Float("step_factor", 0.1, 0.9), Int("step_every", 1, 30)),
        cosine=(
            Float("warm_up", 0.0, 0.3),
            branch(
                "cycles", one=(), many=(Int("cycle_count", 2, 8), Float("cycle_decay", 0.3, 1.0))
            ),
        ),
    ),
)

LAYERS: Space = (
    Float("rate", 1e-5, 1e-1, log=True),
    Categorical("activation", ("relu", "tanh", "elu", "selu")),
    Int("units_1", 4, 256, log=True),
    Float("dropout_1", 0.0, 0.8),
    branch(
        "second",
        no=(),
        yes=(
            Int("units_2", 4, 256, log=True),
            Float("dropout_2", 0.0, 0.8),
            branch(
                "third",
                no=(),
                yes=(
                    Int("units_3", 4, 256, log=True),
                    Float("dropout_3", 0.0, 0.8),
                    branch("norm", none=(), batch=(Float("norm_momentum", 0.5, 0.999),)),
                ),
            ),
        ),
    ),
)

BRANCHES: Space = (
    Float("shared", 1e-3, 1e3, log=True),
    Branch(
        "arm",
        tuple(
            (
                letter,
                (
                    Float(f"{letter}_rate", 1e-4, 1e0, log=True),
                    Int(f"{letter}_size", 1, 50),
                    Float(f"{letter}_share", 0.0, 1.0),
                ),
            )
            for letter in "abcdefgh"
        ),
    ),
)


def conditional(name: str, family: str, space: Space, seed: int = 0) -> Problem:
    """A problem of bowls over a hierarchical space."""
    bowls = Bowls(space, seed)
    names = [parameter.name for parameter in parameters(space)]
    if len(set(names)) != len(names):
        raise ValueError(f"{name}: two parameters share a name")
    return Problem(name, family, space, bowls, bowls.optimum)


def forest_of_choices(seed: int) -> Space:
    """Two numbers and a category for all, beside a tree of choices."""
    rng = np.random.default_rng(seed)
    return (Float("x", -5.0, 5.0), Int("n", 1, 20), Categorical("kind", ("p", "q", "r")), tree(rng))


CONDITIONAL = (
    conditional("tree_a", "tree", forest_of_choices(1), seed=1),
    conditional("tree_b", "tree", forest_of_choices(2), seed=2),
    conditional("optimiser", "optimiser", OPTIMISER, seed=3),
    conditional("layers", "layers", LAYERS, seed=4),
    conditional("branches", "branches", BRANCHES, seed=5),
)
