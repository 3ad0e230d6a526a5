"""What the methods of trials are given: checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.trials.documents import JOB_STATES


def states_of(arg: Any) -> set[Any]:
    """Read the argument of the counting methods: a job state, or several."""
    try:
        states = {arg} if arg in JOB_STATES else set(arg)
    except TypeError:
        raise InvalidArgumentType(
            f"a job state or several are counted, one of JOB_STATES {JOB_STATES}; got {arg!r}"
        ) from None
    unknown = [state for state in states if state not in JOB_STATES]
    if unknown:
        raise InvalidArgument(f"unknown job states {unknown!r}; there are {JOB_STATES}")
    return states


def check_count(n: Any) -> None:
    """Refuse what is no number of ids."""
    if not isinstance(n, (int, np.integer)):
        raise InvalidArgumentType(f"ids are counted in whole numbers, got {n!r}")
    if n < 0:
        raise InvalidArgument(f"0 ids or more can be given, got {n!r}")


def checked_flag(name: str, value: Any) -> bool:
    """Return a switch as a bool; text is refused, as every word would count as yes."""
    if isinstance(value, (bool, np.bool_)) or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise InvalidArgumentType(f"{name} must be True or False, got {value!r}")


def checked_path(path: Any, who: str) -> str:
    """Return the path of a file, or a URL, as text; refuse what no file can be called."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise InvalidArgumentType(
            f"{who}: a path is needed, got {path!r} of type {type(path).__name__}"
        )
    try:
        is_name = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        is_name = False
    if not is_name:
        raise InvalidArgument(
            f"{who}: no file can have the name {text!r}: it holds a NUL or half a character; name "
            "another file"
        )
    return text


def listed(docs: Any) -> list[Any]:
    """Return documents as a list."""
    if type(docs) is list:  # as in every trial
        return docs.copy()
    if isinstance(docs, (str, Mapping)) or not isinstance(docs, Iterable):
        raise InvalidArgumentType(f"a list of trial documents is needed, got {docs!r}")
    return list(docs)


def check_lengths(**parts: Sequence[Any]) -> None:
    """Refuse parts of documents that are not as many as each other."""
    lengths = {name: len(part) for name, part in parts.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidArgument(f"one of each is needed for every trial, got {lengths}")
