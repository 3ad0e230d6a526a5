"""A space as a graph over many trials, for algorithms that read or rewrite graphs.

Every node of the space becomes a pair: the ids of the trials that need it, and its values there.
A random node then draws for all of its trials at once. The graphs are hyperopt's, so that
evaluating them takes the same numbers from a stream, in the same order.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias

from minopt.domain import vector_symbols as vector_symbols  # defines the symbols used below
from minopt.domain.compile import find_parameters
from minopt.domain.uses import bare, parameter_parts
from minopt.exceptions import InvalidArgument
from minopt.pyll.nodes import Apply, Literal, as_apply
from minopt.pyll.stochastic import implicit_stochastic_symbols
from minopt.pyll.symbols import scope
from minopt.pyll.walk import dfs, toposort

# A step of the construction: it yields the nodes it needs, is sent what they became, and
# returns what its own node became.
_Step: TypeAlias = "Generator[tuple[Apply, Apply], Apply, Apply]"


class VectorizeHelper:
    """Turns a graph for one trial into a graph for many.

    Parameters
    ----------
    expr : Apply
        The space.
    expr_idxs : Apply
        A node whose value is the ids of the trials.
    build : bool
        Kept for hyperopt's signature; the graph is built always.

    Attributes
    ----------
    v_expr : Apply
        The values of `expr`, one for each id.
    params : dict from str to Apply
        The random node of each label, in `expr`.
    dfs_nodes : list of Apply
        The nodes of `expr`.
    idxs_memo : dict from Apply to Apply
        For a node of `expr`, the union of all ids at which it is needed.
    take_memo : dict from Apply to list of Apply
        For a node of `expr`, the ``idxs_take`` nodes that fetch its values: one for each
        place that needs it, all from one node of values, ``take_memo[node][0].pos_args[1]``.

    Raises
    ------
    networkx.NetworkXUnfeasible
        If a parameter is needed to know where it is needed.
    """

    def __init__(self, expr: Apply, expr_idxs: Apply, build: bool = True) -> None:
        self.expr = expr
        self.expr_idxs = expr_idxs
        self.dfs_nodes = dfs(expr)
        self.params = {
            label: parameter_parts(node)[1] for label, node in find_parameters(expr).items()
        }
        self.idxs_memo: dict[Apply, Apply] = {}
        self.take_memo: dict[Apply, list[Apply]] = {}
        self._takes: dict[tuple[Apply, Apply], Apply] = {}
        self.v_expr = self.build_idxs_vals(expr, expr_idxs)
        toposort(as_apply([self.v_expr, self.idxs_by_label(), self.vals_by_label()]))

    def build_idxs_vals(self, node: Apply, wanted_idxs: Apply) -> Apply:
        """Return a node that evaluates to the values of `node` at some ids.

        Parameters
        ----------
        node : Apply
            A node of `expr`.
        wanted_idxs : Apply
            A node whose value is those ids.
        """
        path = [self._step(node, wanted_idxs)]
        result = None
        while True:
            try:
                needed = path[-1].send(result)  # type: ignore[arg-type]  # None starts a step
            except StopIteration as finished:
                result = finished.value
                path.pop()
                if not path:
                    built: Apply = result
                    return built
            else:
                path.append(self._step(*needed))
                result = None

    def idxs_by_label(self) -> dict[str, Apply]:
        """Return for each label the node of the ids at which it is drawn."""
        return {label: self.idxs_memo[node] for label, node in self.params.items()}

    def vals_by_label(self) -> dict[str, Apply]:
        """Return for each label the random node that draws its values."""
        return {label: self._values(node) for label, node in self.params.items()}

    def _values(self, node: Apply) -> Apply:
        return self.take_memo[node][0].pos_args[1]

    def _step(self, node: Apply, wanted: Apply) -> _Step:
        node = bare(node)
        known = self._takes.get((node, wanted))
        if known is not None:
            return known
        if isinstance(node, Literal):
            idxs, vals = self._constant(node)
        else:
            idxs = self._union(node, wanted)
            if node.name == "switch":
                vals = yield from self._merge(node, idxs)
            elif node in self.take_memo:
                vals = self._values(node)  # its arguments know the grown union already
            else:
                vals = yield from self._map(node, idxs)
        take: Apply = scope.idxs_take(idxs, vals, wanted)
        self._note(node, take, vals)
        return take

    def _note(self, node: Apply, take: Apply, vals: Apply) -> None:
        takes = self.take_memo.setdefault(node, [])
        for earlier in takes:
            earlier.pos_args[1] = vals
        takes.append(take)
        self._takes[node, take.pos_args[2]] = take

    def _union(self, node: Apply, wanted: Apply) -> Apply:
        union = self.idxs_memo.get(node)
        if union is None:
            union = self.idxs_memo[node] = scope.array_union(wanted)
        else:
            union.pos_args.append(wanted)
        return union

    def _constant(self, node: Apply) -> tuple[Apply, Apply]:
        """A constant is there for all trials."""
        if node not in self.idxs_memo:
            n_times = scope.len(self.expr_idxs)
            self.idxs_memo[node] = scope.array_union(self.expr_idxs)
            return self.idxs_memo[node], scope.asarray(scope.repeat(n_times, node))
        return self.idxs_memo[node], self._values(node)

    def _merge(self, switch: Apply, idxs: Apply) -> _Step:
        """Split the ids by what the switch takes, and merge the values of its options.

        At every visit the options are split anew: hyperopt does, and the order in which the
        unions grow is the order in which the random nodes draw.
        """
        selector, *options = switch.pos_args
        choices = yield selector, idxs
        parts = scope.vchoice_split(idxs, choices, len(options))
        merged: Apply = scope.vchoice_merge(idxs, choices)
        for number, option in enumerate(options):
            part = parts[number]
            merged.pos_args.append(as_apply([part, (yield option, part)]))
        return merged

    def _map(self, node: Apply, idxs: Apply) -> _Step:
        """Apply the node's symbol for each id, or draw for all of them at once."""
        mapped: Apply = scope.idxs_map(idxs, node.name)
        for arg in node.pos_args:
            mapped.pos_args.append(as_apply([idxs, (yield arg, idxs)]))
        for keyword, arg in node.named_args:
            mapped.named_args.append([keyword, as_apply([idxs, (yield arg, idxs)])])
        return vectorize_stochastic(mapped)


