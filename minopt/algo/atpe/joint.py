"""Proposals while trials are few: all parameters at once, near one good trial.

TPE models each parameter alone, and from a handful of trials learns little of it. Here each good
trial is the centre of one kernel over all parameters, so that values which were good together stay
together: multivariate TPE (Falkner, Klein and Hutter, "BOHB", ICML 2018; Watanabe,
arXiv:2304.11127), in which a parameter that a trial lacks is drawn from its prior.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minopt._types import BoolArray, FloatArray, IntArray
from minopt.algo.tpe.mixture import logsum_rows
from minopt.algo.tpe.split import count_good
from minopt.domain.table import Parameter, Point, Table
from minopt.trials.columns import History

GAMMA = 0.5  # gamma * sqrt(n_trials) of them count as good
N_CANDIDATES = 24
WIDTH = 0.2  # of a kernel, in widths of the prior, times Scott's factor
LOCK = 0.3  # the chance of a value to be the centre's own, but for one parameter
_PRIOR_SIGMA = 0.25  # of normal laws, whose axis spans four sigmas


def suits(table: Table) -> bool:
    """Tell whether a space can be proposed for at once: laws and conditions are all constant."""
    return all(
        parameter.law is not None
        and all(table.switches[branch.switch].told_by_label for branch in parameter.branches)
        for parameter in table.parameters
    )


class Joint:
    """Proposes points from kernels on the good trials.

    Parameters
    ----------
    table : Table
        One that `suits`.
    history : History
        With at least one usable loss.
    """

    def __init__(self, table: Table, history: History) -> None:
        self._table = table
        self._axes = [_axis_of(parameter) for parameter in table.parameters]
        losses = history.losses
        order = np.argsort(losses, kind="stable")
        n_usable = int(np.isfinite(losses).sum())
        n_good = max(1, min(count_good(len(order), GAMMA), n_usable))
        columns = [
            axis.place(history.column(parameter.label))
            for axis, parameter in zip(self._axes, table.parameters, strict=True)
        ]
        self._good = Kernels(self._axes, columns, np.sort(order[:n_good]))
        self._rest = Kernels(self._axes, columns, np.sort(order[n_good:]))

    def propose(self, rng: np.random.Generator) -> Point:
        """Draw candidates, and return the one that is likeliest to be good rather than not."""
        chosen = rng.choice(self._good.n_kernels, N_CANDIDATES)
        free = rng.integers(max(1, len(self._axes)), size=N_CANDIDATES)
        values: dict[str, FloatArray] = {}
        places, active = [], []
        for number, (parameter, axis) in enumerate(
            zip(self._table.parameters, self._axes, strict=True)
        ):
            is_active = self._is_active(parameter, values)
            centres = self._good.centres[number][chosen]
            drawn = axis.draw_near(centres, self._good, rng)
            locked = (rng.random(N_CANDIDATES) < LOCK) & (free != number) & ~np.isnan(centres)
            value = axis.value(np.where(locked, centres, drawn))
            values[parameter.label] = np.where(is_active, value, np.nan)
            places.append(axis.place(value))  # what was rounded lies elsewhere
            active.append(is_active)
        score = self._good.log_density(places, active) - self._rest.log_density(places, active)
        best = int(np.argmax(score))
        return Point(
            (
                row.label,
                int(values[row.label][best]) if row.whole else float(values[row.label][best]),
            )
            for row, is_active in zip(self._table.parameters, active, strict=True)
            if is_active[best]
        )

    def _is_active(self, parameter: Parameter, values: dict[str, FloatArray]) -> BoolArray:
        if parameter.always:
            return np.ones(N_CANDIDATES, dtype=bool)
        open_ = np.zeros(N_CANDIDATES, dtype=bool)
        for branch in parameter.branches:
            open_ |= values[str(self._table.switches[branch.switch].label)] == branch.option
        return open_


class Kernels:
    """A mixture of kernels over all parameters: one on each of some trials, and the prior.

    Parameters
    ----------
    axes : sequence
    columns : sequence of (n_trials,) float arrays
        By axis, where the trials lie; NaN where they have no value.
    rows : int array
        The trials that are centres.

    Attributes
    ----------
    centres : list of (n_kernels,) float arrays
        By axis; the last one, NaN, is the prior's.
    """

    def __init__(self, axes: Sequence[Any], columns: Sequence[FloatArray], rows: IntArray) -> None:
        self._axes = axes
        self.centres = [np.append(column[rows], np.nan) for column in columns]
        self.n_kernels = len(rows) + 1
        self.width = WIDTH * max(1, len(rows)) ** (-1 / (len(axes) + 4))

    def log_density(self, places: Sequence[FloatArray], active: Sequence[BoolArray]) -> FloatArray:
        """Return the log-density at points, of their active parameters."""
        logs = np.zeros((len(active[0]) if active else N_CANDIDATES, self.n_kernels))
        for axis, centres, place, is_active in zip(
            self._axes, self.centres, places, active, strict=True
        ):
            alone = axis.log_kernels(place, centres, self)
            missing = np.isnan(centres)
            alone[:, missing] = axis.log_prior(place)[:, None]
            logs += np.where(is_active[:, None], alone, 0.0)
        return logsum_rows(logs)


@dataclass(frozen=True, slots=True)
class _Line:
    """The axis of a number: the prior's width is 1."""

    law: Any
    start: float
    length: float
    is_flat: bool
    is_log: bool
    q: float | None

    def place(self, values: FloatArray) -> FloatArray:
        """Return where values lie; those beyond the bounds lie on them."""
        if self.is_log:
            least = self.start if self.is_flat else self.start - self.length
            values = np.log(np.maximum(values, math.exp(least)))
        places = (values - self.start) / self.length
        return np.clip(places, 0.0, 1.0) if self.is_flat else places

    def value(self, places: FloatArray) -> FloatArray:
        """Return the values at places."""
        values = self.start + self.length * places
        values = np.exp(values) if self.is_log else values
        return values if self.q is None else np.round(values / self.q) * self.q

    def draw_near(
        self, centres: FloatArray, kernels: Kernels, rng: np.random.Generator
    ) -> FloatArray:
        """Draw a place near each centre, from the prior where there is none."""
        uniform, missing, width = rng.random(len(centres)), np.isnan(centres), kernels.width
        centre = np.where(missing, 0.5, centres)
        if not self.is_flat:
            return centre + np.where(missing, _PRIOR_SIGMA, width) * _normal_quantile(uniform)
        below, above = _normal_cdf(-centre / width), _normal_cdf((1 - centre) / width)
        near = centre + width * _normal_quantile(below + uniform * (above - below))
        return np.where(missing, uniform, np.clip(near, 0.0, np.nextafter(1.0, 0.0)))

    def log_kernels(self, places: FloatArray, centres: FloatArray, kernels: Kernels) -> FloatArray:
        """Return the log-density of each kernel at each place."""
        width = kernels.width
        logs: FloatArray = -0.5 * ((places[:, None] - centres) / width) ** 2 - _log_norm(width)
        if self.is_flat:
            logs -= np.log(_normal_cdf((1 - centres) / width) - _normal_cdf(-centres / width))
        return logs

    def log_prior(self, places: FloatArray) -> FloatArray:
        """Return the log-density of the prior."""
        if self.is_flat:
            return np.zeros(len(places))
        return -0.5 * ((places - 0.5) / _PRIOR_SIGMA) ** 2 - _log_norm(_PRIOR_SIGMA)


