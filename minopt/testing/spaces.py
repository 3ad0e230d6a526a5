"""Random spaces for property tests: the same seed, the same space, for every hp module.

A space is built through an ``hp`` module only, so that `hyperopt.hp` and `minopt.hp` can be
given the same one, label for label and number for number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from string import ascii_letters
from typing import Any

import numpy as np

import minopt.hp

KINDS = tuple(minopt.hp.__all__)
"""The names of the twelve hp functions."""

_CHOICES = ("choice", "pchoice")


def random_space(
    seed: int,
    *,
    max_depth: int = 3,
    max_parameters: int = 30,
    laws: Collection[str] | None = None,
    hp: Any = minopt.hp,
) -> Any:
    """Build a random search space.

    Parameters
    ----------
    seed : int
        Decides everything about the space.
    max_depth : int
        How many containers and choices may stand inside each other.
    max_parameters : int > 0
        The most labels the space has; it has at least one.
    laws : collection of str, optional
        Names of hp functions to use; all twelve by default.
    hp : module
        Where the hp functions come from.

    Returns
    -------
    dict, list, tuple or Apply
        Literals, nested choices, parameters used in several places, arithmetic on nodes.

    Examples
    --------
    >>> space = random_space(1, max_depth=1, max_parameters=2, laws=["uniform"])
    >>> from minopt.pyll.stochastic import sample
    >>> sample(space, rng=0) == sample(random_space(1, max_depth=1, max_parameters=2,
    ...                                            laws=["uniform"]), rng=0)
    True
    """
    builder = _Builder(np.random.default_rng(seed), max_parameters, laws or KINDS, hp)
    space = builder.container(max_depth)
    return space if builder.labels else {"only": builder.parameter(depth=1), "rest": space}


def numbers_in(point: Any) -> Iterator[float]:
    """Yield the numbers of a point, at any depth; a string counts as its length."""
    if isinstance(point, dict):
        for key in sorted(point):
            yield from numbers_in(point[key])
    elif isinstance(point, (list, tuple)):
        for item in point:
            yield from numbers_in(item)
    elif isinstance(point, str):
        yield float(len(point))
    elif point is not None:
        yield float(point)


def loss_of(point: Any) -> float:
    """Return a loss for any point of any random space: bounded, and different almost everywhere."""
    return sum(math.cos(i + 0.1 * number) for i, number in enumerate(numbers_in(point)))


class _Builder:
    """Makes the parts of one space, and remembers its labels and the nodes that may be shared."""

    def __init__(
        self, rng: np.random.Generator, max_parameters: int, laws: Collection[str], hp: Any
    ) -> None:
        self.rng = rng
        self.left = max_parameters
        self.kinds = [kind for kind in KINDS if kind in laws]
        self.hp = hp
        self.labels: list[str] = []
        self.numbers: list[Any] = []
        self.shareable: list[Any] = []

    def container(self, depth: int) -> Any:
        """A dict, list or tuple of one to five things."""
        things = [self.thing(depth - 1) for _ in range(self._whole(1, 6))]
        kind = self._whole(0, 3)
        if kind == 0:
            return {f"k{i}": thing for i, thing in enumerate(things)}
        return things if kind == 1 else tuple(things)

    def thing(self, depth: int) -> Any:
        """A container, a parameter, a node used before, an expression or a literal."""
        kind = self._whole(0, 12)
        if depth > 0 and kind < 2:
            return self.container(depth)
        if kind == 2:
            return self.literal()
        if kind == 3 or self.left <= 0:
            return self.shared()
        if kind == 4:
            return self.arithmetic(self.parameter())
        return self.parameter(depth)

    def literal(self) -> Any:
        """Something that is no parameter."""
        literals = [self._whole(-9, 10), self._between(-3, 3), "word", None, True, ()]
        return literals[self._whole(0, len(literals))]

    def shared(self) -> Any:
        """A node that stands elsewhere in the space, too."""
        if not self.shareable:
            return self.literal()
        return self.shareable[self._whole(0, len(self.shareable))]

    def arithmetic(self, node: Any) -> Any:
        """An expression of a parameter that is a number; another thing is left alone."""
        if not any(node is number for number in self.numbers):
            return node
        other = self.numbers[self._whole(0, len(self.numbers))]
        forms: list[Callable[[], Any]] = [
            lambda: node + 1,
            lambda: 2 * node,
            lambda: -node,
            lambda: node - other,
            lambda: node * other + node,
        ]
        return forms[self._whole(0, len(forms))]()

    def parameter(self, depth: int = 0) -> Any:
        """A parameter with a new label; a third of them choices, where these may stand."""
        choices = [kind for kind in self.kinds if kind in _CHOICES and depth > 0]
        plain = [kind for kind in self.kinds if kind not in _CHOICES]
        kinds = choices if choices and (not plain or self._whole(0, 3) == 0) else plain
        if self.left <= 0 or not kinds:
            return self.literal()
        kind = kinds[self._whole(0, len(kinds))]
        label = self._new_label()
        if kind in _CHOICES:
            node = self._choice(kind, label, depth)
        else:
            node = getattr(self.hp, kind)(label, *self._numbers(kind))
            self.numbers.append(node)
        self.shareable.append(node)
        return node

    def _choice(self, kind: str, label: str, depth: int) -> Any:
        options = [self.thing(depth - 1) for _ in range(self._whole(1, 5))]
        if kind == "choice":
            return self.hp.choice(label, options)
        weights = self.rng.integers(1, 10, len(options))
        chances = (weights / weights.sum()).tolist()
        return self.hp.pchoice(label, list(zip(chances, options, strict=True)))

    def _numbers(self, kind: str) -> list[float]:
        if kind == "randint":
            low, size = self._whole(-20, 20), self._whole(1, 40)
            return [size] if self._whole(0, 2) else [low, low + size]
        if kind == "uniformint":
            low = self._whole(-20, 20)
            return [low, low + self._whole(1, 40)]
        scale = 2.0 if "log" in kind else 10.0
        first, width = self._between(-scale, scale), self._between(0.1, scale)
        numbers = [first, first + width if "uniform" in kind else width]
        return [*numbers, self._between(0.1, 2.0)] if kind.startswith("q") else numbers

    def _new_label(self) -> str:
        label = f"{ascii_letters[self._whole(0, len(ascii_letters))]}{len(self.labels)}"
        self.labels.append(label)
        self.left -= 1
        return label

    def _whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def _between(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 3)
