"""The books of a growing list of documents, kept by reading only what is new."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, NamedTuple

from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    JOB_STATES,
    JOB_VALID_STATES,
    Document,
    usable_loss,
)

_STATE = itemgetter("state")
UNFINISHED = (JOB_STATE_NEW, JOB_STATE_RUNNING)


class Tally(NamedTuple):
    """How many trials there are of each state, and the best loss.

    Attributes
    ----------
    new, running, done, error, cancel : int
        Trials by job state.
    best_loss : float or None
        The least loss of a DONE trial whose status is ``ok``, never NaN; None if there is none.
    unfinished : list of dict
        The live documents in state NEW or RUNNING, oldest first.
    injected : int
        Finished trials that an objective added, see `Ctrl.inject_results`.
    """

    new: int
    running: int
    done: int
    error: int
    cancel: int
    best_loss: float | None
    unfinished: list[Document]
    injected: int = 0

    @property
    def by_state(self) -> tuple[int, ...]:
        """The numbers alone, to tell whether something has changed."""
        return self.new, self.running, self.done, self.error, self.cancel

    @property
    def finished(self) -> int:
        """Trials that were evaluated, failed or not."""
        return self.done + self.error

    @property
    def held(self) -> int:
        """Trials that count for a search's `max_evals`: all but the cancelled ones."""
        return self.new + self.running + self.finished

    @property
    def known(self) -> int:
        """All trials, the cancelled ones too."""
        return self.held + self.cancel


class Follower:
    """Reads a growing list piece by piece, and notices when it was changed otherwise."""

    __slots__ = ("_count", "_last", "_list")

    def __init__(self) -> None:
        self._list: list[Document] | None = None
        self._count = 0
        self._last: Document | None = None

    def unread(self, documents: list[Document]) -> list[Document] | None:
        """Return what was appended since the last call; None if the list is not a longer one.

        After None the next call returns the whole list.
        """
        count = self._count
        if documents is not self._list:
            self._restart(documents)
            return None
        if len(documents) < count or (count and documents[count - 1] is not self._last):
            self._restart(documents)
            return None
        fresh = documents[count:]
        if fresh:
            self._count, self._last = count + len(fresh), fresh[-1]
        return fresh

    def _restart(self, documents: list[Document]) -> None:
        self._list, self._count, self._last = documents, 0, None


