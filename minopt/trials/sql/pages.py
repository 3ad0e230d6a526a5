"""Rows out of the pages of a damaged SQLite file, without SQLite (https://sqlite.org/fileformat2).

Nothing in the file is believed: not its length, not its head, not the links between its pages. All
pages are looked through for leaves of tables; where a leaf's list of cells is broken, a cell is
looked for at every byte. Whoever asks for rows must be able to tell right ones from wrong ones.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from minopt.trials import peek
from minopt.trials.sql.log import frames

Row: TypeAlias = tuple[Any, ...]
Wanted: TypeAlias = Callable[[Row], bool]

_LEAF = 0x0D  # first byte of a page that holds a table's rows
_MAGIC = b"SQLite format 3\0"
_SIZES = (4096, 1024, 2048, 8192, 16384, 32768, 65536, 512)
_MAX_COLUMNS = 32
_MAX_VARINT = 5  # bytes; more would be a cell of terabytes
_LONG = rb"(?:[\x0c-\x7f]|[\x81-\xff][\x80-\xff]{0,3}[\x00-\x7f])"
_KIND = {
    "n": rb"\x00",
    "i": rb"[\x01-\x06\x08\x09]",
    "t": _LONG,
    "b": _LONG,
    "?": rb"(?:[\x00-\x09]|" + _LONG + rb")",
}
_MAX_PAYLOAD = 1 << 30
_MANY_PAGES = 1 << 22  # a number beyond is a flipped bit


class _Broken(Exception):
    """There is no cell here."""


class Pages:
    """The pages of a file, with what its write-ahead log has for them.

    Parameters
    ----------
    path : path
        Of the database; the log lies beside it as ``<path>-wal``.
    looks : sequence of str
        What the rows look like that are asked for: one letter to a column, ``i`` for a number,
        ``t`` for text, ``b`` for bytes, ``n`` for nothing, ``?`` for nothing or any of these.
    """

    def __init__(self, path: Path, looks: Sequence[str]) -> None:
        kinds = (b"".join(_KIND[letter] for letter in look) for look in looks)
        # ahead, so that every place is tried
        self._looks = re.compile(b"(?=[\x02-\x7f](?:" + b"|".join(kinds) + b"))", re.DOTALL)
        self._data = peek.read(path)
        self.size = _page_size(self._data)
        self._reserved = self._data[20] if self._data.startswith(_MAGIC) else 0
        if self._reserved > 64:
            self._reserved = 0
        log = path.with_name(f"{path.name}-wal")
        self._newer, self._logged = _logged(peek.read(log) if log.is_file() else b"", self.size)
        self.n_pages = max([-(-len(self._data) // self.size), *self._newer])

    def __getitem__(self, number: int) -> bytes:
        """Return a page; zeros where the file has ended."""
        if number in self._newer:
            return self._newer[number]
        page = self._data[(number - 1) * self.size : number * self.size]
        return page.ljust(self.size, b"\0")

    def rows(self, is_wanted: Wanted) -> Iterator[Row]:
        """Look through all pages for rows that are wanted, old versions of them included."""
        for number in range(1, self.n_pages + 1):
            versions = [self[number], *self._logged.get(number, ())]
            if number in self._newer:  # the log may lack the end of what it began
                old = self._data[(number - 1) * self.size : number * self.size]
                versions.append(old.ljust(self.size, b"\0"))
            for page in versions:
                yield from self._rows_of(page, 100 if number == 1 else 0, is_wanted)

    def _rows_of(self, page: bytes, start: int, is_wanted: Wanted) -> Iterator[Row]:
        found, is_whole = [], page[start] == _LEAF
        n_cells = int.from_bytes(page[start + 3 : start + 5], "big") if is_whole else 0
        for place in range(n_cells):
            at = start + 8 + 2 * place
            row = self._row_at(page, int.from_bytes(page[at : at + 2], "big"))
            if row is not None and is_wanted(row):
                found.append(row)
            else:
                is_whole = False
        yield from found
        if not is_whole and page.strip(b"\0"):
            yield from self._searched(page, is_wanted)

    def _searched(self, page: bytes, is_wanted: Wanted) -> Iterator[Row]:
        """Look for cells anywhere in a page, by what the heads of the rows look like."""
        for head in self._looks.finditer(page):
            for at in range(head.start() - 2, max(head.start() - 2 * _MAX_VARINT, 0) - 1, -1):
                row = self._row_at(page, at)
                if row is not None and is_wanted(row):
                    yield row
                    break

    def _row_at(self, page: bytes, at: int) -> Row | None:
        try:
            length, at = _varint(page, at)
            _, at = _varint(page, at)  # the row's number
            if not 4 <= length <= _MAX_PAYLOAD:
                return None
            header, _ = _varint(page, at)
            if not 2 <= header <= min(length, 4 * _MAX_COLUMNS):
                return None
            kinds = _kinds(page[at : at + header], header)
            if header + sum(map(_width, kinds)) != length:
                return None
            return _values(self._payload(page, at, length), header, kinds)
        except (_Broken, IndexError, struct.error):
            return None

    def _payload(self, page: bytes, at: int, length: int) -> bytes:
        """Gather a cell's content, which may go on in other pages."""
        usable = self.size - self._reserved
        most, least = usable - 35, (usable - 12) * 32 // 255 - 23
        if length <= most:
            return page[at : at + length]
        local = least + (length - least) % (usable - 4)
        local = local if local <= most else least
        parts, rest = [page[at : at + local]], length - local
        following, seen = page[at + local : at + local + 4], set()
        while rest > 0:
            number = int.from_bytes(following, "big")
            if not 0 < number <= self.n_pages or number in seen:
                raise _Broken
            seen.add(number)
            further = self[number]
            following, content = further[:4], further[4 : 4 + min(rest, usable - 4)]
            parts.append(content)
            rest -= len(content)
        return b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9


