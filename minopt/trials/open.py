"""From a path or a URL to the trials that are kept there."""

from __future__ import annotations

from typing import Any

from minopt.trials.memory import Trials
from minopt.trials.sql.trials import SQLTrials


def open_trials(path_or_url: Any, exp_key: Any = None, *, trusted: bool = False) -> Trials:
    """Open durable trials, or make them if there are none.

    Parameters
    ----------
    path_or_url : str or path
        An SQLite file, ``sqlite:///search.db`` or ``postgresql://user@host/name``.
    exp_key : str, optional
        Name of the search in the database.
    trusted : bool
        Read values that had to be pickled, which can run code.
    """
    return SQLTrials(path_or_url, exp_key, trusted=trusted)
