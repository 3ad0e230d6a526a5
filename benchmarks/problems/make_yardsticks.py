"""Measure every problem's best and median: ``python -m benchmarks.problems.make_yardsticks``.

Where the optimum is not known, the best is looked for by random points and then by changing one
parameter at a time from the best of them.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from benchmarks.problems.catalogue import YARDSTICKS, build, names
from benchmarks.problems.problem import Problem
from benchmarks.problems.space import Config, active, parameters, prune, sample

RANDOM = 4001
STARTS = 10
ROUNDS = 400


def check_points(problem: Problem) -> list[float]:
    """The losses at three fixed points."""
    rng = np.random.default_rng(99)
    return [problem.loss(sample(problem.space, rng)) for _ in range(3)]


def improve(problem: Problem, config: Config, loss: float, rng: np.random.Generator) -> float:
    """The loss reached from one point by redrawing one or two parameters at a time."""
    for _ in range(ROUNDS):
        changed = {one.name: one.draw(rng) for one in parameters(problem.space)} | config
        here = list(active(problem.space, config))
        for one in rng.choice(len(here), size=int(rng.integers(1, 3))):
            changed[here[one].name] = here[one].draw(rng)
        changed = prune(problem.space, changed)
        if (found := problem.loss(changed)) < loss:
            config, loss = changed, found
    return loss


def measure(problem: Problem) -> dict[str, object]:
    """The yardstick of one problem."""
    rng = np.random.default_rng(5)
    configs = [sample(problem.space, rng) for _ in range(RANDOM)]
    losses = np.array([problem.loss(config) for config in configs])
    if problem.optimum is not None:
        best = problem.loss(problem.optimum)
    else:
        starts = np.argsort(losses)[:STARTS]
        best = min(improve(problem, configs[start], float(losses[start]), rng) for start in starts)
    return {"best": best, "median": float(np.median(losses)), "check": check_points(problem)}


def main(chosen: list[str]) -> None:
    """Measure the named problems, or all."""
    stored = json.loads(YARDSTICKS.read_text(encoding="utf-8")) if chosen else {}
    stored |= {name: measure(build(name)) for name in chosen or names()}
    YARDSTICKS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
