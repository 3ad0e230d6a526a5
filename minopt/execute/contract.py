"""What every way of running trials promises to the search that uses it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minopt.execute.outcome import Outcome
from minopt.trials.documents import Document

if TYPE_CHECKING:
    from minopt.domain.domain import Domain


@dataclass(frozen=True, slots=True)
class Limits:
    """What one trial may use.

    Attributes
    ----------
    timeout : float or None
        Seconds from its beginning.
    memory : int or None
        Bytes of resident memory of its process.
    """

    timeout: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A trial that has come to its end, and how; nothing of it is recorded yet."""

    trial: Document
    outcome: Outcome


class Executor(ABC):
    """Runs claimed trials, several at a time; it neither chooses points nor records.

    Attributes
    ----------
    n_slots : int
        How many trials can run at once.
    """

    n_slots: int

    @abstractmethod
    def prepare(self, domain: Domain, most: int) -> None:
        """Get ready to run up to `most` trials; a second time does nothing.

        Raises
        ------
        InvalidArgument
            If none can be run; to be found out here, before the first trial is asked for.
        """

    @abstractmethod
    def submit(self, domain: Domain, trials: Any, trial: Document) -> None:
        """Begin a trial that the caller has claimed. There must be a free slot."""

    @abstractmethod
    def wait(self, timeout: float | None) -> list[Finished]:
        """Return the trials that came to an end since the last call.

        Waits for one, but no longer than `timeout` seconds (None: for ever).
        """

    @property
    @abstractmethod
    def running(self) -> list[Document]:
        """The trials that were begun and not returned by `wait` yet."""

    @property
    def n_free(self) -> int:
        """How many more trials can begin now."""
        return self.n_slots - len(self.running)

    @abstractmethod
    def close(self) -> None:
        """End what still runs, at once, and free what the executor holds."""
