"""A space as a table: one row per parameter, in the order in which they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np

from minopt.exceptions import BadSearchSpace, InvalidArgument
from minopt.pyll.evaluate import rec_eval, switch_index
from minopt.pyll.nodes import Apply
from minopt.space.laws import Categorical, Law, Randint, law_from
from minopt.space.shapes import SteppedLaw

Point = dict[str, Any]  # label -> plain Python value, active labels only


@dataclass(frozen=True, slots=True)
class Branch:
    """One option of one switch."""

    switch: int
    option: int


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch of the space.

    Attributes
    ----------
    node : Apply
    label : str or None
        The choice whose value is the index; None if the index is computed from parameters.
    branches : tuple of Branch
        Where the switch stands: active if any of them is; empty if it always is.
    told_by_label : bool
        True if the choice is active exactly where the switch is.
    """

    node: Apply
    label: str | None
    branches: tuple[Branch, ...]
    told_by_label: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of the table.

    Attributes
    ----------
    label : str
    law : Law or None
        None if the bounds are expressions: see `Table.law_given`.
    node : Apply
        The random node, such as ``uniform(0, 1)``.
    branches : tuple of Branch
        Active if any of them is; empty if always active.
    whole : bool
        True if the values are whole numbers and are kept as int.
    """

    label: str
    law: Law | None
    node: Apply
    branches: tuple[Branch, ...]
    whole: bool

    @property
    def always(self) -> bool:
        """True if no choice stands above."""
        return not self.branches


_Drawer: TypeAlias = Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class Table:
    """The compiled space.

    Attributes
    ----------
    parameters : tuple of Parameter
        In drawing order.
    switches : tuple of Switch
    nodes : dict from str to Apply
        The ``hyperopt_param`` node of each label.
    fixed : dict from str to object
        The values of labels whose random node was replaced by a constant (`pyll.clone` with a
        memo does that). Documents hold them, always active, as hyperopt's do.
    labels : tuple of str
        In alphabetical order, as documents list them.
    """

    parameters: tuple[Parameter, ...]
    switches: tuple[Switch, ...]
    nodes: Mapping[str, Apply]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = field(init=False)
    by_label: Mapping[str, Parameter] = field(init=False)
    _drawers: tuple[tuple[str, _Drawer], ...] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_label = {parameter.label: parameter for parameter in self.parameters}
        object.__setattr__(self, "by_label", by_label)
        object.__setattr__(self, "labels", tuple(sorted({*by_label, *self.fixed})))
        object.__setattr__(self, "_drawers", _drawers(self.parameters))

    def draw(self, rng: np.random.Generator) -> Point:
        """Draw one point from the prior, taking from the stream what hyperopt takes."""
        if self._drawers is not None:
            return {label: draw(rng) for label, draw in self._drawers}
        point: Point = {}
        for parameter in self.parameters:
            if not parameter.branches or self.is_active(parameter, point):
                law = parameter.law or self.law_given(parameter, point)
                value = law.draw_one(rng)
                point[parameter.label] = int(value) if parameter.whole else value
        return point

    def is_active(self, parameter: Parameter, point: Mapping[str, Any]) -> bool:
        """Tell whether a parameter has a value in `point`, which holds those drawn before it."""
        return not parameter.branches or self._any_open(parameter.branches, point)

    def law_given(self, parameter: Parameter, point: Mapping[str, Any]) -> Law:
        """Return the law of a parameter whose bounds are expressions, at a point."""
        if parameter.law is not None:
            return parameter.law
        memo = self.memo(point)
        node = parameter.node
        args = [rec_eval(arg, memo=memo) for arg in node.pos_args]
        kwargs = {
            keyword: rec_eval(arg, memo=memo)
            for keyword, arg in node.named_args
            if keyword not in ("rng", "size")
        }
        try:
            return law_from(node.name, *args, **kwargs)
        except ValueError as wrong:
            raise BadSearchSpace(
                f"parameter {parameter.label!r} at {dict(point)}: {wrong}"
            ) from wrong

    def memo(self, point: Mapping[str, Any]) -> dict[Apply, Any]:
        """Return the memo in which `rec_eval` finds the values of a point."""
        return {self.nodes[label]: value for label, value in point.items() if label in self.nodes}

    def _any_open(self, branches: Sequence[Branch], point: Mapping[str, Any]) -> bool:
        return any(self._is_open(branch, point) for branch in branches)

    def _is_open(self, branch: Branch, point: Mapping[str, Any]) -> bool:
        switch = self.switches[branch.switch]
        if switch.told_by_label:
            return point.get(switch.label) == branch.option  # type: ignore[arg-type]
        if switch.branches and not self._any_open(switch.branches, point):
            return False
        index = rec_eval(switch.node.pos_args[0], memo=self.memo(point))
        return switch_index(switch.node, index) == branch.option

    def misc(self, tid: Any, point: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
        """Return ``idxs`` and ``vals`` of a trial document: a list per label, empty if inactive."""
        labels = self.labels
        if self.fixed:
            point = {**point, **self.fixed}
        here: list[Any] = [tid]  # one for all labels: a third of the memory of a long history
        if len(point) == len(labels):
            return {
                "idxs": dict.fromkeys(labels, here),
                "vals": {label: [point[label]] for label in labels},
            }
        return {
            "idxs": {label: here if label in point else [] for label in labels},
            "vals": {label: [point[label]] if label in point else [] for label in labels},
        }

    def check_point(self, point: Mapping[str, Any], argument: str) -> Point:
        """Check a point that the user wrote, and return it with plain Python values.

        Parameters
        ----------
        point : mapping from label to value
            Indices for choices. Inactive labels may be missing.
        argument : str
            What to call the point in an error.

        Raises
        ------
        InvalidArgument
            For an unknown label, a missing active one, or a value that its law cannot draw.
        """
        for label, value in point.items():
            if label in self.fixed and value != self.fixed[label]:
                raise InvalidArgument(
                    f"{argument}: parameter {label!r} is fixed at {self.fixed[label]!r}, "
                    f"got {value!r}"
                )
            if label not in self.by_label and label not in self.fixed:
                close = get_close_matches(str(label), self.labels, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise InvalidArgument(
                    f"{argument}: the space has no parameter {label!r} "
                    f"(it has: {', '.join(self.labels)}){hint}"
                )
        checked: Point = {}
        for parameter in self.parameters:
            label = parameter.label
            active = self.is_active(parameter, checked)
            if label in point:
                checked[label] = self._check_value(
                    parameter, point[label], checked, argument, active
                )
            elif active:
                raise InvalidArgument(f"{argument}: parameter {label!r} is active here and missing")
        return checked

    def _check_value(
        self, parameter: Parameter, value: Any, point: Point, argument: str, active: bool
    ) -> Any:
        if isinstance(value, (np.generic, np.ndarray)) and np.size(value) == 1:
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            is_choice = isinstance(parameter.law, (Randint, Categorical))
            wanted = "the index of an option" if is_choice else "a number"
            raise InvalidArgument(
                f"{argument}: parameter {parameter.label!r} needs {wanted}, got {value!r}"
            )
        if not active and parameter.law is None:
            return value
        law = self.law_given(parameter, point)
        if not (law.contains(value) or _is_between_steps(law, value)):
            raise InvalidArgument(
                f"{argument}: parameter {parameter.label!r} cannot be {value!r}; its law is {law}"
            )
        return int(value) if parameter.whole else value


def _is_between_steps(law: Law, value: float) -> bool:
    """Tell whether a value lies within the bounds of a law that itself draws only multiples."""
    return isinstance(law, SteppedLaw) and not law.integral and law.encloses(value)


def _drawers(parameters: Sequence[Parameter]) -> tuple[tuple[str, _Drawer], ...] | None:
    """Return label and draw of each parameter if none depends on another, else None."""
    found = []
    for parameter in parameters:
        if parameter.law is None or parameter.branches:
            return None
        draw = parameter.law.draw_one
        whole = parameter.whole and not parameter.law.integral
        found.append((parameter.label, _as_int(draw) if whole else draw))
    return tuple(found)


def _as_int(draw: _Drawer) -> _Drawer:
    return lambda rng: int(draw(rng))
