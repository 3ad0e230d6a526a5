"""The problems that minopt's search is measured on, each with its space said neutrally."""

from benchmarks.problems.catalogue import (
    HELD_OUT,
    TRAINING,
    Yardstick,
    build,
    names,
    names_of,
    yardstick,
)
from benchmarks.problems.problem import Problem

__all__ = [
    "HELD_OUT",
    "TRAINING",
    "Problem",
    "Yardstick",
    "build",
    "names",
    "names_of",
    "yardstick",
]
