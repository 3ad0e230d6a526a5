"""Door to TPE: hyperopt's import path ``tpe``."""

from __future__ import annotations

from minopt import pyll, rand
from minopt.algo.tpe.discrete import (
    categorical_lpdf,
    randint_via_categorical_lpdf,
    tpe_cat_pseudocounts,
)
from minopt.algo.tpe.graph import (
    adaptive_parzen_sampler,
    adaptive_parzen_samplers,
    ap_categorical_sampler,
    ap_loglognormal_sampler,
    ap_loguniform_sampler,
    ap_normal_sampler,
    ap_qlognormal_sampler,
    ap_qloguniform_sampler,
    ap_qnormal_sampler,
    ap_quniform_sampler,
    ap_randint_sampler,
    ap_uniform_sampler,
    build_posterior,
    build_posterior_wrapper,
)
from minopt.algo.tpe.mixture import (
    EPS,
    GMM1,
    LGMM1,
    GMM1_lpdf,
    LGMM1_lpdf,
    lognormal_cdf,
    lognormal_lpdf,
    logsum_rows,
    normal_cdf,
    qlognormal_lpdf,
)
from minopt.algo.tpe.parzen import (
    DEFAULT_LF,
    adaptive_parzen_normal,
    adaptive_parzen_normal_orig,
    linear_forgetting_weights,
)
from minopt.algo.tpe.parzen import DEFAULT_LF as _default_linear_forgetting
from minopt.algo.tpe.split import ap_split_trials, broadcast_best
from minopt.algo.tpe.suggest import DEFAULT_GAMMA as _default_gamma
from minopt.algo.tpe.suggest import DEFAULT_N_EI_CANDIDATES as _default_n_EI_candidates
from minopt.algo.tpe.suggest import DEFAULT_N_STARTUP_JOBS as _default_n_startup_jobs
from minopt.algo.tpe.suggest import DEFAULT_PRIOR_WEIGHT as _default_prior_weight
from minopt.algo.tpe.suggest import logger, suggest
from minopt.pyll.stochastic import implicit_stochastic
from minopt.pyll.symbols import scope
from minopt.trials.documents import miscs_to_idxs_vals, miscs_update_idxs_vals

__all__ = [
    "DEFAULT_LF",
    "EPS",
    "GMM1",
    "LGMM1",
    "GMM1_lpdf",
    "LGMM1_lpdf",
    "_default_gamma",
    "_default_linear_forgetting",
    "_default_n_EI_candidates",
    "_default_n_startup_jobs",
    "_default_prior_weight",
    "adaptive_parzen_normal",
    "adaptive_parzen_normal_orig",
    "adaptive_parzen_sampler",
    "adaptive_parzen_samplers",
    "ap_categorical_sampler",
    "ap_loglognormal_sampler",
    "ap_loguniform_sampler",
    "ap_normal_sampler",
    "ap_qlognormal_sampler",
    "ap_qloguniform_sampler",
    "ap_qnormal_sampler",
    "ap_quniform_sampler",
    "ap_randint_sampler",
    "ap_split_trials",
    "ap_uniform_sampler",
    "broadcast_best",
    "build_posterior",
    "build_posterior_wrapper",
    "categorical_lpdf",
    "implicit_stochastic",
    "linear_forgetting_weights",
    "logger",
    "lognormal_cdf",
    "lognormal_lpdf",
    "logsum_rows",
    "miscs_to_idxs_vals",
    "miscs_update_idxs_vals",
    "normal_cdf",
    "pyll",
    "qlognormal_lpdf",
    "rand",
    "randint_via_categorical_lpdf",
    "scope",
    "suggest",
    "tpe_cat_pseudocounts",
]
