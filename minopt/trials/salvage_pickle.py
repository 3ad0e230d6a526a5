"""Every complete document of a damaged pickle of trials, read without running any code."""

from __future__ import annotations

import datetime
import pickle
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from minopt.exceptions import InvalidTrial
from minopt.trials.documents import Document
from minopt.trials.memory import Trials
from minopt.trials.pickled import Known, Unfinished
from minopt.trials.salvaged import Salvaged, once
from minopt.trials.seal import is_broken, unsealed
from minopt.trials.sharing import check_documents_sharing, check_sharing
from minopt.trials.streams import are_streams, check_read
from minopt.trials.told import told
from minopt.trials.unpickle import SafeUnpickler

__all__ = ["salvage_pickle"]

N_GUESSES = 8  # at the numbers of what is remembered behind some damage
ENOUGH = 3  # documents that are right, for a guess to be taken
MAX_DEPTH = 100  # of values that are looked through for what was left out
_GONE = object()
_BEGINNING = re.compile(rb"\}(?:\x94|q.|r.{4})?\(", re.S)  # an empty dict, remembered, to be filled


def salvage_pickle(data: bytes) -> Salvaged:
    """Read a pickle up to where it is damaged, and go on behind that where a trial begins."""
    salvaged = Salvaged()
    front = _Reader(unsealed(data))
    why = front.read_on()
    if is_broken(data) and why is None:
        salvaged.notes.append("its checksum is wrong: some value is not the one that was written")
    front.take_states(salvaged)
    documents = front.documents()
    if why is not None:
        salvaged.notes.append(f"from byte {front.offset} of {len(data)} it is damaged ({why})")
        for reader in _behind(front):
            reader.take_states(salvaged)
            documents += reader.documents()
    salvaged.documents = once(documents)
    salvaged.ids |= {doc["tid"] for doc in salvaged.documents}
    _leave_out_lost(salvaged)
    return salvaged


def _behind(front: _Reader) -> Iterator[_Reader]:
    """Read on from every place where a document seems to begin, and yield who could."""
    beginning = front.beginning_of_documents()
    place = front.last_place + 1
    while beginning and (found := beginning.search(front.bytes, place)):
        reader = _best_from(front, found.start())
        place = found.start() + 1
        if reader.n_right:
            yield reader
            front.memo.update(reader.memo)
            place = reader.last_place + 1


def _best_from(front: _Reader, place: int) -> _Reader:
    """Read on from a place, with each guess at the numbers of what is remembered from there."""
    best = None
    for way_back in front.ways_back():
        reader = front.resumed(place, way_back)
        reader.read_on()
        if best is None or reader.n_right > best.n_right:
            best = reader
        if best.n_right >= ENOUGH:
            break
    return best or front


