"""Ax's client with its own choice of methods; branches become categories."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from typing import Any

from benchmarks.problems.space import Categorical, Float, Int, Parameter, Space
from benchmarks.quality.entries.registry import Objective, Runner
from benchmarks.quality.entries.whole import configuration, flattened


def node(ax: Any, parameter: Parameter) -> Any:
    """The parameter's configuration; steps are asked for by their number."""
    match parameter:
        case Float(name, low, high, log, step=None):
            scaling = "log" if log else "linear"
            return ax.RangeParameterConfig(
                name=name, bounds=(low, high), parameter_type="float", scaling=scaling
            )
        case Float(name):
            return ax.RangeParameterConfig(
                name=name, bounds=(0, parameter.levels - 1), parameter_type="int"
            )
        case Int(name, low, high, log):
            scaling = "log" if log else "linear"
            return ax.RangeParameterConfig(
                name=name, bounds=(low, high), parameter_type="int", scaling=scaling
            )
        case Categorical(name, options):
            kind = "str" if isinstance(options[0], str) else "float"
            return ax.ChoiceParameterConfig(
                name=name, values=list(options), parameter_type=kind, is_ordered=False
            )
    raise TypeError(parameter)


def prepare(library: str, _setting: str) -> Runner:
    """A runner of the client."""
    logging.disable(logging.ERROR)
    ax = import_module(library)
    import_module("torch").set_num_threads(1)

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = ax.Client(random_seed=seed)
            client.configure_experiment([node(ax, parameter) for parameter in flattened(space)])
            client.configure_optimization(objective="-loss")
            for _ in range(evaluations):
                for index, values in client.get_next_trials(max_trials=1).items():
                    client.complete_trial(
                        index, {"loss": float(objective(configuration(space, values)))}
                    )

    return minimise
