"""The laws as objects in the manner of scipy.stats, under hyperopt's names.

The mathematics is that of `minopt.space.laws`; what stands here is scipy's way of asking.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rv_continuous

from minopt._types import FloatArray
from minopt.space.laws import Lognormal, Loguniform, Qlognormal, Qloguniform, Qnormal, Quniform
from minopt.space.shapes import SteppedLaw


class _Continuous(rv_continuous):  # type: ignore[misc, unused-ignore]
    """A law with a density, behind scipy's interface: `pdf`, `cdf`, `ppf`, `rvs`, `mean`."""

    law: Loguniform | Lognormal

    def _begin(self, law: Loguniform | Lognormal, seed: Any) -> None:
        self.law = law
        low, high = law.support()
        rv_continuous.__init__(self, a=low, b=high, seed=_generator(seed))

    def _updated_ctor_param(self) -> dict[str, Any]:
        return asdict(self.law)  # what scipy makes the frozen copy from

    def _rvs(self, *_: Any, size: Any = None, random_state: Any = None) -> Any:
        return self.law.draw(random_state, () if size is None else size)

    def _logpdf(self, x: FloatArray) -> FloatArray:  # type: ignore[override, unused-ignore]
        return self.law.logpdf(x)

    def _pdf(self, x: FloatArray) -> FloatArray:  # type: ignore[override, unused-ignore]
        return np.exp(self.law.logpdf(x))

    def _cdf(self, x: FloatArray) -> FloatArray:  # type: ignore[override, unused-ignore]
        return self.law.cdf(x)

    def _ppf(self, u: FloatArray) -> FloatArray:  # type: ignore[override, unused-ignore]
        return self.law.from_unit(u)


class loguniform_gen(_Continuous):
    """The law of exp(Z), Z flat on [low, high).

    Parameters
    ----------
    low, high : float
        Natural logarithms of the bounds.
    seed : int or Generator, optional
        Where `rvs` draws from if it gets no ``random_state``.
    """

    def __init__(self, low: float = 0, high: float = 1, seed: Any = None) -> None:
        self._begin(Loguniform(low, high), seed)

    def _munp(self, n: int) -> float:  # type: ignore[override, unused-ignore]
        low, high = self.law.low, self.law.high  # type: ignore[union-attr]
        return float((np.exp(n * high) - np.exp(n * low)) / (n * (high - low)))


class lognorm_gen(_Continuous):
    """The law of exp(Z), Z normal with mean mu and standard deviation sigma.

    Parameters
    ----------
    mu, sigma : float
    seed : int or Generator, optional
        Where `rvs` draws from if it gets no ``random_state``.
    """

    def __init__(self, mu: float, sigma: float, seed: Any = None) -> None:
        self._begin(Lognormal(mu, sigma), seed)

    def _munp(self, n: int) -> float:  # type: ignore[override, unused-ignore]
        mu, sigma = self.law.mu, self.law.sigma  # type: ignore[union-attr]
        return float(np.exp(n * mu + 0.5 * (n * sigma) ** 2))


class _Stepped:
    """A law on the multiples of q: `pmf`, `logpmf`, `cdf`, `ppf`, `rvs`."""

    def __init__(self, law: SteppedLaw, q: float, seed: Any) -> None:
        self.law = law
        self.q = q
        self._rng = _generator(seed)

    def pmf(self, x: ArrayLike) -> Any:
        """Return the probability of each value, 0 off the grid; a float for a scalar."""
        return _like(x, np.exp(self.law.logpdf(x)))

    def logpmf(self, x: ArrayLike) -> Any:
        """Return the logarithm of `pmf`."""
        return _like(x, self.law.logpdf(x))

    def cdf(self, x: ArrayLike) -> Any:
        """Return the probability of a value not above `x`."""
        return _like(x, self.law.cdf(x))

    def ppf(self, u: ArrayLike) -> Any:
        """Return the smallest value whose `cdf` reaches `u`."""
        return _like(u, self.law.from_unit(u))

    def rvs(self, size: Any = (), random_state: Any = None) -> Any:
        """Draw values, whole numbers if q is an ``int``.

        Parameters
        ----------
        size : int or tuple of ints
            A plain number if ``()``.
        random_state : int or Generator, optional
            The generator that the object was made with, if None.
        """
        rng = self._rng if random_state is None else _generator(random_state)
        drawn = self.law.draw(rng, () if size is None else size)
        return safe_int_cast(np.round(drawn / self.q)) * self.q


