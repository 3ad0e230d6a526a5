"""From a path or a URL to the trials that are kept there."""

from __future__ import annotations

import os
from typing import Any

from minopt.exceptions import InvalidArgument
from minopt.trials.given import checked_path
from minopt.trials.memory import Trials
from minopt.trials.sql.trials import SQLTrials

_OF_PICKLES = (".p", ".pickle", ".pkl")


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

    Raises
    ------
    StoreError
        If the database cannot be used; it says which one, why, and what to do.
    """
    place = os.fspath(path_or_url) if isinstance(path_or_url, os.PathLike) else path_or_url
    if isinstance(place, str):
        checked_path(place, "trials=")
    if isinstance(place, str) and place.lower().endswith(_OF_PICKLES):
        raise InvalidArgument(
            f"trials={place!r} has the name of a pickle, and trials are kept in a database, such "
            "as 'search.db'; to go on with a pickle of trials use trials_save_file="
        )
    return SQLTrials(place, exp_key, trusted=trusted)
