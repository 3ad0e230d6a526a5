"""Real tables, read back: grids looked up exactly, random draws through a fitted forest."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.problems.forest import Forest
from benchmarks.problems.space import (
    Branch,
    Categorical,
    Config,
    Float,
    Int,
    Parameter,
    Space,
    Value,
    coordinates,
)

FOLDER = Path(__file__).parent / "tables"


def values_of(parameter: Parameter) -> tuple[Value, ...]:
    """All values of a parameter that has finitely many."""
    match parameter:
        case Int():
            return tuple(range(parameter.low, parameter.high + 1))
        case Categorical():
            return parameter.options
        case Float() if parameter.step is not None:
            return tuple(
                parameter.low + parameter.step * place for place in range(parameter.levels)
            )
        case Float() | Branch():
            raise ValueError(f"{parameter.name} cannot stand in a grid")


def grid_of(space: Space) -> Iterator[Config]:
    """Every configuration of a flat discrete space, the last parameter turning fastest."""
    names = [parameter.name for parameter in space]
    for values in itertools.product(*(values_of(parameter) for parameter in space)):
        yield dict(zip(names, values, strict=True))


@cache
def table(name: str) -> dict[str, Any]:
    """The arrays of a stored table, and what is known about how it was made."""
    with np.load(FOLDER / f"{name}.npz") as stored:
        return {
            **{key: stored[key] for key in stored.files if key != "facts"},
            "facts": json.loads(str(stored["facts"])),
        }


def lookup(name: str, space: Space) -> Callable[[Config], float]:
    """The loss of a grid's configuration, exactly as it was trained."""
    losses = dict(
        zip(itertools.product(*map(values_of, space)), table(name)["losses"].tolist(), strict=True)
    )
    names = [parameter.name for parameter in space]
    return lambda config: losses[tuple(config[key] for key in names)]


def through_forest(name: str, space: Space) -> Callable[[Config], float]:
    """The loss that the stored forest gives a configuration."""
    forest = Forest(table(name))
    return lambda config: forest(coordinates(space, config))
