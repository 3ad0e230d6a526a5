"""Random search: every point is drawn from the prior, whatever was seen.

Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minopt.algo.shared import Document, new_document
from minopt.domain.domain import Domain
from minopt.pyll.evaluate import rec_eval
from minopt.pyll.nodes import Apply


def suggest(new_ids: Sequence[Any], domain: Domain, trials: Any, seed: Any) -> list[Document]:
    """Propose points drawn from the space.

    Parameters
    ----------
    new_ids : sequence
        The id of each new trial.
    domain : Domain
    trials : Trials
        Makes the documents; what it holds plays no role.
    seed : int or anything `numpy.random.default_rng` takes
        One stream serves all the new trials.

    Returns
    -------
    list of dict
        One document per id.
    """
    rng = np.random.default_rng(seed)
    return [new_document(trials, domain, tid, domain.table.draw(rng)) for tid in new_ids]


def suggest_batch(
    new_ids: Sequence[Any],
    domain: Domain,
    trials: Any,  # noqa: ARG001 - the signature of every algorithm
    seed: Any,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Propose points as columns: each parameter is drawn for all trials at once.

    Returns
    -------
    idxs, vals : dict from label to array
        The ids of the trials in which the parameter is active, and its values there.
    """
    rng = np.random.default_rng(seed)
    memo: dict[Apply, Any] = {domain.s_new_ids: new_ids, domain.s_rng: rng}
    idxs, vals = rec_eval(domain.s_idxs_vals, memo=memo)
    return idxs, vals
