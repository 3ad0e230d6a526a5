"""Trials on any executor of `concurrent.futures`, brought by the user."""

from __future__ import annotations

import copy
import secrets
import threading
from concurrent.futures import Executor as AnyExecutor
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from minopt.exceptions import InvalidArgument
from minopt.execute import shipping
from minopt.execute.contract import Executor, Finished
from minopt.execute.outcome import Ended, Outcome, outcome_of
from minopt.trials.documents import Document
from minopt.trials.told import told

if TYPE_CHECKING:
    from minopt.domain.domain import Domain


_SHUT_DOWN = ("_shutdown", "_shutdown_thread")  # how Python's own executors remember it


class Futures(Executor):
    """The user's executor, which stays open when the search ends.

    Threads call the objective as it is; anything else is sent the pickled domain with each
    trial, unpacked once per worker.

    Parameters
    ----------
    executor : concurrent.futures.Executor
    n_slots : int > 0
    """

    def __init__(self, executor: AnyExecutor, n_slots: int) -> None:
        self.n_slots = n_slots
        self._executor = executor
        self._key = secrets.token_hex(8)
        self._data: bytes | None = None
        self._trials: dict[Future[Any], Document] = {}
        self._ended = threading.Event()  # futures.wait does not hear of those cancelled by others
        self._shares_memory = isinstance(executor, ThreadPoolExecutor)
        self._is_ready = False
        self._told: set[str] = set()  # what stayed behind, see `unpack_outcome`

    def prepare(self, domain: Domain, most: int) -> None:
        """Pickle the domain if it is to travel, and see that the executor is still open."""
        if self._is_ready:
            return
        if not self._shares_memory:
            self._data = shipping.pack_domain(domain)
        if any(getattr(self._executor, name, None) is True for name in _SHUT_DOWN):
            raise InvalidArgument(
                "the executor takes no trials any more: it was ended by shutdown(); give a new one"
            )
        self._is_ready = True

    def submit(self, domain: Domain, trials: Any, trial: Document) -> None:
        """Begin a trial that the caller has claimed."""
        self.prepare(domain, 1)
        future: Future[Any]
        try:
            if self._shares_memory:
                future = self._executor.submit(outcome_of, domain, copy.deepcopy(trial))
            else:
                future = self._executor.submit(shipping.run, self._key, trial, self._data)
        except (RuntimeError, NotImplementedError) as wrong:  # it was shut down, or is broken
            raise InvalidArgument(f"the executor takes no trials any more: {wrong}") from wrong
        self._trials[future] = trial
        future.add_done_callback(lambda _: self._ended.set())

    @property
    def running(self) -> list[Document]:
        """The trials that were begun and not returned by `wait` yet."""
        return list(self._trials.values())

    def wait(self, timeout: float | None) -> list[Finished]:
        """Return the trials that came to an end since the last call."""
        self._ended.clear()
        if not any(future.done() for future in self._trials):
            self._ended.wait(timeout)
        ended = [future for future in self._trials if future.done()]  # as they were begun
        if any(future.cancelled() for future in ended):
            raise InvalidArgument(
                "the executor takes no trials any more: it has cancelled some that had not begun"
            )
        finished = []
        for future in ended:
            trial = self._trials.pop(future)
            finished.append(Finished(trial, _outcome(future, trial, self._told)))
        return finished

    def close(self) -> None:
        """Take back what has not begun, and forget what runs."""
        for future in self._trials:
            future.cancel()
        self._trials, self._is_ready = {}, False


def _outcome(future: Future[Any], trial: Document, known: set[str]) -> Outcome:
    try:
        value = future.result()
    except BaseException as broken:  # noqa: BLE001 - whatever the user's executor makes of it
        return Ended("died", f"its worker failed: {told(broken)}")
    return shipping.unpack_outcome(value, trial, known) if isinstance(value, bytes) else value
