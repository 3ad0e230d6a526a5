"""How much memory a process has."""

from __future__ import annotations

import os
from pathlib import Path

from minopt._optional import need


def resident_bytes(pid: int | None) -> int:
    """Return the resident memory of a process in bytes; 0 if it is gone."""
    if pid is None:
        return 0
    if Path("/proc/self/statm").exists():
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")
    psutil = need("psutil", extra="parallel", what="trial_memory")
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
