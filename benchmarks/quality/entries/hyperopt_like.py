"""hyperopt, and minopt, which speaks its language: the same adapter with another module."""

from __future__ import annotations

import logging
import math
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.problems.space import Branch, Categorical, Config, Float, Int, Parameter, Space
from benchmarks.quality.entries.registry import Objective, Runner

MIX = ((0.1, "rand"), (0.5, "tpe"), (0.4, "anneal"))  # for ``mix``, which wants to be told


def node(hp: Any, parameter: Parameter) -> Any:
    """One parameter's expression; whole numbers get half a step of room at both ends."""
    match parameter:
        case Branch(name, arms):
            return hp.choice(name, [{name: option, **tree(hp, arm)} for option, arm in arms])
        case Categorical(name, options):
            return hp.choice(name, list(options))
        case Float(name, low, high, log=True):
            return hp.loguniform(name, math.log(low), math.log(high))
        case Float(name, low, high, step=None):
            return hp.uniform(name, low, high)
        case Float(name):
            return hp.quniform(name, -0.5, parameter.levels - 0.5, 1)
        case Int(name, low, high, log=True):
            return hp.qloguniform(name, math.log(low - 0.5), math.log(high + 0.5), 1)
        case Int(name, low, high):
            return hp.uniformint(name, low, high)


def tree(hp: Any, space: Space) -> dict[str, Any]:
    """A space as a dict of expressions."""
    return {parameter.name: node(hp, parameter) for parameter in space}


def flat(space: Space, point: dict[str, Any]) -> Config:
    """The neutral configuration of a point that the library proposes."""
    config: Config = {}
    for parameter in space:
        value = point[parameter.name]
        match parameter:
            case Branch(name):
                config[name] = value[name]
                config |= flat(parameter.arm(value[name]), value)
            case Float(name, low, high, step=None):
                config[name] = min(max(float(value), low), high)
            case Float(name, low, high, step=step):
                config[name] = low + step * min(max(round(value), 0), parameter.levels - 1)
            case Int(name, low, high):
                config[name] = min(max(round(value), low), high)
            case Categorical(name):
                config[name] = value
    return config


def algorithm_of(library: str, name: str) -> Any:
    """The ``suggest`` function of an algorithm."""
    if name == "mix":
        parts = [(weight, algorithm_of(library, other)) for weight, other in MIX]
        partial = import_module(f"{library}.fmin").partial
        return partial(import_module(f"{library}.mix").suggest, p_suggest=parts)
    module = import_module(f"{library}.{name}")
    if library == "hyperopt" and name == "atpe":
        import lightgbm  # noqa: F401 - hyperopt asks for it only when it is used
    return module.suggest


def whole_quniform(hp: Any) -> Any:
    """``hp.uniformint`` said with ``hp.quniform``."""
    return lambda name, low, high: hp.quniform(name, low - 0.5, high + 0.5, 1)


def prepare(library: str, setting: str) -> Runner:
    """A runner of ``fmin``."""
    logging.getLogger(library).setLevel(logging.WARNING)
    package = import_module(library)
    suggest = algorithm_of(library, setting)
    hp = package.hp
    if library == "hyperopt" and setting == "atpe":
        # its atpe stops at uniformint; at plain options too, for which there is no other word
        hp = SimpleNamespace(**{**vars(hp), "uniformint": whole_quniform(hp)})

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        package.fmin(
            lambda point: objective(flat(space, point)),
            tree(hp, space),
            algo=suggest,
            max_evals=evaluations,
            rstate=np.random.default_rng(seed),
            show_progressbar=False,
            verbose=False,
        )

    return minimise
