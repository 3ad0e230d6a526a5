"""nevergrad, by ask and tell; a branch is its choice among dicts."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from benchmarks.problems.space import Branch, Categorical, Config, Float, Int, Parameter, Space
from benchmarks.quality.entries.registry import Objective, Runner


def node(p: Any, parameter: Parameter) -> Any:
    """The parametrisation of one parameter; steps are asked for by their number."""
    match parameter:
        case Float(_, low, high, log=True) | Int(_, low, high, log=True):
            scalar = p.Log(lower=low, upper=high)
        case Float(_, low, high, step=None) | Int(_, low, high):
            scalar = p.Scalar(lower=low, upper=high)
        case Float():
            return p.Scalar(lower=0, upper=parameter.levels - 1).set_integer_casting()
        case Categorical(_, options):
            return p.Choice(list(options))
        case Branch(_, arms):
            return p.Choice([p.Dict(option_=option, **tree(p, arm)) for option, arm in arms])
    return scalar.set_integer_casting() if isinstance(parameter, Int) else scalar


def tree(p: Any, space: Space) -> dict[str, Any]:
    """A space as a dict of parametrisations."""
    return {parameter.name: node(p, parameter) for parameter in space}


def flat(space: Space, point: dict[str, Any]) -> Config:
    """The neutral configuration of a candidate."""
    config: Config = {}
    for parameter in space:
        value = point[parameter.name]
        match parameter:
            case Branch(name):
                config[name] = value["option_"]
                config |= flat(parameter.arm(value["option_"]), value)
            case Float(name, low, high, step=None):
                config[name] = min(max(float(value), low), high)
            case Float(name, low, _, step=step):
                config[name] = low + step * int(value)
            case Int(name, low, high):
                config[name] = min(max(int(value), low), high)
            case Categorical(name):
                config[name] = value
    return config


def prepare(library: str, setting: str) -> Runner:
    """A runner of one of nevergrad's optimisers."""
    nevergrad = import_module(library)

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        parametrization = nevergrad.p.Dict(**tree(nevergrad.p, space))
        parametrization.random_state.seed(seed)
        optimiser = nevergrad.optimizers.registry[setting](parametrization, budget=evaluations)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(evaluations):
                candidate = optimiser.ask()
                optimiser.tell(candidate, objective(flat(space, candidate.value)))

    return minimise
