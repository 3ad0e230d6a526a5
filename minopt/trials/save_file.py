"""The file that a search saves its trials to: held, gone on with, and written after every trial."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minopt._warn import warn
from minopt.exceptions import InvalidArgument
from minopt.trials.documents import (
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    usable_loss,
)
from minopt.trials.files import remove_strays, save_trials
from minopt.trials.load import read_trials
from minopt.trials.lock import FileLock

__all__ = ["SaveFile"]

# A save is felt when it takes this long, the file is this large, and saving takes this share of
# the search's time. Small files are slow only where the disk is, which no other store changes.
SLOW = 0.1  # seconds
LARGE = 1_000_000  # bytes
SHARE = 0.1

# What was written last to each path, and of which trials, so that these are not read back.
_written: dict[str, tuple[tuple[int, ...], weakref.ref[Any]]] = {}


class SaveFile:
    """A file for the trials of one search.

    Parameters
    ----------
    path : str
        Absolute; "" for no file, which is held and saved to without any effect.
    trusted : bool
        Read objects of any class from it.
    """

    def __init__(self, path: str, trusted: bool = False) -> None:
        self.path = path
        self.trusted = trusted
        self._what = f"trials_save_file {path!r}"
        self._lock: FileLock | None = None
        self._clock = _Clock()
        self._may_clean = True
        self._left_as: tuple[int, ...] = ()

    def __reduce__(self) -> tuple[type[SaveFile], tuple[str, bool]]:
        return SaveFile, (self.path, self.trusted)  # a copy holds nothing

    @contextmanager
    def held(self) -> Iterator[SaveFile]:
        """Keep other searches off the file; who holds it already goes on holding it.

        Raises
        ------
        FileInUse
            If another search has it.
        """
        if not self.path or self._lock is not None:
            yield self
            return
        with FileLock(self.path, self._what) as self._lock:
            self._clock = _Clock()
            self._may_clean = True
            self._left_as = self._now()
            try:
                yield self
            finally:
                self._lock = None

    @contextmanager
    def held_for(self, trials: Any) -> Iterator[SaveFile]:
        """Hold the file and check that these trials go on with it, unless that was done before."""
        if self._lock is not None:
            yield self
            return
        with self.held():
            self.check_extended_by(trials)
            yield self

    def saved(self) -> Any:
        """Return the trials in the file; None if there is no file.

        Raises
        ------
        DamagedFile, UntrustedPickle, StoreError
            If it cannot be read; it is left as it is.
        """
        if not self.path:
            return None
        if not os.path.lexists(self.path):
            return None
        return read_trials(
            self.path,
            self.trusted,
            source=self._what,
            way_out=f"fmin(..., trials_save_file={self.path!r}, trusted=True)",
            only_pickles=True,
        )

    def check_extended_by(self, trials: Any, whose: str = "given as trials=") -> None:
        """Refuse to replace a file by trials that lack some of those in it.

        Raises
        ------
        InvalidArgument
            Naming the file and the trials that would be lost.
        """
        if not self.path or not os.path.lexists(self.path) or self._is_of(trials):
            return
        trials.refresh()
        given = {_key(doc): doc for doc in _documents(trials)}
        lost = [
            doc["tid"]
            for doc in _documents(self.saved())
            if not _goes_on(doc, given.get(_key(doc)))
        ]
        if lost:
            raise InvalidArgument(
                f"{self._what} holds {len(lost)} trials that are not among those {whose} "
                f"(ids {_few(lost)}), and would lose them: call fmin without trials= to go on with "
                "the file, take its trials over with minopt.copy_trials, or name another file"
            )

    def _is_of(self, trials: Any) -> bool:
        """Tell whether the file is what these trials were saved to last."""
        signature, owner = _written.get(self.path, ((), None))
        return owner is not None and owner() is trials and signature == _signature(self.path)

    def _was_changed(self) -> bool:
        """Tell whether somebody else has changed the file since it was held, or saved to."""
        return self._lock is not None and self._now() not in ((), self._left_as)

    def _now(self) -> tuple[int, ...]:
        return _signature(self.path) if os.path.exists(self.path) else ()  # noqa: PTH110

    def save(self, trials: Any) -> None:
        """Write the trials; see `save_trials`.

        Raises
        ------
        DamagedFile, InvalidArgument, StoreError
            If the file holds something else by now that would be lost, or cannot be written.
        """
        if not self.path:
            return
        if self._was_changed():
            self.check_extended_by(trials, "of this search")
        begun = time.perf_counter()
        size = save_trials(trials, self.path, self._what)
        self._left_as = self._now()
        self._remember(trials)
        if self._lock is not None and self._may_clean:
            self._may_clean = False
            remove_strays(self.path)
        if self._clock.is_felt(time.perf_counter() - begun, size):
            warn(
                f"{self._what}: saving {size / 1e6:.1f} MB after every trial takes "
                f"{self._clock.share:.0%} of the time by now, and more with each trial; "
                "SQLTrials writes only what is new, as in fmin(..., trials='search.db')",
                UserWarning,
            )

    def _remember(self, trials: Any) -> None:
        try:
            _written[self.path] = self._left_as, weakref.ref(trials)
        except TypeError:  # trials of a user's own class without room for a reference
            _written.pop(self.path, None)


class _Clock:
    """How much of a search's time goes into saving."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._saving = 0.0
        self._has_warned = False

    @property
    def share(self) -> float:
        """The share of saving in the time since the beginning."""
        return min(1.0, self._saving / max(1e-9, time.perf_counter() - self._begun))

    def is_felt(self, took: float, size: int) -> bool:
        """Tell whether it is time to say something, once."""
        self._saving += took
        if self._has_warned or took < SLOW or size < LARGE or self.share < SHARE:
            return False
        self._has_warned = True
        return True


def _signature(path: str) -> tuple[int, ...]:
    info = Path(path).stat()
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _documents(trials: Any) -> list[Document]:
    return list(getattr(trials, "_dynamic_trials", None) or getattr(trials, "trials", None) or ())


def _key(doc: Document) -> tuple[Any, str]:
    return doc["tid"], repr(doc.get("exp_key"))


def _goes_on(saved: Document, given: Document | None) -> bool:
    """Tell whether `given` is the same trial as `saved`, as far as that had come or further."""
    if given is None or _values(saved) != _values(given):
        return False
    if saved["state"] in (JOB_STATE_NEW, JOB_STATE_RUNNING):
        return True
    return bool(
        saved["state"] == given["state"]
        and usable_loss(saved["result"]) == usable_loss(given["result"])
    )


def _values(doc: Document) -> dict[str, list[Any]]:
    vals: Mapping[str, Any] = doc["misc"]["vals"]
    return {label: list(held) for label, held in vals.items() if len(held)}


def _few(tids: list[Any]) -> str:
    shown = ", ".join(map(repr, tids[:5]))
    return shown if len(tids) <= 5 else f"{shown}, …"
