"""Trials in processes of their own, several at a time: one that dies costs one trial."""

from __future__ import annotations

import multiprocessing
import os
import re
import secrets
import signal
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any

from minopt._optional import need
from minopt.exceptions import InvalidArgument
from minopt.execute import shipping
from minopt.execute.contract import Executor, Finished, Limits
from minopt.execute.family import end_family, end_left, started_by
from minopt.execute.memory_watch import MemoryWatch
from minopt.execute.outcome import Ended, Outcome
from minopt.execute.parent_watch import end_with
from minopt.trials.documents import Document
from minopt.trials.told import told

if TYPE_CHECKING:
    from minopt.domain.domain import Domain

_LOOK_AT_MEMORY = 0.05  # seconds
_STARTS = 3  # of a worker that is killed before it has anything to do
_GRACE = 1.0  # seconds for a worker to leave by itself
_unread: list[Exception] = []  # of this worker process
_NO_RECYCLING = "LOKY_MAX_MEMORY_LEAK_SIZE"  # bytes; what a trial keeps for the next is no leak


class Processes(Executor):
    """Worker processes of loky's, one to a slot, each given the domain once.

    Parameters
    ----------
    n_slots : int > 0
    limits : Limits
        A trial beyond them is ended with its process; the next one gets a new process.
    """

    def __init__(self, n_slots: int, limits: Limits | None = None) -> None:
        self.n_slots = n_slots
        self._limits = limits or Limits()
        need("loky", extra="parallel", what="running trials in processes")
        if self._limits.memory is not None:
            MemoryWatch(os.getpid()).used(0)  # says now if it cannot be measured here
        if multiprocessing.current_process().daemon:
            raise InvalidArgument(
                "n_jobs and executor='processes' start processes, which a daemon of "
                "multiprocessing may not; use n_jobs=1, executor=ThreadPoolExecutor(2), or a "
                "process with daemon=False"
            )
        if sys.stdout is None or sys.stderr is None:
            raise InvalidArgument(
                "n_jobs and executor='processes' need a stdout and a stderr, which this process "
                "lacks; rather than close them, send them to a file or to /dev/null"
            )
        self._luggage: tuple[str, bytes, int] | None = None
        self._slots: list[_Slot] = []
        self._told: set[str] = set()  # what stayed behind, see `unpack_outcome`

    def prepare(self, domain: Domain, most: int) -> None:
        """Start as many workers as there are trials for, and see that they can read the domain."""
        if self._luggage is None:
            self._luggage = (secrets.token_hex(8), shipping.pack_domain(domain), os.getpid())
        is_first = not self._slots
        while len(self._slots) < min(self.n_slots, most):
            self._slots.append(_Slot(self._luggage, self._told))
        if is_first and self._slots:
            self._slots[0].get_ready()

    def submit(self, domain: Domain, trials: Any, trial: Document) -> None:
        """Begin a trial that the caller has claimed."""
        n_busy = len(self.running)
        self.prepare(domain, n_busy + 1)
        next(slot for slot in self._slots if slot.trial is None).begin(trial)

    @property
    def running(self) -> list[Document]:
        """The trials that were begun and not returned by `wait` yet."""
        return [slot.trial for slot in self._slots if slot.trial is not None]

    def wait(self, timeout: float | None) -> list[Finished]:
        """Return the trials that came to an end since the last call."""
        give_up = None if timeout is None else time.monotonic() + timeout
        while True:
            busy = [slot for slot in self._slots if slot.trial is not None]
            finished = [f for f in (slot.look(self._limits) for slot in busy) if f is not None]
            now = time.monotonic()
            if finished or not busy or (give_up is not None and now >= give_up):
                return finished
            alarms = [give_up, *(slot.deadline(self._limits.timeout) for slot in busy)]
            if self._limits.memory is not None:
                alarms.append(now + _LOOK_AT_MEMORY)
            patience = min((alarm for alarm in alarms if alarm is not None), default=None)
            rest = None if patience is None else max(0.0, patience - now)
            wait_for([slot.future for slot in busy], rest, FIRST_COMPLETED)

    def close(self) -> None:
        """End what still runs, and all workers; those that have nothing to do may tidy up."""
        slots, self._slots, self._luggage = self._slots, [], None
        try:
            self._close(slots)
        except BaseException:  # a second Ctrl-C: Python's exit would wait for those that are left
            for slot in slots:
                slot.end_worker()
            raise

    def _close(self, slots: list[_Slot]) -> None:
        for slot in slots:
            if not slot.is_idle:
                slot.kill()
        started = [process for slot in slots if slot.is_idle for process in slot.started()]
        leaving = [slot.leave() for slot in slots if slot.is_idle]
        give_up = time.monotonic() + _GRACE
        for left in leaving:
            left.join(max(0.0, give_up - time.monotonic()))
        if any(left.is_alive() for left in leaving):
            for slot in slots:  # all of them first: loky joins its pools one after the other
                slot.end_worker()
        for left in leaving:
            left.join()
        end_left(started)


