"""Who uses which node of a space, and in what order its random nodes draw.

hyperopt evaluates, for every suggestion, a graph of index sets in which each node unites the
indices that its users want. The order in which that evaluation reaches the random nodes decides
which number of the stream each parameter gets. Here the same order is worked out once, from the
list of uses, without building that graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from minopt.exceptions import BadSearchSpace
from minopt.pyll.nodes import Apply, Literal

# A use of a node: None at the root, (user,) as an argument, (switch, option, visit) as an option.
Use: TypeAlias = "tuple[Any, ...] | None"
Uses: TypeAlias = "dict[Apply, dict[Use, None]]"


def is_parameter(node: Apply) -> bool:
    """Tell whether a node is one of hp's labelled parameters."""
    return node.name == "hyperopt_param"


def parameter_parts(node: Apply) -> tuple[Any, Apply]:
    """Return the label, as it was given, and the random node of a parameter."""
    named = dict(node.named_args)
    positional = node.pos_args
    label = positional[0] if positional else named.get("label")
    drawn = positional[1] if len(positional) > 1 else named.get("obj")
    if not isinstance(label, Literal) or drawn is None:
        raise BadSearchSpace(f"hyperopt_param needs a label and a random node, got\n{node}")
    text = label.obj
    return (text.decode() if isinstance(text, bytes) else text), drawn


def bare(node: Apply) -> Apply:
    """Return the random node of a parameter, any other node itself."""
    while is_parameter(node):
        node = parameter_parts(node)[1]
    return node


def trace_uses(expr: Apply) -> Uses:
    """List for every node, parameters replaced by their random nodes, its uses as they are met."""
    uses: Uses = {}
    todo: list[tuple[Apply, Use]] = [(expr, None)]
    while todo:
        node, use = todo.pop()
        node = bare(node)
        if isinstance(node, Literal):
            continue
        seen = uses.setdefault(node, {})
        if use in seen:
            continue
        seen[use] = None
        children: list[tuple[Apply, Use]] = []
        if node.name == "switch":
            visit = len(seen)  # a second visit splits the options anew, as hyperopt does
            options = enumerate(node.pos_args[1:])
            children += [(node.pos_args[0], (node,))]
            children += [(option, (node, i, visit)) for i, option in options]
        elif len(seen) == 1:
            children += [(arg, (node,)) for arg in node.inputs()]
        todo.extend(reversed(children))
    return uses


def drawing_order(uses: Uses, drawn: dict[str, Apply]) -> list[str]:
    """Order the labels as hyperopt draws them.

    Labels come in reverse alphabetical order, each after the choices above any of its places.
    """
    label_of = {node: label for label, node in drawn.items()}
    order = []
    done: set[tuple[str, Apply]] = set()
    for label in sorted(drawn, reverse=True):
        for kind, node in _postorder(("values", drawn[label]), uses, label_of, done):
            if kind == "values" and node in label_of:
                order.append(label_of[node])
    return order


def _postorder(
    top: tuple[str, Apply], uses: Uses, label_of: dict[Apply, str], done: set[tuple[str, Apply]]
) -> Iterator[tuple[str, Apply]]:
    if top in done:
        return
    done.add(top)
    path = [(top, iter(_needs(*top, uses, label_of)))]
    while path:
        step, rest = path[-1]
        for inner in rest:
            if inner not in done:
                done.add(inner)
                path.append((inner, iter(_needs(*inner, uses, label_of))))
                break
        else:
            yield step
            path.pop()


def _needs(
    kind: str, node: Apply, uses: Uses, label_of: dict[Apply, str]
) -> list[tuple[str, Apply]]:
    """Return what must be known first, in order, for the indices or the values of a node."""
    if kind == "indices":
        return [need for use in reversed(uses[node]) for need in _needs_of_use(use)]
    needs = [("indices", node)]
    if node.name == "switch" and node not in label_of:
        needs += _values_of(node.pos_args[0])
    for arg in reversed(node.inputs()):
        needs += _values_of(arg)
    return needs


def _needs_of_use(use: Use) -> list[tuple[str, Apply]]:
    if use is None:
        return []
    user = use[0]
    return [("indices", user)] + (_values_of(user.pos_args[0]) if len(use) == 3 else [])


def _values_of(node: Apply) -> list[tuple[str, Apply]]:
    node = bare(node)
    return [] if isinstance(node, Literal) else [("values", node)]