def _kinds(header: bytes, length: int) -> list[int]:
    _, at = _varint(header, 0)
    kinds: list[int] = []
    while at < length:
        kind, at = _varint(header, at)
        if kind in (10, 11) or len(kinds) == _MAX_COLUMNS:
            raise _Broken
        kinds.append(kind)
    return kinds


_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _width(kind: int) -> int:
    return _WIDTHS[kind] if kind < len(_WIDTHS) else (kind - 12) // 2


def _values(payload: bytes, at: int, kinds: list[int]) -> Row:
    values: list[Any] = []
    for kind in kinds:
        data = payload[at : at + _width(kind)]
        at += len(data)
        if kind == 0:
            values.append(None)
        elif kind == 7:
            values.append(struct.unpack(">d", data)[0])
        elif kind in (8, 9):
            values.append(kind - 8)
        elif kind < 7:
            values.append(int.from_bytes(data, "big", signed=True))
        elif kind % 2:
            values.append(_decoded(data))
        else:
            values.append(data)
    return tuple(values)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _Broken from None


def _page_size(data: bytes) -> int:
    """Return the size of pages that the head tells, or else what the places of leaves tell."""
    told = int.from_bytes(data[16:18], "big")
    told = 65536 if told == 1 else told
    if data.startswith(_MAGIC) and told in _SIZES:
        return told
    shares = {size: _share_of_leaves(data, size) for size in sorted(_SIZES)}
    # every other page of twice the size begins with a leaf as often
    return next(size for size in shares if shares[size] >= 0.7 * max(shares.values()))


def _share_of_leaves(data: bytes, size: int) -> float:
    firsts = data[size::size]
    return firsts.count(_LEAF) / max(len(firsts), 1)


def _logged(log: bytes, size: int) -> tuple[dict[int, bytes], dict[int, list[bytes]]]:
    """Return the pages that whole transactions wrote last, and if that is unsure, all others."""
    found = frames(log, size)
    n_whole = max((place for place, frame in enumerate(found, 1) if frame.ends), default=0)
    found = [frame for frame in found[:n_whole] if 0 < frame.number < _MANY_PAGES]
    newer = {frame.number: frame.page for frame in found}
    newer |= {frame.number: frame.page for frame in found if frame.is_right}
    all_pages: dict[int, list[bytes]] = {}
    if not all(frame.is_right for frame in found):
        for frame in found:
            all_pages.setdefault(frame.number, []).append(frame.page)
    return newer, all_pages