class Ledger:
    """What a search must know about its trials between two of them.

    Finished trials are read once: a document in state DONE, ERROR or CANCEL is taken to stay
    as it is. Whoever changes one afterwards makes a new ledger (`Trials.refresh` does).

    Parameters
    ----------
    exp_key : object
        The search whose documents count; all of them if None.

    Attributes
    ----------
    unfinished : list of dict
        The documents that are new or running, in order.
    lent : bool
        Set it when somebody else gets hold of the list that `show` returned: it is not
        changed then.
    """

    __slots__ = (
        "_best",
        "_exp_key",
        "_follower",
        "_injected",
        "_n_shown",
        "_settled",
        "_shown",
        "_states",
        "_to_hide",
        "_to_show",
        "lent",
        "unfinished",
    )

    def __init__(self, exp_key: Any) -> None:
        self._exp_key = exp_key
        self._follower = Follower()
        self._clear()

    def _clear(self) -> None:
        self._settled = [0] * len(JOB_STATES)
        self._injected = 0
        self._best: float | None = None
        self._shown: list[Document] = []
        self._n_shown = 0
        self._to_show: list[Document] = []
        self._to_hide: list[Document] = []
        self.lent = False
        self.unfinished: list[Document] = []
        self._states: list[Any] = []  # theirs, at the last look

    def is_about(self, exp_key: Any) -> bool:
        """Tell whether this is the ledger of the search `exp_key`."""
        return bool(self._exp_key == exp_key)

    def has_shown(self, documents: list[Document] | None) -> bool:
        """Tell whether `documents` is the list shown last, unchanged."""
        return documents is self._shown and len(documents) == self._n_shown

    def show(self) -> list[Document]:
        """Return the documents in a valid state, in order."""
        if self._to_hide or (self._to_show and self.lent):
            self._shown = _without([*self._shown, *self._to_show], self._to_hide)
            self.lent = False
        else:
            self._shown.extend(self._to_show)
        self._to_show, self._to_hide = [], []
        self._n_shown = len(self._shown)
        return self._shown

    def read(self, documents: list[Document]) -> list[Document]:
        """Take in what happened to `documents`, and return those newly valid."""
        fresh = self._follower.unread(documents)
        if fresh is None:
            self._clear()
            fresh = self._follower.unread(documents) or []
        states = list(map(_STATE, self.unfinished))
        if not fresh and states == self._states:
            return fresh
        if self._exp_key is not None:
            fresh = [doc for doc in fresh if doc["exp_key"] == self._exp_key]
        known, docs = len(self.unfinished), [*self.unfinished, *fresh]
        states += map(_STATE, fresh)
        self._close(docs, states, known)
        of_fresh = zip(fresh, states[known:], strict=True)
        valid = [doc for doc, state in of_fresh if state in JOB_VALID_STATES]
        self._to_show += valid
        return valid

    def _close(self, documents: list[Document], states: list[Any], known: int) -> None:
        """Book the finished ones among documents, of which the first `known` were shown."""
        self.unfinished, self._states = documents, states
        over = [place for place, state in enumerate(states) if state not in UNFINISHED]
        for place in over:
            self._book(documents[place], states[place])
            if place < known and states[place] not in JOB_VALID_STATES:
                self._to_hide.append(documents[place])
        if over:
            self.unfinished = [d for d, s in zip(documents, states, strict=True) if s in UNFINISHED]
            self._states = [state for state in states if state in UNFINISHED]

    def _book(self, doc: Document, state: Any) -> None:
        if state in JOB_STATES:
            self._settled[state] += 1
            self._injected += is_injected(doc)
        if state == JOB_STATE_DONE:
            loss = usable_loss(doc["result"])
            if loss is not None and (self._best is None or loss < self._best):
                self._best = loss

    def tally(self) -> Tally:
        """Count what was read last."""
        _, _, done, error, cancel = self._settled
        new, running = map(self._states.count, UNFINISHED)
        waiting = list(self.unfinished)
        return Tally(new, running, done, error, cancel, self._best, waiting, self._injected)


def is_injected(doc: Document) -> bool:
    """Tell whether a trial was added by the objective of another."""
    return "from_tid" in doc["misc"]


def _without(documents: list[Document], gone: list[Document]) -> list[Document]:
    """Take some elements, which are likely to be near its end, out of a list, and return it."""
    for doc in gone:
        for place in range(len(documents) - 1, -1, -1):
            if documents[place] is doc:
                del documents[place]
                break
    return documents


class TidCounter:
    """Gives out trial ids that no trial has, whatever was merged or filtered before."""

    __slots__ = ("_follower", "_free", "_ids", "_n_ids")

    def __init__(self) -> None:
        self._follower = Follower()
        self._ids: set[Any] | None = None
        self._n_ids = -1
        self._free = 0

    def first_free(self, ids: set[Any], documents: list[Document]) -> int:
        """Return a number above all numeric ids in `ids` and in `documents`."""
        fresh = self._follower.unread(documents)
        if fresh is None:
            fresh = self._follower.unread(documents) or []
            self._free = 0
            self._n_ids = -1
        if ids is not self._ids or len(ids) != self._n_ids:
            self._free = _above(ids, self._free)
            self._ids, self._n_ids = ids, len(ids)
        self._free = _above([doc["tid"] for doc in fresh], self._free)
        return self._free

    def took(self, ids: set[Any], first_free: int) -> None:
        """Remember that `ids` has grown by numbers below `first_free` and by no others."""
        if ids is self._ids:
            self._n_ids, self._free = len(ids), max(first_free, self._free)


def _above(tids: Iterable[Any], floor: int) -> int:
    for tid in tids:
        if isinstance(tid, (int, float)) and floor <= tid < math.inf:
            floor = int(tid) + 1
    return floor