class _Slot:
    """One worker process, and the trial that it runs."""

    def __init__(self, luggage: tuple[str, bytes, int], told: set[str]) -> None:
        self._luggage, self._told = luggage, told
        self.trial: Document | None = None
        self.future: Future[Any] = Future()
        self._start_worker()

    def _start_worker(self) -> None:
        from loky import ProcessPoolExecutor

        self._pool = ProcessPoolExecutor(
            max_workers=1,
            initializer=_begin_worker,
            initargs=self._luggage,
            env={_NO_RECYCLING: os.environ.get(_NO_RECYCLING, "1e18")},
        )
        self._ready: Future[Any] = self._pool.submit(_begin_work)

    @property
    def is_idle(self) -> bool:
        """True if the worker is up and has nothing to do."""
        return self.trial is None and self._ready.done()

    def begin(self, trial: Document) -> None:
        """Run a trial; waits until the worker is up, so that its time counts from here."""
        while True:
            self.get_ready()
            try:
                self.future = self._pool.submit(shipping.run, self._luggage[0], trial)
                break
            except BrokenExecutor:  # it died this very moment, with nothing to do
                self._restart()
        self.trial = trial
        self._began = time.monotonic()
        self._memory = MemoryWatch(self._ready.result())

    def get_ready(self) -> None:
        """Wait until the worker is up; one that died while it was idle costs no trial."""
        for _ in range(_STARTS - 1):
            if self._is_up():
                break
            self._restart()
        self._wait_until_ready()

    def _is_up(self) -> bool:
        """Wait for the worker to be up; False if it has died, unless by a wrong start."""
        failed = self._ready.exception()
        if failed is None:
            return self._pool._flags.broken is None
        return "SIG" not in _last_words(failed)

    def _wait_until_ready(self) -> None:
        try:
            self._ready.result()
        except Exception as wrong:
            self._pool.shutdown(wait=False, kill_workers=True)
            died = isinstance(wrong, BrokenExecutor)
            why = wrong.__cause__ or wrong if died else told(wrong)
            raise InvalidArgument(
                f"the objective and the space could not be read in a worker process: {why}"
            ) from wrong

    def deadline(self, timeout: float | None) -> float | None:
        """Return when the trial's time is up."""
        return None if timeout is None else self._began + timeout

    def look(self, limits: Limits) -> Finished | None:
        """Return the trial if it has come to an end, and end it if it must."""
        trial = self.trial
        if trial is None:
            return None
        if self.future.done():
            return self._finished(trial, self._outcome(trial))
        if limits.timeout is not None and time.monotonic() >= self._began + limits.timeout:
            reason = f"trial_timeout: ended after {limits.timeout:g} s"
            return self._ended(trial, Ended("timeout", reason))
        used = 0 if limits.memory is None else self._memory.used(limits.memory)
        if limits.memory is not None and used > limits.memory:
            reason = f"trial_memory: ended at {used} bytes, {limits.memory} are allowed"
            return self._ended(trial, Ended("memory", reason))
        return None

    def _outcome(self, trial: Document) -> Outcome:
        try:
            return shipping.unpack_outcome(self.future.result(), trial, self._told)
        except Exception as broken:  # noqa: BLE001 - the worker died, or what it sent is no outcome
            self._restart()
            return Ended("died", _last_words(broken))

    def _ended(self, trial: Document, outcome: Ended) -> Finished:
        self._restart()
        return self._finished(trial, outcome)

    def _finished(self, trial: Document, outcome: Outcome) -> Finished:
        self.trial = None
        return Finished(trial, outcome)

    def _restart(self) -> None:
        self.kill()
        self._start_worker()

    def kill(self) -> None:
        """End the worker at once, and what it has started."""
        self.end_worker()
        self._pool.shutdown(wait=True, kill_workers=True)

    def end_worker(self) -> None:
        """End the worker's process, if it is up, and those that it has started."""
        is_up = self._ready.done() and self._ready.exception() is None
        if is_up and self._pool._flags.broken is None:  # else it has ended by itself
            end_family(self._ready.result())

    def started(self) -> list[Any]:
        """Return the processes that trials have left behind in the worker."""
        is_up = self._ready.exception() is None and self._pool._flags.broken is None
        return started_by(self._ready.result()) if is_up else []

    def leave(self) -> threading.Thread:
        """Have the worker leave by itself; the thread ends when it has."""
        thread = threading.Thread(target=self._pool.shutdown, name="minopt-leave", daemon=True)
        thread.start()
        return thread


def _begin_worker(key: str, data: bytes, parent: int) -> None:
    # Ctrl-C is for the search, which then ends its workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
    try:
        shipping.receive(key, data)
    except Exception as error:  # noqa: BLE001 - raised where the search hears of it
        _unread.append(error)


def _begin_work() -> int:
    """Return the worker's process id, or raise what kept it from reading the domain."""
    if _unread:
        raise _unread[0]
    return os.getpid()


def _last_words(broken: BaseException) -> str:
    codes = re.search(r"exit codes of the workers are \{(.*?)\}", str(broken))
    if codes:
        return f"its process died: {codes.group(1)}"
    return f"its process died: {type(broken).__name__}: {broken}"
