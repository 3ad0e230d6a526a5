"""What a picture shows of a search: one outcome per trial that has ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minopt.trials.columns import learnable_documents
from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    STATUS_FAIL,
    STATUS_OK,
    Document,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one trial ended.

    Attributes
    ----------
    trial : dict
        The document.
    status : str
        What the objective said; ``"fail"`` if it raised.
    loss : float
        NaN if there is none.
    """

    trial: Document
    status: str
    loss: float

    @property
    def good(self) -> bool:
        """True if the trial did not fail and has a finite loss."""
        return self.status == STATUS_OK and math.isfinite(self.loss)

    @property
    def values(self) -> dict[str, Any]:
        """The active parameters by label."""
        held = self.trial["misc"]["vals"]
        return {label: values[0] for label, values in held.items() if len(values)}


def outcomes_of(trials: Any) -> list[Outcome]:
    """Return the outcomes of the trials that have ended, those that raised among them."""
    return [
        _outcome(trial)
        for trial in learnable_documents(trials)
        if trial["state"] in (JOB_STATE_DONE, JOB_STATE_ERROR)
    ]


def good_ones(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes with a finite loss and without failure."""
    return [outcome for outcome in outcomes if outcome.good]


def _outcome(trial: Document) -> Outcome:
    result = trial["result"]
    status = result.get("status", STATUS_OK)
    if trial["state"] == JOB_STATE_ERROR:
        status = STATUS_FAIL
    loss = result.get("loss")
    try:
        number = math.nan if loss is None else float(loss)
    except (TypeError, ValueError):
        number = math.nan
    return Outcome(trial, status, number)
