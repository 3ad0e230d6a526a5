"""Door to what users' own algorithms are made of: hyperopt's import path ``algobase``."""

from __future__ import annotations

from minopt.algo.visitor import ExprEvaluator, SuggestAlgo

__all__ = ["ExprEvaluator", "SuggestAlgo"]
