"""From a trial document to a row of JSON, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from sys import intern
from typing import Any, TypeAlias

from minopt.exceptions import DamagedStore, InvalidTrial
from minopt.trials import tagged_json
from minopt.trials.documents import Document, make_plain
from minopt.trials.files import dumps
from minopt.trials.streams import check_read
from minopt.trials.tagged_json import LEFT_OUT, Withheld
from minopt.trials.told import told
from minopt.trials.withheld import pickle_in, with_pickle

_PARTS = ("spec", "result", "misc")
_COLUMNS = frozenset({"tid", "exp_key", "state", "owner", *_PARTS})
_NOT_IN_REST = _COLUMNS - {"owner"}  # an owner whom no column takes is there

Told: TypeAlias = dict[str, Any]
Kept: TypeAlias = dict[str, tuple[Any, Told]]
"""By name, the values of one trial that JSON cannot hold, and what its JSON says of them."""

PREFIX = "VALUE::"  # of the names of the rows that hold such values
_FAR = 1 << 62  # databases count to the double of it
_LONG_PATH = 500  # a server takes no names of thousands of letters


class Packed:
    """A trial document as the columns of a row.

    Parameters
    ----------
    document : dict
    known : dict, optional
        The values of this trial that were pickled before.
    texts : mapping, optional
        Columns that are known to be up to date.

    Attributes
    ----------
    columns : dict
    kept : dict
        See `Kept`.
    fresh : dict
        By name, the pickles of values that are kept for the first time.
    lost : dict
        By path, why a value can be kept in no way.
    """

    __slots__ = ("_known", "_n_alike", "_tid", "columns", "fresh", "kept", "lost")

    def __init__(
        self,
        document: Document,
        known: Kept | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self._tid, self._known = document["tid"], known or {}
        self._n_alike: dict[str, int] = {}
        self.kept: Kept = {}
        self.fresh: dict[str, bytes] = {}
        self.lost: dict[str, str] = {}
        owner = document["owner"]
        rest = {key: value for key, value in document.items() if key not in _COLUMNS}
        if owner is not None and not is_storable(owner):
            rest["owner"], owner = owner, None
        self.columns: dict[str, Any] = {
            "tid": self._tid,
            "state": document["state"],
            "owner": owner,
            "rest": tagged_json.dumps(rest, "", self._keep),
        }
        for part in _PARTS:
            text = None if texts is None else texts[part]
            if text is None:
                text = tagged_json.dumps(_part(document, part), part, self._keep)
            self.columns[part] = text
        if texts is not None:  # the values in them were not met
            self.kept = {**self._known, **self.kept}
        self.columns["digest"] = digest_of(self.columns)

    def _keep(self, path: str, value: Any) -> Any:
        """Pickle what JSON cannot hold, once; leave out what cannot be pickled either."""
        name = self._name_of(path, value)
        before = self.kept.get(name) or self._known.get(name)
        if before is not None and _is_same(value, *before):
            self.kept[name] = before
            return before[1]
        kind = type(value).__qualname__
        try:
            if isinstance(value, Withheld):
                kind, carried = str(value.told.get("type", "value")), pickle_in(value)
                if carried is None:
                    return with_pickle(kind, None).told
                data = carried
            else:
                data = dumps(value)
        except Exception as wrong:  # noqa: BLE001 - pickling runs the code of users' objects
            self.lost[path] = told(wrong).partition("\n")[0][:200]
            return LEFT_OUT
        json = {"$": "kept", "name": name, "type": kind}
        self.kept[name], self.fresh[name] = (value, json), data
        return json

    def _name_of(self, path: str, value: Any) -> str:
        """Name a value by its path; by a number as well if another one has that name.

        Values are met in the same order each time, and so get the names that they had.
        """
        name = value.told.get("name") if isinstance(value, Withheld) else None
        if isinstance(name, str) and name in self._known and not self._is_taken(name, value):
            return name  # wherever it is now: nothing else leads to its pickle
        first = f"{PREFIX}{self._tid}::{path}"
        if first not in self._known:  # there were longer ones
            first = f"{PREFIX}{self._tid}::{_storable(path)}"
        name = first
        if self._is_taken(first, value):
            n_alike = self._n_alike.get(first, 1)
            while self._is_taken(name, value):
                n_alike += 1
                name = f"{first}#{n_alike}"
            self._n_alike[first] = n_alike
        return name

    def _is_taken(self, name: str, value: Any) -> bool:
        """Tell whether another value has a name, or had it and was never read: it may come yet."""
        if name in self.kept:
            return not _is_same(value, *self.kept[name])
        before = self._known.get(name)
        return (
            before is not None and isinstance(before[0], Withheld) and not _is_same(value, *before)
        )


def _part(document: Document, name: str) -> Any:
    """Return a part of a document, as dicts where others look into it: a pickle hides its keys."""
    part = document[name]
    if name == "spec":
        return part
    if type(part) is not dict:
        part = dict(part)
    if name == "misc":
        odd = {key: dict(part[key]) for key in ("idxs", "vals") if type(part[key]) is not dict}
        part = {**part, **odd} if odd else part
    return part


def _storable(path: str) -> str:
    if not is_storable(path):
        path = ascii(path)
    return path if len(path) <= _LONG_PATH else f"{path[:_LONG_PATH]}…"


def _is_same(value: Any, before: Any, told: Told) -> bool:
    return value is before or (isinstance(value, Withheld) and value.told == told)


def is_storable(text: Any) -> bool:
    """Tell whether a value is a string that every database takes as it is."""
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def check(document: Any, exp_key: Any, is_new: bool = False) -> None:
    """Refuse what is no trial document, or has no place in the tables of a search.

    Numpy scalars among its ids, parameter values and loss become Python numbers.
    """
    if isinstance(document, dict) and not _is_id(document.get("tid", 0), is_new):
        raise InvalidTrial(
            "a stored trial's 'tid' must be a whole number between -2**62 and 2**62, got",
            document["tid"],
        )
    check_read(document)
    make_plain(document)
    if document["exp_key"] != exp_key:
        raise InvalidTrial(
            f"trial {document['tid']!r} belongs to another search; its exp_key and that of these "
            "trials are",
            (document["exp_key"], exp_key),
        )


def _is_id(tid: Any, is_new: bool) -> bool:
    far = _FAR if is_new else 2 * _FAR  # there were such, which left no room for those after them
    return type(tid) is int and -far <= tid < far


def digest_of(columns: Mapping[str, Any]) -> int:
    """Return 64 bits that change with any bit of the columns."""
    head = f"{columns['tid']} {columns['state']} {columns['owner']}"
    text = "\n".join((head, *map(_text, map(columns.__getitem__, (*_PARTS, "rest")))))
    return digest(text.encode("utf-8", "surrogatepass"))


def digest(data: bytes) -> int:
    """Return 64 bits that change with any bit of the data."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def _share(misc: Any, tid: Any) -> None:
    """Have the labels and ids of trials be the same objects, as they are where they were made."""
    try:
        idxs, vals, ids = misc["idxs"], misc["vals"], [tid]
        misc["idxs"] = {intern(at): ids if held == ids else held for at, held in idxs.items()}
        misc["vals"] = {intern(at): held for at, held in vals.items()}
    except (TypeError, KeyError, AttributeError):  # not of that shape: left as it is
        return


