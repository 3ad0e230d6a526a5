"""One search at a time holds a file: a lock that the system frees when its owner dies."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import stat
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from minopt._locks import thread_lock
from minopt._warn import warn
from minopt.exceptions import FileInUse, StoreError

__all__ = ["FileLock", "Holder"]

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


class Holder(NamedTuple):
    """Who holds a file."""

    pid: int
    host: str
    thread: str

    @classmethod
    def here(cls) -> Holder:
        """Return the caller."""
        return cls(os.getpid(), platform.node(), threading.current_thread().name)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} (thread {self.thread})"


# A lock of POSIX belongs to the process, so its threads are told apart here; and it is lost when
# the process closes any handle on the file, so a file that is held is not opened again.
_held: dict[tuple[int, int], Holder] = {}
_guard = thread_lock()


class FileLock:
    """The right to write a file, which one search at a time has.

    Parameters
    ----------
    path : path
        The file; the lock lies beside it, as ``<name>.lock``.
    what : str
        What the file is called in errors.
    """

    def __init__(self, path: str | Path, what: str) -> None:
        self.path = Path(f"{path}.lock")
        self._what = what
        self._handle: int | None = None
        self._identity = (0, 0)

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        FileInUse
            If somebody else holds it: says who.
        StoreError
            If it cannot be made.
        """
        with _guard:
            while not self._try_to_acquire():
                pass  # its last owner took it away just now

    def _try_to_acquire(self) -> bool:
        self._refuse_if_held_here()
        handle = self._open()
        try:
            if not _locked(handle, self._what):
                raise self._in_use(_read_holder(handle))
            if not _is_ours(handle):
                raise StoreError(
                    f"{self._what} cannot be locked: {str(self.path)!r} is somebody's file, and "
                    "would be lost; name another file, or move that one"
                )
            identity = _identity_of(os.fstat(handle))
            if identity != _identity_at(self.path):
                os.close(handle)
                return False
        except BaseException:
            os.close(handle)
            raise
        self._handle, self._identity = handle, identity
        _held[identity] = Holder.here()
        _write_holder(handle)
        return True

    def _refuse_if_held_here(self) -> None:
        identity = _identity_at(self.path)
        holder = None if identity is None else _held.get(identity)
        if holder is not None and holder.pid == os.getpid():  # else a parent's, before a fork
            raise self._in_use(holder)

    def _in_use(self, holder: Holder | None) -> FileInUse:
        return FileInUse(
            f"{self._what} is in use: {holder or 'another process'} searches with it; one search "
            "at a time can, so wait until it ends or name another file; searches that share their "
            "trials use SQLTrials, as in fmin(..., trials='search.db')"
        )

    def _open(self) -> int:
        # never through a link that somebody else put there
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            handle = os.open(self.path, flags, 0o644)
        except OSError as wrong:
            if os.path.islink(self.path):  # noqa: PTH114 - False if its name is too long
                raise StoreError(
                    f"{self._what} cannot be locked: {str(self.path)!r} is a symbolic link, which "
                    "is not followed; see who put it there, and remove it"
                ) from wrong
            raise StoreError(
                f"{self._what} cannot be locked ({wrong.strerror}): {str(self.path)!r} must be "
                "writable"
            ) from wrong
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise StoreError(f"{self._what} cannot be locked: {str(self.path)!r} is no file")
        return handle

    def release(self) -> None:
        """Give the lock up; nothing happens if it is not held, or by a parent process."""
        with _guard:
            handle, self._handle = self._handle, None
            if handle is None:
                return
            holder = _held.get(self._identity)
            if holder is not None and holder.pid == os.getpid():
                del _held[self._identity]
                if sys.platform != "win32":  # there a file cannot be removed while it is open
                    _remove(self.path)
            os.close(handle)
            if sys.platform == "win32":
                _remove(self.path)

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _identity_of(info: os.stat_result) -> tuple[int, int]:
    return info.st_dev, info.st_ino


def _identity_at(path: Path) -> tuple[int, int] | None:
    try:
        return _identity_of(path.lstat())
    except OSError:
        return None


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _locked(handle: int, what: str) -> bool:
    """Try to lock an open file; True where the system knows no locks, with a warning."""
    try:
        _lock(handle)
    except OSError as wrong:
        if wrong.errno in _TAKEN:
            return False
        if wrong.errno not in _NO_LOCKS:
            raise
        warn(
            f"{what} lies on a file system without locks; see to it that one search at a time "
            "uses it",
            RuntimeWarning,
        )
    return True


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the text, which others may read
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # no child of a fork has part in it


def _write_holder(handle: int) -> None:
    with suppress(OSError):  # a full disk: the lock holds without its text
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, json.dumps(Holder.here()).encode())


def _is_ours(handle: int) -> bool:
    """Tell whether a lock's file holds what a lock writes, perhaps cut off, or nothing."""
    os.lseek(handle, 0, os.SEEK_SET)
    return _OURS.match(os.read(handle, 64)) is not None


_OURS = re.compile(rb"(\[(\d+(,.*)?)?)?\Z", re.DOTALL)


def _read_holder(handle: int) -> Holder | None:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        pid, host, thread = json.loads(os.read(handle, 4096))
        return Holder(int(pid), str(host)[:200], str(thread)[:200])
    except (OSError, ValueError, TypeError):
        return None
