"""The best of the candidates, without the last bit of every one of them.

Ranking candidates needs the density of the many trials that are not good, at every candidate and
to the last bit, because hyperopt's choice may hang on it. But only the few candidates that could
be the best need so many bits: a rough density in single precision finds those.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minopt._types import FloatArray
from minopt.algo.tpe.estimators import Estimator, Mixture

_ENOUGH_WORK = 3000  # candidates x components below which the exact way is as quick
_MARGIN = 0.01  # more than twice the error of a rough log-density, see rough_log_density
_FARTHEST = 50.0  # in prior widths; beyond, single precision is too coarse


def best_candidate(candidates: Any, good: Estimator, rest: Estimator) -> Any:
    """Return the first candidate with the largest ratio of densities.

    Parameters
    ----------
    candidates : (n,) array
    good, rest : Estimator
        Densities of the good trials and of the others.

    Returns
    -------
    numpy scalar
        The same as without screening.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        score = good.log_density(candidates)
        worth = _worth_screening(candidates, rest)
        rough = rough_log_density(rest, candidates) if worth else None
        if rough is None or not np.isfinite(score).all():
            return candidates[np.argmax(score - rest.log_density(candidates))]
        rough = score - rough
        contenders = np.flatnonzero(rough >= rough.max() - _MARGIN)
        if len(contenders) == 1:
            return candidates[contenders[0]]
        chosen = candidates[contenders]
        return chosen[np.argmax(score[contenders] - rest.log_density(chosen))]


def _worth_screening(candidates: Any, rest: Estimator) -> bool:
    return (
        isinstance(rest, Mixture)
        and rest.q is None
        and len(rest.mus) * len(candidates) > _ENOUGH_WORK
    )


def rough_log_density(mixture: Any, samples: FloatArray) -> FloatArray | None:
    """Return the log-density up to a constant, in single precision; None if that is too coarse.

    In units of the widest component (the prior) coordinates of size ``u`` are rounded by 6e-8 u,
    and the narrowest component is a hundredth wide: its exponent is off by less than 1e-4 u where
    it counts. `_MARGIN` allows for u up to `_FARTHEST`.
    """
    points = np.log(samples) if mixture.logarithmic else samples
    scale = mixture.sigmas.max()
    middle = mixture.mus[len(mixture.mus) // 2]
    u = ((points - middle) / scale).astype(np.float32)
    centers = ((mixture.mus - middle) / scale).astype(np.float32)
    if not max(abs(centers[0]), abs(centers[-1]), np.abs(u).max()) < _FARTHEST:
        return None
    sharpness = (scale * np.sqrt(0.5) / mixture.sigmas).astype(np.float32)
    heights = (mixture.weights * (scale / mixture.sigmas)).astype(np.float32)
    work = u[:, None] - centers
    work *= sharpness
    np.square(work, out=work)
    np.negative(work, out=work)
    np.exp(work, out=work)
    density = np.log((work @ heights).astype(np.float64))
    if not np.isfinite(density).all():
        return None
    rough: FloatArray = density - points if mixture.logarithmic else density
    return rough