class _Lost:
    """Stands for an object that is not read: of a class that could run code."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Memo(dict[int, Any]):
    """What is remembered, before some damage and behind it."""

    def __init__(self, before: Mapping[int, Any] | None = None) -> None:
        super().__init__()
        self._before = before or {}

    def __missing__(self, place: int) -> Any:
        return self._before[place]


class _Reader(SafeUnpickler):
    """Reads a damaged pickle; objects of unknown classes are left out, not refused.

    Attributes
    ----------
    n_right : int
        Documents that are complete.
    last_place : int
        Where the last of them begins.
    """

    dispatch = dict(SafeUnpickler.dispatch)

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "it", "")
        self.bytes = data
        self.memo = _Memo()
        self.n_right = self.last_place = 0
        self._begun: dict[int, int] = {}
        self._made: dict[int, tuple[dict[str, Any], int]] = {}
        self._states: list[dict[str, Any]] = []
        self._ways_back: Counter[int] = Counter()
        self._n_memoized = 0
        self._is_behind = False
        self._guess = 0
        self._unnumbered: list[Any] | None = None

    @property
    def offset(self) -> int:
        """Where it stands."""
        return self._data.tell()

    def read_on(self) -> str | None:
        """Read to the end, and return None, or why it cannot be read further."""
        try:
            self.load()
        except Exception as wrong:  # noqa: BLE001 - a damaged pickle raises anything
            return told(wrong)
        return None if self.offset == len(self.bytes) else "it ends amid the file"

    def ways_back(self) -> list[int]:
        """Return how far back documents refer to what is in them, the likeliest first."""
        return [way for way, _ in self._ways_back.most_common(N_GUESSES)] or [0]

    def resumed(self, place: int, way_back: int) -> _Reader:
        """Return another reader, which goes on within a list of documents at another place.

        The numbers of what it remembers are not known until something is fetched that it cannot
        have from before the damage: that is guessed to have been remembered `way_back` objects
        ago.
        """
        other = _Reader(self.bytes)
        other._data.seek(place)
        other.memo = _Memo(self.memo)
        other._is_behind, other._guess, other._unnumbered = True, way_back, []
        other.metastack = [[[]]]
        return other

    def _is_right(self, found: dict[str, Any]) -> bool:
        return _is_document(found) and (not self._is_behind or _is_in_itself_right(found))

    def documents(self) -> list[Document]:
        """Return the documents that are complete, in order."""
        return [found for found, _ in self._made.values() if self._is_right(found)]

    def take_states(self, salvaged: Salvaged) -> None:
        """Take over what is known of the search besides its documents."""
        flat = [dict(_pairs(stack)) for stack in (*self.metastack, self.stack)]
        for state in (*self._states, *flat):
            _take_state(state, salvaged)

    def beginning_of_documents(self) -> re.Pattern[bytes] | None:
        """Return how all documents but the first begin; None if there are too few to tell."""
        places = [place for found, place in self._made.values() if place and _is_document(found)]
        begun = [_BEGINNING.match(self.bytes, place) for place in places[1:]]
        ends = [found.end() for found in begun if found]
        common = _common_beginning(self.bytes[end : end + 8] for end in ends) if ends else b""
        if len(ends) == 1:
            common = common[:2]  # what differs from one document to the next is not known
        if len(common) < 2:
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
        if self._unnumbered is not None:
            self._unnumbered.append(self.stack[-1])
        else:
            self.memo[self._n_memoized] = self.stack[-1]
        self._n_memoized += 1

    dispatch[pickle.MEMOIZE[0]] = load_memoize

    def load_binget(self) -> None:
        """Fetch a remembered object."""
        self._fetch(self.read(1)[0])

    dispatch[pickle.BINGET[0]] = load_binget

    def load_long_binget(self) -> None:
        """Fetch a remembered object."""
        self._fetch(int.from_bytes(self.read(4), "little"))

    dispatch[pickle.LONG_BINGET[0]] = load_long_binget

    def _fetch(self, place: int) -> None:
        if not self._is_behind:
            self._ways_back[self._n_memoized - place] += 1
        try:
            found = self.memo[place]
        except KeyError:
            if self._unnumbered is None:
                raise
            self._number(place + self._guess - self._n_memoized)
            found = self.memo[place]
        self.append(found)

    def _number(self, first: int) -> None:
        """Give the objects remembered since the damage their numbers."""
        self.memo.update(enumerate(self._unnumbered or (), first))
        self._unnumbered = None
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
            self._made[id(target)] = target, place
            if self._is_right(target):
                self.n_right += 1
                self.last_place = place
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
    if are_streams(state.get("_streams")):
        salvaged.streams = state["_streams"]
    if "_exp_key" in state and isinstance(state["_exp_key"], (str, int, type(None))):
        salvaged.exp_key = state["_exp_key"]


def _is_document(found: dict[Any, Any]) -> bool:
    try:
        # what a result holds may be left out, see `_WithoutLost`
        check_documents_sharing([{**found, "result": None, "spec": None}])
        check_read(found)
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
        out = _WithoutLost()
        for part in ("result", "misc", "spec"):
            doc[part] = out(doc[part], part)
        if out.names:
            salvaged.notes.append(f"trial {doc['tid']!r}: left out: {', '.join(out.names)}")
    out = _WithoutLost()
    out(salvaged.attachments, "attachments")
    salvaged.notes += [f"left out: {name}" for name in out.names]


def _doubles(value: Any) -> bool:
    try:
        check_sharing(value, "it")
    except ValueError:
        return True
    return False


class _WithoutLost:
    """Takes what was not read out of values, and names it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._done: dict[int, tuple[Any, Any]] = {}  # what is found twice is looked through once

    def __call__(self, value: Any, path: str, depth: int = 0) -> Any:
        """Return a value without what was not read."""
        if isinstance(value, (_Lost, Known, Unfinished)):
            self.names.append(f"{path} ({getattr(value, 'name', 'incomplete')})")
            return _GONE
        if depth == 1 and _doubles(value):
            self.names.append(f"{path} (its parts are shared over and over)")
            return _GONE
        if type(value) not in (dict, list, tuple) or depth > MAX_DEPTH:
            return value
        if id(value) not in self._done:
            self._done[id(value)] = value, value
            self._done[id(value)] = value, self._container(value, path, depth + 1)
        return self._done[id(value)][1]

    def _container(self, value: Any, path: str, depth: int) -> Any:
        if type(value) is dict:
            for key, item in list(value.items()):
                value[key] = self(item, f"{path}.{key}", depth)
                if value[key] is _GONE:
                    del value[key]
            return value
        items = [self(item, f"{path}[{i}]", depth) for i, item in enumerate(value)]
        items = [None if item is _GONE else item for item in items]
        if type(value) is list:
            value[:] = items
            return value
        return tuple(items)
