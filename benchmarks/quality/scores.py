"""Rows of results as arrays, and the numbers the report is made of.

A *regret* is normalised: 0 at the best loss known, 1 at the median of random points. Where a mean
of ratios is taken, regrets below ``FLOOR`` count as ``FLOOR``: who comes that near has found it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.problems import yardstick
from benchmarks.quality.recorder import at
from benchmarks.quality.results import Runs, runs_of

FLOOR = 1e-3
CHECKPOINTS = (25, 50, 100, 200)
REFERENCE = "hyperopt-tpe"


def read_all(folder: Path, entries: Iterable[str]) -> dict[str, Runs]:
    """The results of every entry that has any, in the order given."""
    found = (
        runs_of(folder / f"{name}.jsonl") for name in entries if (folder / f"{name}.jsonl").exists()
    )
    return {runs.entry: runs for runs in found if runs.rows}


@dataclass(frozen=True, slots=True)
class Regrets:
    """The regret curves of each entry on each problem: one row a seed, one column an evaluation."""

    entries: tuple[str, ...]
    problems: tuple[str, ...]
    curves: Mapping[tuple[str, str], np.ndarray]  # (entry, problem) -> (n_seeds, n_evaluations)
    seeds: Mapping[tuple[str, str], tuple[int, ...]]

    def mean(
        self, entry: str, problem: str, evaluations: int, among: Iterable[int] | None = None
    ) -> float:
        """The mean regret over seeds (over some of them), NaN if it was never run so far."""
        values = self.at(entry, problem, evaluations)
        if among is not None:
            values = {seed: value for seed, value in values.items() if seed in set(among)}
        return float(np.mean(list(values.values()))) if values else float("nan")

    def at(self, entry: str, problem: str, evaluations: int) -> dict[int, float]:
        """The regret of each seed after so many evaluations."""
        curves = self.curves.get((entry, problem))
        if curves is None or curves.shape[1] < evaluations:
            return {}
        return dict(
            zip(self.seeds[entry, problem], curves[:, evaluations - 1].tolist(), strict=True)
        )


def regrets(results: Mapping[str, Runs], problems: Iterable[str]) -> Regrets:
    """Normalise all curves; whatever anybody found counts for what is the best loss known."""
    chosen = tuple(problems)
    best = {name: yardstick(name).best for name in chosen}
    for runs in results.values():
        for (name, _), row in runs.rows.items():
            if name in best:
                best[name] = min(best[name], *(loss for _, loss in row["curve"]))
    curves: dict[tuple[str, str], np.ndarray] = {}
    seeds: dict[tuple[str, str], tuple[int, ...]] = {}
    for entry, runs in results.items():
        for name in chosen:
            held = runs.seeds(name)
            if not held:
                continue
            length = min(runs.rows[name, seed]["evaluations"] for seed in held)
            losses = np.array([at(runs.rows[name, seed]["curve"], length) for seed in held])
            curves[entry, name] = (losses - best[name]) / (yardstick(name).median - best[name])
            seeds[entry, name] = tuple(held)
    return Regrets(tuple(results), chosen, curves, seeds)


def ratios(table: Regrets, entry: str, evaluations: int, to: str = REFERENCE) -> np.ndarray:
    """Mean regret divided by another entry's, for each problem, on the seeds both ran."""
    found = []
    for name in table.problems:
        mine, other = table.at(entry, name, evaluations), table.at(to, name, evaluations)
        common = mine.keys() & other.keys()
        if common:
            above = np.mean([mine[seed] for seed in common])
            below = np.mean([other[seed] for seed in common])
            found.append(max(above, FLOOR) / max(below, FLOOR))
    return np.array(found)


def geometric(values: np.ndarray) -> float:
    """The geometric mean, NaN of nothing."""
    return float(np.exp(np.mean(np.log(values)))) if values.size else float("nan")


def spread(values: np.ndarray, draws: int = 1000) -> tuple[float, float]:
    """A 90 % interval of the geometric mean: problems drawn again with replacement."""
    if values.size < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    logs = np.log(values)
    means = logs[rng.integers(logs.size, size=(draws, logs.size))].mean(axis=1)
    low, high = np.exp(np.quantile(means, [0.05, 0.95]))
    return float(low), float(high)


def mean_ranks(table: Regrets, entries: Iterable[str], evaluations: int) -> dict[str, float]:
    """The mean rank of each entry over the problems that all of them ran; ties share."""
    chosen = list(entries)
    ranks = []
    for name in table.problems:
        means = np.array([table.mean(entry, name, evaluations) for entry in chosen])
        if np.isfinite(means).all():
            means = np.maximum(means, FLOOR)
            below = (means[None, :] < means[:, None]).sum(axis=1)
            equal = (means[None, :] == means[:, None]).sum(axis=1)
            ranks.append(below + (equal + 1) / 2)
    if not ranks:
        return {}
    return dict(zip(chosen, np.mean(ranks, axis=0).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Duel:
    """One entry against another: problems clearly won and lost (p < 0.05), and overall."""

    won: int
    lost: int
    problems: int
    p: float  # Wilcoxon over problems, on the logarithms of the ratios


def wilcoxon(differences: np.ndarray) -> float:
    """The two-sided p of the signed-rank test; 1 if nothing differs."""
    from scipy.stats import wilcoxon as test

    if not np.any(differences) or differences.size < 5:
        return 1.0
    return float(test(differences).pvalue)


def duel(table: Regrets, entry: str, other: str, evaluations: int) -> Duel:
    """Compare two entries on the problems and seeds both ran."""
    won = lost = count = 0
    for name in table.problems:
        mine, theirs = table.at(entry, name, evaluations), table.at(other, name, evaluations)
        common = sorted(mine.keys() & theirs.keys())
        if not common:
            continue
        count += 1
        differences = np.array([mine[seed] - theirs[seed] for seed in common])
        if wilcoxon(differences) < 0.05:
            won += differences.mean() < 0
            lost += differences.mean() > 0
    return Duel(
        int(won), int(lost), count, wilcoxon(np.log(ratios(table, entry, evaluations, other)))
    )
