"""The tables, and the way from an older version of them to this one."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    inspect,
    select,
    text,
)

from minopt.exceptions import DamagedStore, StoreTooNew

VERSION = 1

MIGRATIONS: dict[int, Callable[[Connection], None]] = {}
"""By version, what makes the next version of a database of that one."""

metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")  # sqlite counts up by itself only this type

meta = Table(
    "minopt_meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

# One row to each search. Who writes trials holds it, so that `clock` ticks in the order in which
# others see what was written.
searches = Table(
    "minopt_searches",
    metadata,
    Column("exp_key", String, primary_key=True),  # as JSON; null for the search without a name
    Column("clock", BigInteger, nullable=False),  # ticks with every change of a trial
    Column("generation", BigInteger, nullable=False),  # ticks when all trials are deleted
    Column("next_tid", BigInteger, nullable=False),
    Column("n_trials", BigInteger, nullable=False),
    Column("streams", JSON, nullable=False),  # the random streams, for resuming
    Column("reserved", JSON, nullable=False),  # ids given out and not used yet, see heads.py
)

trials = Table(
    "minopt_trials",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),  # the order of insertion
    Column("exp_key", String, nullable=False),
    Column("tid", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),  # the clock when it was last changed
    Column("state", Integer, nullable=False),
    Column("owner", String),
    Column("heartbeat", Float),  # seconds since 1970, by the database's clock
    Column("requeued", Integer, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("misc", JSON, nullable=False),
    Column("rest", JSON, nullable=False),  # the document's other keys
    Column("digest", BigInteger, nullable=False),  # of the document: finds flipped bits
    UniqueConstraint("exp_key", "tid"),
    Index("minopt_trials_seq", "exp_key", "seq"),
    Index(
        "minopt_trials_unfinished",
        "exp_key",
        "id",
        sqlite_where=text("state < 2"),
        postgresql_where=text("state < 2"),
    ),
)

attachments = Table(
    "minopt_attachments",
    metadata,
    Column("exp_key", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),  # bytes, text, json; pickle and value are pickles
    Column("data", LargeBinary, nullable=False),
    Column("digest", BigInteger, nullable=False),
)

TABLES = frozenset(metadata.tables)


def create(connection: Connection) -> None:
    """Make the tables in a database that lacks them."""
    metadata.create_all(connection)
    connection.execute(meta.insert().values(name="version", value=str(VERSION)))


def found(connection: Connection) -> set[str]:
    """Return which of the tables a database has."""
    return set(TABLES) & set(inspect(connection).get_table_names())


def version_of(connection: Connection) -> int:
    """Return the version of the tables in a database."""
    told = connection.execute(select(meta.c.value).where(meta.c.name == "version")).scalar()
    if not isinstance(told, str) or not told.isdecimal():
        raise DamagedStore(f"it does not tell the version of its tables (it says {told!r})")
    return int(told)


def check(connection: Connection, there: set[str]) -> None:
    """Refuse tables that are not all there, unless another version has others."""
    missing = TABLES - there
    if missing and (meta.name in missing or version_of(connection) == VERSION):
        raise DamagedStore(f"it lacks the tables {sorted(missing)}")


def migrate(connection: Connection) -> None:
    """Bring the tables to this version.

    Raises
    ------
    StoreTooNew
        If they are of a later one.
    """
    version = version_of(connection)
    if version > VERSION:
        raise StoreTooNew(
            f"its tables are of version {version}, and this minopt knows versions up to "
            f"{VERSION}: update minopt (pip install -U minopt)"
        )
    while version < VERSION:
        if version not in MIGRATIONS:
            raise DamagedStore(
                f"its tables are of version {version}, from which no way leads to {VERSION}"
            )
        MIGRATIONS[version](connection)
        version += 1
        connection.execute(meta.update().where(meta.c.name == "version").values(value=str(version)))
