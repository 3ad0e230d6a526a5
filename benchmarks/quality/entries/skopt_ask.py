"""scikit-optimize, by ask and tell; it has no conditional spaces."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.problems.space import Categorical, Float, Int, Parameter, Space
from benchmarks.quality.entries.registry import Objective, Runner
from benchmarks.quality.entries.whole import configuration, flattened


def node(module: Any, parameter: Parameter) -> Any:
    """The dimension of one parameter."""
    match parameter:
        case Float(name, low, high, log, step=None):
            return module.Real(low, high, prior="log-uniform" if log else "uniform", name=name)
        case Float(name):
            return module.Integer(0, parameter.levels - 1, name=name)
        case Int(name, low, high, log):
            return module.Integer(low, high, prior="log-uniform" if log else "uniform", name=name)
        case Categorical(name, options):
            return module.Categorical(list(options), name=name)
    raise TypeError(parameter)


def prepare(library: str, setting: str) -> Runner:
    """A runner with the named surrogate (GP, or ET for extra trees)."""
    if not hasattr(np, "int"):
        setattr(np, "int", int)  # noqa: B010 - releases up to 0.9 use the name that numpy has dropped
    skopt = import_module(library)
    module = import_module(f"{library}.space")

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        whole = flattened(space)
        dimensions = [node(module, parameter) for parameter in whole]
        optimiser = skopt.Optimizer(dimensions, setting, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(evaluations):
                point = optimiser.ask()
                values = {
                    parameter.name: value for parameter, value in zip(whole, point, strict=True)
                }
                optimiser.tell(point, float(objective(configuration(space, values))))

    return minimise
