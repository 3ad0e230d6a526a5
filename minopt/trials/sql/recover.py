"""What can still be read of a damaged database of trials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minopt.exceptions import DamagedStore, InvalidTrial, StoreError
from minopt.trials import tagged_json
from minopt.trials.attachments import QUEUED_OBJECTIVE
from minopt.trials.documents import Document
from minopt.trials.salvaged import Salvaged
from minopt.trials.sql import schema
from minopt.trials.sql.attachments import SPACE, plain, unescaped
from minopt.trials.sql.codec import check, digest, digest_of, unpack
from minopt.trials.sql.pages import Pages, Row
from minopt.trials.streams import are_streams
from minopt.trials.tagged_json import Withheld
from minopt.trials.withheld import with_pickle

# What the rows of trials, attachments and searches look like, see `Pages`; as in schema.py.
_LOOKS = ("ntiii??itttti", "tttbi", "tiiiitt")

__all__ = ["recover", "salvage", "salvage_searches"]

_TRIAL = [column.name for column in schema.trials.columns]
_ATTACHMENT = [column.name for column in schema.attachments.columns]
_SEARCH = [column.name for column in schema.searches.columns]


def salvage(path: str | Path) -> list[Document]:
    """Return every trial in a damaged file that is as it was written.

    Parameters
    ----------
    path : path
        An SQLite file that `SQLTrials` wrote; it is only read, and none of its code is run.

    Returns
    -------
    list of dict
        By search (``exp_key``) and id.
    """
    return [doc for one in salvage_searches(path) for doc in one.documents]


def salvage_searches(path: str | Path) -> list[Salvaged]:
    """Return what can be read of each search in a damaged file, attachments included.

    Raises
    ------
    StoreError
        If the file cannot be read at all.
    """
    try:
        pages = Pages(Path(path), _LOOKS)
    except OSError as wrong:
        raise StoreError(f"{path}: the file cannot be read: {wrong.strerror or wrong}") from wrong
    found = _Found()
    for _ in pages.rows(found.takes):
        pass
    return found.searches()


def recover(path: str | Path, target: str | Path) -> list[Salvaged]:
    """Write what can be read of a damaged file to a new one.

    Parameters
    ----------
    path : path
        The damaged file; it is left as it is.
    target : path
        The new one.

    Returns
    -------
    list of Salvaged
        What was written, one to each search.
    """
    from minopt.trials.sql.trials import SQLTrials

    searches = [search for search in salvage_searches(path) if search.documents]
    for search in searches:
        trials = SQLTrials(target, search.exp_key)
        trials.insert_trial_docs(search.documents)
        search.attachments.pop(QUEUED_OBJECTIVE, None)  # code; the next search puts its own there
        trials.attachments.update(search.attachments)
        if search.space is not None:
            trials.attachments.space = search.space
        with trials._holding_streams():
            trials._streams.extend(search.streams)
        trials.close()
    return searches


class _Found:
    """The rows that are right, the newest version of each."""

    def __init__(self) -> None:
        self._trials: dict[tuple[str, int], Mapping[str, Any]] = {}
        self._attachments: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._searches: dict[str, Mapping[str, Any]] = {}
        self._spoilt: set[tuple[str, int]] = set()

    def takes(self, row: Row) -> bool:
        """Keep a row if it is one of ours and right; False if it is not."""
        if len(row) == len(_TRIAL):
            return self._takes_trial(dict(zip(_TRIAL, row, strict=True)))
        if len(row) == len(_SEARCH):
            return self._takes_search(dict(zip(_SEARCH, row, strict=True)))
        if len(row) == len(_ATTACHMENT):
            return self._takes_attachment(dict(zip(_ATTACHMENT, row, strict=True)))
        return False

    def _takes_trial(self, row: Mapping[str, Any]) -> bool:
        texts = ("exp_key", "spec", "result", "misc", "rest")
        numbers = ("tid", "seq", "state", "requeued", "digest")
        if not (_all(row, texts, str) and _all(row, numbers, int)):
            return False
        key = row["exp_key"], row["tid"]
        if digest_of(row) != row["digest"]:
            self._spoilt.add(key)
            return False
        before = self._trials.get(key)
        if before is None or before["seq"] <= row["seq"]:
            self._trials[key] = row
        return True

    def _takes_attachment(self, row: Mapping[str, Any]) -> bool:
        if not (_all(row, ("exp_key", "name", "kind"), str) and isinstance(row["data"], bytes)):
            return False
        if digest(row["data"]) != row["digest"]:
            return False
        self._attachments[row["exp_key"], row["name"]] = row
        return True

    def _takes_search(self, row: Mapping[str, Any]) -> bool:
        numbers = ("clock", "generation", "next_tid", "n_trials")
        if not (_all(row, ("exp_key", "streams"), str) and _all(row, numbers, int)):
            return False
        before = self._searches.get(row["exp_key"])
        if before is None or before["clock"] <= row["clock"]:
            self._searches[row["exp_key"]] = row
        return True

    def searches(self) -> list[Salvaged]:
        """Return all that was found, by search."""
        keys = sorted({key for key, _ in self._trials} | set(self._searches))
        return [self._search(key) for key in keys if _exp_key(key) is not _NO_KEY]

    def _search(self, key: str) -> Salvaged:
        salvaged = Salvaged(exp_key=_exp_key(key))
        for of, tid in sorted(self._trials):
            if of == key:
                self._add(salvaged, self._trials[of, tid])
        head = self._searches.get(key, {})
        # ids above all that a search of this size could have are a flipped bit, and not believed
        n_ids = head.get("next_tid", 0)
        n_believed = 2 * (len(salvaged.documents) + head.get("n_trials", 0)) + 1000
        salvaged.ids = {doc["tid"] for doc in salvaged.documents}
        salvaged.ids |= set(range(n_ids)) if n_ids <= n_believed else set()
        salvaged.streams = _streams(head.get("streams", "[]"))
        for (of, name), row in self._attachments.items():
            if of == key and row["kind"] != "value":
                self._add_attachment(salvaged, unescaped(name), row)
        if (kept := self._value(key, SPACE)) is not None:
            salvaged.space = kept["data"].decode("utf-8", "replace")
        there = {doc["tid"] for doc in salvaged.documents}
        for of, tid in sorted(self._spoilt):
            if of == key and tid not in there and tid in salvaged.ids:
                salvaged.notes.append(f"trial {tid}: what is there is not what was written")
        return salvaged

    def _add(self, salvaged: Salvaged, row: Mapping[str, Any]) -> None:
        missing: list[str] = []

        def fetch(told: Mapping[str, Any]) -> Withheld:
            kept = self._value(row["exp_key"], str(told.get("name")))
            if kept is None:
                missing.append(str(told.get("type")))
            return with_pickle(str(told.get("type")), None if kept is None else kept["data"])

        try:
            document = unpack(row, salvaged.exp_key, fetch)
            check(document, salvaged.exp_key, is_new=True)
        except (DamagedStore, InvalidTrial) as wrong:
            salvaged.notes.append(f"trial {row['tid']}: {wrong}")
            return
        salvaged.documents.append(document)
        if missing:
            salvaged.notes.append(f"trial {row['tid']}: without values of type {missing}")

    def _value(self, key: str, name: str) -> Mapping[str, Any] | None:
        row = self._attachments.get((key, name))
        return row if row is not None and row["kind"] == "value" else None

    def _add_attachment(self, salvaged: Salvaged, name: str, row: Mapping[str, Any]) -> None:
        try:
            value = (
                with_pickle("value", row["data"])
                if row["kind"] == "pickle"
                else plain(row["kind"], row["data"])
            )
        except (DamagedStore, ValueError) as wrong:
            salvaged.notes.append(f"attachment {name!r}: {wrong}")
        else:
            salvaged.attachments[name] = value


def _all(row: Mapping[str, Any], names: tuple[str, ...], kind: type) -> bool:
    return all(type(row[name]) is kind for name in names)


_NO_KEY = object()


def _exp_key(key: str) -> Any:
    try:
        read = tagged_json.loads(key)
    except DamagedStore:
        return _NO_KEY
    return read if read is None or isinstance(read, str) else _NO_KEY


def _streams(text: str) -> list[dict[str, Any]]:
    try:
        read = json.loads(text)
    except ValueError:
        return []
    return read if are_streams(read) else []
