"""Graphs copied and pickled without recursion, however deep they are; shared nodes stay shared."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from minopt.pyll.nodes import Apply


class _InTurn(threading.local):
    """The lists of nodes that this thread is pickling, node by node, inputs first."""

    def __init__(self) -> None:
        self.lists: WeakSet[_Below] = WeakSet()  # weak: one that could not be pickled is forgotten


_in_turn = _InTurn()


def deep_copy(node: Apply, memo: dict[int, Any]) -> Apply:
    """Copy a graph, with the constants in it; see `copy.deepcopy`."""
    from minopt.pyll.walk import dfs

    for below in dfs(node):
        if id(below) not in memo:
            twin = object.__new__(type(below))
            memo[id(below)] = twin
            twin.__dict__.update(
                {key: copy.deepcopy(value, memo) for key, value in vars(below).items()}
            )
    copied: Apply = memo[id(node)]
    return copied


def reduced(node: Apply, protocol: Any) -> Any:
    """Say how a node is pickled: as the last of a list of all nodes that it needs."""
    if not node.inputs() or any(id(node) in below.ids for below in _in_turn.lists):
        return object.__reduce_ex__(node, protocol)
    from minopt.pyll.walk import dfs

    # What the list gives is dropped: the pickler finds that it has the node by then, and takes it.
    return list, (_Below(dfs(node)),)


class _Below:
    """The nodes of a graph; is pickled as a list of them."""

    def __init__(self, nodes: list[Apply]) -> None:
        self._nodes = nodes
        self.ids = {id(node) for node in nodes}

    def __reduce__(self) -> Any:
        _in_turn.lists.add(self)
        return list, (), None, iter([*self._nodes, _End(self)])


class _End:
    """The end of such a list; picklers may look ahead, so that the iterator cannot tell it."""

    def __init__(self, below: _Below) -> None:
        self._below = below

    def __reduce__(self) -> Any:
        _in_turn.lists.discard(self._below)
        return int, ()
