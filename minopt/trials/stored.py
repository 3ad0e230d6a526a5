"""Trials whose documents are kept in a store, where other processes see them too."""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from minopt._interrupts import uninterrupted
from minopt._warn import warn
from minopt.exceptions import StoreError
from minopt.trials.contract import Store
from minopt.trials.documents import JOB_STATE_NEW, JOB_STATE_RUNNING, Document
from minopt.trials.given import check_count
from minopt.trials.memory import LOCK, Trials

LOOK_FOR_LOST = 1.0  # seconds between two looks for trials whose owner is gone
SELDOM = 3600.0  # seconds between two signs of life at most: no system waits for ever


class StoredTrials(Trials):
    """`Trials` over a `Store`: the documents here are copies that are kept up to date.

    They are live as everywhere: what is written into them is written to the store by the next
    `refresh`, unless somebody else has changed the same trial meanwhile (then theirs stays, and
    a warning names the trial). What others wrote shows up in the very same dicts.

    Parameters
    ----------
    store : Store
    exp_key : object
    refresh : bool
    heartbeat_interval : float
        Seconds between two signs of life while trials are run here.
    """

    _is_shared = True  # others may add, claim and finish trials meanwhile
    _poll_interval = 0.01  # seconds; how often a search looks for what others have finished

    def __init__(
        self, store: Store, exp_key: Any, refresh: bool = True, heartbeat_interval: float = 10.0
    ) -> None:
        self._begin(store, exp_key, refresh, heartbeat_interval)

    def _begin(self, store: Store, exp_key: Any, refresh: bool, heartbeat_interval: float) -> None:
        self._store = store
        self._heart = Heart(store, heartbeat_interval)
        self._token: Any = None
        self._by_tid: dict[Any, Document] = {}
        self._looked_for_lost = -math.inf
        self._holds_streams = False
        Trials.__init__(self, exp_key, refresh)
        self._is_begun = True

    @property
    def attachments(self) -> Any:
        """What is kept beside the documents, by name."""
        return self._store.attachments

    @attachments.setter
    def attachments(self, value: Any) -> None:
        if value is self._store.attachments or not self.__dict__.get("_is_begun"):
            return  # `Trials` begins with none: that deletes nothing here
        self._store.attachments.clear()
        self._store.attachments.update(value)

    @property
    def _owner(self) -> str:
        return self._heart.owner

    # ---- to and from the store

    def _exchange(self, whole: bool) -> None:
        with uninterrupted, LOCK:
            if whole:
                self._push()
            self._pull()

    def _push(self) -> None:
        """Write down the documents that were changed here."""
        changed = [doc for doc in self._dynamic_trials if self._store.is_changed(doc)]
        unknown = [doc for doc in changed if self._by_tid.get(doc["tid"]) is not doc]
        if unknown:  # put into the list by hand
            self._store.insert(unknown)
            self._by_tid.update((doc["tid"], doc) for doc in unknown)
        known = [doc for doc in changed if doc not in unknown] if unknown else changed
        stale = [doc["tid"] for doc in known if not self._store.replace(doc)]
        if stale:
            warn(
                f"trials {stale!r} were changed here and by another process; the other's version "
                "is kept",
                RuntimeWarning,
            )

    def _pull(self) -> None:
        """Take in what others have written."""
        changes = self._store.changes(self._token)
        if changes.from_scratch and self._token is not None:
            self._dynamic_trials, self._by_tid, self._ledger = [], {}, None
        self._token = changes.token
        fresh = []
        for document in changes.documents:
            live = self._by_tid.get(document["tid"])
            if live is None:
                self._by_tid[document["tid"]] = document
                fresh.append(document)
            elif live is not document:
                self._take_over(live, document)
        self._dynamic_trials.extend(fresh)

    def _take_over(self, live: Document, document: Document) -> None:
        if live["state"] not in (JOB_STATE_NEW, JOB_STATE_RUNNING):
            self._ledger = None  # the books hold finished trials to be finished
        live.update(document)
        for key in live.keys() - document.keys():
            del live[key]

    def _is_known(self, doc: Document) -> bool:
        """Tell whether a document is the one here of its trial, which was not deleted meanwhile."""
        return self._by_tid.get(doc["tid"]) is doc

    def _insert_trial_docs(self, docs: Iterable[Document]) -> list[Any]:
        docs = list(docs)
        with uninterrupted, LOCK:
            claims, self._claims = self._claims, None  # one trial, however many calls this takes
            if not (docs and docs[0]["state"] == JOB_STATE_NEW):
                claims = None
            owner = None if claims is None else self._owner
            docs = docs[: self._store.insert(docs, self._most, owner)]
            if claims is not None:
                claims += docs[:1]  # first, so that the caller knows of it whatever comes
            # known from now on: others may have claimed them already
            self._by_tid.update((doc["tid"], doc) for doc in docs)
            for doc in claims or ():
                self._heart.beat_for(doc["tid"])
            self._pull()  # what others inserted before comes first
            self._dynamic_trials.extend(filter(self._is_known, docs))
            if claims:  # the pull may have made other documents, if somebody deleted all meanwhile
                live = (self._by_tid.get(doc["tid"]) for doc in claims)
                claims[:] = [doc for doc in live if doc is not None and doc["owner"] == owner]
        return [doc["tid"] for doc in docs]

    def new_trial_ids(self, n: int) -> list[int]:
        """Reserve `n` ids that no trial has, nor had."""
        check_count(n)
        with uninterrupted, LOCK:
            tids = self._store.new_ids(n)
            self._ids.update(tids)
        return tids

    def _claim_next(self, into: list[Document] | None = None) -> Document | None:
        with uninterrupted, LOCK:
            document = self._store.claim(self._owner)
            if document is None:
                return None
            live = self._by_tid.get(document["tid"])
            if live is None:
                live = self._by_tid[document["tid"]] = document
                self._pull()
                self._dynamic_trials.extend(filter(self._is_known, [live]))
            if into is not None:
                into.append(live)
            live.update(document)
            self._heart.beat_for(live["tid"])
        return live

    def _record(self, doc: Document) -> None:
        """Write a trial down that was run here; it is on disk when this returns."""
        with uninterrupted, LOCK:
            if doc["state"] != JOB_STATE_RUNNING:
                self._heart.rest(doc["tid"])
            if self._store.record(doc, self._owner):
                return
            self._token = None  # read all again: this trial is not what we believe
            self._pull()
        warn(
            f"trial {doc['tid']!r} was deleted, or given to another worker after this one had "
            "not been heard of for some time; what it found here is dropped",
            RuntimeWarning,
        )

    def _heartbeat(self, doc: Document) -> None:
        self._store.heartbeat([doc["tid"]], self._owner)

    def _release_lost(self) -> None:
        """Take back trials whose owners are gone, now and then."""
        now = time.monotonic()
        if now - self._looked_for_lost >= LOOK_FOR_LOST:
            self._looked_for_lost = now
            with LOCK:
                self._store.requeue(self._owner, self._heart.tids)

    def delete_all(self) -> None:
        """Forget all documents and attachments, for everybody; their ids are not used again."""
        with LOCK:
            self._store.delete_all()
            self._token = None
            self._dynamic_trials, self._by_tid = [], {}
            self.refresh()

    def close(self) -> None:
        """Let go of files and connections; they are opened again when they are needed."""
        self._heart.stop()
        self._store.close()

    # ---- the random streams of searches

    @property
    def _streams(self) -> list[dict[str, Any]]:
        if "_streams" not in self.__dict__:
            self.__dict__["_streams"] = []
            with self._holding_streams():
                pass
        streams: list[dict[str, Any]] = self.__dict__["_streams"]
        return streams

    @_streams.setter
    def _streams(self, streams: list[dict[str, Any]]) -> None:
        with self._holding_streams():
            self.__dict__["_streams"][:] = streams

    @contextmanager
    def _holding_streams(self) -> Iterator[None]:
        with uninterrupted, LOCK:
            if self._holds_streams:
                yield
                return
            self._holds_streams = True
            try:
                with self._shared_streams():
                    yield
            finally:
                self._holds_streams = False

    @contextmanager
    def _shared_streams(self) -> Iterator[None]:
        with self._store.streams() as stored:
            mine = self.__dict__.setdefault("_streams", [])
            known = {entry["first"]: entry for entry in mine}
            for entry in stored:
                if entry["first"] in known:
                    known[entry["first"]].update(entry)
                else:
                    mine.append(entry)
            yield
            stored[:] = [dict(entry) for entry in mine if entry["first"] is not None]


