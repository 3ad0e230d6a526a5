"""From the graph of a space to its table, once per search."""

from __future__ import annotations

import reprlib
from collections.abc import ItemsView, KeysView, ValuesView
from types import FunctionType, GeneratorType
from typing import Any

from minopt import hp
from minopt.domain.table import Branch, Parameter, Switch, Table
from minopt.domain.uses import Uses, bare, drawing_order, is_parameter, parameter_parts, trace_uses
from minopt.exceptions import BadSearchSpace, DuplicateLabel, InvalidDistribution, InvalidLabel
from minopt.pyll.nodes import Apply, Literal
from minopt.pyll.stochastic import implicit_stochastic_symbols, plain
from minopt.pyll.walk import dfs, toposort
from minopt.space.laws import Categorical, Law, Randint, law_of
from minopt.space.parameters import holds_whole_numbers

_Regions = dict[Apply, frozenset["Branch | None"]]

_NO_OPTIONS = (GeneratorType, map, filter, zip, KeysView, ValuesView, ItemsView)
_PARAMETER_MAKERS = frozenset(getattr(hp, name) for name in hp.__all__)


def find_parameters(expr: Apply) -> dict[str, Apply]:
    """Return the parameter node of each label, in the order of a walk through the graph.

    Raises
    ------
    DuplicateLabel
        If two parameters carry one label.
    InvalidLabel
        If a label is not a string.
    """
    found: dict[str, Apply] = {}
    for node in dfs(expr):
        if not is_parameter(node):
            continue
        label, _ = parameter_parts(node)
        if not label or not isinstance(label, str):
            raise InvalidLabel(f"a parameter's label must be a non-empty string, got {label!r}")
        if label in found:
            raise DuplicateLabel(
                f"two parameters are called {label!r}; "
                "give each its own label, or use one node twice"
            )
        found[label] = node
    return found


def compile_space(expr: Apply) -> Table:
    """Compile a space.

    Raises
    ------
    BadSearchSpace
        If a label is used twice, a distribution makes no sense, a random node has no label, or
        what is labelled is not random.
    networkx.NetworkXUnfeasible
        If the graph contains a cycle.
    """
    toposort(expr)  # refuses cycles
    nodes = find_parameters(expr)
    drawn = {label: parameter_parts(node)[1] for label, node in nodes.items()}
    fixed = {label: plain(n.obj) for label, n in drawn.items() if isinstance(n, Literal)}
    for label in fixed:
        del drawn[label]
    _refuse_unlabelled(expr, drawn)
    uses = trace_uses(expr)
    switches, regions = _regions(expr, uses)
    rows = []
    for label in drawing_order(uses, drawn):
        node = drawn[label]
        law = _law(label, node)
        whole = isinstance(law, (Randint, Categorical)) or holds_whole_numbers(node)
        whole = whole or node.name in ("randint", "categorical")
        rows.append(Parameter(label, law, node, _branches(regions[node]), whole))
    by_label = {row.label: row for row in rows}
    compiled = tuple(_switch(s, regions, by_label) for s in switches)
    return Table(tuple(rows), compiled, nodes, fixed)


def _law(label: str, node: Apply) -> Law | None:
    if node.name not in implicit_stochastic_symbols:
        raise BadSearchSpace(f"parameter {label!r} is not random: it applies {node.name!r}")
    try:
        return law_of(node)
    except InvalidDistribution as wrong:
        raise InvalidDistribution(f"parameter {label!r}: {wrong}") from wrong


def _refuse_unlabelled(expr: Apply, drawn: dict[str, Apply]) -> None:
    labelled = set(drawn.values())
    for node in dfs(expr):
        if isinstance(node, Literal) and _is_parameter_maker(node.obj):
            name = node.obj.__name__.removeprefix("hp_")
            raise BadSearchSpace(
                f"the space holds the function hp.{name} itself; "
                f"call it, as in hp.{name}('a label', ...)"
            )
        if isinstance(node, Literal) and (node.obj is hp or isinstance(node.obj, _NO_OPTIONS)):
            raise BadSearchSpace(
                f"the space holds {reprlib.repr(node.obj)}, in which no parameter is looked for; "
                "write list(...) around a generator or a view"
            )
        if node.name in implicit_stochastic_symbols and node not in labelled:
            if any(keyword == "rng" for keyword, _ in node.named_args):
                continue  # draws from a generator of its own
            raise BadSearchSpace(
                f"the space draws from {node.name!r} without a label; "
                f"write hp.{node.name}('a label', ...) so that the search can set it"
            )


def _is_parameter_maker(value: Any) -> bool:
    return isinstance(value, FunctionType) and value in _PARAMETER_MAKERS


def _regions(expr: Apply, uses: Uses) -> tuple[list[Apply], _Regions]:
    """Return the switches, and for each node the branches it stands in; None is the open field."""
    switches: dict[Apply, int] = {}
    regions: _Regions = {}
    for node in reversed(dfs(expr)):  # users come before what they use
        node = bare(node)
        if node not in uses or node in regions:
            continue
        found: set[Branch | None] = set()
        for use in uses[node]:
            if use is None:
                found.add(None)
            elif len(use) == 1:
                found |= regions[use[0]]
            else:
                found.add(Branch(switches.setdefault(use[0], len(switches)), use[1]))
        regions[node] = frozenset(found)
    return list(switches), regions


def _branches(region: frozenset[Branch | None]) -> tuple[Branch, ...]:
    if None in region:
        return ()
    return tuple(sorted((b for b in region if b), key=lambda b: (b.switch, b.option)))


def _switch(node: Apply, regions: _Regions, by_label: dict[str, Parameter]) -> Switch:
    selector = node.pos_args[0]
    branches = _branches(regions[node])
    label = parameter_parts(selector)[0] if is_parameter(selector) else None
    told = label in by_label and by_label[label].branches == branches
    if isinstance(selector, Literal):
        told = False
    return Switch(node, label, branches, told)
