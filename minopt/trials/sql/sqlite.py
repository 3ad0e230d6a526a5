"""SQLite: one file, which the processes of one machine share."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from minopt.exceptions import DamagedStore, StoreError
from minopt.trials import peek
from minopt.trials.sql import schema, sqlite_file
from minopt.trials.sql.dialect import Dialect

if TYPE_CHECKING:
    from minopt.trials.sql.database import Database

# Parts of SQLite's messages, what they mean, and whether that is damage.
_MEANINGS = (
    ("malformed", "the file is damaged ({})", True),
    ("not a database", "the file is damaged or no SQLite database ({})", True),
    ("Could not decode", "the file is damaged ({})", True),
    ("no such table", "the file is damaged or no database of trials ({})", True),
    ("no such column", "the file is damaged or no database of trials ({})", True),
    ("readonly", "the file or its directory may not be written ({}): change its mode", False),
    ("is full", "there is no space left ({}): make room, then go on with the same file", False),
    ("locked", "another process has held the file for too long ({})", False),
    ("disk I/O", "the system cannot read or write the file ({}): is the disk full?", False),
    ("unable to open", "it cannot be opened ({}): see to its mode and its directory's", False),
)


_numbers = itertools.count()


class SQLite(Dialect):
    """See `Dialect`."""

    options = {
        "pool_size": 4,
        "pool_use_lifo": True,  # one thread alone has one connection, see `pulse`
        "max_overflow": -1,
        "connect_args": {"timeout": 5.0, "check_same_thread": False},
    }

    _path: Path
    _identity: peek.Identity

    def prepare(self, url: URL, create: bool) -> None:
        self._path = Path(str(url.database))
        self._identity = sqlite_file.prepare(self._path, create)

    def check(self, database: Database, create: bool) -> None:
        with database.read() as connection:
            _check_pages(connection, "sqlite_schema")
            found = schema.found(connection)
            if not found:
                raise DamagedStore("this is an SQLite database of something else; name another")
            schema.check(connection, found)
            _refuse_programs(connection, found)
            # not the attachments: those are as big as they are, and looked at when they are read
            for name in found & {"minopt_trials", "minopt_searches", "minopt_meta"}:
                _check_pages(connection, name)

    def on_connect(self, connection: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        connection.execute("PRAGMA trusted_schema=OFF")  # a file can bring no functions along
        connection.execute("PRAGMA cell_size_check=ON")

    def begin_reading(self, connection: Connection) -> None:
        self._check_same()
        connection.exec_driver_sql("BEGIN")

    def begin_writing(self, connection: Connection, durable: bool) -> None:
        self._check_same()
        # with NORMAL the commit waits for no disk; the next one with FULL takes it along
        wanted = "FULL" if durable else "NORMAL"
        cursor = connection.connection.cursor()
        try:  # asked of the driver: this is done several times for each trial
            if connection.info.get("synchronous") != wanted:
                cursor.execute(f"PRAGMA synchronous={wanted}")
                connection.info["synchronous"] = wanted
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as wrong:
            raise OperationalError("BEGIN IMMEDIATE", None, wrong) from wrong

    def _check_same(self) -> None:
        """Refuse to go on with a file that has no name any more: all in it would be lost."""
        if peek.identity_at(self._path) != self._identity:
            raise StoreError(
                f"{self._path}: the file was removed or replaced while it was in use; what was "
                "recorded until then is in the file that was there: put that back, or begin anew"
            )

    def after_fork(self) -> None:
        sqlite_file.lock_in_child(self._path)

    def release(self) -> None:
        peek.not_used(self._identity)

    def pulse(self, engine: Engine) -> Any:
        connection = engine.raw_connection()
        try:
            # a number of one connection's own, which changes when another one has written
            which = connection.info.setdefault("minopt number", next(_numbers))
            version = connection.cursor().execute("PRAGMA data_version").fetchone()
            return which, version[0]
        finally:
            connection.close()

    def is_busy(self, error: DBAPIError) -> bool:
        return "locked" in str(error.orig)

    def explain(self, error: DBAPIError) -> tuple[str, bool]:
        message = str(error.orig)
        for part, meaning, damaged in _MEANINGS:
            if part in message:
                return meaning.format(message), damaged
        return message, False

    def remedy(self, told: str) -> str:
        return (
            f". Nothing was changed. What can still be read comes back with: minopt recover {told}"
        )


def _refuse_programs(connection: Connection, tables: set[str]) -> None:
    """Refuse a file that brings SQL along, which would run when we read and write our tables."""
    asked = "SELECT name, lower(tbl_name) FROM sqlite_schema WHERE type = 'trigger'"
    triggers = [name for name, of in connection.exec_driver_sql(asked) if of in tables]
    if triggers:
        raise DamagedStore(
            f"its tables have the triggers {triggers[:3]}, which minopt has not made: their SQL "
            "would run with every trial; if they are yours, DROP TRIGGER takes them away"
        )
    for table in sorted(tables):
        columns = connection.exec_driver_sql(f"PRAGMA table_xinfo({table})").mappings().all()
        computed = [column["name"] for column in columns if column["hidden"]]
        if computed:
            raise DamagedStore(
                f"its table {table} has the columns {computed[:3]}, which are computed by SQL "
                "that minopt has not made"
            )


def _check_pages(connection: Connection, table: str) -> None:
    """Have SQLite look through the pages of a table and of its indexes."""
    told = connection.exec_driver_sql(f"PRAGMA integrity_check({table})").scalars().all()
    if told != ["ok"]:
        raise DamagedStore(f"the file is damaged: {'; '.join(map(str, told[:3]))}")
