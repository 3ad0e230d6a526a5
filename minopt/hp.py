"""The twelve kinds of parameters, by the names that scripts use: ``hp.uniform("x", 0, 1)``."""

from __future__ import annotations

from minopt.space.parameters import hp_choice as choice
from minopt.space.parameters import hp_lognormal as lognormal
from minopt.space.parameters import hp_loguniform as loguniform
from minopt.space.parameters import hp_normal as normal
from minopt.space.parameters import hp_pchoice as pchoice
from minopt.space.parameters import hp_qlognormal as qlognormal
from minopt.space.parameters import hp_qloguniform as qloguniform
from minopt.space.parameters import hp_qnormal as qnormal
from minopt.space.parameters import hp_quniform as quniform
from minopt.space.parameters import hp_randint as randint
from minopt.space.parameters import hp_uniform as uniform
from minopt.space.parameters import hp_uniformint as uniformint

__all__ = [
    "choice",
    "lognormal",
    "loguniform",
    "normal",
    "pchoice",
    "qlognormal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "uniform",
    "uniformint",
]
