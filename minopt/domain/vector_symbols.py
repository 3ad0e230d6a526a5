"""Symbols of graphs that compute many trials at once, as pairs (ids, values at those ids).

Bergstra, Yamins and Cox, "Making a science of model search", ICML 2013, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument
from minopt.pyll import scope
from minopt.pyll.evaluate import rec_eval
from minopt.pyll.nodes import Apply


@scope.define_pure
def vchoice_split(idxs: Sequence[Any], choices: Sequence[int], n_options: int) -> list[list[Any]]:
    """Part ids by what was chosen for them.

    Parameters
    ----------
    idxs : sequence
        Trial ids.
    choices : sequence of int
        The option chosen in each.
    n_options : int

    Returns
    -------
    list of list
        For each option the ids of the trials that take it.

    Raises
    ------
    InvalidArgument
        If there is not one choice for each id.

    Examples
    --------
    >>> vchoice_split([5, 6, 7], [1, 0, 1], 2)
    [[6], [5, 7]]
    """
    _check_lengths("vchoice_split", idxs, choices)
    parts: list[list[Any]] = [[] for _ in range(n_options)]
    for idx, choice in zip(idxs, choices, strict=True):
        parts[choice].append(idx)
    return parts


@scope.define_pure
def vchoice_merge(idxs: Sequence[Any], choices: Sequence[int], *vals: Any) -> list[Any]:
    """Put together what `vchoice_split` parted.

    Parameters
    ----------
    idxs : sequence
        Trial ids.
    choices : sequence of int
        The option chosen in each.
    *vals : pair (ids, values)
        One for each option.

    Returns
    -------
    list
        The value of the chosen option, for each id.

    Examples
    --------
    >>> vchoice_merge([5, 6, 7], [1, 0, 1], ([6], ["a"]), ([5, 7], ["b", "c"]))
    ['b', 'a', 'c']
    """
    _check_lengths("vchoice_merge", idxs, choices)
    tables = [dict(zip(option_idxs, values, strict=True)) for option_idxs, values in vals]
    return [tables[choice][idx] for idx, choice in zip(idxs, choices, strict=True)]


@scope.define_pure
def idxs_map(idxs: Iterable[Any], cmd: str, *args: Any, **kwargs: Any) -> list[Any]:
    """Apply a symbol once for each id.

    Parameters
    ----------
    idxs : sequence
        Trial ids.
    cmd : str
        Name of the symbol.
    *args, **kwargs : pair (ids, values)
        Each argument of the symbol; it may know of more ids than are wanted.

    Returns
    -------
    list
        One value for each id.

    Examples
    --------
    >>> idxs_map([1, 2], "add", ([1, 2], [10, 20]), ([0, 1, 2], [7, 8, 9]))
    [18, 29]
    """
    function = scope._impls[cmd]
    by_position = [dict(zip(*pair, strict=True)) for pair in args]
    by_name = {keyword: dict(zip(*pair, strict=True)) for keyword, pair in kwargs.items()}
    values = []
    for idx in idxs:
        try:
            here = [table[idx] for table in by_position]
            named = {keyword: table[idx] for keyword, table in by_name.items()}
        except KeyError as missing:
            raise InvalidArgument(
                f"idxs_map: an argument of {cmd!r} has no value for id {idx!r}"
            ) from missing
        value = function(*here, **named)
        values.append(rec_eval(value) if isinstance(value, Apply) else value)
    return values


@scope.define_pure
def idxs_take(idxs: Sequence[Any], vals: Sequence[Any], which: Iterable[Any]) -> Any:
    """Return the values at some of the ids, as an array.

    Parameters
    ----------
    idxs, vals : sequence
        Ids and their values.
    which : sequence
        Ids among `idxs`.

    Examples
    --------
    >>> idxs_take([5, 6, 7], [0.5, 0.6, 0.7], [7, 5])
    array([0.7, 0.5])
    """
    _check_lengths("idxs_take", idxs, vals)
    table = dict(zip(idxs, vals, strict=True))
    taken = [table[idx] for idx in which]
    try:
        return np.asarray(taken)
    except ValueError:  # lists of different lengths make no rectangle
        boxes = np.empty(len(taken), dtype=object)
        boxes[:] = taken
        return boxes


@scope.define_pure
def uniq(lst: Iterable[Any]) -> list[Any]:
    """Return the objects of a list, each once; equal ones are not the same."""
    return list({id(item): item for item in lst}.values())


def _check_lengths(who: str, idxs: Sequence[Any], vals: Sequence[Any]) -> None:
    if len(idxs) != len(vals):
        raise InvalidArgument(f"{who}: {len(idxs)} ids but {len(vals)} values")
