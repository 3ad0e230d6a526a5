"""Door to annealing: hyperopt's import path ``anneal``."""

from __future__ import annotations

from minopt.algo.anneal.suggest import suggest, suggest_batch
from minopt.algo.anneal.visiting import AnnealingAlgo

__all__ = ["AnnealingAlgo", "suggest", "suggest_batch"]
