"""Which names minopt has, asked by their dotted names."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from types import ModuleType

from minopt.integrations.absent import SparkTrials

__all__ = ["find_name", "is_module"]


def is_module(dotted: str) -> bool:
    """Tell whether minopt has a module of this name.

    Examples
    --------
    >>> is_module("minopt.pyll.stochastic"), is_module("minopt.hp.uniform")
    (True, False)
    """
    try:
        return importlib.util.find_spec(dotted) is not None
    except ModuleNotFoundError:  # what comes before the last dot is no package
        return False


def find_name(module: str, names: Sequence[str]) -> bool:
    """Tell whether ``module.names[0].names[1]…`` is there, as far as it is made of modules.

    True as well if a package that minopt needs for it is not installed.

    Examples
    --------
    >>> find_name("minopt", ["pyll", "scope"]), find_name("minopt", ["pyll", "absent"])
    (True, False)
    """
    found: object = None
    try:
        found = importlib.import_module(module)
        for name in names:
            if not isinstance(found, ModuleType):
                return True
            if getattr(found, name, None) is SparkTrials:  # a name only
                return False
            if hasattr(found, name):
                found = getattr(found, name)
            elif is_module(f"{found.__name__}.{name}"):
                found = importlib.import_module(f"{found.__name__}.{name}")
            else:
                return False
    except ImportError:
        return True
    return True
