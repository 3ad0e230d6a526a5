"""What every algorithm shares: from a point to a new trial document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minopt.domain.domain import Domain

Document = dict[str, Any]


def new_document(trials: Any, domain: Domain, tid: Any, point: Mapping[str, Any]) -> Document:
    """Make the document of a new trial at a point (active labels only)."""
    misc = {"tid": tid, "cmd": domain.cmd, "workdir": domain.workdir}
    misc.update(domain.table.misc(tid, point))
    documents: list[Document] = trials.new_trial_docs([tid], [None], [domain.new_result()], [misc])
    return documents[0]


def stream_of(seed: Any, tid: Any) -> np.random.Generator:
    """Return the random stream of one trial, equal whatever else is proposed in the same call."""
    return np.random.default_rng(seed + tid)
