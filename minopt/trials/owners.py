"""Who runs a trial: names for processes, by which others find out whether they are still there."""

from __future__ import annotations

import os
import secrets
import socket
from functools import lru_cache
from pathlib import Path

__all__ = ["is_gone", "is_here", "new_owner"]


def new_owner() -> str:
    """Return a name ``host:pid:token`` for somebody in this process who runs trials.

    The token tells the machine's boot, the process's time of start and a random number, so that
    neither a reboot nor another process with the same number is taken for this one.
    """
    pid = os.getpid()
    return f"{_host()}:{pid}:{_machine()}.{_start_of(pid)}.{secrets.token_hex(4)}"


def is_here(owner: str) -> bool:
    """Tell whether an owner is, or was, a process of this machine that we could see."""
    parts = _parts(owner)
    return parts is not None and (parts[0], parts[2]) == (_host(), _machine())


def is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this machine that runs no more."""
    parts = _parts(owner)
    return parts is not None and is_here(owner) and _start_of(parts[1]) != parts[3]


def _parts(owner: str) -> tuple[str, int, str, str] | None:
    try:
        host, pid, token = owner.rsplit(":", 2)
        machine, start, _ = token.split(".")
        return host, int(pid), machine, start
    except ValueError:  # not a name that we made
        return None


@lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname()


@lru_cache(maxsize=1)
def _machine() -> str:
    """Name this boot of this machine and, where there are such, the room for process numbers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{boot}-{os.stat('/proc/self/ns/pid').st_ino:x}"  # noqa: PTH116 - a magic link
    except OSError:
        return "0"


def _start_of(pid: int) -> str:
    """Return when a process began, in the system's ticks; "" if it is not there."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return _is_there(pid) if not Path("/proc/self/stat").exists() else ""
    except OSError:
        return ""
    state, *rest = status.rpartition(")")[2].split()  # a program's name may hold anything
    return "" if state in "ZX" else rest[18]


def _is_there(pid: int) -> str:
    """Return "alive" or "": all that a system without /proc tells."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass  # there, and somebody else's
    return "alive"
