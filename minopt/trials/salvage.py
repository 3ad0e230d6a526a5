"""What can still be read of a damaged file of trials, and of what was left beside it."""

from __future__ import annotations

from pathlib import Path

from minopt.exceptions import StoreError
from minopt.trials import peek
from minopt.trials.files import strays_of
from minopt.trials.jsonl import trials_of_lines
from minopt.trials.load import kind_of
from minopt.trials.salvage_pickle import salvage_pickle
from minopt.trials.salvaged import Salvaged, merged

__all__ = ["salvage", "salvage_lines"]


def salvage_lines(data: bytes) -> Salvaged:
    """Read all whole lines."""
    notes: list[str] = []

    def note(number: int, is_torn: bool, why: str) -> None:
        notes.append(f"line {number}: {'cut off' if is_torn else why}")

    trials = trials_of_lines(data, False, note)
    return Salvaged(
        trials._dynamic_trials,
        trials.attachments,
        trials._exp_key,
        trials._streams,
        {doc["tid"] for doc in trials._dynamic_trials},
        notes,
    )


def salvage(path: Path) -> Salvaged:
    """Read what can be read of a file, and of what killed writers left beside it.

    Raises
    ------
    StoreError
        If the file cannot be read at all.
    """
    strays = [_of_file(stray, f"{stray.name}: ") for stray in strays_of(path)]
    if not path.exists() and strays:
        return merged(strays)
    return merged([_of_file(path, ""), *strays])


def _of_file(path: Path, told: str) -> Salvaged:
    try:
        data = peek.read(path)
    except OSError as wrong:
        raise StoreError(f"recover: {str(path)!r} cannot be read ({wrong.strerror})") from wrong
    kind = kind_of(data[:64])
    if kind == "empty":
        return Salvaged(notes=[f"{told}the file is empty"])
    salvaged = salvage_lines(data) if kind == "jsonl" else salvage_pickle(data)
    salvaged.notes = [f"{told}{note}" for note in salvaged.notes]
    return salvaged