def _text(json: str | bytes) -> str:
    return json if isinstance(json, str) else json.decode()  # psycopg gives bytes


def texts_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the JSON of a row's spec, result and misc."""
    return {part: _text(row[part]) for part in _PARTS}


def unpack(row: Mapping[str, Any], exp_key: Any, fetch: Callable[[Told], Any]) -> Document:
    """Make a document of a row.

    Raises
    ------
    DamagedStore
        If the row is not as it was written, or no trial.
    """
    tid, owner = row["tid"], row["owner"]
    if not _is_whole(row):
        raise DamagedStore(f"what is stored of trial {tid!r} is not what was written")
    spec, result, misc, rest = (tagged_json.loads(row[part], fetch) for part in (*_PARTS, "rest"))
    if type(rest) is not dict or not rest.keys().isdisjoint(_NOT_IN_REST):
        raise DamagedStore(f"what is stored of trial {tid!r} is no trial: its rest is {rest!r:.80}")
    _share(misc, tid)
    for name in ("book_time", "refresh_time"):  # documents made by hand may lack them
        rest.setdefault(name, None)
    document = {
        "state": row["state"],
        "tid": tid,
        "spec": spec,
        "result": result,
        "misc": misc,
        "exp_key": exp_key,
        "owner": owner,
        **rest,
    }
    try:
        check_read(document)
    except InvalidTrial as wrong:
        raise DamagedStore(f"what is stored of trial {tid!r} is no trial: {wrong}") from wrong
    return document


def _is_whole(row: Mapping[str, Any]) -> bool:
    try:
        return bool(digest_of(row) == row["digest"])
    except (AttributeError, TypeError, UnicodeDecodeError):  # no text where text belongs
        return False
