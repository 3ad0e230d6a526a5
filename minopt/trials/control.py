"""The handle that an objective holds on its own trial."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.trials.documents import JOB_STATE_DONE, Document, copied
from minopt.trials.memory import Trials

logger = logging.getLogger("minopt.base")


class Ctrl:
    """A trial's connection to the store while its objective runs.

    Parameters
    ----------
    trials : Trials or None
        The store; None makes an empty one.
    current_trial : dict, optional
        The document of the running trial.
    """

    info = logger.info
    warn = logger.warning
    error = logger.error
    debug = logger.debug

    def __init__(self, trials: Any, current_trial: Document | None = None) -> None:
        self.trials = Trials() if trials is None else trials
        self.current_trial = current_trial

    def _trial(self, what: str) -> Document:
        if self.current_trial is None:
            raise InvalidArgument(f"Ctrl.{what} needs a trial: make the Ctrl with current_trial=")
        return self.current_trial

    def checkpoint(self, r: Mapping[str, Any] | None = None) -> None:
        """Store `r` as the preliminary result of the running trial.

        Raises
        ------
        InvalidArgument
            If there is no trial, the store does not hold it, or `r` is no result.
        """
        trial = self._trial("checkpoint")
        if trial["tid"] not in self.trials.tids:
            raise InvalidArgument(
                f"Ctrl.checkpoint: trial {trial['tid']!r} is not among the trials; insert it and "
                "refresh() first"
            )
        if r is None:
            return
        if not isinstance(r, Mapping):
            raise InvalidArgumentType(
                f"Ctrl.checkpoint: trial {trial['tid']!r}: a result is a dict with 'status' and "
                f"'loss', got {r!r}"
            )
        trial["result"] = copied(dict(r))
        if isinstance(self.trials, Trials):
            self.trials._record(trial)

    @property
    def attachments(self) -> Any:
        """The attachments of the running trial, by name."""
        return self.trials.trial_attachments(trial=self._trial("attachments"))

    def inject_results(
        self,
        specs: Sequence[Any],
        results: Sequence[Any],
        miscs: Sequence[Any],
        new_tids: Sequence[Any] | None = None,
    ) -> list[Any]:
        """Add finished trials that the objective found on its way.

        Parameters
        ----------
        specs, results, miscs : sequences of the same length
            Parts of the new documents; ``from_tid`` in each misc names the running trial.
        new_tids : sequence, optional
            Ids of the new trials; fresh ones if None.

        Returns
        -------
        list
            Their ids.
        """
        trial = self._trial("inject_results")
        if new_tids is None:
            new_tids = self.trials.new_trial_ids(len(specs))
        documents = self.trials.source_trial_docs(
            tids=new_tids,
            specs=specs,
            results=results,
            miscs=miscs,
            sources=[trial] * len(specs),
        )
        for document in documents:
            document["state"] = JOB_STATE_DONE
        tids: list[Any] = self.trials.insert_trial_docs(documents)
        return tids


Ctrl.__module__ = "minopt.base"  # spaces hold the class; pickles name the promised path
