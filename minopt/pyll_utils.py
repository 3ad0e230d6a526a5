"""Door to the space floor: hyperopt's import path ``pyll_utils``."""

from __future__ import annotations

from minopt.exceptions import DuplicateLabel
from minopt.pyll.base import Apply, Literal, MissingArgument, as_apply, scope
from minopt.space.conditions import EQ, Cond, expr_to_config
from minopt.space.guards import validate_distribution_range, validate_label
from minopt.space.parameters import (
    hp_choice,
    hp_lognormal,
    hp_loguniform,
    hp_normal,
    hp_pchoice,
    hp_qlognormal,
    hp_qloguniform,
    hp_qnormal,
    hp_quniform,
    hp_randint,
    hp_uniform,
    hp_uniformint,
    hyperopt_param,
)

__all__ = [
    "EQ",
    "Apply",
    "Cond",
    "DuplicateLabel",
    "Literal",
    "MissingArgument",
    "as_apply",
    "expr_to_config",
    "hp_choice",
    "hp_lognormal",
    "hp_loguniform",
    "hp_normal",
    "hp_pchoice",
    "hp_qlognormal",
    "hp_qloguniform",
    "hp_qnormal",
    "hp_quniform",
    "hp_randint",
    "hp_uniform",
    "hp_uniformint",
    "hyperopt_param",
    "scope",
    "validate_distribution_range",
    "validate_label",
]
