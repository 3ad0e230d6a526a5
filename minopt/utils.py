"""Door: hyperopt's import path ``utils``."""

from __future__ import annotations

from minopt._arrays import fast_isin, get_most_recent_inds
from minopt._clock import coarse_utcnow
from minopt._dotted import get_obj, import_tokens, json_call, json_lookup, load_tokens
from minopt._paths import get_closest_dir, path_split_all, temp_dir, working_dir
from minopt.pyll.literals import use_obj_for_literal_in_memo
from minopt.trials.pmin import pmin_sampled

__all__ = [
    "coarse_utcnow",
    "fast_isin",
    "get_closest_dir",
    "get_most_recent_inds",
    "get_obj",
    "import_tokens",
    "json_call",
    "json_lookup",
    "load_tokens",
    "path_split_all",
    "pmin_sampled",
    "temp_dir",
    "use_obj_for_literal_in_memo",
    "working_dir",
]
