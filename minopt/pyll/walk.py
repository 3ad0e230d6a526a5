"""Ways through a graph: every node once, in an order where inputs come first."""

from __future__ import annotations

from typing import Any

from minopt.pyll.nodes import Apply, Literal


def dfs(
    aa: Apply, seq: list[Apply] | None = None, seqset: dict[Apply, list[Apply]] | None = None
) -> list[Apply] | Any:
    """List the nodes below and including `aa`, inputs before the nodes that use them.

    Parameters
    ----------
    aa : Apply
    seq : list of Apply, optional
        A list to append to.
    seqset : dict from Apply to its inputs, optional
        Nodes to pass over; grows by the nodes visited.

    Returns
    -------
    list of Apply
        `seq`; None if `aa` is in `seqset` already.

    Raises
    ------
    TypeError
        If something that is not a node is reached.
    """
    order: list[Apply] = [] if seq is None else seq
    seen: dict[Apply, list[Apply]] = {} if seqset is None else seqset
    if aa in seen:
        return None
    _check_node(aa)
    seen[aa] = aa.inputs()
    path = [(aa, iter(seen[aa]))]
    while path:
        node, rest = path[-1]
        for child in rest:
            if child not in seen:
                _check_node(child)
                seen[child] = child.inputs()
                path.append((child, iter(seen[child])))
                break
        else:
            order.append(node)
            path.pop()
    return order


def _check_node(node: object) -> None:
    if not isinstance(node, Apply):
        raise TypeError(f"expected a node of a graph, got {node!r}; see as_apply")


def toposort(expr: Apply) -> list[Apply]:
    """List the nodes of a graph generation by generation: those without inputs first.

    Raises
    ------
    networkx.NetworkXUnfeasible
        If the graph contains a cycle.
    """
    users: dict[Apply, dict[Apply, None]] = {}
    waiting: dict[Apply, int] = {}
    for node in dfs(expr):
        for arg in node.inputs():
            users.setdefault(arg, {})[node] = None
            waiting.setdefault(arg, 0)
        waiting[node] = len(set(node.inputs()))
    order = [node for node, count in waiting.items() if count == 0]
    for node in order:  # grows while it is read
        for user in users.get(node, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                order.append(user)
    if len(order) != len(waiting):
        from networkx import NetworkXUnfeasible

        raise NetworkXUnfeasible("Graph contains a cycle.")
    return order


def clone(expr: Apply, memo: dict[Apply, Apply] | None = None) -> Apply:
    """Copy a graph, keeping what is shared shared.

    Parameters
    ----------
    expr : Apply
    memo : dict from Apply to Apply, optional
        Nodes to put in place of others; grows by the copies made.
    """
    copies: dict[Apply, Apply] = {} if memo is None else memo
    for node in dfs(expr):
        if node not in copies:
            copies[node] = node.clone_from_inputs([copies[arg] for arg in node.inputs()])
    return copies[expr]


def clone_merge(
    expr: Apply, memo: dict[Apply, Apply] | None = None, merge_literals: bool = False
) -> Apply:
    """Copy a graph, making one node of those that apply a pure symbol to the same arguments.

    Parameters
    ----------
    expr : Apply
    memo : dict from Apply to Apply, optional
        Nodes to put in place of others; grows by the copies made.
    merge_literals : bool
        Merge constants that are equal, too.
    """
    copies: dict[Apply, Apply] = {} if memo is None else memo
    merged: dict[Any, Apply] = {}
    for node in dfs(expr):
        if node in copies:
            continue
        inputs = [copies[arg] for arg in node.inputs()]
        key = _merge_key(node, inputs, merge_literals)
        if key is not None and key in merged:
            copies[node] = merged[key]
            continue
        copies[node] = node.clone_from_inputs(inputs)
        if key is not None:
            merged[key] = copies[node]
    return copies[expr]


def _merge_key(node: Apply, inputs: list[Apply], merge_literals: bool) -> Any:
    """Return what two nodes must share to be one, or None if a node stays on its own."""
    if isinstance(node, Literal):
        try:
            hash(node.obj)
        except TypeError:
            return None
        return ("literal", type(node.obj), node.obj) if merge_literals else None
    if not node.pure:
        return None
    return (node.name, len(node.pos_args), tuple(k for k, _ in node.named_args), tuple(inputs))
