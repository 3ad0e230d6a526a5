"""What the objective remembers of a run: the loss of the best point so far, as it changes."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.space import Config, check

Curve = list[tuple[int, float]]


class Recorder:
    """An objective that keeps the curve of the incumbent.

    With noise, the optimiser sees noisy losses and the incumbent is the point that *looked* best;
    the curve holds its loss without noise, so it may rise.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        self.curve: Curve = []
        self.count = 0
        self._least = math.inf
        self._noise = np.random.default_rng([seed, 0x5EED])

    def __call__(self, config: Config) -> float:
        check(self.problem.space, config)
        self.count += 1
        loss = seen = self.problem.loss(config)
        if self.problem.noise:
            seen += self.problem.noise * float(self._noise.standard_normal())
        if seen < self._least:
            self._least = seen
            self.curve.append((self.count, float(f"{loss:.7g}")))
        return seen


def at(curve: Curve, evaluations: int) -> list[float]:
    """The incumbent's loss after each of the first so many evaluations."""
    losses: list[float] = []
    for (begin, loss), (end, _) in zip(curve, [*curve[1:], (evaluations + 1, 0.0)], strict=True):
        losses += [loss] * (end - begin)
    return losses[:evaluations]
