"""What a durable store of trials promises, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, MutableMapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from minopt.trials.documents import Document

__all__ = ["Changes", "Store"]


class Changes(NamedTuple):
    """What happened in a store since somebody looked.

    Attributes
    ----------
    documents : list of dict
        New and changed ones, in the order of insertion, each made for the caller.
    token : object
        To be given to the next `Store.changes`.
    from_scratch : bool
        True if these are all documents there are: what was known before is void.
    """

    documents: list[Document]
    token: Any
    from_scratch: bool


class Store(ABC):
    """The trials of one search, kept where they outlive the process and others can see them.

    Any number of stores, in any number of processes, may be open on the same search. What a
    method has done when it returns is seen by all of them; `record` is durable as well. A store
    knows nothing of spaces, and hands out documents that it never changes again.

    Attributes
    ----------
    attachments : mutable mapping from str to object
        Bytes and strings come back as they are; so does what tagged JSON can hold. A name
        is only a name, whatever stands in it.
    """

    attachments: MutableMapping[str, Any]

    @abstractmethod
    def new_ids(self, n: int) -> list[int]:
        """Reserve `n` ids, higher than all before, that nobody else gets.

        Ids that were reserved last and not used before their process died are given again. Who
        holds the `streams` may ask as well.
        """

    @abstractmethod
    def insert(
        self, documents: Sequence[Document], most: int | None = None, owner: str | None = None
    ) -> int:
        """Add documents, all or none; raises `InvalidTrial` if an id is taken.

        With `most`, only the first of them, as many as make no more than that altogether. With
        `owner`, the first one is given to that owner as by `claim`, and says so. Returns how many
        were added.
        """

    @abstractmethod
    def claim(self, owner: str) -> Document | None:
        """Give the oldest NEW trial to `owner` alone, now RUNNING; None if there is none."""

    @abstractmethod
    def record(self, document: Document, owner: str) -> bool:
        """Write down a trial that `owner` runs; durable on return.

        False, and nothing is written, if the trial was given to somebody else meanwhile.
        """

    @abstractmethod
    def replace(self, document: Document) -> bool:
        """Write down a changed document; False if somebody else has changed it meanwhile."""

    @abstractmethod
    def is_changed(self, document: Document) -> bool:
        """Tell whether a document differs from what this store has last read or written."""

    @abstractmethod
    def heartbeat(self, tids: Iterable[Any], owner: str) -> None:
        """Say that `owner` is alive and still runs these trials."""

    @abstractmethod
    def requeue(self, owner: str, running: Collection[Any] = ()) -> list[Any]:
        """Take RUNNING trials back from owners that are gone, and return their ids.

        The first time a trial becomes NEW again, the second time it ends as ERROR and says
        why. An owner on this host is gone when its process is; one elsewhere, when it has not
        sent a heartbeat for some time. What was inserted RUNNING, be it nobody's, has such time
        from then on. `owner`, who asks, is there, and runs the trials `running`; others that it
        claimed were given up before they began, and wait again.
        """

    @abstractmethod
    def changes(self, since: Any = None) -> Changes:
        """Return what happened after `since`, a token of an earlier call; None: all.

        What was inserted and written through this very store may be left out.
        """

    @abstractmethod
    def streams(self) -> AbstractContextManager[list[dict[str, Any]]]:
        """Hold the random streams of the search for the caller alone, to read and to change.

        Changes are written when the context ends well. They are undone when the process dies
        before the trials are inserted whose ids it reserved last.
        """

    @abstractmethod
    def delete_all(self) -> None:
        """Forget all documents and attachments; their ids are not used again."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; the store opens them again when it is used."""
