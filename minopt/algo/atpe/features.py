"""What adaptive TPE knows about a search: numbers by which a setting of the knobs is chosen."""

from __future__ import annotations

import numpy as np

from minopt._types import FloatArray
from minopt.domain.table import Table
from minopt.trials.columns import History

NAMES = (
    "log_n_parameters",
    "share_of_options",
    "share_of_steps",
    "share_of_logarithms",
    "share_of_conditional",
    "log_n_trials",
    "share_of_failures",
    "staleness",
    "tail",
)


def features_of(table: Table, history: History) -> FloatArray:
    """Describe a space and what was tried in it.

    Parameters
    ----------
    table : Table
    history : History

    Returns
    -------
    (n_features,) float array
        In the order of `NAMES`, each of the size of 1 or so, never NaN.
    """
    return np.concatenate([space_features(table), history_features(history.losses)])


def space_features(table: Table) -> FloatArray:
    """Describe a space: how large it is, and of what kinds its parameters are."""
    rows = table.parameters
    n = max(1, len(rows))
    names = [row.node.name for row in rows]
    return np.array(
        [
            np.log(n) / 2,
            sum(name in ("randint", "categorical") for name in names) / n,
            sum(name.startswith("q") for name in names) / n,
            sum("log" in name for name in names) / n,
            sum(not row.always for row in rows) / n,
        ]
    )


def history_features(losses: FloatArray) -> FloatArray:
    """Describe a history: its length, its failures, how stale its best is, how its losses lie."""
    n = len(losses)
    usable = losses[np.isfinite(losses)]
    if n == 0 or len(usable) < 3:
        return np.array([np.log1p(n) / 4, 1.0 - len(usable) / max(1, n), 0.0, 0.0])
    staleness = (n - 1 - int(np.argmin(losses))) / n
    low, middle, high = np.quantile(usable, (0.05, 0.5, 0.95))
    tail = (middle - low) / (high - low) if high > low else 0.5
    return np.array([np.log1p(n) / 4, 1.0 - len(usable) / n, staleness, tail])
