"""Door: hyperopt's import path ``base``."""

from __future__ import annotations

from minopt import pyll
from minopt._limits import validate_loss_threshold, validate_timeout
from minopt.domain.domain import Domain
from minopt.exceptions import (
    AllTrialsFailed,
    DuplicateLabel,
    InvalidLoss,
    InvalidResultStatus,
    InvalidTrial,
)
from minopt.pyll.literals import use_obj_for_literal_in_memo
from minopt.pyll.stochastic import recursive_set_rng_kwarg
from minopt.trials.control import Ctrl, logger
from minopt.trials.documents import (
    JOB_STATE_CANCEL,
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    JOB_STATES,
    JOB_VALID_STATES,
    STATUS_FAIL,
    STATUS_NEW,
    STATUS_OK,
    STATUS_RUNNING,
    STATUS_STRINGS,
    STATUS_SUSPENDED,
    TRIAL_KEYS,
    TRIAL_MISC_KEYS,
    SONify,
    miscs_to_idxs_vals,
    miscs_update_idxs_vals,
    spec_from_misc,
)
from minopt.trials.memory import Trials, trials_from_docs
from minopt.trials.pmin import pmin_sampled

__all__ = [
    "JOB_STATES",
    "JOB_STATE_CANCEL",
    "JOB_STATE_DONE",
    "JOB_STATE_ERROR",
    "JOB_STATE_NEW",
    "JOB_STATE_RUNNING",
    "JOB_VALID_STATES",
    "STATUS_FAIL",
    "STATUS_NEW",
    "STATUS_OK",
    "STATUS_RUNNING",
    "STATUS_STRINGS",
    "STATUS_SUSPENDED",
    "TRIAL_KEYS",
    "TRIAL_MISC_KEYS",
    "AllTrialsFailed",
    "Ctrl",
    "Domain",
    "DuplicateLabel",
    "InvalidLoss",
    "InvalidResultStatus",
    "InvalidTrial",
    "SONify",
    "Trials",
    "logger",
    "miscs_to_idxs_vals",
    "miscs_update_idxs_vals",
    "pmin_sampled",
    "pyll",
    "recursive_set_rng_kwarg",
    "spec_from_misc",
    "trials_from_docs",
    "use_obj_for_literal_in_memo",
    "validate_loss_threshold",
    "validate_timeout",
]
