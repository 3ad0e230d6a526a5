"""What minopt wants to reach, and whether a run reached it: one verdict per target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.speed.growth import Points, exponent

MAIN = "mixed20"
TPE_RATIOS = {100: 3.0, 500: 8.0, 1000: 15.0, 2000: 25.0}
RAND_RATIOS = {100: 5.0, 5000: 50.0}
PLAIN_RATIO = 5.0  # twenty plain uniforms, at 1 000 trials
OPTUNA_RATIO = 2.0  # from 1 000 trials on; under that, merely faster
GROWTH_LIMIT = 10.0  # a trial at 10 000 over one at 1 000
FLAT_EXPONENT = 0.1  # a cost that grows less than this over the sizes counts as flat
BYTES_PER_TRIAL = 5500.0
IMPORT_SECONDS = 0.2
IMPORT_MEGABYTES = 45.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target: what it asks, what was measured, and whether that is enough."""

    what: str
    measured: float | None
    limit: float
    at_least: bool

    @property
    def word(self) -> str:
        """PASS, MISS, or a dash where this run did not measure it."""
        if self.measured is None:
            return "-"
        reached = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        return "PASS" if reached else "MISS"

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        measured = "not measured" if self.measured is None else f"{self.measured:.4g}"
        return f"{self.word:4}  {self.what}: {measured} (wanted {sign} {self.limit:g})"


def verdicts(row: dict[str, Any]) -> list[Verdict]:
    """Every target, judged on one row of results."""
    points = Points(row["points"])
    return [*_time_verdicts(points), *_memory_verdicts(row), *_import_verdicts(row)]


def _time_verdicts(points: Points) -> Iterator[Verdict]:
    for algorithm, wanted in (("tpe", TPE_RATIOS), ("rand", RAND_RATIOS)):
        for trials, limit in wanted.items():
            ratio = points.ratio("hyperopt", algorithm, MAIN, trials)
            yield Verdict(f"{algorithm} times hyperopt at {trials}", ratio, limit, True)
    plain = points.ratio("hyperopt", "tpe", "plain20", 1000)
    yield Verdict("tpe times hyperopt, plain uniforms at 1000", plain, PLAIN_RATIO, True)
    for trials in (100, 500, 1000, 2000, 5000, 10000):
        limit = OPTUNA_RATIO if trials >= 1000 else 1.0
        ratio = points.ratio("optuna", "tpe", MAIN, trials)
        yield Verdict(f"tpe times Optuna at {trials}", ratio, limit, True)
    growth = _growth(points, "tpe", 1000, 10000)
    yield Verdict("tpe at 10000 over tpe at 1000", growth, GROWTH_LIMIT, False)
    curve = points.curve("minopt", "rand", MAIN)
    yield Verdict("rand's exponent of growth", exponent(curve), FLAT_EXPONENT, False)


def _growth(points: Points, algorithm: str, small: int, large: int) -> float | None:
    low = points.cost("minopt", algorithm, MAIN, small)
    high = points.cost("minopt", algorithm, MAIN, large)
    return None if low is None or high is None else high / low


def _memory_verdicts(row: dict[str, Any]) -> Iterator[Verdict]:
    costs = {m["library"]: m for m in row["memory"]}
    occupied = costs.get("minopt", {}).get("bytes_per_trial")
    yield Verdict("bytes per trial of 20 parameters", occupied, BYTES_PER_TRIAL, False)


def _import_verdicts(row: dict[str, Any]) -> Iterator[Verdict]:
    costs = {i["what"]: i for i in row["imports"]}.get("minopt", {})
    yield Verdict("CPU seconds of the import", costs.get("cpu_s"), IMPORT_SECONDS, False)
    yield Verdict("MB after the import", costs.get("peak_mb"), IMPORT_MEGABYTES, False)