class Heart:
    """Signs of life for the trials that this process runs, from a thread of its own.

    Parameters
    ----------
    store : Store
    interval : float
        Seconds.

    Attributes
    ----------
    tids : set
        The trials that are run here.
    """

    def __init__(self, store: Store, interval: float) -> None:
        self._store = weakref.ref(store)
        self._interval = min(interval, SELDOM)
        self._name = ""
        self._pid = -1
        self.tids: set[Any] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def owner(self) -> str:
        """The name under which this process claims trials."""
        if self._pid != os.getpid():  # a child of a fork is somebody else, without the thread
            from minopt.trials.owners import new_owner

            self._pid, self._name = os.getpid(), new_owner()
            self._thread, self.tids = None, set()
        return self._name

    def beat_for(self, tid: Any) -> None:
        """Begin to send signs of life for a trial."""
        self.tids.add(tid)
        if self._thread is None or not self._thread.is_alive():
            self._stopped = threading.Event()
            arguments = (weakref.ref(self), self._stopped, self._interval)
            self._thread = threading.Thread(
                target=_beat, args=arguments, name="minopt-heartbeat", daemon=True
            )
            self._thread.start()

    def rest(self, tid: Any) -> None:
        """End the signs of life for a trial."""
        self.tids.discard(tid)

    def stop(self) -> None:
        """End the thread; the next trial starts another."""
        self._stopped.set()

    def send(self) -> bool:
        """Send one sign of life for all trials; False if there is nobody to send it for."""
        store = self._store()
        if store is None:
            return False
        if self.tids:
            with suppress(StoreError):  # no word now; perhaps the next time
                store.heartbeat(set(self.tids), self._name)
        return True

    def __del__(self) -> None:
        self._stopped.set()


def _beat(heart: weakref.ref[Heart], stopped: threading.Event, interval: float) -> None:
    while not stopped.wait(interval):
        alive = heart()
        if alive is None or not alive.send():
            return
        del alive
