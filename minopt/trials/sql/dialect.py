"""What differs between the databases that trials are kept in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from minopt.trials.sql.database import Database


class Dialect(ABC):
    """One kind of database.

    Attributes
    ----------
    options : mapping
        Arguments of `sqlalchemy.create_engine`.
    """

    options: Mapping[str, Any]

    @abstractmethod
    def prepare(self, url: URL, create: bool) -> None:
        """Do what is needed before the first connection; make a missing database if `create`."""

    @abstractmethod
    def check(self, database: Database, create: bool) -> None:
        """Refuse what is no database of trials; make missing tables if `create`."""

    @abstractmethod
    def on_connect(self, connection: Any) -> None:
        """Set up a new connection of the driver."""

    @abstractmethod
    def begin_reading(self, connection: Connection) -> None:
        """Begin to read a snapshot."""

    @abstractmethod
    def begin_writing(self, connection: Connection, durable: bool) -> None:
        """Begin to write; unless `durable`, the commit waits for no disk."""

    @abstractmethod
    def after_fork(self) -> None:
        """Be told, in a child process, that the connections of its parent are abandoned."""

    @abstractmethod
    def release(self) -> None:
        """Be told that all connections are closed for good."""

    @abstractmethod
    def pulse(self, engine: Engine) -> Any:
        """Return what stays the same while nobody else writes; None if that costs a query."""

    @abstractmethod
    def is_busy(self, error: DBAPIError) -> bool:
        """Tell whether others were in the way, and another try may succeed."""

    @abstractmethod
    def explain(self, error: DBAPIError) -> tuple[str, bool]:
        """Say what an error means, and whether it means damage."""

    @abstractmethod
    def remedy(self, told: str) -> str:
        """Say, as the end of a sentence, what to do with a damaged database."""
