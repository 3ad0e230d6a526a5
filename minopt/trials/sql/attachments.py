"""Attachments in a table: bytes and strings as they are, the rest as tagged JSON."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from minopt.exceptions import DamagedStore, InvalidArgument, InvalidArgumentType, UnstorableValue
from minopt.trials import tagged_json
from minopt.trials.files import dumps
from minopt.trials.sql import heads, schema
from minopt.trials.sql.codec import PREFIX, digest, is_storable
from minopt.trials.sql.database import Database
from minopt.trials.tagged_json import Withheld
from minopt.trials.told import told
from minopt.trials.withheld import Reader, pickle_in, with_pickle

_table = schema.attachments
_search = _table.c.exp_key == bindparam("of")
_inner = _table.c.kind == "value"  # parts of trials' results and the space, nobody's attachments
_shown = ~_inner
# an attachment of a reserved name lies under an escaped one; once it lay under its own
_of = _search & _table.c.name.in_([bindparam("called"), bindparam("escaped")]) & _shown
SPACE = "minopt_space"
_READ = select(_table.c.kind, _table.c.data, _table.c.digest)
_READ_SHOWN = _READ.where(_of)
_READ_INNER = _READ.where(_search & (_table.c.name == bindparam("called")) & _inner)
_DIGEST = select(_table.c.digest).where(_of)
_DELETE = _table.delete().where(_of)
_DELETE_INNER = _table.delete().where(_search & (_table.c.name == bindparam("called")))
_NAMES = select(_table.c.name).where(_search & _shown)
_COUNT = select(func.count()).where(_search & _shown)

_ESCAPE = "NAME::"
_RESERVED = re.compile(f"(?:{_ESCAPE})*(?:{PREFIX}.*|{SPACE})", re.DOTALL)


def escaped(name: str) -> str:
    """Return the name of the row of an attachment, which no inner value has."""
    return _ESCAPE + name if _RESERVED.fullmatch(name) else name


def unescaped(name: str) -> str:
    """Return the name of the attachment in a row."""
    inside = name.removeprefix(_ESCAPE)
    return inside if inside != name and _RESERVED.fullmatch(inside) else name


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

        def write(connection: Connection) -> None:
            _hold(connection, self._key)
            connection.execute(_DELETE, self._of(name))
            _insert(connection, self._key, escaped(name), kind, data)

        self._database.run(write)

    def __getitem__(self, name: str) -> Any:
        return self._unpacked(*self._read(name), name)

    def _read(self, name: str) -> tuple[str, bytes]:
        if not is_storable(name):
            raise KeyError(name)
        with self._database.read() as connection:
            return _one(connection, _READ_SHOWN, self._of(name))

    def _of(self, name: str) -> dict[str, str]:
        row = escaped(name)
        once = row if name.startswith(_ESCAPE) else name  # the row of another, if it is escaped
        return {"of": self._key, "called": once, "escaped": row}

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
            connection.execute(_DELETE, self._of(name))

    def __contains__(self, name: object) -> bool:
        return is_storable(name) and self.digest_of(str(name)) is not None

    def digest_of(self, name: str) -> int | None:
        """Return 64 bits that change with the attachment; None if there is none."""
        with self._database.read() as connection:
            return connection.execute(_DIGEST, self._of(name)).scalar()

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as connection:
            names = connection.execute(_NAMES, {"of": self._key}).scalars().all()
        return map(unescaped, names)

    def __len__(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute(_COUNT, {"of": self._key}).scalar_one())

    def carried(self, name: str) -> Any:
        """Return an attachment for another store; one that is not trusted, unread."""
        kind, data = self._read(name)
        if kind == "pickle" and not self._trusted:
            return with_pickle("value", data)
        return self._unpacked(kind, data, name)

    def pickle_of(self, name: str) -> bytes | None:
        """Return the pickle of a part of a trial's result, unread; None if there is none."""
        with self._database.read() as connection:
            try:
                return get_value(connection, self._key, name)
            except KeyError:
                return None

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
        self._database.run(lambda connection: put_value(connection, self._key, SPACE, data))

    def __repr__(self) -> str:
        return f"<attachments in {self._database.told}: {list(self)}>"

    @staticmethod
    def _check(name: Any) -> None:
        if not is_storable(name):
            raise InvalidArgumentType(
                f"an attachment is named by a string of UTF-8 without NUL, got {name!r}"
            )


def put_value(connection: Connection, key: str, name: str, data: bytes) -> None:
    """Write a part of a trial's result, or the space, in place of one of that name."""
    _hold(connection, key)
    connection.execute(_DELETE_INNER, {"of": key, "called": name})
    _insert(connection, key, name, "value", data)


def get_value(connection: Connection, key: str, name: str) -> bytes:
    """Return what `put_value` wrote; raise KeyError if there is none."""
    return _one(connection, _READ_INNER, {"of": key, "called": name})[1]


def _hold(connection: Connection, key: str) -> None:
    if connection.dialect.name == "postgresql":  # somebody else may be doing the same
        heads.hold(connection, key)


def _insert(connection: Connection, key: str, name: str, kind: str, data: bytes) -> None:
    row = {"exp_key": key, "name": name, "kind": kind, "data": data, "digest": digest(data)}
    connection.execute(_table.insert(), row)


def _one(connection: Connection, read: Select[Any], of: dict[str, str]) -> tuple[str, bytes]:
    row = connection.execute(read, of).first()
    if row is None:
        raise KeyError(of["called"])
    kind, data, written = row
    if not isinstance(data, bytes) or digest(data) != written:
        raise DamagedStore(f"attachment {of['called']!r} is not what was written")
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
            f"attachment {name!r} cannot be pickled ({told(wrong)}); attach bytes or a string"
        ) from wrong
