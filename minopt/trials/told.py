"""Errors of others' code, in words."""

from __future__ import annotations

__all__ = ["told"]


def told(error: BaseException) -> str:
    """Say an error: its kind and its words, if it has any and they can be had."""
    kind = type(error).__name__
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 - it is of a class of the user's
        return kind
    return f"{kind}: {words}" if words else kind
