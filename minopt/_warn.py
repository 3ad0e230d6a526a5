"""Warnings that point at the line of the user's that led to them."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

_OURS = str(Path(__file__).parent) + os.sep
# between two of our own frames, where a `with` or a decorator leads from one to the other
_BETWEEN = frozenset({"contextlib", "functools"})


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the innermost line that is not minopt's own as the place.

    Parameters
    ----------
    message : str
    category : type of Warning
    """
    warnings.warn(message, category, stacklevel=_level())


def _level() -> int:
    """Return how many frames above `warn` the first one lies that is not minopt's."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None:
        ours = frame.f_code.co_filename.startswith(_OURS)
        if not ours and frame.f_globals.get("__name__") not in _BETWEEN:
            break
        level, frame = level + 1, frame.f_back
    return level
