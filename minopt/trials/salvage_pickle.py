"""Every complete document of a damaged pickle of trials, read without running any code."""

from __future__ import annotations

import datetime
import pickle
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from minopt.exceptions import InvalidTrial
from minopt.trials.documents import Document, check_document
from minopt.trials.memory import Trials
from minopt.trials.pickled import Known, Unfinished
from minopt.trials.salvaged import Salvaged, once
from minopt.trials.unpickle import SafeUnpickler

__all__ = ["salvage_pickle"]

MAX_DEPTH = 100  # of values that are looked through for what was left out
_GONE = object()
_BEGINNING = re.compile(rb"\}(?:\x94|q.|r.{4})?\(", re.S)  # an empty dict, remembered, to be filled


def salvage_pickle(data: bytes) -> Salvaged:
    """Read a pickle up to where it is damaged, and go on behind that where a trial begins."""
    reader = _Reader(data)
    salvaged = Salvaged()
    why = reader.read_on()
    reader.take_states(salvaged)
    if why is not None:
        salvaged.notes.append(f"from byte {reader.offset} of {len(data)} it is damaged ({why})")
        beginning = reader.beginning_of_documents()
        place = reader.offset
        while why is not None and beginning and (found := beginning.search(data, place)):
            reader.resume_at(found.start())
            why = reader.read_on()
            reader.take_states(salvaged)
            place = max(place + 1, reader.offset)
    salvaged.documents = once(reader.documents())
    salvaged.ids |= {doc["tid"] for doc in salvaged.documents}
    _leave_out_lost(salvaged)
    return salvaged


class _Lost:
    """Stands for an object that is not read: of a class that could run code."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, slots=True)
class _Made:
    """A dict that may be a document, where it begins, and whether that is behind some damage."""

    value: dict[str, Any]
    place: int
    is_behind: bool


class _Reader(SafeUnpickler):
    """Reads a damaged pickle; objects of unknown classes are left out, not refused."""

    dispatch = dict(SafeUnpickler.dispatch)

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "it", "")
        self._bytes = data
        self._begun: dict[int, int] = {}
        self._made: dict[int, _Made] = {}
        self._states: list[dict[str, Any]] = []
        self._is_behind = False
        self._first: int | None = None  # number of the first object remembered behind the damage
        self._unnumbered: list[Any] = []
        self._n_memoized = 0
        self._ways_back: Counter[int] = Counter()

    @property
    def offset(self) -> int:
        """Where it stands."""
        return self._data.tell()

    def read_on(self) -> str | None:
        """Read to the end, and return None, or why it cannot be read further."""
        try:
            self.load()
        except Exception as wrong:  # noqa: BLE001 - a damaged pickle raises anything
            return f"{type(wrong).__name__}: {wrong}"
        return None

    def resume_at(self, place: int) -> None:
        """Go on within a list of documents that begins at another place."""
        self._data.seek(place)
        self._is_behind = True
        self._first, self._unnumbered, self._n_memoized = None, [], 0
        self.metastack, self.stack = [[[]]], []
        self.append = self.stack.append

    def documents(self) -> list[Document]:
        """Return the documents that are complete, in order."""
        return [
            made.value
            for made in self._made.values()
            if _is_document(made.value) and (not made.is_behind or _is_in_itself_right(made.value))
        ]

    def take_states(self, salvaged: Salvaged) -> None:
        """Take over what is known of the search besides its documents."""
        flat = [dict(_pairs(stack)) for stack in (*self.metastack, self.stack)]
        for state in (*self._states, *flat):
            _take_state(state, salvaged)

    def beginning_of_documents(self) -> re.Pattern[bytes] | None:
        """Return how all documents but the first begin; None if there are too few to tell."""
        places = [
            made.place for made in self._made.values() if made.place and _is_document(made.value)
        ]
        begun = [_BEGINNING.match(self._bytes, place) for place in places[1:]]
        ends = [found.end() for found in begun if found]
        common = _common_beginning(self._bytes[end : end + 8] for end in ends) if ends else b""
        if len(ends) < 2 or len(common) < 2:
            return None
        return re.compile(_BEGINNING.pattern + re.escape(common), re.S)

    # ---- operations

    def load_empty_dictionary(self) -> None:
        """Remember where a dict begins: it may become a document."""
        made: dict[str, Any] = {}
        self._begun[id(made)] = self.offset - 1
        self.append(made)

    dispatch[pickle.EMPTY_DICT[0]] = load_empty_dictionary

    def load_memoize(self) -> None:
        """Remember the last object, out of reach while its number is not known."""
        if self._is_behind and self._first is None:
            self._unnumbered.append(self.stack[-1])
        else:
            self.memo[self._n_memoized] = self.stack[-1]
        self._n_memoized += 1

    dispatch[pickle.MEMOIZE[0]] = load_memoize

    def load_long_binget(self) -> None:
        """Fetch a remembered object."""
        place = int.from_bytes(self.read(4), "little")
        if self._is_behind and self._first is None and place not in self.memo and self._ways_back:
            # Documents refer to what is in them at the same distance each: that tells the numbers.
            (way_back, _) = self._ways_back.most_common(1)[0]
            self._number(place + way_back - self._n_memoized)
        elif not self._is_behind:
            self._ways_back[self._n_memoized - place] += 1
        self.append(self.memo[place])

    dispatch[pickle.LONG_BINGET[0]] = load_long_binget

    def _number(self, first: int) -> None:
        """Give the objects remembered since the damage their numbers."""
        self._first = first
        self.memo.update(enumerate(self._unnumbered, first))
        self._n_memoized += first

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name, also for one that is not known."""
        try:
            return super().find_class(module, name)
        except Exception:  # noqa: BLE001 - no name is refused here, and none is called
            return _Lost(f"{module}.{name}")

    def _make(self, known: Any, args: Any) -> Any:
        if isinstance(known, _Lost):
            return _Lost(known.name)
        if isinstance(known, Known) and known.kind is not None:
            return Trials(refresh=False)
        try:
            return super()._make(known, args)
        except Exception:
            if any(isinstance(arg, _Lost) for arg in args):
                return _Lost(str(known))
            raise

    def load_build(self) -> None:
        """Give an object its state, unless it is left out."""
        if isinstance(self.stack[-2], _Lost):
            del self.stack[-1]
            return
        if isinstance(self.stack[-2], Trials):
            state = self.stack.pop()
            self.stack[-1] = state  # its parts are looked for like all others
            return
        super().load_build()

    dispatch[pickle.BUILD[0]] = load_build

    def _put(self, items: list[Any]) -> None:
        super()._put(items)
        target = self.stack[-1]
        if type(target) is dict and "misc" in target and id(target) not in self._made:
            place = self._begun.get(id(target), 0)
            self._made[id(target)] = _Made(target, place, self._is_behind)
        elif type(target) is dict and "_dynamic_trials" in target:
            self._states.append(target)

    def _target(self, kind: type) -> Any:
        if isinstance(self.stack[-1], _Lost):
            return kind()
        return super()._target(kind)

    def load_newobj_ex(self) -> None:
        """Make an object without calling its class."""
        del self.stack[-1]
        self.load_newobj()

    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex

    def persistent_load(self, pid: Any) -> Any:
        """Leave out what lies elsewhere."""
        return _Lost("something outside of the pickle")


