"""SMAC3's hyperparameter facade, by ask and tell; conditions are ConfigSpace's."""

from __future__ import annotations

import logging
import tempfile
import warnings
from importlib import import_module
from typing import Any

from benchmarks.problems.space import (
    Branch,
    Categorical,
    Config,
    Float,
    Int,
    Parameter,
    Space,
    parameters,
)
from benchmarks.quality.entries.registry import Objective, Runner


def node(cs: Any, parameter: Parameter) -> Any:
    """The hyperparameter; steps are asked for by their number."""
    match parameter:
        case Float(name, low, high, log, step=None):
            return cs.UniformFloatHyperparameter(name, low, high, log=log)
        case Float(name):
            return cs.UniformIntegerHyperparameter(name, 0, parameter.levels - 1)
        case Int(name, low, high, log):
            return cs.UniformIntegerHyperparameter(name, low, high, log=log)
        case Categorical(name) | Branch(name):
            places = [str(place) for place in range(len(parameter.options))]
            return cs.CategoricalHyperparameter(name, places)


def add(cs: Any, whole: Any, space: Space, above: tuple[Any, str] | None = None) -> None:
    """Put a space, and what stands under its branches, into a ConfigurationSpace."""
    for parameter in space:
        made = node(cs, parameter)
        whole.add(made)
        if above:
            whole.add(cs.EqualsCondition(made, *above))
        if isinstance(parameter, Branch):
            for place, (_, arm) in enumerate(parameter.arms):
                add(cs, whole, arm, (made, str(place)))


def decoded(parameter: Parameter, value: Any) -> Any:
    """The neutral value."""
    match parameter:
        case Categorical() | Branch():
            return parameter.options[int(value)]
        case Float(_, low, high, step=None):
            return min(max(float(value), low), high)
        case Float(_, low, _, step=step):
            return low + step * int(value)
        case Int():
            return int(value)


def _never_called(config: Any, seed: int = 0) -> float:
    """What the facade wants to be given; losses are told instead."""
    raise NotImplementedError(f"{config}, seed {seed}")


def prepare(library: str, _setting: str) -> Runner:
    """A runner of the facade."""
    smac = import_module(library)
    cs = import_module("ConfigSpace")
    logging.getLogger("smac").setLevel(logging.ERROR)

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        whole = cs.ConfigurationSpace(seed=seed)
        add(cs, whole, space)
        named = {one.name: one for one in parameters(space)}
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scenario = smac.Scenario(
                whole, n_trials=evaluations, seed=seed, deterministic=True, output_directory=folder
            )
            facade = smac.HyperparameterOptimizationFacade(
                scenario, _never_called, overwrite=True, logging_level=False
            )
            for _ in range(evaluations):
                info = facade.ask()
                config: Config = {
                    name: decoded(named[name], value) for name, value in dict(info.config).items()
                }
                facade.tell(info, smac.runhistory.TrialValue(cost=objective(config)))

    return minimise
