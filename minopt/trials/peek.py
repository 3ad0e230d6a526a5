"""Looks into files of which nothing is known, without harm to databases that are open here.

The locks that SQLite holds on a file belong to the process, and the system drops them all when the
process closes any other handle on it. Another process then takes itself for the last user of the
database, and removes the log that is being written. So a handle on a database that is open here is
kept until the database is closed.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TypeAlias

from minopt._locks import thread_lock

__all__ = ["Identity", "identity_at", "not_used", "read", "used"]

Identity: TypeAlias = tuple[int, int]

_guard = thread_lock()
_used: dict[Identity, int] = {}
_kept: dict[Identity, int] = {}


def read(path: str | os.PathLike[str], size: int = -1) -> bytes:
    """Return the first `size` bytes of a file, all if it is negative.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file: a pipe might wait, a device never end.
    """
    with _guard:
        info = os.stat(path)  # noqa: PTH116 - of a path-like
        if not stat.S_ISREG(info.st_mode):
            is_folder = stat.S_ISDIR(info.st_mode)
            why = "it is a directory" if is_folder else "it is no regular file"
            raise OSError(errno.EISDIR if is_folder else errno.EINVAL, why)
        kept = _kept.get(_identity(info))
        if kept is not None:
            return _content(kept, size)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
    try:
        return _content(handle, size)
    finally:
        _let_go(handle)


def _content(handle: int, size: int) -> bytes:
    with open(handle, "rb", closefd=False) as file:
        file.seek(0)
        return file.read(size)


def _let_go(handle: int) -> None:
    with _guard:
        identity = _identity(os.fstat(handle))
        if identity in _used and identity not in _kept:
            _kept[identity] = handle
        elif identity not in _used:
            os.close(handle)


def _identity(info: os.stat_result) -> Identity:
    return info.st_dev, info.st_ino


def identity_at(path: Path) -> Identity | None:
    """Return what tells the file at a path from all others; None if there is none."""
    try:
        return _identity(path.stat())
    except OSError:
        return None


def used(identity: Identity) -> None:
    """Say that SQLite will have a file open in this process."""
    with _guard:
        _used[identity] = _used.get(identity, 0) + 1


def not_used(identity: Identity) -> None:
    """Take back one `used`, after SQLite has closed the file."""
    with _guard:
        _used[identity] -= 1
        if not _used[identity]:
            del _used[identity]
            if identity in _kept:
                os.close(_kept.pop(identity))