def _common_beginning(parts: Iterable[bytes]) -> bytes:
    first, *others = parts
    while not all(part.startswith(first) for part in others):
        first = first[:-1]
    return first


def _pairs(stack: list[Any]) -> Iterator[tuple[str, Any]]:
    for key, value in pairwise(stack):
        if type(key) is str:
            yield key, value


def _take_state(state: dict[str, Any], salvaged: Salvaged) -> None:
    if isinstance(state.get("_ids"), set):
        salvaged.ids |= state["_ids"]
    if isinstance(state.get("attachments"), dict):
        salvaged.attachments.update(state["attachments"])
    if isinstance(state.get("_streams"), list):
        salvaged.streams = state["_streams"]
    if "_exp_key" in state and isinstance(state["_exp_key"], (str, int, type(None))):
        salvaged.exp_key = state["_exp_key"]


def _is_document(found: dict[Any, Any]) -> bool:
    try:
        check_document(found)
    except (InvalidTrial, TypeError, KeyError, AttributeError, ValueError):
        return False
    return True


def _is_in_itself_right(doc: Document) -> bool:
    """Tell whether a document found behind the damage says the same everywhere."""
    idxs, vals = doc["misc"]["idxs"], doc["misc"]["vals"]
    times = doc["book_time"], doc["refresh_time"]
    if not all(time is None or isinstance(time, datetime.datetime) for time in times):
        return False
    try:
        return set(idxs) == set(vals) and all(
            len(idxs[label]) == len(vals[label]) and all(idx == doc["tid"] for idx in idxs[label])
            for label in vals
        )
    except (TypeError, ValueError):
        return False


def _leave_out_lost(salvaged: Salvaged) -> None:
    """Take out of the documents and attachments what was not read."""
    for doc in salvaged.documents:
        names: list[str] = []
        for part in ("result", "misc", "spec"):
            doc[part] = _without_lost(doc[part], part, names)
        if names:
            salvaged.notes.append(f"trial {doc['tid']!r}: left out: {', '.join(names)}")
    names = []
    _without_lost(salvaged.attachments, "attachments", names)
    salvaged.notes += [f"left out: {name}" for name in names]


def _without_lost(value: Any, path: str, names: list[str], depth: int = 0) -> Any:
    """Return a value without what was not read, which is named in `names`."""
    if isinstance(value, (_Lost, Known, Unfinished)):
        names.append(f"{path} ({getattr(value, 'name', 'incomplete')})")
        return _GONE
    if type(value) not in (dict, list, tuple) or depth > MAX_DEPTH:
        return value
    if type(value) is dict:
        for key, item in list(value.items()):
            value[key] = _without_lost(item, f"{path}.{key}", names, depth + 1)
            if value[key] is _GONE:
                del value[key]
        return value
    items = [_without_lost(item, f"{path}[{i}]", names, depth + 1) for i, item in enumerate(value)]
    items = [None if item is _GONE else item for item in items]
    if type(value) is list:
        value[:] = items
        return value
    return tuple(items)
