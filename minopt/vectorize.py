"""Door to graphs over many trials: hyperopt's import path ``vectorize``."""

from __future__ import annotations

from minopt.domain.vector_symbols import idxs_map, idxs_take, uniq, vchoice_merge, vchoice_split
from minopt.domain.vectorize_view import (
    VectorizeHelper,
    replace_repeat_stochastic,
    vectorize_stochastic,
)

__all__ = [
    "VectorizeHelper",
    "idxs_map",
    "idxs_take",
    "replace_repeat_stochastic",
    "uniq",
    "vchoice_merge",
    "vchoice_split",
    "vectorize_stochastic",
]