@dataclass(frozen=True, slots=True)
class _Options:
    """The axis of an option or of a whole number: it stays as it is, or is drawn anew."""

    law: Any
    low: int
    n_options: int

    def place(self, values: FloatArray) -> FloatArray:
        """Return the values themselves; NaN for those that the space no longer has or draws."""
        with np.errstate(invalid="ignore"):
            known = (values >= self.low) & (values < self.low + self.n_options)
        values = np.where(known, values, self.low)
        return np.where(known & np.isfinite(self.law.logpdf(values)), values, np.nan)

    def value(self, places: FloatArray) -> FloatArray:
        """Return the values at places."""
        return places

    def _n_anew(self, kernels: Kernels) -> float:
        """Return for how many observations the prior counts in a kernel."""
        return self.n_options / kernels.n_kernels

    def draw_near(
        self, centres: FloatArray, kernels: Kernels, rng: np.random.Generator
    ) -> FloatArray:
        """Draw a place for each centre."""
        stays = rng.random(len(centres)) * (1 + self._n_anew(kernels)) < 1
        anew = np.asarray(self.law.draw(rng, len(centres)), dtype=np.float64)
        return np.where(stays & ~np.isnan(centres), centres, anew)

    def log_kernels(self, places: FloatArray, centres: FloatArray, kernels: Kernels) -> FloatArray:
        """Return the log-probability of each place under each kernel."""
        anew = self._n_anew(kernels)
        weights = (anew * np.exp(self.log_prior(places)))[:, None] + (places[:, None] == centres)
        logs: FloatArray = np.log(weights / (1 + anew))
        return logs

    def log_prior(self, places: FloatArray) -> FloatArray:
        """Return the log-probability of the prior."""
        logs: FloatArray = self.law.logpdf(places)
        return logs


def _axis_of(parameter: Parameter) -> _Line | _Options:
    law: Any = parameter.law
    if law.name in ("randint", "categorical"):
        low, high = map(int, law.support())
        return _Options(law, low, high - low + 1)
    q, is_log = getattr(law, "q", None), "log" in law.name
    if law.name.endswith("uniform"):
        return _Line(law, law.low, law.high - law.low, True, is_log, q)
    return _Line(law, law.mu - 2 * law.sigma, 4 * law.sigma, False, is_log, q)


def _log_norm(width: float) -> float:
    return math.log(width * math.sqrt(2 * math.pi))


def _normal_cdf(z: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    cdf: FloatArray = ndtr(z)
    return cdf


def _normal_quantile(u: FloatArray) -> FloatArray:
    from scipy.special import ndtri

    quantile: FloatArray = ndtri(u)
    return quantile
