"""A limit on the time of something that runs in this thread, by a signal."""

from __future__ import annotations

import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_RING_AGAIN = 0.1  # seconds; an objective that swallows the first ring hears another


class TimeIsUp(BaseException):
    """Raised in the objective when its time is up; no Exception, so that it is not caught."""


def can_ring() -> bool:
    """Tell whether a timer can interrupt this thread: the main one of a POSIX process."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TimeIsUp` in the block after so many seconds; None sets no limit."""
    if seconds is None or not can_ring():
        yield
        return
    armed = True

    def ring(_signal: int, _frame: FrameType | None) -> None:
        if armed:
            raise TimeIsUp

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    rest, again = signal.setitimer(signal.ITIMER_REAL, seconds, _RING_AGAIN)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        if rest:  # somebody else's timer was running
            left = max(1e-6, rest - (time.monotonic() - began))
            signal.setitimer(signal.ITIMER_REAL, left, again)


def warn_if_unenforceable(timeout: float | None, memory: int | None, where: str) -> None:
    """Say once, before the search, which limits of a trial nothing enforces here."""
    lost = []
    if timeout is not None and not can_ring():
        lost.append("trial_timeout")
    if memory is not None:
        lost.append("trial_memory")
    if lost:
        warnings.warn(
            f"{' and '.join(lost)} cannot be enforced {where}; with n_jobs=2 or "
            "executor='processes' each trial runs in a process that can be ended",
            RuntimeWarning,
            stacklevel=4,
        )
