"""Which failed trials are run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.execute.outcome import Ended, Outcome, Raised, is_for_the_search

CAUSES = ("error", "timeout", "memory", "died")


@dataclass(frozen=True, slots=True)
class Retry:
    """Run a trial again, at the same point, when it comes to a bad end.

    Parameters
    ----------
    times : int >= 0
        So often at most, beyond the first attempt.
    on : sequence of str or exception class
        What is worth another attempt: ``"error"`` (the objective raised), an exception class
        (it raised one of these), ``"timeout"``, ``"memory"``, ``"died"`` (its process did).

    Examples
    --------
    >>> Retry(2, on=(ConnectionError, "died")).times
    2
    """

    times: int = 0
    on: Sequence[str | type[BaseException]] = ("error", "died")

    def __post_init__(self) -> None:
        if isinstance(self.times, bool) or not isinstance(self.times, (int, np.integer)):
            raise InvalidArgumentType(
                f"retries must be a whole number or a Retry, got {self.times!r}"
            )
        if self.times < 0:
            raise InvalidArgument(f"retries must not be negative, got {self.times!r}")
        object.__setattr__(self, "times", int(self.times))
        if isinstance(self.on, (str, type)) or not isinstance(self.on, Iterable):
            object.__setattr__(self, "on", (self.on,))
        for cause in self.on:
            is_class = isinstance(cause, type) and issubclass(cause, BaseException)
            if not is_class and cause not in CAUSES:
                raise InvalidArgument(
                    f"retries: on= takes exception classes and any of {CAUSES}, got {cause!r}"
                )

    @classmethod
    def of(cls, retries: Any) -> Retry:
        """Read the argument ``retries`` of `fmin`: a number of times, or a policy."""
        return retries if isinstance(retries, cls) else cls(retries)

    def is_due(self, trial: dict[str, Any], outcome: Outcome) -> bool:
        """Tell whether a trial should run again; counts the attempts in ``misc["attempts"]``."""
        made = trial["misc"].get("attempts", 1)
        made = made if isinstance(made, int) else 1  # a document of the user's own
        if made > self.times or not self._is_worth(outcome):
            return False
        trial["misc"]["attempts"] = made + 1
        return True

    def _is_worth(self, outcome: Outcome) -> bool:
        if isinstance(outcome, Ended):
            return outcome.cause in self.on
        if isinstance(outcome, Raised):
            classes = tuple(cause for cause in self.on if isinstance(cause, type))
            if isinstance(outcome.error, classes):
                return True
            return "error" in self.on and not is_for_the_search(outcome.error)
        return False
