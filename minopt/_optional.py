"""Optional packages, asked for by name where they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def need(module: str, *, extra: str, what: str) -> ModuleType:
    """Import an optional module, or say what to install."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name != module.partition(".")[0]:
            raise  # the package is there and is itself broken: show its own error
        raise ImportError(
            f"{what} needs the package {missing.name!r}: pip install 'minopt[{extra}]'"
        ) from None  # the same once more, in more lines
