"""What was got out of damaged trials, and what was lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from minopt.trials.documents import JOB_STATE_NEW, JOB_STATE_RUNNING, Document
from minopt.trials.memory import Trials

__all__ = ["Salvaged", "merged", "once"]


@dataclass(slots=True)
class Salvaged:
    """What was got out of a file.

    Attributes
    ----------
    documents : list of dict
    attachments : dict
    exp_key : object
    streams : list of dict
        The random streams of the search, so that it goes on as it would have.
    ids : set
        All ids that the search had given out, as far as the file says.
    notes : list of str
        What was lost, and why.
    space : str, optional
        The space of a search in a database, as the database keeps it.
    """

    documents: list[Document] = field(default_factory=list)
    attachments: dict[str, Any] = field(default_factory=dict)
    exp_key: Any = None
    streams: list[dict[str, Any]] = field(default_factory=list)
    ids: set[Any] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    space: str | None = None

    def lost(self) -> list[Any]:
        """Return the ids of which there is no document."""
        there = {doc["tid"] for doc in self.documents}
        return sorted((tid for tid in self.ids if tid not in there), key=repr)

    def trials(self) -> Trials:
        """Return what was salvaged as trials, to be gone on with."""
        trials = Trials(exp_key=self.exp_key, refresh=False)
        trials._insert_trial_docs(sorted(self.documents, key=_order))
        trials.attachments.update(self.attachments)
        trials._streams = self.streams
        trials.refresh()
        return trials


def _order(doc: Document) -> tuple[bool, Any]:
    tid = doc["tid"]
    return (False, tid) if isinstance(tid, (int, float)) else (True, repr(tid))


def merged(parts: Iterable[Salvaged]) -> Salvaged:
    """Put together what was salvaged from several versions of a file, the best one first."""
    first, *others = parts
    there = {(doc["tid"], repr(doc["exp_key"])): doc for doc in first.documents}
    for part in others:
        for doc in part.documents:
            key = doc["tid"], repr(doc["exp_key"])
            if key not in there:
                there[key] = doc
                first.documents.append(doc)
            elif _is_unfinished(there[key]) and not _is_unfinished(doc):
                there[key].update(doc)
        first.attachments = {**part.attachments, **first.attachments}
        first.streams = first.streams or part.streams
        first.exp_key = part.exp_key if first.exp_key is None else first.exp_key
        first.ids |= part.ids
        first.notes += part.notes
    return first


def _is_unfinished(doc: Document) -> bool:
    return doc["state"] in (JOB_STATE_NEW, JOB_STATE_RUNNING)


def once(documents: list[Document]) -> list[Document]:
    """Keep one document of each id, a finished one if there is one."""
    best: dict[Any, Document] = {}
    for doc in documents:
        key = doc["tid"], repr(doc["exp_key"])
        if key not in best or (_is_unfinished(best[key]) and not _is_unfinished(doc)):
            best[key] = doc
    return list(best.values())
