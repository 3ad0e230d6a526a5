"""Small questions about arrays and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minopt._types import BoolArray, IntArray


def fast_isin(X: ArrayLike, Y: ArrayLike) -> BoolArray:
    """Tell for each element of `X` whether it occurs in `Y`.

    Examples
    --------
    >>> fast_isin([1, 2, 3], [3, 1])
    array([ True, False,  True])
    """
    return np.asarray(np.isin(np.asarray(X), np.asarray(Y)))


def get_most_recent_inds(obj: Sequence[Mapping[str, Any]]) -> IntArray:
    """Return where in `obj` the latest version of each record is, in the order of their ids.

    Parameters
    ----------
    obj : sequence of dict
        Records with ``_id`` and ``version``; of equal versions the last one counts.

    Examples
    --------
    >>> get_most_recent_inds([{"_id": 7, "version": 1}, {"_id": 7, "version": 0}])
    array([0])
    """
    latest: dict[Any, int] = {}
    for place, record in enumerate(obj):
        known = latest.get(record["_id"])
        if known is None or int(record["version"]) >= int(obj[known]["version"]):
            latest[record["_id"]] = place
    return np.asarray([latest[key] for key in sorted(latest)], dtype=np.int64)
