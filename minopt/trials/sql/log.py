"""The write-ahead log of an SQLite file (https://sqlite.org/fileformat2.html#walformat).

SQLite reads it up to the first frame that is not as it was written, and takes what follows for the
remains of a crash. That is right for a torn end; of a log in which a bit has flipped it would drop
all trials behind the bit, and say nothing.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Frame", "damaged_at", "frames"]

_HEAD, _FRAME_HEAD = 32, 24


_Table: TypeAlias = npt.NDArray[np.uint8]
_Bits: TypeAlias = npt.NDArray[np.bool_]


class Frame(NamedTuple):
    """A page as a transaction wrote it.

    Attributes
    ----------
    number : int
        Of the page.
    ends : bool
        True for the last one of its transaction.
    is_right : bool
        False if it is not what was written, by its salts and by the checksums of it and the frame
        before.
    page : bytes
    """

    number: int
    ends: bool
    is_right: bool
    page: bytes


def frames(log: bytes, size: int) -> list[Frame]:
    """Return the frames that were written since the log was last begun anew, in order.

    Parameters
    ----------
    log : bytes
    size : int
        Of a page.
    """
    step = _FRAME_HEAD + size
    n_frames = (len(log) - _HEAD) // step
    if n_frames < 1:
        return []
    is_whole = _has_whole_head(log)
    order = ">" if log[3] & 1 else "<"
    salts = log[16:24] if is_whole else log[_HEAD + 8 : _HEAD + 16]
    table = np.frombuffer(log, np.uint8, n_frames * step, _HEAD).reshape(n_frames, step)
    is_of_now = (table[:, 8:16] == np.frombuffer(salts, np.uint8)).all(axis=1)
    if not is_of_now.any():
        return []
    n_frames = int(np.flatnonzero(is_of_now)[-1]) + 1
    table, is_of_now = table[:n_frames], is_of_now[:n_frames]
    right = is_of_now & _is_right(table, log[24:32], order)
    numbers, sizes = np.ascontiguousarray(table[:, :8]).view(">u4").T.tolist()
    return [
        Frame(number, bool(after), bool(is_right), table[place, _FRAME_HEAD:].tobytes())
        for place, (number, after, is_right) in enumerate(zip(numbers, sizes, right, strict=True))
    ]


def _is_right(table: _Table, first: bytes, order: str) -> _Bits:
    """Compare the checksum of each frame, which goes on from that of the frame before."""
    told = np.ascontiguousarray(table[:, 16:24]).view(">u4").astype(np.uint32)
    before = np.vstack([np.frombuffer(first, ">u4").astype(np.uint32), told[:-1]])
    content = np.hstack([table[:, :8], table[:, _FRAME_HEAD:]])
    words = np.ascontiguousarray(content.view(f"{order}u4").astype(np.uint32).T)
    one, two = before.T.copy()
    for place in range(0, len(words), 2):  # all frames at once
        one += words[place] + two
        two += words[place + 1] + one
    right: _Bits = (one == told[:, 0]) & (two == told[:, 1])
    return right


def damaged_at(log: bytes) -> int | None:
    """Return the place of damage behind which whole transactions were written; None if none is.

    A frame that is wrong at the end of the log is what a crash leaves behind.
    """
    if len(log) <= _HEAD or not any(log[:_HEAD]):
        return None
    if not _has_whole_head(log):
        return 0
    found = frames(log, int.from_bytes(log[8:12], "big"))
    wrong = next((place for place, frame in enumerate(found) if not frame.is_right), len(found))
    if not any(frame.is_right and frame.ends for frame in found[wrong:]):
        return None
    return _HEAD + wrong * (_FRAME_HEAD + len(found[wrong].page))


def _has_whole_head(log: bytes) -> bool:
    if log[:3] != b"\x37\x7f\x06":
        return False
    words = np.frombuffer(log[:24], ">u4" if log[3] & 1 else "<u4").astype(np.uint32)
    sums = np.zeros(2, np.uint32)
    for place in range(0, 6, 2):
        sums[:1] += words[place : place + 1] + sums[1:]
        sums[1:] += words[place + 1 : place + 2] + sums[:1]
    return sums.astype(">u4").tobytes() == log[24:32]
