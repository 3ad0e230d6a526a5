"""Attachments in a table: bytes and strings as they are, the rest as tagged JSON."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from minopt.exceptions import DamagedStore, InvalidArgument, InvalidArgumentType, UnstorableValue
from minopt.trials import tagged_json
from minopt.trials.files import dumps
from minopt.trials.sql import heads, schema
from minopt.trials.sql.codec import digest, is_storable
from minopt.trials.sql.database import Database
from minopt.trials.tagged_json import Withheld
from minopt.trials.withheld import Reader, pickle_in, with_pickle

_table = schema.attachments
_of = (_table.c.exp_key == bindparam("of")) & (_table.c.name == bindparam("called"))
_shown = _table.c.kind != "value"  # parts of trials' results are not anybody's attachments
SPACE = "minopt_space"
_READ = select(_table.c.kind, _table.c.data, _table.c.digest).where(_of)
_DIGEST = select(_table.c.digest).where(_of & _shown)
_DELETE = _table.delete().where(_of)
_NAMES = select(_table.c.name).where((_table.c.exp_key == bindparam("of")) & _shown)
_COUNT = select(func.count()).where((_table.c.exp_key == bindparam("of")) & _shown)


class Attachments(MutableMapping[str, Any]):
    """The attachments of one search, by name.

    Parameters
    ----------
    database : Database
    key : str
        The search, as the tables name it.
    trusted : bool
        Read values that had to be pickled, which can run code.
    """

    def __init__(self, database: Database, key: str, trusted: bool) -> None:
        self._database, self._key, self._trusted = database, key, trusted

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        kind, data = _packed(value, name)
        self._database.run(lambda connection: put(connection, self._key, name, kind, data))

    def __getitem__(self, name: str) -> Any:
        if not is_storable(name):
            raise KeyError(name)
        with self._database.read() as connection:
            kind, data = get(connection, self._key, name)
        if kind == "value":
            raise KeyError(name)
        return self._unpacked(kind, data, name)

    def _unpacked(self, kind: str, data: bytes, name: str) -> Any:
        if kind != "pickle":
            value = plain(kind, data)
            return Reader()(value) if self._trusted and kind == "json" else value
        if not self._trusted:
            raise InvalidArgument(
                f"attachment {name!r} is a pickle, and reading it can run code; if you trust who "
                "wrote it, open the trials with trusted=True"
            )
        return pickle.loads(data)  # noqa: S301 - only if trusted

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        with self._database.write() as connection:
            connection.execute(_DELETE, {"of": self._key, "called": name})

    def __contains__(self, name: object) -> bool:
        return is_storable(name) and self.digest_of(str(name)) is not None

    def digest_of(self, name: str) -> int | None:
        """Return 64 bits that change with the attachment; None if there is none."""
        with self._database.read() as connection:
            found = connection.execute(_DIGEST, {"of": self._key, "called": name})
            return found.scalar()

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as connection:
            return iter(connection.execute(_NAMES, {"of": self._key}).scalars().all())

    def __len__(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute(_COUNT, {"of": self._key}).scalar_one())

    def carried(self, name: str) -> Any:
        """Return an attachment for another store; one that is not trusted, unread."""
        with self._database.read() as connection:
            kind, data = get(connection, self._key, name)
        if kind == "pickle" and not self._trusted:
            return with_pickle("value", data)
        return self._unpacked(kind, data, name)

    def pickle_of(self, name: str) -> bytes | None:
        """Return the pickle of a part of a trial's result, unread; None if there is none."""
        with self._database.read() as connection:
            try:
                kind, data = get(connection, self._key, name)
            except KeyError:
                return None
        return data if kind == "value" else None

    @property
    def space(self) -> str | None:
        """The space of the search as text, which is nobody's attachment; None if none is kept."""
        try:
            data = self.pickle_of(SPACE)
        except DamagedStore:
            return None
        return None if data is None else data.decode("utf-8", "replace")

    @space.setter
    def space(self, text: str) -> None:
        data = text.encode()
        self._database.run(lambda connection: put(connection, self._key, SPACE, "value", data))

    def __repr__(self) -> str:
        return f"<attachments in {self._database.told}: {list(self)}>"

    @staticmethod
    def _check(name: Any) -> None:
        if not is_storable(name):
            raise InvalidArgumentType(
                f"an attachment is named by a string of UTF-8 without NUL, got {name!r}"
            )


def put(connection: Connection, key: str, name: str, kind: str, data: bytes) -> None:
    """Write an attachment in place of one of that name."""
    if connection.dialect.name == "postgresql":  # somebody else may be doing the same
        heads.hold(connection, key)
    connection.execute(_DELETE, {"of": key, "called": name})
    row = {"exp_key": key, "name": name, "kind": kind, "data": data, "digest": digest(data)}
    connection.execute(_table.insert(), row)


def get(connection: Connection, key: str, name: str) -> tuple[str, bytes]:
    """Return kind and content of an attachment; raise KeyError if there is none."""
    row = connection.execute(_READ, {"of": key, "called": name}).one_or_none()
    if row is None:
        raise KeyError(name)
    kind, data, written = row
    if not isinstance(data, bytes) or digest(data) != written:
        raise DamagedStore(f"attachment {name!r} is not what was written")
    return kind, data


def plain(kind: str, data: bytes) -> Any:
    """Return an attachment that is no pickle."""
    if kind == "bytes":
        return data
    if kind == "text":
        return data.decode("utf-8", "surrogatepass")
    return tagged_json.loads(data)


def _packed(value: Any, name: str) -> tuple[str, bytes]:
    if type(value) is str:
        return "text", value.encode("utf-8", "surrogatepass")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes", bytes(value)
    if isinstance(value, Withheld) and (pickled := pickle_in(value)) is not None:
        return "pickle", pickled
    try:
        return "json", tagged_json.dumps(value, name).encode()
    except UnstorableValue:
        return "pickle", _pickled(value, name)


def _pickled(value: Any, name: str) -> bytes:
    try:
        return dumps(value)
    except Exception as wrong:
        raise InvalidArgument(
            f"attachment {name!r} cannot be pickled ({type(wrong).__name__}: {wrong}); attach "
            "bytes or a string"
        ) from wrong
