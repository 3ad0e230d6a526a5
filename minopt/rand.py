"""Door to random search: hyperopt's import path ``rand``."""

from __future__ import annotations

from minopt.algo.rand import suggest, suggest_batch

__all__ = ["suggest", "suggest_batch"]
