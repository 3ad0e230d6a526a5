"""Trials from anywhere to anywhere: between memory, files and databases."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from minopt._warn import warn
from minopt.exceptions import InvalidArgumentType
from minopt.trials import peek
from minopt.trials.attachments import QUEUED_OBJECTIVE
from minopt.trials.documents import (
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    copied,
    own_documents,
    plain,
    usable_loss,
)
from minopt.trials.files import OF_TRIAL, save_trials
from minopt.trials.given import checked_flag, checked_path
from minopt.trials.load import kind_of, load_trials
from minopt.trials.lock import FileLock
from minopt.trials.memory import Trials
from minopt.trials.reading import ReadableTrials
from minopt.trials.tagged_json import Withheld
from minopt.trials.values import PLAIN
from minopt.trials.withheld import Carrier, carried_attachments, holds_withheld

__all__ = ["DATABASES", "LINES", "copy_trials"]

DATABASES = (".db", ".sqlite", ".sqlite3")
_Pair: TypeAlias = tuple[Document, Document]  # one of the source, and its copy or what is there
LINES = (".jsonl", ".ndjson")


def copy_trials(src: Any, dst: Any, *, trusted: bool = False) -> Any:
    """Copy trials, with their attachments, from any kind of store into any other.

    Parameters
    ----------
    src : Trials, path or URL
        Where they are; a path or URL is opened by `load_trials`.
    dst : Trials, path or URL
        Where they go. Of a path that does not exist the name tells the kind: ``.db``,
        ``.sqlite`` or ``.sqlite3`` for a database, ``.jsonl`` for JSON lines, a pickle otherwise.
        What is there already stays.
    trusted : bool
        Read objects of any class from files and databases, which can run code.

    Returns
    -------
    Trials
        `dst`, or what lies at that path now.

    Notes
    -----
    The copies belong to the search of `dst` (its ``exp_key``). They keep their ids, but for those
    that another trial has there: these get new ones. A trial that `dst` has already is not
    copied again, also if it has another id there. A trial that is running where it comes from is
    waiting to be run in the copy.

    The objective that a search has put there for `minopt worker` is code, and is not copied unless
    `trusted`: the search that goes on with the copies puts its own there. Other values that only
    trust reads are copied unread: who opens the copies with ``trusted=True`` trusts their writer.

    Raises
    ------
    DamagedFile, UntrustedPickle, StoreError
        If a file cannot be read or written.

    Examples
    --------
    >>> copy_trials("old.pkl", "search.db")  # doctest: +SKIP
    """
    trusted = checked_flag("trusted", trusted)
    for place in (src, dst):
        if isinstance(place, (str, os.PathLike)):
            checked_path(place, "copy_trials")
    source = load_trials(src, trusted) if isinstance(src, (str, os.PathLike)) else src
    _check(source, "src")
    if isinstance(dst, (str, os.PathLike)):
        return _copied_to(source, os.fspath(dst), trusted)
    _check(dst, "dst")
    return _added(source, dst, trusted)


def _check(trials: Any, argument: str) -> None:
    if not (hasattr(trials, "insert_trial_docs") and hasattr(trials, "attachments")):
        raise InvalidArgumentType(
            f"copy_trials: {argument} must be Trials, a path or a URL, got {trials!r} of type "
            f"{type(trials).__name__}"
        )


# ---- to a place


def _copied_to(source: Any, place: str, trusted: bool) -> Any:
    kind = _kind_at(place)
    if kind == "sqlite":
        from minopt.trials.sql.trials import SQLTrials

        database = SQLTrials(place, exp_key=source._exp_key, trusted=trusted)
        return _added(source, database, trusted)
    what, file = f"copy_trials: {place!r}", Path(os.path.realpath(place))
    with FileLock(file, what):
        there = os.path.lexists(place)
        target = load_trials(place, trusted) if there else Trials(exp_key=source._exp_key)
        _added(source, target, trusted)
        if kind == "jsonl":
            target.to_jsonl(file)
        else:
            save_trials(target, file, what)
    return target


def _kind_at(place: str) -> str:
    if "://" in place:
        return "sqlite"
    path = Path(place)
    if os.path.isfile(place) and path.stat().st_size:  # noqa: PTH113 - False if it is too long
        return kind_of(peek.read(path, 64))
    if path.suffix.lower() in DATABASES:
        return "sqlite"
    return "jsonl" if path.suffix.lower() in LINES else "pickle"


# ---- to other trials


def _added(source: Any, target: Any, trusted: bool) -> Any:
    source.refresh()
    target.refresh()
    pairs = list(zip(own_documents(source), _copies(source, target._exp_key), strict=True))
    same, others = _apart(pairs, target)
    taken = {doc["tid"] for doc in target._dynamic_trials}
    free: list[_Pair] = []
    crowded: list[_Pair] = []
    for pair in others:
        (crowded if pair[1]["tid"] in taken else free).append(pair)
        taken.add(pair[1]["tid"])
    target.insert_trial_docs([copy for _, copy in free])
    target.refresh()  # now new ids are above theirs
    for (_, copy), tid in zip(crowded, target.new_trial_ids(len(crowded)), strict=True):
        _renumber(copy, tid)
    target.insert_trial_docs([copy for _, copy in crowded])
    target.refresh()
    left_out = () if trusted else (QUEUED_OBJECTIVE,)
    _copy_attachments(source, target, free + crowded, same, left_out)
    _copy_streams(source, target)
    _copy_space(source, target)
    return target


def _copy_space(source: Any, target: Any) -> None:
    """Let trials know the space of those that came to them, if they know none."""
    if not (isinstance(source, ReadableTrials) and isinstance(target, ReadableTrials)):
        return
    if target._decoder is None and target._saved_space() is None:
        target._learn(source._decoder, source._saved_space())


def _copy(doc: Document, exp_key: Any) -> Document:
    copy: Document = copied(doc)
    copy["exp_key"] = exp_key
    if copy["state"] == JOB_STATE_RUNNING:  # nobody runs the copy
        copy["state"] = JOB_STATE_NEW
        copy["owner"] = copy["book_time"] = copy["refresh_time"] = None
    return copy


# ---- what is there already


def _apart(pairs: list[_Pair], target: Any) -> tuple[list[_Pair], list[_Pair]]:
    """Tell trials that are in the target, each with the one there, from the others."""
    there = {doc["tid"]: doc for doc in target._dynamic_trials}
    found: set[int] = set()
    same, others = [], []
    for doc, copy in pairs:
        its = there.get(copy["tid"])
        if its is not None and id(its) not in found and _is_brought_in(copy, its):
            found.add(id(its))
            same.append((doc, its))
        else:
            others.append((doc, copy))
    moved = _Moved(doc for doc in own_documents(target) if others and id(doc) not in found)
    places = [moved.find(copy, copy["tid"] in there) for _, copy in others]
    same += [(doc, its) for (doc, _), its in zip(others, places, strict=True) if its is not None]
    return same, [pair for pair, its in zip(others, places, strict=True) if its is None]


class _Moved:
    """Finds trials that an earlier copy has put under another id, each of them once.

    They have the parameters, state, loss and times of those that they were copied from; without
    times, their whole result. One that waits is only taken for another that waits, and only if its
    id is taken: a trial that is run twice costs less than one that is lost.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._alike: dict[Hashable, list[Document]] = defaultdict(list)
        for doc in [*documents][::-1]:
            self._alike[_identity(doc)].append(doc)
        self._found: set[int] = set()

    def find(self, copy: Document, is_crowded: bool) -> Document | None:
        """Return the trial that is the same; if it waits there, it is brought forward."""
        if not self._alike or (copy.get("book_time") is None and not is_crowded):
            return None
        doc = self._next(_identity(copy))
        if doc is not None or not is_crowded or copy["state"] == JOB_STATE_NEW:
            return doc
        doc = self._next((_values(copy), JOB_STATE_NEW))
        if doc is not None:
            _renumber(copy, doc["tid"])
            doc.update(copy)
        return doc

    def _next(self, key: Hashable) -> Document | None:
        alike = self._alike.get(key, [])
        while alike:
            doc = alike.pop()
            if id(doc) not in self._found:
                self._found.add(id(doc))
                return doc
        return None


