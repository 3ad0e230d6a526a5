"""Door to the laws in scipy.stats' manner: hyperopt's import path ``rdists``."""

from __future__ import annotations

from minopt.space.scipy_laws import (
    lognorm_gen,
    loguniform_gen,
    qlognormal_gen,
    qloguniform_gen,
    qnormal_gen,
    qtable_logpmf,
    qtable_pmf,
    quniform_gen,
    safe_int_cast,
    uniformint_gen,
)

__all__ = [
    "lognorm_gen",
    "loguniform_gen",
    "qlognormal_gen",
    "qloguniform_gen",
    "qnormal_gen",
    "qtable_logpmf",
    "qtable_pmf",
    "quniform_gen",
    "safe_int_cast",
    "uniformint_gen",
]
