"""HEBO, by suggest and observe; it has no conditional spaces."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.problems.space import Categorical, Float, Int, Parameter, Space
from benchmarks.quality.entries.registry import Objective, Runner
from benchmarks.quality.entries.whole import configuration, flattened


def node(parameter: Parameter) -> dict[str, Any]:
    """HEBO's description of one parameter; steps are asked for by their number."""
    match parameter:
        case Float(name, low, high, log, step=None):
            return {
                "name": name,
                "type": "pow" if log else "num",
                "lb": low,
                "ub": high,
                **({"base": 10} if log else {}),
            }
        case Float(name):
            return {"name": name, "type": "int", "lb": 0, "ub": parameter.levels - 1}
        case Int(name, low, high, log):
            return {
                "name": name,
                "type": "pow_int" if log else "int",
                "lb": low,
                "ub": high,
                **({"base": 10} if log else {}),
            }
        case Categorical(name, options):
            return {"name": name, "type": "cat", "categories": list(options)}
    raise TypeError(parameter)


def prepare(library: str, _setting: str) -> Runner:
    """A runner of HEBO."""
    hebo = import_module(f"{library}.optimizers.hebo").HEBO
    design = import_module(f"{library}.design_space.design_space").DesignSpace
    torch = import_module("torch")
    torch.set_num_threads(1)

    def minimise(space: Space, objective: Objective, evaluations: int, seed: int) -> None:
        np.random.seed(seed)  # noqa: NPY002 - HEBO draws from the global streams
        torch.manual_seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimiser = hebo(
                design().parse([node(one) for one in flattened(space)]), scramble_seed=seed
            )
            for _ in range(evaluations):
                proposal = optimiser.suggest(1)
                config = configuration(space, proposal.iloc[0].to_dict())
                optimiser.observe(proposal, np.array([[objective(config)]]))

    return minimise