def _is_brought_in(copy: Document, there: Document) -> bool:
    """Tell whether a trial of the same id is the same one; if it waits there, bring it forward."""
    if _values(copy) != _values(there):
        return False
    if there["state"] == JOB_STATE_NEW and copy["state"] != JOB_STATE_NEW:
        there.update(copy)
        return True
    return copy["state"] == JOB_STATE_NEW or (
        copy["state"] == there["state"]
        and usable_loss(copy["result"]) == usable_loss(there["result"])
    )


def _values(doc: Document) -> Hashable:
    vals = doc["misc"]["vals"].items()
    return frozenset((label, tuple(map(_hashable, held))) for label, held in vals if len(held))


def _identity(doc: Document) -> Hashable:
    if doc["state"] == JOB_STATE_NEW:
        return _values(doc), JOB_STATE_NEW
    times = _hashable(doc.get("book_time")), _hashable(doc.get("refresh_time"))
    # without times only the whole result tells one from another
    result = repr(doc["result"]) if doc.get("book_time") is None else None
    return _values(doc), doc["state"], usable_loss(doc["result"]), times, result


def _hashable(value: Any) -> Hashable:
    """Return what is equal where values are, NaN included."""
    value = plain(value)
    is_plain = type(value) in PLAIN or isinstance(value, datetime.datetime)
    return value if is_plain and value == value else repr(value)


