"""Optuna, by ask and tell; what stands under a branch is asked for only when it is taken."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from benchmarks.problems.space import Branch, Categorical, Config, Float, Int, Space
from benchmarks.quality.entries.registry import Objective, Runner


def suggest(trial: Any, space: Space) -> Config:
    """Ask a trial for one configuration."""
    config: Config = {}
    for parameter in space:
        match parameter:
            case Float(name, low, high, log, step):
                value = trial.suggest_float(name, low, high, log=log, step=step)
            case Int(name, low, high, log):
                value = trial.suggest_int(name, low, high, log=log)
            case Categorical(name, options):
                value = trial.suggest_categorical(name, list(options))
            case Branch(name):
                value = trial.suggest_categorical(name, list(parameter.options))
                config |= suggest(trial, parameter.arm(value))
        config[name] = value
    return config


def prepare(library: str, setting: str) -> Runner:
    """A runner of a study."""
    optuna = import_module(library)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    samplers = {
        "default": lambda seed: optuna.samplers.TPESampler(seed=seed),
        "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
        "cmaes": lambda seed: optuna.samplers.CmaEsSampler(
            seed=seed, warn_independent_sampling=False
        ),
        "gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
    }
    if setting == "gp":
        import_module("torch").set_num_threads(1)

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        study = optuna.create_study(sampler=samplers[setting](seed))
        for _ in range(evaluations):
            trial = study.ask()
            study.tell(trial, objective(suggest(trial, space)))

    return minimise
