"""All problems by name, how they are parted for training, and what regret is counted in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.problems.analytic import ANALYTIC
from benchmarks.problems.conditional import CONDITIONAL
from benchmarks.problems.problem import Problem
from benchmarks.problems.table_spaces import TABLES
from benchmarks.problems.tables import lookup, through_forest

HERE = Path(__file__).parent
YARDSTICKS = HERE / "yardsticks.json"

# Whole families go to one side, so that a problem held out has no sibling that was trained on.
TRAINING = frozenset(
    {"branin", "ackley", "levy", "griewank", "svc", "boosting", "logistic", "optimiser", "branches"}
)
HELD_OUT = frozenset(
    {
        "hartmann6",
        "rosenbrock",
        "rastrigin",
        "knn",
        "forest",
        "mlp",
        "linear",
        "pipeline",
        "tree",
        "layers",
    }
)

_BUILT = {problem.name: problem for problem in (*ANALYTIC, *CONDITIONAL)}
_TABLES = {table.name: table for table in TABLES}


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What regret is counted in: 0 at ``best``, 1 at ``median``."""

    best: float  # the least loss known
    median: float  # of random points
    check: tuple[float, ...]  # losses at a few fixed points: a problem that changed is found out


def names() -> tuple[str, ...]:
    """The names of all problems."""
    return (*_BUILT, *_TABLES)


def names_of(families: frozenset[str]) -> tuple[str, ...]:
    """The names of the problems of some families, such as ``TRAINING`` or ``HELD_OUT``."""
    return tuple(name for name in names() if _family(name) in families)


def _family(name: str) -> str:
    return (_BUILT.get(name) or _TABLES[name]).family


@cache
def build(name: str) -> Problem:
    """A problem by name, its table read."""
    if name in _BUILT:
        return _BUILT[name]
    table = _TABLES[name]
    loss = (through_forest if table.draws else lookup)(name, table.space)
    return Problem(name, table.family, table.space, loss)


@cache
def _yardsticks() -> dict[str, Yardstick]:
    stored = json.loads(YARDSTICKS.read_text(encoding="utf-8"))
    return {
        name: Yardstick(row["best"], row["median"], tuple(row["check"]))
        for name, row in stored.items()
    }


def yardstick(name: str) -> Yardstick:
    """What a problem's losses are measured against."""
    return _yardsticks()[name]
