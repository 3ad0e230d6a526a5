"""Reading the points: one cost, the ratio of two, and the exponent by which a cost grows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


class Points:
    """The measured points of a run, found by library, algorithm, space and trials."""

    def __init__(self, points: Iterable[dict[str, Any]]) -> None:
        self._found = {(p["library"], p["algorithm"], p["space"], p["trials"]): p for p in points}

    def cost(self, library: str, algorithm: str, space: str, trials: int) -> float | None:
        """CPU milliseconds per trial, or None where nothing was measured."""
        point = self._found.get((library, algorithm, space, trials))
        return None if point is None else float(point["ms"])

    def ratio(self, peer: str, algorithm: str, space: str, trials: int) -> float | None:
        """How many times cheaper a trial of minopt is than one of the peer."""
        ours = self.cost("minopt", algorithm, space, trials)
        theirs = self.cost(peer, algorithm, space, trials)
        return None if ours is None or theirs is None else theirs / ours

    def curve(self, library: str, algorithm: str, space: str) -> dict[int, float]:
        """Cost by number of trials, for the sizes that were measured."""
        costs = {
            key[3]: float(point["ms"])
            for key, point in self._found.items()
            if key[:3] == (library, algorithm, space)
        }
        return dict(sorted(costs.items()))

    def settings(self) -> list[tuple[str, str]]:
        """The pairs (algorithm, space) measured, in the order of measuring."""
        return list(dict.fromkeys((key[1], key[2]) for key in self._found))

    def libraries(self) -> list[str]:
        """The libraries measured, in the order of measuring."""
        return list(dict.fromkeys(key[0] for key in self._found))


def exponent(curve: dict[int, float]) -> float | None:
    """The b of ``cost = a * trials**b``, least squares on logarithms; None under two sizes."""
    if len(curve) < 2:
        return None
    xs = [math.log(trials) for trials in curve]
    ys = [math.log(cost) for cost in curve.values()]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / spread
