"""The spaces of the speed benchmark, described once and translated for each library."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

SPREAD = 3.0  # Optuna has no unbounded laws: a normal becomes its mean +- 3 sigma


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number: a label, a law by hyperopt's name, and the law's arguments."""

    label: str
    law: str
    arguments: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several branches; a branch is the tuple of what is active in it, often empty."""

    label: str
    branches: tuple[tuple[Node, ...], ...]


Node = Parameter | Choice
Space = tuple[Node, ...]

MIXTURE: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("uniform", (-5.0, 5.0)),
    ("loguniform", (math.log(1e-5), 0.0)),
    ("uniformint", (1, 100)),
    ("quniform", (0.0, 10.0, 0.5)),
    ("choice", (4,)),
    ("normal", (0.0, 1.0)),
    ("uniform", (0.0, 1.0)),
    ("qloguniform", (0.0, math.log(1000.0), 1.0)),
    ("choice", (2,)),
    ("lognormal", (0.0, 1.0)),
)


def mixed(n_parameters: int) -> Space:
    """The ten laws of the mixture, repeated until there are `n_parameters`."""
    laws = (MIXTURE[i % len(MIXTURE)] for i in range(n_parameters))
    return tuple(_flat(f"p{i:02d}_{law}", law, given) for i, (law, given) in enumerate(laws))


def plain(n_parameters: int) -> Space:
    """Nothing but uniform laws."""
    return tuple(Parameter(f"p{i:02d}", "uniform", (-5.0, 5.0)) for i in range(n_parameters))


def conditional() -> Space:
    """A pipeline that chooses among models: 25 parameters on three levels, about 8 active."""
    kernel = Choice(
        "kernel",
        (
            (),
            (Parameter("rbf_gamma", "loguniform", (-9.0, 2.0)),),
            (
                Parameter("poly_degree", "quniform", (1.0, 5.0, 1.0)),
                Parameter("poly_coef0", "uniform", (0.0, 1.0)),
            ),
        ),
    )
    booster = Choice(
        "booster",
        (
            (Parameter("tree_depth", "uniformint", (1, 12)),),
            (
                Parameter("dart_depth", "uniformint", (1, 12)),
                Parameter("dart_drop", "uniform", (0.0, 0.5)),
            ),
        ),
    )
    model = Choice(
        "model",
        (
            (Parameter("svm_c", "loguniform", (-7.0, 7.0)), kernel),
            (
                Parameter("forest_trees", "qloguniform", (2.0, 7.0, 1.0)),
                Parameter("forest_features", "uniform", (0.1, 1.0)),
                Choice(
                    "forest_limit",
                    ((), (Parameter("forest_depth", "uniformint", (2, 30)),)),
                ),
            ),
            (
                Parameter("boost_rate", "loguniform", (-7.0, 0.0)),
                Parameter("boost_rounds", "quniform", (50.0, 500.0, 10.0)),
                booster,
            ),
            (
                Parameter("knn_neighbours", "uniformint", (1, 50)),
                _flat("knn_weights", "choice", (2,)),
                Parameter("knn_power", "uniform", (1.0, 4.0)),
            ),
        ),
    )
    scaler = Choice("scaler", ((), (Parameter("clip", "lognormal", (0.0, 1.0)),), ()))
    reducer = Choice("reducer", ((), (Parameter("components", "uniformint", (2, 40)),)))
    return (scaler, reducer, model, Parameter("threshold", "normal", (0.0, 1.0)))


SPACES: dict[str, Callable[[], Space]] = {
    "mixed5": lambda: mixed(5),
    "mixed20": lambda: mixed(20),
    "mixed50": lambda: mixed(50),
    "plain20": lambda: plain(20),
    "conditional": conditional,
}


def labels(space: Space) -> list[str]:
    """Every label of the space, active or not, in the order of the description."""
    return [node.label for node in _every_node(space)]


def for_hyperopt(space: Space, hp: Any) -> dict[str, Any]:
    """The space as a dict of `hp` expressions (hyperopt's `hp` or minopt's)."""
    return {node.label: _expression(node, hp) for node in space}


def ask_optuna(space: Space, trial: Any) -> None:
    """Ask an Optuna trial for every active parameter, as an objective would."""
    for node in space:
        if isinstance(node, Choice):
            branch = trial.suggest_categorical(node.label, list(range(len(node.branches))))
            ask_optuna(node.branches[branch], trial)
            continue
        kind, low, high, options = bounds_for_optuna(node)
        ask = trial.suggest_int if kind == "int" else trial.suggest_float
        ask(node.label, low, high, **options)


def bounds_for_optuna(node: Parameter) -> tuple[str, float, float, dict[str, Any]]:
    """Kind ("int" or "float"), low, high and options of the nearest law that Optuna has."""
    first, second = node.arguments[:2]
    if node.law == "uniform":
        return "float", first, second, {}
    if node.law == "uniformint":
        return "int", int(first), int(second), {}
    if node.law == "quniform":
        return "float", first, second, {"step": node.arguments[2]}
    # Optuna's whole numbers on a log scale cost 20 times more than floats that are rounded later
    if node.law in ("loguniform", "qloguniform"):
        return "float", math.exp(first), math.exp(second), {"log": True}
    low, high = first - SPREAD * second, first + SPREAD * second
    if node.law == "lognormal":
        return "float", math.exp(low), math.exp(high), {"log": True}
    return "float", low, high, {}


def _flat(label: str, law: str, given: tuple[float, ...]) -> Node:
    if law == "choice":
        return Choice(label, ((),) * int(given[0]))
    return Parameter(label, law, given)


def _expression(node: Node, hp: Any) -> Any:
    if isinstance(node, Parameter):
        return getattr(hp, node.law)(node.label, *node.arguments)
    if not any(node.branches):
        return hp.choice(node.label, list(range(len(node.branches))))
    branches = [{"branch": i, **for_hyperopt(b, hp)} for i, b in enumerate(node.branches)]
    return hp.choice(node.label, branches)


def _every_node(space: Space) -> Iterator[Node]:
    for node in space:
        yield node
        if isinstance(node, Choice):
            for branch in node.branches:
                yield from _every_node(branch)
