"""Locks for threads, of which a forked child finds none taken."""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager


def thread_lock() -> AbstractContextManager[bool]:
    """Return a lock that its owner may take again.

    Only the thread that forks lives on in a child. What another thread of the parent held just
    then would be held there for ever.
    """
    lock = threading.RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lock._at_fork_reinit)  # type: ignore[attr-defined]
    return lock
