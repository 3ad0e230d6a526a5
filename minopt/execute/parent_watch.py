"""A worker ends with the process that it works for, however that came to its end."""

from __future__ import annotations

import os
import sys
import threading
import time

_LOOK = 0.5  # seconds


def end_with(parent: int) -> None:
    """End this process when `parent`, the process that started it, is no more."""
    threading.Thread(target=_watch, args=(parent,), name="minopt-parent", daemon=True).start()


def _watch(parent: int) -> None:
    if sys.platform == "win32":
        _wait_for_handle(parent)
    else:
        while os.getppid() == parent:  # an orphan is given another one
            time.sleep(_LOOK)
    os._exit(1)  # amid a trial too: nobody waits for it any more


def _wait_for_handle(parent: int) -> None:
    import _winapi
    from multiprocessing.connection import wait

    synchronize = 0x00100000
    wait([_winapi.OpenProcess(synchronize, False, parent)])  # type: ignore[attr-defined]
