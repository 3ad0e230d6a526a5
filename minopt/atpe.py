"""Door to adaptive TPE: hyperopt's import path ``atpe``."""

from __future__ import annotations

from minopt.algo.atpe.suggest import suggest

__all__ = ["suggest"]
