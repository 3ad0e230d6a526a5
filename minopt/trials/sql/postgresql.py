"""PostgreSQL: a server that many machines reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from minopt._optional import need
from minopt.exceptions import StoreError
from minopt.trials.sql import schema
from minopt.trials.sql.dialect import Dialect

if TYPE_CHECKING:
    from minopt.trials.sql.database import Database

_LOCK = 0x6D696E6F  # "mino": held by who makes the tables
_KNOTS = ("40001", "40P01", "55P03")  # serialization failure, deadlock, lock not available


class PostgreSQL(Dialect):
    """See `Dialect`."""

    options = {"pool_size": 4, "max_overflow": 4, "pool_pre_ping": True}

    def prepare(self, url: URL, create: bool) -> None:
        if url.drivername == "postgresql+psycopg":
            need("psycopg", extra="postgresql", what="a PostgreSQL database")

    def check(self, database: Database, create: bool) -> None:
        with database.write() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            found = schema.found(connection)
            if found:
                schema.check(connection, found)
                schema.migrate(connection)  # here, where nobody else does the same
                return
            if not create:
                raise StoreError("there are no tables of trials in this database")
            schema.create(connection)

    def on_connect(self, connection: Any) -> None:
        pass

    def begin_reading(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def begin_writing(self, connection: Connection, durable: bool) -> None:
        if not durable:  # the next durable commit takes it along
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")

    def after_fork(self) -> None:
        pass

    def release(self) -> None:
        pass

    def pulse(self, engine: Engine) -> Any:
        return None

    def is_busy(self, error: DBAPIError) -> bool:
        return getattr(error.orig, "sqlstate", None) in _KNOTS

    def explain(self, error: DBAPIError) -> tuple[str, bool]:
        message = str(error.orig).strip()
        if error.connection_invalidated or "connect" in message:
            return f"the server cannot be reached, or ended the connection ({message})", False
        state = getattr(error.orig, "sqlstate", None) or ""
        return message, state.startswith("XX")

    def remedy(self, told: str) -> str:
        return ". Nothing was changed; see the server's log, and restore the tables from a backup"
