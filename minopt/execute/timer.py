"""A limit on the time of something that runs in this thread, by a signal."""

from __future__ import annotations

import math
import signal
import threading
import time
from types import FrameType
from typing import Any

from minopt._interrupts import Interruption
from minopt._warn import warn

_RING_AGAIN = 0.1  # seconds; an objective that swallows the first ring hears another
_LONGEST = 1e9  # seconds; what a timer can be set to

_active: list[TimeLimit] = []  # those that are running, within each other, the outermost first


class TimeIsUp(Interruption):
    """Raised in the objective when its time is up; no Exception, so that it is not caught.

    Attributes
    ----------
    limit : TimeLimit
        Whose it is: a search may run within a trial of another.
    """

    def __init__(self, limit: TimeLimit) -> None:
        super().__init__()
        self.limit = limit


def can_ring() -> bool:
    """Tell whether a timer can interrupt this thread: the main one of a POSIX process."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


class TimeLimit:
    """Raises `TimeIsUp` so many seconds after its start; None sets no limit.

    Somebody else's timer that is running meanwhile is rung when it is due. The ring may come
    at any place, amid `stop` too: whoever catches it calls `stop` once more.

    Attributes
    ----------
    has_rung : bool
        True once the time was up, even if the ring was swallowed.
    """

    def __init__(self, seconds: float | None) -> None:
        self.has_rung = False
        self._seconds = seconds
        self._end = math.inf
        self._before: Any = None
        self._theirs, self._again = math.inf, 0.0  # when somebody else's timer is due

    def start(self) -> None:
        """Begin to count, if this thread can be interrupted."""
        if self._seconds is None or not can_ring():
            return
        self._before = signal.getsignal(signal.SIGALRM)
        now = time.monotonic()
        if self._before is not _ring:
            rest, self._again = signal.getitimer(signal.ITIMER_REAL)
            self._theirs = now + rest if rest else math.inf
        self._end = now + min(self._seconds, _LONGEST)
        _active.append(self)
        signal.signal(signal.SIGALRM, _ring)
        _set_timer(now)

    def stop(self) -> None:
        """End the counting, and put back what was there before; a second time does nothing."""
        self._end = math.inf
        if self not in _active:
            return
        signal.setitimer(signal.ITIMER_REAL, 0.0)  # first: a late ring would be theirs, who may die
        before = signal.SIG_DFL if self._before is None else self._before
        signal.signal(signal.SIGALRM, before)
        _active.remove(self)
        now = time.monotonic()
        if before is _ring:
            _set_timer(now)
        else:
            _set(self._theirs, now, self._again)


def _ring(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    others = [limit for limit in _active if now >= limit._theirs]
    for limit in others:
        limit._theirs = now + limit._again if limit._again else math.inf
    due = next((limit for limit in _active if now >= limit._end), None)
    if due is not None:
        due.has_rung = True
        due._end = now + _RING_AGAIN
    _set_timer(now)
    for limit in others:
        _hand_on(limit._before, number, frame)
    if due is not None:
        raise TimeIsUp(due)


def _hand_on(handler: Any, number: int, frame: FrameType | None) -> None:
    """Do what somebody else's timer was to do."""
    if callable(handler):
        handler(number, frame)
    elif handler == signal.SIG_DFL:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)


def _set_timer(now: float) -> None:
    ends = [min(limit._end, limit._theirs) for limit in _active]
    # again and again: a ring just before a call that blocks is heard when the next one wakes it
    _set(min(ends, default=math.inf), now, _RING_AGAIN)


def _set(end: float, now: float, again: float = 0.0) -> None:
    rest = 0.0 if end == math.inf else max(1e-6, end - now)
    signal.setitimer(signal.ITIMER_REAL, rest, again if rest else 0.0)


def warn_if_unenforceable(timeout: float | None, memory: int | None, where: str) -> None:
    """Say once, before the search, which limits of a trial nothing enforces here."""
    lost = []
    if timeout is not None and not can_ring():
        lost.append("trial_timeout")
    if memory is not None:
        lost.append("trial_memory")
    if lost:
        warn(
            f"{' and '.join(lost)} cannot be enforced {where}; with n_jobs=2 or "
            "executor='processes' each trial runs in a process that can be ended",
            RuntimeWarning,
        )
