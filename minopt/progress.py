"""How a search shows its progress: context managers for `fmin`'s ``show_progressbar``.

A progress callback is called with ``initial`` (trials finished before) and ``total`` (trials
wanted, `sys.maxsize` for no limit) and yields an object with a method ``update(n)``. The search
sets its attribute ``postfix``, if it can, to the best loss as text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from minopt._stand_in import redirected_output

__all__ = ["default_callback", "no_progress_callback", "tqdm_progress_callback"]


@contextmanager
def tqdm_progress_callback(initial: int, total: int | None) -> Iterator[Any]:
    """Show a bar on stderr, and keep what is printed meanwhile out of its line.

    Parameters
    ----------
    initial : int
        Trials finished before.
    total : int or None
        Trials wanted; None or `sys.maxsize` if there is no limit.
    """
    from tqdm import tqdm

    with redirected_output() as output:
        bar = tqdm(
            total=None if total is None or total >= sys.maxsize else total,
            file=_Forgiving(output.stderr),
            postfix={"best loss": "?"},
            disable=output.stderr is None,
            dynamic_ncols=True,
            unit="trial",
            initial=initial,
        )
        with bar:
            yield bar


class _Forgiving:
    """A stream that cannot fail: nobody's search ends because its bar cannot be shown."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write text, if it can be written."""
        with suppress(Exception):  # no space, a reader that has gone, a closed window
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that can be done."""
        with suppress(Exception):
            self._file.flush()

    def __eq__(self, other: object) -> bool:  # by this tqdm finds the bars of a stream
        return other is self or self._file == other

    def __hash__(self) -> int:
        return hash(self._file)

    def __getattr__(self, name: str) -> Any:
        if name == "_file":  # asked for by copy and pickle before there is one
            raise AttributeError(name)
        return getattr(self._file, name)


@contextmanager
def no_progress_callback(initial: int, total: int | None) -> Iterator[Any]:  # noqa: ARG001
    """Show nothing."""
    yield _NoBar()


class _NoBar:
    postfix: Any = None

    def update(self, n: int) -> None:
        """Do nothing."""


default_callback = tqdm_progress_callback
