"""Values that share their parts, as pickles can: how large they are when written out."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection
from itertools import chain
from typing import Any

import numpy as np

from minopt.trials.values import PLAIN

__all__ = ["check_documents_sharing", "check_sharing"]

_MOST = 100_000  # containers within containers; those that share nothing have fewer
_LISTS = frozenset({list})
_DICTS = frozenset({dict, OrderedDict, defaultdict})
_CONTAINERS = _DICTS | {list, tuple, set, frozenset, np.ndarray}


def check_documents_sharing(documents: list[Any]) -> None:
    """Refuse a document whose parts share parts, see `check_sharing`."""
    for document in documents:
        misc = document.get("misc") if type(document) is dict else None
        if type(misc) is not dict or not (_is_flat(misc, "idxs") and _is_flat(misc, "vals")):
            check_sharing(document, "a trial")
            continue
        others = [value for key, value in misc.items() if key not in ("idxs", "vals")]
        for part in chain(document, document.values(), misc, others):
            if part is not misc and type(part) in _CONTAINERS and _containers_in(part):
                check_sharing(document, "a trial")
                break


def _is_flat(misc: dict[Any, Any], name: str) -> bool:
    """Tell whether parameters are lists without containers in them, told without a loop."""
    held = misc.get(name)
    if type(held) is not dict or not _LISTS.issuperset(map(type, held.values())):
        return False
    return _CONTAINERS.isdisjoint(map(type, chain.from_iterable(held.values())))


def check_sharing(value: Any, who: str) -> None:
    """Refuse a value whose parts share parts, over and over: copying it would never end.

    Parameters
    ----------
    value : object
        Looked into where it is made of dicts, lists, tuples, sets and arrays of objects.
    who : str
        What it is called in the error.

    Raises
    ------
    ValueError
        If it would be made of more than 100 000 containers, a hundred for each that it names.
    """
    sizes: dict[int, int] = {}  # by id: of those that are finished, and 0 for those above
    n_references = 0
    pending = [(value, _containers_in(value))] if type(value) in _CONTAINERS else []
    while pending:
        top, parts = pending[-1]
        if id(top) not in sizes:
            sizes[id(top)] = 0
            n_references += len(parts)
            fresh = [part for part in parts if id(part) not in sizes]
            if fresh:
                pending.extend([(part, _containers_in(part)) for part in fresh])
                continue
        pending.pop()
        if sizes[id(top)] == 0:
            sizes[id(top)] = 1 + sum([sizes[id(part)] for part in parts])
    written = sizes.get(id(value), 0)
    if written > _MOST and written > 100 * n_references:
        raise ValueError(f"{who} shares its parts over and over; written out it would have no end")


def _containers_in(value: Any) -> list[Any]:
    held: Collection[Any] = value
    if type(value) is np.ndarray:
        held = value.ravel().tolist() if value.dtype == np.dtype(object) else ()
    elif type(value) in _DICTS:
        held = value.values() if PLAIN.issuperset(map(type, value)) else [*value, *value.values()]
    kinds = set(map(type, held))
    if kinds.isdisjoint(_CONTAINERS):
        return []
    return [part for part in held if type(part) in _CONTAINERS]
