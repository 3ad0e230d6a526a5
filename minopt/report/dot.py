"""A space as a drawing in Graphviz's dot language: which choice leads to which parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minopt.pyll import as_apply
from minopt.space.conditions import expr_to_config


def dot_hyperparameters(expr: Any) -> str:
    """Describe in the dot language how the parameters of a space depend on each other.

    Parameters are boxes, values of choices that others wait for are ellipses; the arrows go
    the way in which a point is drawn.

    Parameters
    ----------
    expr : Apply, or anything `as_apply` takes
        The space.

    Returns
    -------
    str
        A directed graph; ``dot -Tpng space.dot > space.png`` draws it.

    Examples
    --------
    >>> from minopt import hp
    >>> print(dot_hyperparameters(hp.choice("c", [0, hp.uniform("x", 0, 1)])))
    digraph {
    "c" [ shape=box];
    "x" [ shape=box];
    "c=1" [ shape=ellipse];
    "c" -> "c=1";
    "c=1" -> "x";
    }
    """
    found: dict[str, Any] = {}
    expr_to_config(as_apply(expr), (), found)
    lines: dict[str, None] = {}
    for label, config in found.items():
        lines[_node(label, "box")] = None
        for conditions in sorted(config["conditions"], key=str):
            lines.update(dict.fromkeys(_lines_to(label, conditions)))
    return "\n".join(["digraph {", *lines, "}"])


def _lines_to(label: str, conditions: Iterable[Any]) -> list[str]:
    """Return the nodes and arrows that lead through all the conditions to a parameter."""
    steps = [(str(cond.name), f"{cond.name}{cond.op}{cond.val}") for cond in conditions]
    if not steps:
        return []
    together = " & ".join(step for _, step in steps)
    lines = [_node(step, "ellipse") for _, step in steps]
    lines += [_arrow(choice, step) for choice, step in steps]
    if len(steps) > 1:
        lines.append(_node(together, "ellipse"))
        lines += [_arrow(step, together) for _, step in steps]
    return [*lines, _arrow(together, label)]


def _node(name: str, shape: str) -> str:
    return f"{_quoted(name)} [ shape={shape}];"


def _arrow(start: str, end: str) -> str:
    return f"{_quoted(start)} -> {_quoted(end)};"


def _quoted(text: str) -> str:
    """Return a text as a name in the dot language, shown as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
