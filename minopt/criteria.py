"""Door to the criteria of Bayesian optimization: hyperopt's import path ``criteria``."""

from __future__ import annotations

from minopt.algo.criteria import (
    UCB,
    EI_empirical,
    EI_gaussian,
    EI_gaussian_empirical,
    logEI_gaussian,
)

__all__ = ["UCB", "EI_empirical", "EI_gaussian", "EI_gaussian_empirical", "logEI_gaussian"]
