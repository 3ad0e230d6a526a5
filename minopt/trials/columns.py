"""The history as arrays: one row per trial, one column per parameter, grown by what is new.

Documents are live: users and libraries write into them. A row is read again when its document,
or the document's state, result, loss, status or vals, is another object than it was at the last
look; finding that out costs a pass at C speed, and nothing else is read twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress, count, repeat
from operator import is_, is_not, itemgetter, lt
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from minopt._locks import thread_lock
from minopt._types import BoolArray, FloatArray, IntArray
from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    STATUS_OK,
)

Document = dict[str, Any]

_LEARNABLE = frozenset({JOB_STATE_NEW, JOB_STATE_RUNNING, JOB_STATE_DONE, JOB_STATE_ERROR})

_STATE, _RESULT, _MISC, _VALS = map(itemgetter, ("state", "result", "misc", "vals"))
_N_LOOKS = 5

_histories: WeakKeyDictionary[Any, History] = WeakKeyDictionary()
_lock = thread_lock()


def history_of(trials: Any) -> History:
    """Return the up-to-date history of a Trials object, the same one at every call.

    It holds the visible trials (new, running and done ones) and those that raised, which are
    not visible in ``trials.trials`` but which a model must learn from.
    """
    with _lock:
        try:
            # taken away while it is updated, so that a Ctrl-C leaves none rather than a wrong one
            history = _histories.pop(trials, None) or History()
        except TypeError:  # neither hashable nor weakly referable: read it afresh
            history = History()
            history.update(learnable_documents(trials))
            return history
        history.update(learnable_documents(trials))
        _histories[trials] = history
        return history


def learnable_documents(trials: Any) -> Sequence[Document]:
    """Return the documents that a model learns from, in the order of insertion."""
    visible: Sequence[Document] = trials.trials
    everything = getattr(trials, "_dynamic_trials", visible)
    if len(everything) == len(visible):
        return visible
    exp_key = getattr(trials, "_exp_key", None)
    return [
        doc
        for doc in everything
        if doc["state"] in _LEARNABLE and (exp_key is None or doc["exp_key"] == exp_key)
    ]


def usable_loss(doc: Document) -> float:
    """Return the loss that a model should see: ``inf`` for pending, failed and NaN trials."""
    result = doc["result"]
    status = result.get("status", STATUS_OK)
    if doc["state"] == JOB_STATE_ERROR or not isinstance(status, str) or status == "fail":
        return math.inf
    loss = result.get("loss")
    try:
        value = math.inf if loss is None else float(loss)
    except (TypeError, ValueError, OverflowError):
        return math.inf
    return math.inf if math.isnan(value) else value


class History:
    """Losses and parameters of trials, as columns.

    Rows stand in the order of trial ids (hyperopt's order of suggestion), one row per
    suggestion: of several documents made from one trial (``misc["from_tid"]``) the best counts.
    """

    def __init__(self) -> None:
        self._docs: list[Document] = []
        self._seen: list[list[Any]] = [[] for _ in range(_N_LOOKS)]
        self._losses = np.empty(0)
        self._columns: dict[str, FloatArray] = {}
        self._ids: list[Any] = []
        self._ascending = True
        self._order: IntArray | None = None  # rows in the order of ids, None if they stand so

    def __len__(self) -> int:
        """Return the number of suggestions."""
        return len(self._docs) if self._order is None else len(self._order)

    @property
    def losses(self) -> FloatArray:
        """Return one loss per row, ``inf`` for a trial without a usable one, never NaN."""
        return self._in_order(self._losses[: len(self._docs)])

    def column(self, label: str) -> FloatArray:
        """Return one value per row, NaN where the parameter was not observed."""
        column = self._columns.get(label)
        if column is None:
            return np.full(len(self), np.nan)
        return self._in_order(column[: len(self._docs)])

    @property
    def tids(self) -> list[Any]:
        """Return one trial id per row."""
        return self._ids if self._order is None else [self._ids[row] for row in self._order]

    def _in_order(self, column: FloatArray) -> FloatArray:
        return column if self._order is None else column[self._order]

    def update(self, docs: Sequence[Document]) -> None:
        """Read what is new or has changed."""
        n_known = len(self._docs)
        if len(docs) < n_known or not all(map(is_, docs, self._docs)):
            n_known = self._forget_from_first_difference(docs)
        looks = _look_at(docs)
        changed: set[int] = set()
        for look, seen in zip(looks, self._seen, strict=True):
            changed.update(compress(count(), map(is_not, look, seen)))
        self._seen = looks
        if not changed and len(docs) == n_known:
            return
        self._docs = list(docs)
        self._reserve(len(docs))
        self._read([*sorted(changed), *range(n_known, len(docs))])
        self._put_in_order(docs[n_known:])

    def _put_in_order(self, new_docs: Sequence[Document]) -> None:
        last = len(self._ids) - 1
        self._ids.extend(map(_suggestion, new_docs))
        self._ascending = self._ascending and _is_ascending(self._ids[max(last, 0) :])
        self._order = None if self._ascending else _order_of(self._ids, self._losses)

    def _forget_from_first_difference(self, docs: Sequence[Document]) -> int:
        same = 0
        for new, old in zip(docs, self._docs):
            if new is not old:
                break
            same += 1
        del self._docs[same:]
        del self._ids[same:]
        self._ascending = _is_ascending(self._ids)
        for seen in self._seen:
            del seen[same:]
        return same

    def _reserve(self, n_rows: int) -> None:
        if n_rows <= len(self._losses):
            return
        capacity = max(64, n_rows + n_rows // 4)
        self._losses = _grown(self._losses, capacity)
        for label, column in self._columns.items():
            self._columns[label] = _grown(column, capacity)

    def _read(self, rows: list[int]) -> None:
        capacity = len(self._losses)
        for row in rows:
            doc = self._docs[row]
            self._losses[row] = usable_loss(doc)
            vals = doc["misc"]["vals"]
            for label in self._columns.keys() - vals.keys():
                self._columns[label][row] = math.nan
            for label, value in vals.items():
                column = self._columns.get(label)
                if column is None:
                    column = self._columns[label] = np.full(capacity, np.nan)
                column[row] = _number(value)


def _look_at(docs: Sequence[Document]) -> list[list[Any]]:
    """Return what tells that a document has changed: objects to be compared by identity."""
    results = list(map(_RESULT, docs))
    return [
        list(map(_STATE, docs)),
        results,
        list(map(dict.get, results, repeat("loss"))),
        list(map(dict.get, results, repeat("status"))),
        list(map(_VALS, map(_MISC, docs))),
    ]


def _grown(column: FloatArray, capacity: int) -> FloatArray:
    larger = np.full(capacity, np.nan)
    larger[: len(column)] = column
    return larger


def _number(value: Any) -> float:
    """Return the observed number, NaN for an inactive parameter or something that is no number."""
    if not value:
        return math.nan
    try:
        return float(value[0])
    except (TypeError, ValueError):
        return math.nan


def _suggestion(doc: Document) -> Any:
    misc = doc["misc"]
    return misc["from_tid"] if "from_tid" in misc else doc["tid"]


def _is_ascending(ids: list[Any]) -> bool:
    try:
        return all(map(lt, ids, ids[1:]))
    except TypeError:  # ids of several kinds
        return False


def _order_of(ids: list[Any], losses: FloatArray) -> IntArray:
    best: dict[Any, int] = {}
    for row, suggestion in enumerate(ids):
        if suggestion not in best or losses[row] <= losses[best[suggestion]]:
            best[suggestion] = row
    try:
        rows = [best[suggestion] for suggestion in sorted(best)]
    except TypeError:  # ids of several kinds have no order: keep that of insertion
        rows = list(best.values())
    return np.asarray(rows, dtype=np.int64)


def observed(column: FloatArray, rows: BoolArray | IntArray) -> FloatArray:
    """Return the observed values among `rows` of a column, in their order."""
    values = column[rows]
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values
