"""Door to random search: hyperopt's import path ``rand``."""

from __future__ import annotations

from minopt import pyll
from minopt.algo.rand import suggest, suggest_batch
from minopt.trials.documents import miscs_update_idxs_vals

__all__ = [
    "miscs_update_idxs_vals",
    "pyll",
    "suggest",
    "suggest_batch",
]