# ---- the parts of a copy


def _renumber(doc: Document, tid: Any) -> None:
    doc["tid"] = doc["misc"]["tid"] = tid
    idxs = doc["misc"]["idxs"]
    doc["misc"]["idxs"] = {label: [tid] * len(held) for label, held in idxs.items()}


def _copy_attachments(
    source: Any,
    target: Any,
    fresh: list[_Pair],
    same: list[_Pair],
    left_out: Collection[str],
) -> None:
    """Copy all attachments that are not there, those of trials under the ids of the copies."""
    fresh_tids, there = {copy["tid"] for _, copy in fresh}, set(target.attachments)
    tids: dict[str, list[Any]] = {}
    for doc, copy in same + fresh:
        tids.setdefault(str(doc["tid"]), []).append(copy["tid"])
    for name, fetch in carried_attachments(source.attachments):
        of_trial = OF_TRIAL.fullmatch(str(name))
        if of_trial is None:
            if name not in there and name not in left_out:
                target.attachments[name] = fetch()
            continue
        for tid in tids.get(of_trial[1], ()):
            new_name = f"ATTACH::{tid}::{of_trial[2]}"
            if tid in fresh_tids or new_name not in there:
                target.attachments[new_name] = fetch()


def _copy_streams(source: Any, target: Any) -> None:
    """Let a search go on in the copy with the random numbers that it would have drawn."""
    there = getattr(target, "_streams", None)
    if there is None or not hasattr(target, "_holding_streams"):
        return
    streams = list(getattr(source, "_streams", ()))  # first: it may be in the same database
    with target._holding_streams():
        known = {entry["first"] for entry in target._streams}
        for entry in streams:
            if entry["first"] not in known:
                target._streams.append(dict(entry))


def _copies(source: Any, exp_key: Any) -> list[Document]:
    """Copy the documents, with the pickles of what was withheld, and say which are missing."""
    pickle_of = source._pickle_of if isinstance(source, ReadableTrials) else _nothing
    copies, without = [], []
    for doc in own_documents(source):
        copy = _copy(doc, exp_key)
        if holds_withheld(copy):
            carrier = Carrier(pickle_of)
            copy = carrier(copy)
            without += [copy["tid"]] if carrier.lost else []
        copies.append(copy)
    if without:
        warn(
            f"copy_trials: values of trials {_few(without)} that only trusted=True reads are not "
            "there any more, and are not copied",
            UserWarning,
        )
    return copies


def _nothing(_value: Withheld) -> None:
    return None


def _few(tids: list[Any]) -> str:
    return f"{tids[:5]}" if len(tids) <= 5 else f"{tids[:5]}, …"
