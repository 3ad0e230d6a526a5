"""How much memory a process has, together with the processes that it has started."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from minopt._optional import need
from minopt.execute.family import descendants

_PROC = Path("/proc")
_LOOK_FOR_CHILDREN = 0.5  # seconds, where all processes must be looked through for them


class MemoryWatch:
    """The resident memory of a process and of its descendants.

    Parameters
    ----------
    pid : int
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._descendants: list[int] = []
        self._looked = -1e9

    def used(self, allowed: int) -> int:
        """Return how many bytes they have; 0 if the process is gone.

        What they share is counted once, where that decides whether it is more than `allowed`.
        """
        family = [self._pid, *self._children()]
        used = sum(map(_resident, family))
        if len(family) > 1 and used > allowed:
            return sum(map(_own_part, family)) or used
        return used

    def _children(self) -> list[int]:
        if (_PROC / f"self/task/{os.getpid()}/children").exists():
            return list(_listed_below(self._pid))
        now = time.monotonic()
        if now - self._looked >= _LOOK_FOR_CHILDREN:
            self._looked, self._descendants = now, descendants(self._pid)
        return self._descendants


def _resident(pid: int) -> int:
    if not (_PROC / "self/statm").exists():
        psutil = need("psutil", extra="parallel", what="trial_memory")
        try:
            return int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return 0
    try:
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _own_part(pid: int) -> int:
    """Return a process's memory, of what it shares with others its part; 0 if nobody tells."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _listed_below(pid: int) -> Iterator[int]:
    try:
        for listed in (_PROC / str(pid) / "task").glob("*/children"):
            for child in map(int, listed.read_text().split()):
                yield child
                yield from _listed_below(child)
    except OSError:  # it has just ended
        return