def vectorize_stochastic(orig: Apply) -> Apply:
    """Return a random node that draws all at once in place of one that draws id by id.

    Parameters
    ----------
    orig : Apply

    Returns
    -------
    Apply
        For an ``idxs_map`` of a random symbol, that symbol with ``size`` the number of ids;
        `orig` itself for any other node.

    Raises
    ------
    NotImplementedError
        If the node has a ``size`` already, or an argument is given at other ids.
    """
    if not _draws_one_by_one(orig):
        return orig
    idxs, symbol = orig.pos_args[:2]
    name = symbol.obj  # type: ignore[attr-defined]
    if any(keyword == "size" for keyword, _ in orig.named_args):
        raise NotImplementedError(f"the random node {name!r} has a size already")
    args = [_argument(pair, idxs) for pair in orig.pos_args[2:]]
    named = [[keyword, _argument(pair, idxs)] for keyword, pair in orig.named_args]
    return Apply(name, args, [*named, ["size", scope.len(idxs)]])


def replace_repeat_stochastic(expr: Apply, return_memo: bool = False) -> Any:
    """Let every random node of a graph, in place, draw all at once; see `vectorize_stochastic`.

    Parameters
    ----------
    expr : Apply
        The graph; changed.
    return_memo : bool
        Return what was replaced by what, too.

    Returns
    -------
    expr : Apply
    memo : dict from Apply to Apply
        Only if `return_memo`.
    """
    nodes = dfs(expr)
    memo = {node: vectorize_stochastic(node) for node in nodes if _draws_one_by_one(node)}
    if memo:
        for client in [*nodes, *memo.values()]:
            for arg in {arg: None for arg in client.inputs() if arg in memo}:
                client.replace_input(arg, memo[arg])
    expr = memo.get(expr, expr)
    return (expr, memo) if return_memo else expr


def _draws_one_by_one(node: Apply) -> bool:
    if node.name != "idxs_map" or len(node.pos_args) < 2:
        return False
    symbol = node.pos_args[1]
    return isinstance(symbol, Literal) and symbol.obj in implicit_stochastic_symbols


def _argument(pair: Apply, idxs: Apply) -> Apply:
    """Return one argument of all the draws: a constant itself, otherwise an array of values."""
    if pair.name != "pos_args" or len(pair.pos_args) != 2:
        raise InvalidArgument(f"an argument of idxs_map must be a pair (ids, values), got\n{pair}")
    pair_idxs, vals = pair.pos_args
    array = vals.pos_args[1] if vals.name == "idxs_take" else vals
    if array.name == "asarray" and array.inputs()[0].name == "repeat":
        return array.inputs()[0].inputs()[1]
    if pair_idxs is not idxs:
        raise NotImplementedError("an argument is given at other ids than the draws are wanted at")
    return vals
