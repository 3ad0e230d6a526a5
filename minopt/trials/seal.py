"""A checksum behind a pickle: readers of pickles stop before it, and ours compares it."""

from __future__ import annotations

import hashlib

__all__ = ["is_broken", "sealed", "unsealed"]

_MARK = b"\nminopt:blake2b:"
_LENGTH = len(_MARK) + 32 + 1


def sealed(data: bytes) -> bytes:
    """Return the bytes of a pickle with their checksum behind them."""
    return b"".join((data, _MARK, _checksum(data), b"\n"))


def unsealed(data: bytes) -> bytes:
    """Return the bytes of a pickle without a checksum behind them."""
    return data[:-_LENGTH] if data[-_LENGTH:].startswith(_MARK) else data


def is_broken(data: bytes) -> bool:
    """Tell whether a pickle is not what its checksum was made of; False if it has none."""
    seal = data[-_LENGTH:]
    if not seal.startswith(_MARK):
        return False
    return seal[len(_MARK) : -1] != _checksum(data[:-_LENGTH])


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).hexdigest().encode()
