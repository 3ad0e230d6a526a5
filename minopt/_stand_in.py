"""Stand-ins for stdout and stderr, so that what is printed does not tear up a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from minopt._locks import thread_lock

_lock = thread_lock()


class StandIn:
    """A text stream that clears the progress bars, writes whole lines, and draws the bars again.

    Everything but writing is left to the stream itself. A line without its end is kept until
    the end comes, or until `release`.

    Parameters
    ----------
    file : text stream
        The stream that is stood in for.
    """

    def __init__(self, file: Any) -> None:
        self.file = file
        self._begun = ""
        self._released = False

    def write(self, text: str) -> int:
        """Write text, and return its length."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with _lock:
            if self._released:
                self.file.write(text)
                return len(text)
            whole, newline, self._begun = (self._begun + text).rpartition("\n")
            if newline:
                self._write_lines(whole + newline)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several pieces of text."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream itself; a line without its end goes on waiting."""
        getattr(self.file, "flush", lambda: None)()

    def close(self) -> None:
        """Write what is left; the stream itself stays open for those whose it is."""
        self.release()

    def isatty(self) -> bool:
        """Tell whether the stream is a terminal."""
        return bool(getattr(self.file, "isatty", lambda: False)())

    def release(self) -> None:
        """Write what is left, and pass everything on as it is from now on."""
        with _lock:
            begun, self._begun, self._released = self._begun, "", True
            if begun:
                self.file.write(begun)

    def _write_lines(self, text: str) -> None:
        from tqdm import tqdm

        # All bars on stderr are taken away for the moment, whichever stream is written to: both
        # may be the same terminal.
        with tqdm.external_write_mode(file=_bars_of(self)):
            self.file.write(text)
            if self.isatty():
                self.flush()

    def __getattr__(self, name: str) -> Any:
        if name == "file":  # asked for by copy and pickle before there is one
            raise AttributeError(name)
        return getattr(self.file, name)


@dataclass
class Redirection:
    """The original streams and their stand-ins, shared by the searches that overlap."""

    stdout: Any
    stderr: Any
    out: StandIn | None
    err: StandIn | None
    n_users: int = 0


_live: list[Redirection] = []


def _bars_of(stand_in: StandIn) -> Any:
    """Return the file that the bars around a stand-in are written to."""
    for redirection in _live:
        if stand_in is redirection.out or stand_in is redirection.err:
            return redirection.stderr
    return stand_in.file


@contextmanager
def redirected_output() -> Iterator[Redirection]:
    """Put stand-ins for stdout and stderr in place until the last search that uses them ends."""
    redirection = _enter()
    try:
        yield redirection
    finally:
        _leave(redirection)


def _enter() -> Redirection:
    with _lock:
        redirection = next((r for r in _live if r.out is not None and sys.stdout is r.out), None)
        if redirection is None:
            redirection = _install()
        redirection.n_users += 1
        return redirection


def _install() -> Redirection:
    out, err = sys.stdout, sys.stderr
    # stderr alone may have a stand-in already, where only stdout was replaced meanwhile
    outer = next((r for r in _live if r.err is not None and err is r.err), None)
    redirection = Redirection(
        stdout=out,
        stderr=outer.stderr if outer else err,
        out=None if out is None else StandIn(out),
        err=None if err is None or outer else StandIn(err),
    )
    _live.append(redirection)
    if redirection.out is not None:
        sys.stdout = redirection.out
    if redirection.err is not None:
        sys.stderr = redirection.err
    return redirection


def _leave(redirection: Redirection) -> None:
    with _lock:
        redirection.n_users -= 1
        if redirection.n_users:
            return
        _live.remove(redirection)
        # what somebody else has put there meanwhile is theirs
        if redirection.out is not None and sys.stdout is redirection.out:
            sys.stdout = redirection.stdout
        if redirection.err is not None and sys.stderr is redirection.err:
            sys.stderr = redirection.stderr
        for stand_in in (redirection.out, redirection.err):
            if stand_in is not None:
                stand_in.release()


@contextmanager
def std_out_err_redirect_tqdm() -> Iterator[Any]:
    """Put stand-ins in place, and yield the original stdout."""
    with redirected_output() as redirection:
        yield redirection.stdout
