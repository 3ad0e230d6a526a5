"""Door to mixtures of algorithms: hyperopt's import path ``mix``."""

from __future__ import annotations

from minopt.algo.mix import suggest

__all__ = ["suggest"]
