"""Classical test functions with shifted optima, over mixed kinds of parameters.

Each function is written so that its least value is 0. A role says how each coordinate is offered:
``r`` real, ``l`` real on a log scale, ``i`` integer, ``s`` real in steps, ``c`` category without
order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.space import Categorical, Config, Float, Int, Parameter, Value

Point = Sequence[float]

HARTMANN_A = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
HARTMANN_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)
HARTMANN_WEIGHTS = (1.0, 1.2, 3.0, 3.2)
HARTMANN_OPTIMUM = (0.20168951, 0.15001069, 0.47687397, 0.27533243, 0.31165162, 0.65730053)
HARTMANN_LEAST = -3.322368011415515
BRANIN_LEAST = 10 / (8 * math.pi)


def branin(x: Point) -> float:
    valley = x[1] - 5.1 * x[0] ** 2 / (4 * math.pi**2) + 5 * x[0] / math.pi - 6
    loss = valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10 - BRANIN_LEAST
    return max(loss, 0.0)  # rounding


def hartmann6(x: Point) -> float:
    total = 0.0
    for weight, row, centre in zip(HARTMANN_WEIGHTS, HARTMANN_A, HARTMANN_P, strict=True):
        total += weight * math.exp(
            -sum(a * (b - p) ** 2 for a, b, p in zip(row, x, centre, strict=True))
        )
    return max(-total - HARTMANN_LEAST, 0.0)


def ackley(x: Point) -> float:
    root = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return max(20 * (1 - math.exp(-0.2 * root)) + math.e - math.exp(waves), 0.0)


def levy(x: Point) -> float:
    w = [1 + (v - 1) / 4 for v in x]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return math.sin(math.pi * w[0]) ** 2 + middle + last


def rosenbrock(x: Point) -> float:
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def rastrigin(x: Point) -> float:
    return sum(v * v + 10 * (1 - math.cos(2 * math.pi * v)) for v in x)


def griewank(x: Point) -> float:
    product = math.prod(math.cos(v / math.sqrt(i)) for i, v in enumerate(x, 1))
    return max(sum(v * v for v in x) / 4000 + 1 - product, 0.0)


@dataclass(frozen=True, slots=True)
class Landscape:
    """A test function, where it is looked at and where it is least, axis by axis."""

    function: Callable[[Point], float]
    bounds: tuple[tuple[float, float], ...]
    least: tuple[float, ...]

    def of(self, dimension: int) -> Landscape:
        """The same, with the axes repeated up to a dimension."""
        return Landscape(
            self.function,
            (self.bounds * dimension)[:dimension],
            (self.least * dimension)[:dimension],
        )


LANDSCAPES = {
    "branin": Landscape(branin, ((-5.0, 10.0), (0.0, 15.0)), (math.pi, 2.275)),
    "hartmann6": Landscape(hartmann6, ((0.0, 1.0),), HARTMANN_OPTIMUM),
    "ackley": Landscape(ackley, ((-15.0, 15.0),), (0.0,)),
    "levy": Landscape(levy, ((-10.0, 10.0),), (1.0,)),
    "rosenbrock": Landscape(rosenbrock, ((-2.0, 2.0),), (1.0,)),
    "rastrigin": Landscape(rastrigin, ((-5.12, 5.12),), (0.0,)),
    "griewank": Landscape(griewank, ((-50.0, 50.0),), (0.0,)),
}
LEVELS = {"i": 21, "s": 41, "c": 5}


@dataclass(frozen=True, slots=True)
class Axis:
    """One coordinate: the parameter that is asked for, what its values mean, and its best value."""

    parameter: Parameter
    place: Callable[[Value], float]
    best: Value


def axis(name: str, role: str, low: float, high: float, rng: np.random.Generator) -> Axis:
    """An axis of the given role; its best value lies somewhere in the inner 70 %."""
    part = rng.uniform(0.15, 0.85)
    width = high - low
    if role == "r":
        return Axis(Float(name, low, high), float, low + part * width)
    if role == "l":
        scale = math.log(1e6)
        return Axis(
            Float(name, 1e-4, 1e2, log=True),
            lambda value: low + width * math.log(value / 1e-4) / scale,
            1e-4 * math.exp(part * scale),
        )
    last = LEVELS[role] - 1
    best = round(part * last)
    if role == "i":
        return Axis(
            Int(name, 1, last + 1), lambda value: low + width * (value - 1) / last, best + 1
        )
    if role == "s":
        step = 0.025
        return Axis(
            Float(name, 0.0, step * last, step=step),
            lambda value: low + width * value / (step * last),
            step * best,
        )
    options = tuple("abcde")
    places = dict(zip(options, rng.permutation(len(options)).tolist(), strict=True))
    winner = next(option for option, place in places.items() if place == best)
    return Axis(
        Categorical(name, options), lambda value: low + width * places[value] / last, winner
    )


def analytic(name: str, family: str, roles: str, *, seed: int = 0, noise: float = 0.0) -> Problem:
    """A shifted test function with one coordinate for each letter of ``roles``."""
    landscape = LANDSCAPES[family].of(len(roles))
    rng = np.random.default_rng([seed, *family.encode(), *roles.encode()])
    axes = [
        axis(f"x{place}", role, *bounds, rng)
        for place, (role, bounds) in enumerate(zip(roles, landscape.bounds, strict=True), 1)
    ]
    rows = [
        (one.parameter.name, one.place, one.place(one.best) - least)
        for one, least in zip(axes, landscape.least, strict=True)
    ]

    def loss(config: Config) -> float:
        return landscape.function([place(config[key]) - shift for key, place, shift in rows])

    optimum = {one.parameter.name: one.best for one in axes}
    return Problem(name, family, tuple(one.parameter for one in axes), loss, optimum, noise)


ANALYTIC = (
    analytic("branin", "branin", "rr"),
    analytic("branin_mixed", "branin", "li"),
    analytic("hartmann6", "hartmann6", "rrrrrr"),
    analytic("hartmann6_noise", "hartmann6", "rrrrrr", seed=1, noise=0.2),
    analytic("hartmann6_mixed", "hartmann6", "rlisrc"),
    analytic("ackley_5", "ackley", "rrrrr"),
    analytic("ackley_10_mixed", "ackley", "rrllissicc"),
    analytic("levy_4_noise", "levy", "rrrr", noise=1.5),
    analytic("levy_8", "levy", "rrrrllll"),
    analytic("rosenbrock_3", "rosenbrock", "rrr"),
    analytic("rosenbrock_6_mixed", "rosenbrock", "rlrilc"),
    analytic("rastrigin_4", "rastrigin", "rrrr"),
    analytic("rastrigin_8_steps", "rastrigin", "iissiiss"),
    analytic("griewank_6_log", "griewank", "llllll"),
    analytic("griewank_20", "griewank", "r" * 20),
)
