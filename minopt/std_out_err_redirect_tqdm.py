"""Door: hyperopt's import path ``std_out_err_redirect_tqdm``."""

from __future__ import annotations

from minopt._stand_in import StandIn as DummyTqdmFile
from minopt._stand_in import std_out_err_redirect_tqdm

__all__ = ["DummyTqdmFile", "std_out_err_redirect_tqdm"]
