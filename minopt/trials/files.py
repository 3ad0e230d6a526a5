"""Trials in a file: a pickle that plain `pickle.load` reads, written whole or not at all."""

from __future__ import annotations

import importlib
import os
import pickle
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from minopt.exceptions import InvalidArgument


def dumps(value: Any) -> bytes:
    """Pickle `value`, functions and classes of scripts included."""
    import cloudpickle

    data: bytes = cloudpickle.dumps(value)
    return data


def save_trials(trials: Any, path: str) -> None:
    """Write trials to a file, beside it first; the old file stays until the new one is complete.

    Raises
    ------
    InvalidArgument
        If they cannot be pickled; a file that was there stays.
    OSError
        If the file cannot be written; a file that was there stays.
    """
    try:
        data = dumps(trials)
    except Exception as wrong:  # pickling runs the code of whatever the trials hold
        raise InvalidArgument(
            f"trials_save_file {path!r}: the trials cannot be pickled "
            f"({type(wrong).__name__}: {wrong}); return results that can, or keep what cannot "
            "be pickled elsewhere"
        ) from wrong
    target = Path(path)
    beside = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        _write(data, beside, _mode_of(target))
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _flush_directory(target.parent)


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        return None


def _write(data: bytes, path: Path, mode: int | None) -> None:
    with path.open("xb") as file:  # never through a file or a link that somebody put there
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        path.chmod(mode)


def _flush_directory(path: Path) -> None:
    """Make the renaming last; not every system can."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_trials(path: str) -> Any:
    """Read the trials of a file that `save_trials` or hyperopt wrote.

    Raises
    ------
    InvalidArgument
        If the file is damaged, empty, or holds something else; it is left as it is.
    """
    try:
        with Path(path).open("rb") as file:
            trials = _Unpickler(file).load()
    except OSError:
        raise
    except Exception as wrong:  # a damaged pickle raises anything
        raise InvalidArgument(
            f"trials_save_file {path!r} cannot be read as trials "
            f"({type(wrong).__name__}: {wrong}); it was left as it is: name another file, or "
            "move it away"
        ) from wrong
    if not (hasattr(trials, "trials") and hasattr(trials, "insert_trial_docs")):
        raise InvalidArgument(
            f"trials_save_file {path!r} holds a {type(trials).__name__}, not Trials; "
            "name another file, or move it away"
        )
    return trials


class _Unpickler(pickle.Unpickler):
    """Reads a pickle in which hyperopt's own classes are those of minopt."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "hyperopt" or module.startswith("hyperopt."):
            return getattr(importlib.import_module("minopt" + module[8:]), name)
        return super().find_class(module, name)
