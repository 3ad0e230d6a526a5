"""A process and those that it has started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from minopt._optional import need

_PATIENCE = 1.0  # seconds until a process is gone that was ended


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    psutil = need("psutil", extra="parallel", what="looking after the processes of a trial")
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:  # it has just ended
        return []


def end_family(pid: int) -> None:
    """End a child of this process at once, with all that it has started.

    Those are spared that remove the semaphores and files of the others when these are gone.
    """
    try:
        psutil = need("psutil", extra="parallel", what="")
    except ImportError:
        with suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        return
    with suppress(psutil.Error):
        child = psutil.Process(pid)
        if child.ppid() != os.getpid():
            return
        members = [child, *child.children(recursive=True)]
        spared = [member for member in members if _tidies_up(member)]
        for member in members:
            if member not in spared:
                with suppress(psutil.Error):
                    member.kill()
        for member in spared:  # loky, who ends the worker's children, must not find it there
            _wait_until_orphaned(member, pid)


def started_by(pid: int) -> list[Any]:
    """Return what a process has started and what these have, but for those that tidy up."""
    try:
        psutil = need("psutil", extra="parallel", what="")
    except ImportError:
        return []
    members: list[Any] = []
    with suppress(psutil.Error):  # it has just ended
        members = psutil.Process(pid).children(recursive=True)
    return [member for member in members if not _tidies_up(member)]


def end_left(processes: Iterable[Any]) -> None:
    """End those of some processes that are still there; ids that others have by now are not."""
    for process in processes:
        psutil = need("psutil", extra="parallel", what="")
        with suppress(psutil.Error):
            process.kill()


def _tidies_up(process: Any) -> bool:
    psutil = need("psutil", extra="parallel", what="")
    with suppress(psutil.Error):  # it has just ended, or hides what it is
        return any("resource_tracker" in word for word in process.cmdline())
    return False


def _wait_until_orphaned(process: Any, parent: int) -> None:
    give_up = time.monotonic() + _PATIENCE
    while process.ppid() == parent and time.monotonic() < give_up:
        time.sleep(0.001)
