"""minopt finds good hyperparameters: it speaks hyperopt's language, exactly, and faster.

A *space* says what may be tried, an *algorithm* proposes a point, your *objective* scores it,
*trials* remember it, and `fmin` turns the wheel.

>>> from minopt import fmin, hp, tpe
>>> best = fmin(lambda x: (x - 3) ** 2, hp.uniform("x", -5, 5), tpe.suggest, 30, verbose=False)
>>> 2 < best["x"] < 4
True
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# At once: importing the module of this name later would put it in the function's place.
from minopt.fmin import FMinIter, fmin, fmin_pass_expr_memo_ctrl, partial, space_eval

__version__ = "0.1.0"

_BASE = "minopt.base"
_HOMES = {
    "Ctrl": _BASE,
    "Domain": _BASE,
    "JOB_STATES": _BASE,
    "JOB_STATE_DONE": _BASE,
    "JOB_STATE_ERROR": _BASE,
    "JOB_STATE_NEW": _BASE,
    "JOB_STATE_RUNNING": _BASE,
    "STATUS_FAIL": _BASE,
    "STATUS_NEW": _BASE,
    "STATUS_OK": _BASE,
    "STATUS_RUNNING": _BASE,
    "STATUS_STRINGS": _BASE,
    "STATUS_SUSPENDED": _BASE,
    "Trials": _BASE,
    "trials_from_docs": _BASE,
    "no_progress_loss": "minopt.early_stop",
}
_MODULES = (
    "base",
    "early_stop",
    "exceptions",
    "hp",
    "progress",
    "pyll",
    "pyll_utils",
    "rand",
    "rdists",
    "std_out_err_redirect_tqdm",
    "tpe",
    "utils",
)

__all__ = [
    "FMinIter",
    "__version__",
    "fmin",
    "fmin_pass_expr_memo_ctrl",
    "partial",
    "space_eval",
    *_HOMES,
    *_MODULES,
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"minopt.{name}")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'minopt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
