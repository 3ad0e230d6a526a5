"""What trials and the remembered random streams of a search look like when they are read."""

from __future__ import annotations

from typing import Any

from minopt.trials.documents import check_document, check_list, error_text

__all__ = ["are_streams", "check_read"]

_LISTS = frozenset({list})
_MOST_SEEDS = 10**8  # a stream is wound forward by as many: more would never end


def are_streams(value: Any) -> bool:
    """Tell whether a value is a list of streams: first state, last state, number of seeds."""
    return isinstance(value, list) and all(map(_is_stream, value))


def _is_stream(entry: Any) -> bool:
    if not (isinstance(entry, dict) and {"first", "last", "n_seeds"} <= entry.keys()):
        return False
    states, n_seeds = (entry["first"], entry["last"]), entry["n_seeds"]
    return (
        all(state is None or isinstance(state, str) for state in states)
        and type(n_seeds) is int
        and 0 <= n_seeds <= _MOST_SEEDS
    )


def check_read(trial: Any) -> None:
    """Refuse what was read from somewhere and is no trial document, or would break its readers.

    Raises
    ------
    InvalidTrial
    """
    check_document(trial)
    for name in ("idxs", "vals"):
        lists = trial["misc"][name]
        if not _LISTS.issuperset(map(type, lists.values())):
            for label in lists:
                check_list(trial, name, label)
    error_text(trial)
