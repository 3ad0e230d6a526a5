"""What can be read from trials: columns of their documents, and the outcome of the search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minopt.trials import records, summary
from minopt.trials.attachments import TrialAttachments
from minopt.trials.documents import Document, miscs_to_idxs_vals, plain
from minopt.trials.points import TrialsWithPoints
from minopt.trials.tagged_json import Withheld


class ReadableTrials(TrialsWithPoints):
    """The reading half of `Trials`: whoever keeps the documents supplies the attributes.

    Attributes
    ----------
    _trials : list of dict
        The documents that are seen.
    _dynamic_trials : list of dict
        All documents.
    _exp_key : object
        Whose documents are meant; everybody's if None.
    attachments : mapping from str to object
    """

    _trials: list[Document]
    _dynamic_trials: list[Document]
    _exp_key: Any
    attachments: Any

    def _pickle_of(self, value: Withheld) -> bytes | None:
        """Return the pickle of a value that was withheld, unread, where it is kept elsewhere."""
        return None

    def _seen(self) -> list[Document]:
        """Return the documents that are seen, for reading on the spot."""
        try:
            seen: list[Document] = self.__dict__["_trials"]
        except KeyError:
            raise AttributeError(
                "these trials were made with refresh=False: call refresh() before using them"
            ) from None
        return seen

    def __iter__(self) -> Iterator[Document]:
        return iter(self.trials)

    def __len__(self) -> int:
        return len(self._seen())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{self._of_whom()}: {self._in_words()}>"

    def _of_whom(self) -> str:
        key = getattr(self, "_exp_key", None)
        return "" if key is None else f" of {key!r}"

    def _in_words(self) -> str:
        try:
            return summary.in_words(self)
        except Exception:  # noqa: BLE001 - half made, or documents that are none: still to be shown
            return "not readable as trials"

    def __getitem__(self, item: Any) -> Any:
        raise NotImplementedError(
            f"trials[{item!r}] could mean a position or an id: write trials.trials[{item!r}], or "
            "search trials.trials for the document with that 'tid'"
        )

    @property
    def trials(self) -> list[Document]:
        """The documents that are new, running or done, as of the last `refresh`."""
        return self._trials

    @property
    def tids(self) -> list[Any]:
        """The id of every trial."""
        return [doc["tid"] for doc in self._seen()]

    @property
    def specs(self) -> list[Any]:
        """The spec of every trial (None, as a rule)."""
        return [doc["spec"] for doc in self._seen()]

    @property
    def results(self) -> list[Any]:
        """The result of every trial."""
        return [doc["result"] for doc in self._seen()]

    @property
    def miscs(self) -> list[Any]:
        """The misc of every trial, with its parameters."""
        return [doc["misc"] for doc in self._seen()]

    @property
    def idxs_vals(self) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        """Ids and values by label, see `miscs_to_idxs_vals`."""
        return miscs_to_idxs_vals(self.miscs)

    @property
    def idxs(self) -> dict[str, list[Any]]:
        """By label, the ids of the trials in which the parameter was active."""
        return self.idxs_vals[0]

    @property
    def vals(self) -> dict[str, list[Any]]:
        """By label, the values that the parameter had."""
        return self.idxs_vals[1]

    def losses(self, bandit: Any = None) -> list[Any]:
        """Return the loss of every trial, None where there is none."""
        if bandit is None:
            return [result.get("loss") for result in self.results]
        return list(map(bandit.loss, self.results, self.specs))

    def statuses(self, bandit: Any = None) -> list[Any]:
        """Return the status of every trial."""
        if bandit is None:
            return [result.get("status") for result in self.results]
        return list(map(bandit.status, self.results, self.specs))

    def average_best_error(self, bandit: Any = None) -> float:
        """Return the true loss of the best trial, averaged over what noise makes possible.

        With loss variances, the mean of the true losses, weighted by the probability that the
        trial's loss is the lowest. Failed trials and those without a usable loss do not count.

        Raises
        ------
        NoUsableLoss
            If none is left.
        """
        return summary.average_best_error(self, bandit)

    @property
    def best_trial(self) -> Document:
        """The trial with the lowest loss among those of status ``ok``.

        Raises
        ------
        AllTrialsFailed
            If no such trial has a usable loss.
        """
        return summary.best_trial(self)

    @property
    def argmin(self) -> dict[str, Any]:
        """The active parameters of the best trial; choices are indices."""
        vals = self.best_trial["misc"]["vals"]
        return {label: plain(held[0]) for label, held in vals.items() if len(held)}

    def to_records(self) -> list[dict[str, Any]]:
        """Return every trial, those that raised included, as one flat dict each.

        Returns
        -------
        list of dict
            All with the same keys, None where a trial has nothing: ``tid``, ``state`` (a
            word), ``status``, ``loss``, ``error``, ``book_time``, ``refresh_time``,
            ``vals.<label>`` as drawn, ``params.<key>`` as the objective received it (if a
            search has told the space), ``result.<key>`` for what else it returned.
        """
        return records.to_records(self)

    def to_dataframe(self) -> Any:
        """Return `to_records` as a pandas DataFrame, or as a polars one if pandas is missing."""
        return records.to_dataframe(self)

    def to_jsonl(self, path: Any) -> None:
        """Write all trials, with their attachments, to a file of JSON lines.

        Parameters
        ----------
        path : path
            A file that is there is replaced, and keeps its mode.

        Notes
        -----
        Numbers, strings, bytes, dates, numpy's scalars and arrays, tuples and sets come back
        with `minopt.read_jsonl` as they were. Other objects are pickled, and read only with
        ``trusted=True``; what cannot be pickled is left out, with a warning.
        """
        from minopt.trials.jsonl import to_jsonl

        to_jsonl(self, path)

    def aname(self, trial: Mapping[str, Any], name: str) -> str:
        """Return the key under which `attachments` holds an attachment of a trial."""
        return f"ATTACH::{trial['tid']}::{name}"

    def trial_attachments(self, trial: Mapping[str, Any]) -> TrialAttachments:
        """Return the attachments of one trial as a mapping from name to value."""
        return TrialAttachments(self, trial)
