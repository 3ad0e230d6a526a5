"""A problem of the benchmark: a space, a loss and, where it is known, the optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.problems.space import Config, Space


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be minimised."""

    name: str
    family: str
    space: Space
    loss: Callable[[Config], float]  # without noise
    optimum: Config | None = None  # None: only the best point known is known
    noise: float = 0.0  # standard deviation of what an optimiser sees around ``loss``
