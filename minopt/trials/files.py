"""Trials in a file: a pickle that plain `pickle.load` reads, written whole or not at all."""

from __future__ import annotations

import errno
import functools
import io
import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from minopt.exceptions import InvalidArgument, StoreError
from minopt.trials.documents import Document
from minopt.trials.memory import Trials
from minopt.trials.seal import sealed
from minopt.trials.told import told
from minopt.trials.withheld import Carrier, carried_attachments

__all__ = [
    "OF_TRIAL",
    "dump_trials",
    "dumps",
    "remove_strays",
    "save_trials",
    "strays_of",
    "write_whole",
]

OF_TRIAL = re.compile(r"ATTACH::(.*?)::(.*)", re.DOTALL)  # the name of an attachment of a trial


def dumps(value: Any) -> bytes:
    """Pickle `value`, functions and classes of scripts included."""
    import cloudpickle

    data: bytes = cloudpickle.dumps(value)
    return data


def save_trials(trials: Any, path: str | Path, what: str) -> int:
    """Write trials to a file, beside it first; the old file stays until the new one is complete.

    Parameters
    ----------
    trials : Trials
    path : path
    what : str
        What the file is called in errors.

    Returns
    -------
    int
        The bytes written.

    Raises
    ------
    InvalidArgument
        If they cannot be pickled; a file that was there stays.
    StoreError
        If the file cannot be written; a file that was there stays.
    """
    data = sealed(dump_trials(trials, what))
    write_whole(path, data, what)
    return len(data)


# ---- pickling


def dump_trials(trials: Any, what: str) -> bytes:
    """Pickle trials as hyperopt does; `what` is to be written, for the error."""
    buffer = io.BytesIO()
    try:
        _pickler_class()(buffer).dump(_in_memory(trials))
    except Exception as wrong:  # pickling runs the code of whatever the trials hold
        raise InvalidArgument(
            f"{what}: the trials cannot be pickled{_culprit(trials)} "
            f"({told(wrong)}); return results that can, or keep what cannot be pickled elsewhere; "
            "a file that was there is as it was"
        ) from wrong
    return buffer.getvalue()


def _in_memory(trials: Any) -> Any:
    """Return trials whose pickle holds the documents, not the way to a database."""
    if not getattr(trials, "_is_shared", False):
        return trials
    twin = Trials(exp_key=trials._exp_key, refresh=False)
    carried = Carrier(trials._pickle_of)
    twin._insert_trial_docs(map(carried, trials._dynamic_trials))
    twin.attachments.update(
        (name, fetch()) for name, fetch in carried_attachments(trials.attachments)
    )
    twin._streams = trials._streams
    twin.refresh()
    return twin


@functools.cache
def _pickler_class() -> Any:
    import cloudpickle

    class TrialsPickler(cloudpickle.Pickler):  # type: ignore[misc]
        """Cloudpickle, but for classes of trials: they are named, so that reading runs no code."""

        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, type) and issubclass(obj, Trials) and _is_importable(obj):
                return NotImplemented
            return super().reducer_override(obj)

    return TrialsPickler


def _is_importable(kind: type) -> bool:
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


def _culprit(trials: Any) -> str:
    """Say which trial, and which part of its result, or which attachment cannot be pickled."""
    for doc in reversed(getattr(trials, "_dynamic_trials", None) or []):
        if not _can_be_pickled(doc):
            return f": that of trial {doc.get('tid')!r} has {_parts(doc)} that cannot be"
    attachments = getattr(trials, "attachments", None)
    for name, value in attachments.items() if type(attachments) is dict else ():
        if not _can_be_pickled(value):
            return f": {_attachment(name)} cannot be"
    return ""


def _attachment(name: Any) -> str:
    of_trial = OF_TRIAL.fullmatch(str(name))
    if of_trial is None:
        return f"the attachment {name!r}"
    return f"the attachment {of_trial[2]!r} of trial {of_trial[1]}"


def _parts(doc: Document) -> str:
    result = doc.get("result")
    names = [
        f"result[{key!r}]"
        for key, value in (result.items() if isinstance(result, dict) else ())
        if not _can_be_pickled(value)
    ]
    return ", ".join(names) or "something"


def _can_be_pickled(value: Any) -> bool:
    try:
        dumps(value)
    except Exception:  # noqa: BLE001 - pickling runs the code of what it is given
        return False
    return True


# ---- writing


def write_whole(path: str | Path, data: bytes, what: str) -> None:
    """Write a file: beside it first, then in its place, durable on return.

    A file that is replaced keeps its mode, and stays until the new one is complete.

    Raises
    ------
    StoreError
        If that fails.
    """
    target = Path(path)
    beside = target.with_name(f"{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        before = _state_of(target)
        if before is not None and not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file, and would be replaced by one")
        try:
            _write(data, beside, before)
            beside.replace(target)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        _flush_directory(target.parent)
    except OSError as wrong:
        error = StoreError(
            f"{what} cannot be written ({wrong.strerror or wrong}); a file that was there is as it "
            "was: make room or name another file, and run the same again to go on with it"
        )
        error.errno = wrong.errno
        raise error from wrong


def _state_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _write(data: bytes, path: Path, before: os.stat_result | None) -> None:
    # made anew: never through a file or a link that somebody put there
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, 0o666 if before is None else 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - of a handle
        file.write(data)
        if before is not None:
            _take_over(handle, path, before)
        file.flush()
        os.fsync(handle)


def _take_over(handle: int, path: Path, before: os.stat_result) -> None:
    """Give a file the owner, if that is allowed, and the mode of the one that it replaces."""
    if hasattr(os, "fchown"):
        with suppress(OSError):
            os.fchown(handle, before.st_uid, before.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, stat.S_IMODE(before.st_mode))
    else:
        path.chmod(stat.S_IMODE(before.st_mode))


def _flush_directory(path: Path) -> None:
    """Make the renaming last; not every system can."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def strays_of(path: str | Path) -> list[Path]:
    """Return what killed writers left beside a file, the newest first."""
    target = Path(path)
    name = re.compile(re.escape(target.name) + r"\.[0-9a-f]{16}\.tmp")
    found = [
        beside
        for beside in target.parent.iterdir()
        if name.fullmatch(beside.name) and not beside.is_symlink() and beside.is_file()
    ]
    return sorted(found, key=lambda beside: beside.stat().st_mtime_ns, reverse=True)


def remove_strays(path: str | Path) -> None:
    """Remove what killed writers left beside a file; only for who holds its lock."""
    with suppress(OSError):
        for beside in strays_of(path):
            beside.unlink()
