"""Trials out of a file, whoever wrote it: hyperopt, minopt, as a pickle, JSON lines or SQLite."""

from __future__ import annotations

import importlib
import io
import os
import pickle
from collections.abc import Mapping
from typing import Any

from minopt._optional import need
from minopt.exceptions import (
    DamagedFile,
    InvalidArgument,
    InvalidArgumentType,
    InvalidTrial,
    StoreError,
)
from minopt.trials import peek
from minopt.trials.given import checked_flag, checked_path
from minopt.trials.memory import Trials, trials_from_docs
from minopt.trials.seal import is_broken
from minopt.trials.sharing import check_documents_sharing, check_sharing
from minopt.trials.streams import are_streams, check_read
from minopt.trials.unpickle import damaged, safe_loads
from minopt.trials.withheld import Reader, holds_withheld

_NO_PICKLES = {
    "sqlite": "it is a database, and a search goes on in it with fmin(..., trials={!r})",
    "jsonl": "it is JSON lines; minopt.copy_trials({!r}, 'trials.pkl') makes a pickle of them",
}

__all__ = ["kind_of", "load_trials", "read_pickle", "read_trials"]


def load_trials(path: str | os.PathLike[str], trusted: bool = False) -> Any:
    """Open the trials of a search that was saved, by hyperopt or by minopt.

    Parameters
    ----------
    path : path or URL
        A pickle (of ``hyperopt.Trials`` too), JSON lines (`Trials.to_jsonl`), an SQLite file or
        the URL of a database. It is told by what is in it, not by its name.
    trusted : bool
        Read objects of any class, which can run code: only for files whose writer you trust.
        Otherwise a pickle may hold Trials (also of a subclass that was imported before), builtin
        containers, numbers, strings, dates, and numpy's arrays and scalars.

    Returns
    -------
    Trials
        Those of a database stay connected with it; others are in memory.

    Raises
    ------
    UntrustedPickle
        If a pickle names any other class: says which.
    DamagedFile
        If the file is damaged, empty, or holds no trials. It is left as it is; see
        ``minopt recover``.
    StoreError
        If it cannot be opened.

    Examples
    --------
    >>> load_trials("trials.pkl")  # doctest: +SKIP
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidArgumentType(
            f"load_trials: a path or a URL is needed, got {path!r} of type {type(path).__name__}"
        )
    trusted = checked_flag("trusted", trusted)
    if "://" in checked_path(path, "load_trials"):
        return _open_database(path, trusted)
    source = f"load_trials: {str(path)!r}"
    way_out = f"minopt.load_trials({str(path)!r}, trusted=True)"
    return read_trials(path, trusted, source=source, way_out=way_out)


def read_trials(
    path: str | os.PathLike[str],
    trusted: bool = False,
    *,
    source: str,
    way_out: str,
    only_pickles: bool = False,
) -> Any:
    """Read trials; `source` and `way_out` are for errors, see `safe_loads`."""
    try:
        kind = kind_of(peek.read(path, 64))
        data = peek.read(path) if kind != "sqlite" else b""
    except OSError as wrong:
        error = StoreError(f"{source} cannot be read ({wrong.strerror or wrong})")
        error.errno = wrong.errno
        raise error from wrong
    if only_pickles and kind in _NO_PICKLES:
        raise InvalidArgument(f"{source} is no pickle: {_NO_PICKLES[kind].format(str(path))}")
    if kind == "sqlite":
        return _open_database(path, trusted)
    if kind == "empty":
        raise DamagedFile(
            f"{source} cannot be read as trials: it is empty; it was left as it is: name another "
            "file, or remove it"
        )
    if kind == "jsonl":
        from minopt.trials.jsonl import read_jsonl

        return read_jsonl(path, trusted=trusted)
    return read_pickle(data, trusted, source, way_out)


def kind_of(beginning: bytes) -> str:
    """Tell what a file is by its first bytes: ``empty``, ``sqlite``, ``jsonl`` or ``pickle``."""
    if not beginning:
        return "empty"
    if beginning.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "jsonl"
    return "pickle"


def _open_database(path: Any, trusted: bool) -> Any:
    """Open the only search of a database, or the one without a name; no database is made."""
    from minopt.trials.sql.trials import SQLTrials

    need("sqlalchemy", extra="sql", what="a database of trials")
    from minopt.trials.sql.database import Database
    from minopt.trials.sql.store import searches
    from minopt.trials.sql.url import url_of

    database = Database(url_of(path), create=False)
    with database.explained():
        names = searches(database)
    if len(names) > 1 and None not in names:
        raise InvalidArgument(
            f"load_trials: {str(path)!r} holds several searches; open one of them with "
            f"minopt.SQLTrials(path, exp_key=...), exp_key one of {names}"
        )
    name = names[0] if len(names) == 1 else None
    return SQLTrials(database, exp_key=name, trusted=trusted)


# ---- pickles


def read_pickle(data: bytes, trusted: bool, source: str, way_out: str) -> Any:
    """Return the trials that a pickle holds."""
    if is_broken(data):
        raise damaged(source, ValueError("it is not what was written: its checksum is wrong"))
    trials = _trusted_loads(data, source) if trusted else safe_loads(data, source, way_out)
    if not (hasattr(trials, "trials") and hasattr(trials, "insert_trial_docs")):
        raise DamagedFile(
            f"{source} holds a {type(trials).__name__}, not Trials; it was left as it is: name "
            "another file, or move it away"
        )
    if isinstance(trials, Trials):
        _check(trials, source)
        if trusted:
            _read_withheld(trials, source)
    elif any(kind.__module__.startswith("hyperopt.") for kind in type(trials).__mro__):
        return _as_ours(trials)
    return trials


def _read_withheld(trials: Trials, source: str) -> None:
    """Read what was withheld when these trials came here from another store."""
    attachments, read = trials.attachments, Reader()
    try:
        for doc in filter(holds_withheld, trials._dynamic_trials):
            doc.update(read(doc))
        for name in [name for name in attachments if holds_withheld(attachments[name])]:
            attachments[name] = read(attachments[name])
    except Exception as wrong:  # reading a pickle runs the code of users' classes
        raise damaged(source, wrong) from wrong


_LOOKED_AT = ("_dynamic_trials", "_trials", "_ids")


def _check(trials: Trials, source: str) -> None:
    """Refuse trials whose parts are not what every Trials has."""
    try:
        parts: tuple[Any, Any] = trials._dynamic_trials, trials._ids
        if tuple(map(type, parts)) != (list, set):
            raise TypeError("its documents or its ids are of the wrong kind")
        check_documents_sharing(trials._dynamic_trials)
        others = [value for key, value in vars(trials).items() if key not in _LOOKED_AT]
        check_sharing(others, "what it holds beside its trials")
        for doc in trials._dynamic_trials:
            check_read(doc)
        if not isinstance(trials.attachments, Mapping):
            raise TypeError("its attachments are none")
        if not are_streams(trials._streams):
            raise TypeError("its random streams are none")
        trials.refresh()
    except (InvalidTrial, TypeError, LookupError, AttributeError, ValueError) as wrong:
        raise damaged(source, wrong) from wrong


def _as_ours(theirs: Any) -> Trials:
    """Take over what a class of the user's has that is based on hyperopt's own Trials."""
    ours = trials_from_docs(theirs._dynamic_trials, validate=False, exp_key=theirs._exp_key)
    ours.attachments.update(theirs.attachments)
    ours._ids.update(theirs._ids)
    return ours


class _TrustedUnpickler(pickle.Unpickler):
    """Python's own reader, in which hyperopt's classes are those of minopt."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "hyperopt" or module.startswith("hyperopt."):
            return getattr(importlib.import_module("minopt" + module[8:]), name)
        return super().find_class(module, name)


def _trusted_loads(data: bytes, source: str) -> Any:
    try:
        return _TrustedUnpickler(io.BytesIO(data)).load()
    except Exception as wrong:  # a damaged pickle raises anything
        raise damaged(source, wrong) from wrong
