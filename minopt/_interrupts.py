"""Work that a Ctrl-C must not cut in two: the signal waits until it is done."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

# The functions beneath `signal`'s, where there are such: those make enums of all that they are
# given and return, and this is done for every write.
_beneath: Any = sys.modules.get("_signal", signal)

# Whose handlers raise: Python's for Ctrl-C, a trial's timer, a worker's for the system's request.
_SIGNALS = [
    int(getattr(signal, name)) for name in ("SIGINT", "SIGALRM", "SIGTERM") if hasattr(signal, name)
]


class Interruption(BaseException):
    """Comes from outside of a trial, which is not to blame and is to be run again."""


class _Uninterrupted:
    """``with uninterrupted:`` keeps signals that raise for the end of the block.

    Blocks may stand within each other; in other threads than the main one, where no signal
    raises, they do nothing. A signal that comes a second time does not wait.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._before: dict[int, Any] = {}
        self._noted: dict[int, FrameType | None] = {}
        self._forks_in_main_thread = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._note_fork, after_in_child=self._begin_anew)

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._depth += 1
        if self._depth > 1:
            return
        try:
            for number in _SIGNALS:
                handler = _beneath.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    _beneath.signal(number, self._note)
        except BaseException:
            self._end()
            raise

    def __exit__(self, *_error: object) -> None:
        if threading.current_thread() is threading.main_thread():
            self._end()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number in self._noted:
            self._before[number](number, frame)
        self._noted[number] = frame

    def _end(self) -> None:
        self._depth -= 1
        if self._depth:
            return
        raised = self._restore()
        before, self._before = self._before, {}
        noted, self._noted = self._noted, {}
        if raised is not None:
            raise raised
        for number, frame in noted.items():
            before[number](number, frame)

    def _begin_anew(self) -> None:
        """Put the handlers back in a child that was forked by another thread than the main one.

        The forking thread is the child's main one, and nobody is there to end the block.
        """
        if self._depth and not self._forks_in_main_thread:
            self._depth = 0
            self._restore()
            self._before, self._noted = {}, {}

    def _note_fork(self) -> None:
        self._forks_in_main_thread = threading.current_thread() is threading.main_thread()

    def _restore(self) -> BaseException | None:
        """Put all handlers back; return what one of them raised meanwhile."""
        raised = None
        while True:
            try:
                for number, handler in self._before.items():
                    _beneath.signal(number, handler)
                return raised
            except BaseException as error:  # noqa: BLE001 - raised again when all are back
                raised = error


uninterrupted = _Uninterrupted()
