"""What a search asks of any trials: cheaply of ours, of others by their public methods."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from minopt._interrupts import uninterrupted
from minopt.trials import summary
from minopt.trials.documents import JOB_STATES, Document, all_documents
from minopt.trials.ledger import UNFINISHED, Tally, is_injected
from minopt.trials.memory import LOCK, Trials
from minopt.trials.stored import StoredTrials

__all__ = [
    "gives_ids_as_ours",
    "holds_any",
    "insert",
    "is_shared",
    "release_lost",
    "searched_elsewhere",
    "searching",
    "sync",
    "take_stock",
    "tally",
]

# What `sync` and `tally` rely on; a class or a user that replaces one is asked in public.
_SYNC_RELIES_ON = {"refresh": Trials.refresh}
_TALLY_RELIES_ON = {
    name: getattr(Trials, name)
    for name in ("refresh", "count_by_state_synced", "count_by_state_unsynced", "trials")
}
_IDS_RELY_ON = {"new_trial_ids": StoredTrials.new_trial_ids}


def _is_ours(trials: Any, relies_on: Mapping[str, Any]) -> bool:
    if not isinstance(trials, Trials):
        return False
    kind, own = type(trials), vars(trials)
    for name, original in relies_on.items():  # asked after every trial: no generator
        if name in own or getattr(kind, name) is not original:
            return False
    return True


def gives_ids_as_ours(trials: Any) -> bool:
    """Tell whether new ids come from a store of ours, by its own method."""
    return _is_ours(trials, _IDS_RELY_ON)


def sync(trials: Any) -> None:
    """Refresh any trials, cheaply if they are ours: see `Trials._sync`."""
    if _is_ours(trials, _SYNC_RELIES_ON):
        trials._sync()
    else:
        trials.refresh()


def take_stock(trials: Any) -> Tally:
    """Do what `sync` and `tally` do, in one look."""
    if not _is_ours(trials, _TALLY_RELIES_ON):
        sync(trials)
        return tally(trials)
    with LOCK:
        trials._sync()
        return trials._ledger.tally()  # type: ignore[no-any-return]


def is_shared(trials: Any) -> bool:
    """Tell whether other processes may search on the same trials."""
    return bool(getattr(trials, "_is_shared", False))


def holds_any(trials: Any, tids: Sequence[Any]) -> bool:
    """Tell whether one of the ids is that of a trial."""
    return any(document["tid"] in tids for document in all_documents(trials))


def release_lost(trials: Any) -> None:
    """Take trials back whose owners are gone, if they are ours: see `Trials._release_lost`."""
    if isinstance(trials, Trials):
        trials._release_lost()


def tally(trials: Any) -> Tally:
    """Count any trials by state, cheaply if they are ours; call `sync` first."""
    if _is_ours(trials, _TALLY_RELIES_ON):
        return trials._tally  # type: ignore[no-any-return]
    new, running, done, error, cancel = map(trials.count_by_state_unsynced, JOB_STATES)
    docs = all_documents(trials)
    unfinished = [doc for doc in docs if doc["state"] in UNFINISHED]
    injected = sum(doc["state"] not in UNFINISHED and is_injected(doc) for doc in docs)
    best = summary.best_loss(trials)
    return Tally(new, running, done, error, cancel, best, unfinished, injected)


def insert(
    trials: Any, documents: list[Document], most: int, claimed: list[Document] | None = None
) -> int:
    """Insert trials, ours only while there are fewer than `most`; return how many.

    They are seen before another thread looks, which would take them for the user's. A store that
    can, claims the first one for the caller at once, and puts it into `claimed`.
    """
    if not isinstance(trials, Trials):
        trials.insert_trial_docs(documents)
        sync(trials)
        return len(documents)
    with LOCK:
        trials._most, trials._claims = most, claimed
        try:
            inserted: Any = trials.insert_trial_docs(documents)  # a user's may return anything
            sync(trials)
        finally:
            trials._most = trials._claims = None
    return len(inserted if isinstance(inserted, list) else documents)


_searches: list[tuple[Any, threading.Thread, int]] = []  # the trials, and who searches


@contextmanager
def searching(trials: Any) -> Iterator[None]:
    """Let other threads know that this one searches on these trials."""
    search = (trials, threading.current_thread(), os.getpid())
    try:
        with uninterrupted, LOCK:
            _searches.append(search)
        yield
    finally:
        with uninterrupted, LOCK:
            _searches[:] = [other for other in _searches if other is not search]


def searched_elsewhere(trials: Any) -> bool:
    """Tell whether another thread searches on the same trials.

    No if this one does as well, further out: the others may be waiting for what it runs there. Nor
    do the threads of a fork's parent search here.
    """
    here, process = threading.current_thread(), os.getpid()
    with LOCK:
        threads = [by for of, by, where in _searches if of is trials and where == process]
    return here not in threads and any(thread.is_alive() for thread in threads)
