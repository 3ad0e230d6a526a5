"""A database as one process sees it: connections, transactions, and errors that say what to do."""

from __future__ import annotations

import os
import random
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from minopt._interrupts import uninterrupted
from minopt.exceptions import DamagedStore, StoreError, StoreTooNew
from minopt.trials.sql import schema
from minopt.trials.sql.dialect import Dialect
from minopt.trials.sql.postgresql import PostgreSQL
from minopt.trials.sql.sqlite import SQLite
from minopt.trials.sql.url import told

Result = TypeVar("Result")

PATIENCE = 120.0  # seconds for which others may hold the database
_abandoned: list[Any] = []  # connections of a parent process: to be kept, never to be closed
_open: weakref.WeakSet[Database] = weakref.WeakSet()


class Database:
    """A database of trials, made if there is none.

    Parameters
    ----------
    url : sqlalchemy.URL
    create : bool
        False: refuse to make one.
    """

    def __init__(self, url: URL, create: bool = True) -> None:
        self.url = url
        self.told = told(url)
        self.n_runs = 0  # of transactions done by `run`
        is_file = url.get_backend_name() == "sqlite"
        self._dialect: Dialect = SQLite() if is_file else PostgreSQL()
        with self.explained():
            self._dialect.prepare(url, create)
            self._engine = self._new_engine()
            weakref.finalize(self, _close, self._engine, self._dialect, os.getpid())
            _open.add(self)
            self._dialect.check(self, create)
            with self.write() as connection:
                schema.migrate(connection)

    def _new_engine(self) -> Engine:
        engine = create_engine(
            self.url,
            json_serializer=_same,  # the columns hold tagged JSON, which the codec writes
            json_deserializer=_same,
            hide_parameters=True,  # results have no place in error messages
            **self._dialect.options,
        )
        dialect = self._dialect
        event.listen(engine, "connect", lambda connection, _: dialect.on_connect(connection))
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read, all of it as of the same moment."""
        with self.explained(), self._engine.connect() as connection:
            self._dialect.begin_reading(connection)
            yield connection
            connection.rollback()

    @contextmanager
    def write(self, durable: bool = False) -> Iterator[Connection]:
        """Write all or nothing; if `durable`, on disk at the end, and all that was before it.

        What is not durable survives the end of this process, but perhaps not that of the system.
        """
        with self.explained(), uninterrupted, self._engine.connect() as connection:
            self._patiently(lambda: self._dialect.begin_writing(connection, durable))
            yield connection
            connection.commit()

    def run(self, work: Callable[[Connection], Result], durable: bool = False) -> Result:
        """Do `work` in a transaction, again if the database found two transactions in a knot."""

        def once() -> Result:
            with uninterrupted, self._engine.connect() as connection:
                self._dialect.begin_writing(connection, durable)
                result = work(connection)
                connection.commit()
                self.n_runs += 1
                return result

        with self.explained():
            return self._patiently(once)

    def _patiently(self, work: Callable[[], Result]) -> Result:
        deadline, pause = time.monotonic() + PATIENCE, 0.001
        while True:
            try:
                return work()
            except OperationalError as error:
                if not self._dialect.is_busy(error) or time.monotonic() > deadline:
                    raise
            time.sleep(pause * random.random())
            pause = min(2 * pause, 0.1)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say of errors inside which database it is, what is wrong with it, and what to do."""
        try:
            yield
        except (DamagedStore, StoreTooNew) as error:
            raise type(error)(
                self._sentence(str(error), isinstance(error, DamagedStore))
            ) from error
        except DBAPIError as error:
            raise self._explanation(error) from error
        except UnicodeDecodeError as error:  # from the driver, in place of a message
            raise DamagedStore(self._sentence(f"the file is damaged ({error})", True)) from error
        except SQLAlchemyError as error:
            raise StoreError(self._sentence(str(error), False)) from error

    def _explanation(self, error: DBAPIError) -> StoreError:
        message, damaged = self._dialect.explain(error)
        kind = DamagedStore if damaged else StoreError
        return kind(self._sentence(message, damaged))

    def _sentence(self, message: str, damaged: bool) -> str:
        if message.startswith(self.told):  # said already, further in
            return message
        remedy = self._dialect.remedy(self.told) if damaged else ""
        return f"{self.told}: {message}{remedy}"

    def pulse(self) -> Any:
        """Return what stays the same while nobody else writes; None if that cannot be told."""
        with self.explained():
            return self._dialect.pulse(self._engine)

    def close(self) -> None:
        """Close all connections; they are opened again when needed."""
        self._engine.dispose()


def _same(text: Any) -> Any:
    return text


def _close(engine: Engine, dialect: Dialect, pid: int) -> None:
    if os.getpid() == pid:
        engine.dispose()
        dialect.release()


def _after_fork() -> None:
    """Leave a parent's connections alone: what a child does with them would harm both."""
    for database in list(_open):
        _abandoned.append(database._engine.pool)
        database._engine.dispose(close=False)
        database._dialect.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
