"""An SQLite file: made whole or not at all, and looked at before it is opened."""

from __future__ import annotations

import os
import secrets
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, create_engine

from minopt.exceptions import DamagedStore, StoreError
from minopt.trials import peek
from minopt.trials.sql import schema
from minopt.trials.sql.log import damaged_at

MAGIC = b"SQLite format 3\0"
APPLICATION_ID = 0x6D696E6F  # "mino", for who looks into the file's head


def prepare(path: Path, create: bool) -> peek.Identity:
    """Make the file if it is missing, look at its head if not, and say which file it is."""
    if not os.path.lexists(path):
        if not create:
            raise StoreError(f"{path}: there is no such database")
        _refuse_remains(path)
        make(path)
    _check_file(path)
    _check_companions(path)
    _check_log(path)
    identity = peek.identity_at(path)
    if identity is None:
        raise StoreError(f"{path}: there is no such database any more")
    peek.used(identity)
    return identity


def _companions(path: Path) -> list[Path]:
    """Return where SQLite keeps its logs: beside the file itself, also if that is linked to."""
    return [Path(f"{path.resolve()}{suffix}") for suffix in ("-wal", "-journal", "-shm")]


def _refuse_remains(path: Path) -> None:
    """Refuse to make a database into which the log of one that is gone would be read."""
    remains = [beside.name for beside in _companions(path)[:2] if os.path.lexists(beside)]
    if remains and not os.path.lexists(path):  # else somebody else has made it just now
        raise StoreError(
            f"{path}: there is no such file, but {', '.join(remains)} of one that is gone, and may "
            "hold trials: put the file back beside it, or remove that too to begin anew"
        )


def make(path: Path) -> None:
    """Make a database with empty tables: beside, then put in place whole.

    If somebody else is faster, theirs stays.
    """
    if not path.parent.is_dir():
        raise StoreError(f"{path}: its directory does not exist; make it first")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        beside.open("xb").close()  # never through a file or a link that somebody put there
        _fill(beside)
        _put_in_place(beside, path)
    except OSError as wrong:
        raise StoreError(f"{path}: the file cannot be made: {wrong.strerror or wrong}") from wrong
    finally:
        for name in (beside.name, f"{beside.name}-journal", f"{beside.name}-wal"):
            with suppress(OSError):
                beside.with_name(name).unlink()


def _fill(path: Path) -> None:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")  # nobody else sees it before
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            schema.create(connection)
            connection.commit()
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")  # readers and writers get along
    finally:
        engine.dispose()
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put_in_place(beside: Path, path: Path) -> None:
    try:
        with suppress(FileExistsError):
            os.link(beside, path)
    except OSError:  # a file system without hard links
        with suppress(FileExistsError), path.open("xb") as file:
            file.write(beside.read_bytes())
            file.flush()
            os.fsync(file.fileno())
    with suppress(OSError):  # not every system can
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise StoreError(f"{path}: this is a link to a file that does not exist") from None
    except OSError as wrong:
        raise StoreError(f"{path}: {wrong.strerror or wrong}") from wrong
    if not stat.S_ISREG(status.st_mode):
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "no regular file"
        raise StoreError(f"{path}: this is {kind}; name the file of a database")
    for place, what in ((path, "file"), (path.resolve().parent, "directory of the file")):
        if not os.access(place, os.R_OK | os.W_OK):
            raise StoreError(
                f"{path}: the {what} may not be read and written by this user; change its mode "
                "(chmod u+rw), or copy the file to a place that is yours"
            )
    head = peek.read(path, len(MAGIC))
    if head != MAGIC:
        raise DamagedStore(_not_sqlite(head))


def _check_companions(path: Path) -> None:
    """Refuse logs that somebody else may have put there: SQLite reads them into the database."""
    main = path.stat()
    owners = {main.st_uid, 0, os.geteuid() if hasattr(os, "geteuid") else 0}
    for beside in _companions(path):
        try:
            status = beside.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(status.st_mode):
            wrong = "a symbolic link, which is not followed"
        elif not stat.S_ISREG(status.st_mode):
            wrong = "no regular file"
        elif status.st_uid not in owners and not main.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            wrong = "of another user, who may not write the database"
        else:
            continue
        raise StoreError(f"{path}: {str(beside)!r} is {wrong}; see who put it there, and remove it")


def _check_log(path: Path) -> None:
    """Refuse a log behind whose damage SQLite would drop all trials, see `log`."""
    log = _companions(path)[0]
    for _ in range(_N_LOOKS):  # another process may be beginning it anew while it is read
        try:
            data = log.read_bytes()
        except OSError:
            return  # there is none
        place = damaged_at(data)
        if place is None:
            return
        time.sleep(0.05)
    raise DamagedStore(
        f"its log {log.name} is damaged at byte {place}, and what was recorded later would be lost"
    )


_N_LOOKS = 4
_LOCKS = (("", 0x40000002, 510), ("-shm", 128, 1))  # where SQLite says: I have this open


def lock_in_child(path: Path) -> None:
    """Take the locks that SQLite believes to have after a fork, which do not come along.

    Without them the last other process to close the file would take itself for its last user.
    The handles stay open: closing one gives up the locks.
    """
    if sys.platform == "win32":
        return
    import fcntl

    for suffix, start, length in _LOCKS:
        with suppress(OSError):
            handle = os.open(f"{path.resolve()}{suffix}", os.O_RDWR | os.O_CLOEXEC)
            fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB, length, start)


def _not_sqlite(head: bytes) -> str:
    if not head:
        return "this file is empty, and a database of trials never is"
    if head.startswith(b"\x80"):
        return (
            "this is no SQLite database but looks like a pickle; a file that trials_save_file "
            "wrote is resumed with fmin(..., trials_save_file=...)"
        )
    if head.startswith(b'{"minopt"'):
        return "this is no SQLite database, but JSON lines; minopt.copy_trials makes one of them"
    return f"this is no SQLite database (it begins with {head!r})"