class _SteppedBetween(_Stepped):
    """A stepped law with bounds: the whole table of its values can be had."""

    def __init__(self, law: Quniform | Qloguniform, q: float, seed: Any) -> None:
        super().__init__(law, q, seed)
        self.low, self.high = law.low, law.high
        self.qlow, self.qhigh = law.support()

    @property
    def xs(self) -> FloatArray:
        """The values, rising."""
        n_steps = round((self.qhigh - self.qlow) / self.q)
        return np.asarray(self.qlow + self.q * np.arange(n_steps + 1))

    @property
    def ps(self) -> FloatArray:
        """The probability of each of `xs`."""
        return np.exp(self.law.logpdf(self.xs))


class quniform_gen(_SteppedBetween):
    """The law of ``q * round(Z / q)``, Z flat on [low, high)."""

    def __init__(self, low: float, high: float, q: float, seed: Any = None) -> None:
        super().__init__(Quniform(low, high, q), q, seed)


class uniformint_gen(quniform_gen):
    """The law of `hp.uniformint`: `quniform_gen` with a whole step."""

    def __init__(self, low: float, high: float, q: int = 1, seed: Any = None) -> None:
        super().__init__(low, high, q, seed)


class qloguniform_gen(_SteppedBetween):
    """The law of ``q * round(exp(Z) / q)``, Z flat on [low, high)."""

    def __init__(self, low: float, high: float, q: float, seed: Any = None) -> None:
        super().__init__(Qloguniform(low, high, q), q, seed)


class qnormal_gen(_Stepped):
    """The law of ``q * round(Z / q)``, Z normal."""

    def __init__(self, mu: float, sigma: float, q: float, seed: Any = None) -> None:
        law = Qnormal(mu, sigma, q)
        super().__init__(law, q, seed)
        self.mu, self.sigma = law.mu, law.sigma

    def in_domain(self, x: ArrayLike) -> Any:
        """Tell which of `x` are multiples of q."""
        return self.law.on_grid(x)


class qlognormal_gen(_Stepped):
    """The law of ``q * round(exp(Z) / q)``, Z normal."""

    def __init__(self, mu: float, sigma: float, q: float, seed: Any = None) -> None:
        law = Qlognormal(mu, sigma, q)
        super().__init__(law, q, seed)
        self.mu, self.sigma = law.mu, law.sigma

    def in_domain(self, x: ArrayLike) -> Any:
        """Tell which of `x` are multiples of q and not negative."""
        return self.law.on_grid(x) & (np.asarray(x) >= 0)


def qtable_pmf(
    x: ArrayLike,
    q: float,
    qlow: float,
    xs: ArrayLike,  # noqa: ARG001  (hyperopt's signature)
    ps: ArrayLike,
) -> Any:
    """Look up probabilities in a table.

    Parameters
    ----------
    x : array_like
        Where to look; off the grid or outside the table the answer is 0.
    q, qlow : float
        The step and the first value of the table.
    xs, ps : (n,) array_like
        The values ``qlow + q * i``, which need not be given again, and their probabilities.
    """
    chances = np.asarray(ps, dtype=float)
    asked = np.asarray(x, dtype=float)
    row = np.round((asked - qlow) / q)
    found = (row >= 0) & (row < len(chances)) & np.isclose(np.round(asked / q) * q, asked)
    looked_up = chances[np.where(found, row, 0).astype(np.intp)]
    return _like(x, np.where(found, looked_up, 0.0))


def qtable_logpmf(x: ArrayLike, q: float, qlow: float, xs: ArrayLike, ps: ArrayLike) -> Any:
    """Return the logarithm of `qtable_pmf`."""
    with np.errstate(divide="ignore"):
        return _like(x, np.log(qtable_pmf(x, q, qlow, xs, ps)))


def safe_int_cast(obj: Any) -> Any:
    """Return whole floats as ints: an array, a list, or one number."""
    if isinstance(obj, np.ndarray):
        return obj.astype("int")
    if isinstance(obj, list):
        return [int(item) for item in obj]
    return int(obj)


def _like(x: ArrayLike, values: Any) -> Any:
    """Return a float for a scalar, an array for anything else."""
    return (
        float(values) if np.ndim(x) == 0 and not isinstance(x, np.ndarray) else np.asarray(values)
    )


def _generator(seed: Any) -> np.random.Generator:
    """A generator of its own for every object, so that no global state is touched."""
    if isinstance(seed, np.random.RandomState):
        return np.random.Generator(seed._bit_generator)  # type: ignore[attr-defined, unused-ignore]
    return np.random.default_rng(seed)
