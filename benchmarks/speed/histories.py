"""Long histories in no time: random points and losses as documents or as Optuna's trials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from benchmarks.speed.spaces import Choice, Parameter, Space, bounds_for_optuna, labels

Point = dict[str, Any]
BOOKED = datetime(2024, 1, 1)


def random_points(space: Space, n_points: int, rng: np.random.Generator) -> list[Point]:
    """`n_points` points from the priors; a point holds its active labels only, as plain numbers."""
    points: list[Point] = [{} for _ in range(n_points)]
    _fill(space, points, rng)
    return points


def random_losses(n_points: int, rng: np.random.Generator) -> list[float]:
    """Losses without ties, so that no library is helped or hurt by how it breaks them."""
    return [float(loss) for loss in rng.normal(size=n_points)]


def documents(space: Space, points: list[Point], losses: list[float]) -> list[dict[str, Any]]:
    """The points as finished trial documents, all labels listed, inactive ones empty."""
    order = labels(space)
    return [
        _document(tid, order, point, loss) for tid, (point, loss) in enumerate(zip(points, losses))
    ]


def optuna_trials(space: Space, points: list[Point], losses: list[float]) -> list[Any]:
    """The same points as Optuna's frozen trials; values outside its narrower laws are clipped."""
    import optuna

    laws = _optuna_laws(space)
    return [
        optuna.trial.create_trial(
            params={label: _inside(laws[label], value) for label, value in point.items()},
            distributions={label: laws[label] for label in point},
            value=loss,
        )
        for point, loss in zip(points, losses)
    ]


def _fill(space: Space, points: list[Point], rng: np.random.Generator) -> None:
    for node in space:
        if isinstance(node, Parameter):
            drawn = _draw(node, len(points), rng)
            for point, value in zip(points, drawn):
                point[node.label] = value
            continue
        branches = rng.integers(len(node.branches), size=len(points)).tolist()
        for point, branch in zip(points, branches):
            point[node.label] = branch
        for i, branch in enumerate(node.branches):
            _fill(branch, [p for p in points if p[node.label] == i], rng)


def _draw(node: Parameter, size: int, rng: np.random.Generator) -> list[Any]:
    given = node.arguments
    if node.law == "uniformint":
        whole: list[Any] = rng.integers(int(given[0]), int(given[1]) + 1, size=size).tolist()
        return whole
    draw = rng.normal if node.law.endswith("normal") else rng.uniform
    values = draw(given[0], given[1], size)
    if "log" in node.law:
        values = np.exp(values)
    if node.law.startswith("q"):
        values = np.round(values / given[2]) * given[2]
    floats: list[Any] = values.tolist()
    return floats


def _document(tid: int, order: list[str], point: Point, loss: float) -> dict[str, Any]:
    misc = {
        "tid": tid,
        "cmd": ("domain_attachment", "FMinIter_Domain"),
        "workdir": None,
        "idxs": {label: [tid] if label in point else [] for label in order},
        "vals": {label: [point[label]] if label in point else [] for label in order},
    }
    return {
        "state": 2,
        "tid": tid,
        "spec": None,
        "result": {"loss": loss, "status": "ok"},
        "misc": misc,
        "exp_key": None,
        "owner": None,
        "version": 0,
        "book_time": BOOKED,
        "refresh_time": BOOKED,
    }


def _optuna_laws(space: Space) -> dict[str, Any]:
    import optuna

    laws: dict[str, Any] = {}
    make: dict[str, Callable[..., Any]] = {
        "int": optuna.distributions.IntDistribution,
        "float": optuna.distributions.FloatDistribution,
    }
    for node in space:
        if isinstance(node, Choice):
            places = list(range(len(node.branches)))
            laws[node.label] = optuna.distributions.CategoricalDistribution(places)
            for branch in node.branches:
                laws.update(_optuna_laws(branch))
        else:
            kind, low, high, options = bounds_for_optuna(node)
            laws[node.label] = make[kind](low, high, **options)
    return laws


def _inside(law: Any, value: Any) -> Any:
    if not hasattr(law, "low"):
        return value
    clipped = min(max(value, law.low), law.high)
    return int(clipped) if isinstance(law.low, int) else clipped
