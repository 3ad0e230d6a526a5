"""minopt finds good hyperparameters: it speaks hyperopt's language, exactly, and faster.

A *space* says what may be tried, an *algorithm* proposes a point, your *objective* scores it,
*trials* remember it, and `fmin` turns the wheel.

Examples
--------
>>> from minopt import fmin, hp, tpe
>>> best = fmin(
...     lambda x: (x - 3) ** 2, hp.uniform("x", -5, 5), tpe.suggest, 30, rstate=0, verbose=False
... )
>>> 2 < best["x"] < 4
True
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

# At once: classes name this module as their home, and cloudpickle, which looks only among loaded
# modules, would pickle them whole otherwise.
from minopt import base

# At once: importing the module of this name later would put it in the function's place.
from minopt.fmin import FMinIter, fmin, fmin_pass_expr_memo_ctrl, partial, space_eval

if _TYPE_CHECKING:
    from minopt import (
        algobase,
        anneal,
        atpe,
        criteria,
        early_stop,
        exceptions,
        graph_viz,
        hp,
        mix,
        plotting,
        progress,
        pyll,
        pyll_utils,
        rand,
        rdists,
        std_out_err_redirect_tqdm,
        tpe,
        utils,
        vectorize,
    )
    from minopt.base import (
        JOB_STATE_DONE,
        JOB_STATE_ERROR,
        JOB_STATE_NEW,
        JOB_STATE_RUNNING,
        JOB_STATES,
        STATUS_FAIL,
        STATUS_NEW,
        STATUS_OK,
        STATUS_RUNNING,
        STATUS_STRINGS,
        STATUS_SUSPENDED,
        Ctrl,
        Domain,
        Trials,
        trials_from_docs,
    )
    from minopt.early_stop import no_progress_loss
    from minopt.execute.retry import Retry
    from minopt.trials.sql import SQLTrials

__version__ = "0.1.0"

__all__ = [
    "JOB_STATES",
    "JOB_STATE_DONE",
    "JOB_STATE_ERROR",
    "JOB_STATE_NEW",
    "JOB_STATE_RUNNING",
    "STATUS_FAIL",
    "STATUS_NEW",
    "STATUS_OK",
    "STATUS_RUNNING",
    "STATUS_STRINGS",
    "STATUS_SUSPENDED",
    "Ctrl",
    "Domain",
    "FMinIter",
    "Retry",
    "SQLTrials",
    "Trials",
    "__version__",
    "algobase",
    "anneal",
    "as_hyperopt",
    "atpe",
    "base",
    "copy_trials",
    "criteria",
    "early_stop",
    "exceptions",
    "fmin",
    "fmin_pass_expr_memo_ctrl",
    "graph_viz",
    "hp",
    "load_trials",
    "mix",
    "no_progress_loss",
    "partial",
    "plotting",
    "progress",
    "pyll",
    "pyll_utils",
    "rand",
    "rdists",
    "read_jsonl",
    "space_eval",
    "std_out_err_redirect_tqdm",
    "tpe",
    "trials_from_docs",
    "utils",
    "vectorize",
]

# Modules that need a package which minopt does not: there when asked for, left out by `*`.
_WITH_GUESTS = {"sklearn"}

# Where a name that is fetched on first use lives; the others in `__all__` are modules.
_HOMES = {
    "minopt.base": {
        *("JOB_STATES", "JOB_STATE_DONE", "JOB_STATE_ERROR", "JOB_STATE_NEW", "JOB_STATE_RUNNING"),
        *("STATUS_FAIL", "STATUS_NEW", "STATUS_OK", "STATUS_RUNNING", "STATUS_STRINGS"),
        *("STATUS_SUSPENDED", "Ctrl", "Domain", "Trials", "trials_from_docs"),
    },
    "minopt.early_stop": {"no_progress_loss"},
    "minopt.execute.retry": {"Retry"},
    "minopt.integrations.absent": {"SparkTrials"},
    "minopt.integrations.alias": {"as_hyperopt"},
    "minopt.trials.copying": {"copy_trials"},
    "minopt.trials.jsonl": {"read_jsonl"},
    "minopt.trials.load": {"load_trials"},
    "minopt.trials.sql": {"SQLTrials"},
}


def __getattr__(name: str) -> _Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(_import_module(home), name)
            globals()[name] = value
            return value
    if name in __all__ or name in _WITH_GUESTS:
        return _import_module(f"minopt.{name}")
    raise AttributeError(f"module 'minopt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
