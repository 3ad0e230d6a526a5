"""Under which choices each parameter of a space is asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

from minopt.exceptions import DuplicateLabel
from minopt.pyll import Apply, Literal, as_apply
from minopt.space.laws import law_of


class Cond:
    """A condition on a parameter's value: ``name op val``."""

    def __init__(self, name: Any, val: Any, op: str) -> None:
        self.op = op
        self.name = name
        self.val = val

    def __str__(self) -> str:
        return f"Cond{{{self.name} {self.op} {self.val}}}"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cond):
            return NotImplemented
        return (self.op, self.name, self.val) == (other.op, other.name, other.val)

    def __hash__(self) -> int:
        return hash((self.op, self.name, self.val))


EQ = partial(Cond, op="=")


def expr_to_config(expr: Any, conditions: tuple[Any, ...] | None, hps: dict[Any, Any]) -> None:
    """List the parameters of a space, each with the conditions under which it is used.

    Parameters
    ----------
    expr : Apply, or anything `as_apply` takes
    conditions : tuple of Cond or True, optional
        What holds for the whole expression.
    hps : dict
        Filled in place: ``label -> {"node", "conditions", "label"}``, the conditions a set of
        tuples of which one must hold in full.

    Raises
    ------
    DuplicateLabel
        If two parameters carry one label.
    """
    root = () if conditions is None else conditions
    todo: list[tuple[Apply, tuple[Any, ...]]] = [(as_apply(expr), root)]
    seen = set()
    while todo:
        node, path = todo.pop()
        if (node, path) in seen:
            continue
        seen.add((node, path))
        if node.name == "hyperopt_param":
            _note(node, path, hps)
        todo.extend(reversed(_below(node, path)))
    _forget_choices_that_do_not_matter(hps, root)


def _below(node: Apply, path: tuple[Any, ...]) -> list[tuple[Apply, tuple[Any, ...]]]:
    """Return the inputs of a node, each with the conditions under which it is used."""
    label = _label_of_choice(node) if node.name == "switch" else None
    if label is None:
        return [(arg, path) for arg in node.inputs() if not isinstance(arg, Literal)]
    index, *options = node.inputs()
    return [(index, path)] + [(arg, (*path, EQ(label, i))) for i, arg in enumerate(options)]


def _label_of_choice(switch: Apply) -> Any:
    """Return the label of a choice; None for a switch on something else."""
    index = switch.inputs()[0]
    if index.name != "hyperopt_param" or index.arg["obj"].name not in ("randint", "categorical"):
        return None
    return index.arg["label"].obj


def _note(parameter: Apply, path: tuple[Any, ...], hps: dict[Any, Any]) -> None:
    label, node = parameter.arg["label"].obj, parameter.arg["obj"]
    known = hps.setdefault(label, {"node": node, "conditions": set(), "label": label})
    if known["node"] is not node:
        raise DuplicateLabel(
            f"two parameters are called {label!r}; give each its own label, or use one node twice"
        )
    known["conditions"].add(path)


def _forget_choices_that_do_not_matter(hps: dict[Any, Any], root: tuple[Any, ...]) -> None:
    """Drop the conditions of a parameter that every option of one choice uses."""
    for config in hps.values():
        if len(config["conditions"]) < 2:
            continue
        paths = [[cond for cond in path if cond is not True] for path in config["conditions"]]
        paths = [path for path in paths if path]
        if not paths or _is_every_option(paths, hps):
            config["conditions"] = {root}


def _is_every_option(paths: list[list[Any]], hps: dict[Any, Any]) -> bool:
    label = paths[0][0].name
    if any(len(path) != 1 or path[0].name != label for path in paths) or label not in hps:
        return False
    law = law_of(hps[label]["node"])
    if law is None or not law.integral:
        return False
    first, last = law.support()
    options = {path[0].val for path in paths}
    return len(options) == last - first + 1 and all(law.contains(option) for option in options)
