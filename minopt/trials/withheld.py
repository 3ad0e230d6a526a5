"""Values that were not read for want of trust, carried unread from one store into another."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from minopt.trials.tagged_json import MAX_DEPTH, TAG, Withheld

__all__ = [
    "Carrier",
    "PickleOf",
    "Reader",
    "carried_attachments",
    "holds_withheld",
    "pickle_in",
    "with_pickle",
]

PickleOf: TypeAlias = Callable[[Withheld], bytes | None]
"""Returns the pickle that a withheld value stands for, if it is kept where it came from."""


def with_pickle(kind: str, data: bytes | None) -> Withheld:
    """Return what stands for a value, with the pickle of it, to be read where there is trust."""
    told = {TAG: "kept", "type": kind}
    if data is not None:
        told["pickle"] = base64.b64encode(data).decode("ascii")
    return Withheld(told)


def pickle_in(value: Withheld) -> bytes | None:
    """Return the pickle that comes along with a withheld value."""
    text = value.told.get("pickle")
    try:
        return base64.b64decode(text) if isinstance(text, str) else None
    except ValueError:
        return None


class Carrier:
    """Makes values that need nothing from where they came from.

    Parameters
    ----------
    pickle_of : callable
        See `PickleOf`.

    Attributes
    ----------
    lost : list of str
        The types of the values whose pickles are not to be had.
    """

    def __init__(self, pickle_of: PickleOf) -> None:
        self._pickle_of = pickle_of
        self.lost: list[str] = []

    def __call__(self, value: Any, depth: int = 0) -> Any:
        """Return a value with the pickles of what was withheld in it."""
        if isinstance(value, Withheld):
            return self._carried(value)
        kind = type(value)
        if kind not in _CONTAINERS or depth > MAX_DEPTH:  # what holds itself is deep as well
            return value
        if kind is dict:
            return {self(key, depth + 1): self(item, depth + 1) for key, item in value.items()}
        if kind is not np.ndarray:
            return kind(self(item, depth + 1) for item in value)
        if value.dtype != object:
            return value
        made = np.empty_like(value)
        for place in np.ndindex(value.shape):
            made[place] = self(value[place], depth + 1)
        return made

    def _carried(self, value: Withheld) -> Any:
        data, kind = pickle_in(value), str(value.told.get("type", "value"))
        data = self._pickle_of(value) if data is None else data
        if data is None:
            self.lost.append(kind)
        return with_pickle(kind, data)


_CONTAINERS = frozenset({dict, list, tuple, set, frozenset, np.ndarray})


class Reader(Carrier):
    """Reads what was withheld: only for who trusts the writer."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)

    def _carried(self, value: Withheld) -> Any:
        data = pickle_in(value)
        return value if data is None else pickle.loads(data)  # noqa: S301 - trusted


def holds_withheld(value: Any) -> bool:
    """Tell whether there is a withheld value anywhere, also in what holds itself."""
    seen: set[int] = set()
    to_see = [value]
    while to_see:
        value = to_see.pop()
        if isinstance(value, Withheld):
            return True
        if type(value) not in _CONTAINERS or id(value) in seen:
            continue
        if type(value) is np.ndarray and value.dtype != object:
            continue
        seen.add(id(value))
        to_see += [*value, *value.values()] if type(value) is dict else list(value)
    return False


def carried_attachments(attachments: Any) -> list[tuple[str, Callable[[], Any]]]:
    """Return the names of attachments, each with what fetches it, unread if it is a pickle."""
    fetch = getattr(attachments, "carried", attachments.__getitem__)
    return [(name, partial(fetch, name)) for name in attachments]
