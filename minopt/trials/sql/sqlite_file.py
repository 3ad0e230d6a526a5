"""An SQLite file: made whole or not at all, and looked at before it is opened."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, create_engine

from minopt.exceptions import DamagedStore, StoreError
from minopt.trials.sql import schema

MAGIC = b"SQLite format 3\0"
APPLICATION_ID = 0x6D696E6F  # "mino", for who looks into the file's head


def prepare(path: Path, create: bool) -> None:
    """Make the file if it is missing, and look at its head if not."""
    if not os.path.lexists(path):
        if not create:
            raise StoreError(f"{path}: there is no such database")
        make(path)
    _check_file(path)


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
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if head != MAGIC:
        raise DamagedStore(_not_sqlite(head))


def _not_sqlite(head: bytes) -> str:
    if not head:
        return "this file is empty, and a database of trials never is"
    if head.startswith(b"\x80"):
        return (
            "this is no SQLite database but looks like a pickle; a file that trials_save_file "
            "wrote is resumed with fmin(..., trials_save_file=...)"
        )
    return f"this is no SQLite database (it begins with {head!r})"
