"""For libraries without conditional spaces: all is asked for, what is inactive is dropped."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.problems.space import (
    Branch,
    Categorical,
    Config,
    Float,
    Int,
    Parameter,
    Space,
    parameters,
    prune,
)


def flattened(space: Space) -> list[Parameter]:
    """The space without its hierarchy: branches become categories."""
    return [
        Categorical(one.name, one.options) if isinstance(one, Branch) else one
        for one in parameters(space)
    ]


def configuration(space: Space, values: Mapping[str, object]) -> Config:
    """The neutral configuration of a full assignment; steps come as their number."""
    whole: Config = {}
    for parameter in parameters(space):
        value = values[parameter.name]
        match parameter:
            case Float(name, low, high, step=None):
                whole[name] = min(max(float(value), low), high)
            case Float(name, low, _, step=step):
                whole[name] = low + step * int(value)
            case Int(name, low, high):
                whole[name] = min(max(int(value), low), high)
            case Categorical(name) | Branch(name):
                whole[name] = next(option for option in parameter.options if option == value)
    return prune(space, whole)
