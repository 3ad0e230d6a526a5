"""The row of a search: its clock, its ids, its random streams, and what is reserved of them.

An id that was given out is reserved until its trial is inserted, and with it the seed that was
drawn for it. If the process dies in between, both are given back, so that the search goes on as
if it had not been stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from minopt.exceptions import DamagedStore
from minopt.trials.sql import schema
from minopt.trials.streams import are_streams

_heads = schema.searches
_COLUMNS = ("clock", "generation", "next_tid", "n_trials", "streams", "reserved")
_of = _heads.c.exp_key == bindparam("of")
_READ = select(*(_heads.c[name] for name in _COLUMNS)).where(_of)
_HOLD = _READ.with_for_update()
_WRITE = _heads.update().where(_of)

TICK = _heads.update().where(_of).values(clock=_heads.c.clock + 1)
CLOCK = select(_heads.c.clock).where(_of).scalar_subquery()
"""The time after a `TICK`, for other statements of the same transaction."""

_UNUSED: dict[str, Any] = {"n_seeds": 0}
MANY = 64  # reservations of one owner that are remembered


@dataclass(slots=True)
class Head:
    """What the row of a search holds."""

    clock: int = 0
    generation: int = 0
    next_tid: int = 0
    n_trials: int = 0
    streams: str = "[]"
    reserved: str = "[]"

    def tick(self, n: int = 1) -> int:
        """Return the first of `n` new times."""
        first = self.clock + 1
        self.clock += n
        return first


def read(connection: Connection, key: str) -> Head | None:
    """Return the head of a search; None if it has none yet."""
    row = connection.execute(_READ, {"of": key}).one_or_none()
    return None if row is None else _head(row)


def _head(row: Any) -> Head:
    *numbers, streams, reserved = row
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise DamagedStore(f"the head of the search holds {numbers}, which is not what was written")
    clock, generation, next_tid, n_trials = numbers
    return Head(clock, generation, next_tid, n_trials, _text(streams), _text(reserved))


def hold(connection: Connection, key: str) -> Head:
    """Return the head of a search, and let nobody else have it until the transaction ends."""
    row = connection.execute(_HOLD, {"of": key}).one_or_none()
    if row is not None:
        return _head(row)
    fresh = Head()
    values = {name: getattr(fresh, name) for name in _COLUMNS}
    if connection.dialect.name == "postgresql":  # somebody else may be doing the same
        from sqlalchemy.dialects.postgresql import insert

        adding = insert(_heads).values(exp_key=key, **values).on_conflict_do_nothing()
        connection.execute(adding)
        return _head(connection.execute(_HOLD, {"of": key}).one())
    connection.execute(_heads.insert().values(exp_key=key, **values))
    return fresh


def write(connection: Connection, key: str, head: Head) -> None:
    """Write the head of a search that is held."""
    values = {name: getattr(head, name) for name in _COLUMNS}
    connection.execute(_WRITE, {"of": key, **values})


def _text(json_: str | bytes) -> str:
    return json_ if isinstance(json_, str) else json_.decode()


# ---- reservations: [owner, first id, number of ids, [streams drawn from, before]]


def streams_of(head: Head) -> list[dict[str, Any]]:
    """Return the random streams."""
    streams = _loads(head.streams)
    if not are_streams(streams):
        raise DamagedStore(f"the random streams of the search are {head.streams[:80]!r}")
    return streams


def reserve(head: Head, n: int, owner: str) -> list[int]:
    """Take `n` ids."""
    first = head.next_tid
    head.next_tid += n
    entries = _reserved(head)
    mine = [entry for entry in entries if entry[0] == owner]
    entries = [entry for entry in entries if entry[0] != owner] + mine[-MANY + 1 :]
    head.reserved = _dumps([*entries, [owner, first, n, []]])
    return list(range(first, first + n))


def draw(head: Head, streams: list[dict[str, Any]], owner: str) -> bool:
    """Write streams from which seeds were drawn, or put back, for the ids last given to `owner`.

    Returns whether there is anything to write.
    """
    before = {entry["first"]: entry for entry in streams_of(head)}
    now = {entry["first"]: entry for entry in streams if entry["n_seeds"]}
    if now == before:
        return False
    entries = _reserved(head)
    mine = next((entry for entry in reversed(entries) if entry[0] == owner), None)
    if mine is not None:
        _, first, n, drawn = mine
        for name in before | now:
            old, new = before.get(name, _UNUSED), now.get(name, _UNUSED)
            if new["n_seeds"] > old["n_seeds"]:
                drawn.append({**old, "first": name})
            elif drawn and drawn[-1]["first"] == name and new["n_seeds"] < old["n_seeds"]:
                drawn.pop()  # put back
                if first + n == head.next_tid:
                    head.next_tid = first
                    entries.remove(mine)
        head.reserved = _dumps(entries)
    head.streams = _dumps(list(now.values()))
    return True


def use(head: Head, tids: set[int]) -> None:
    """Note that trials with these ids are being inserted."""
    head.next_tid = max(head.next_tid, max(tids) + 1)
    if head.reserved == "[]":
        return
    entries = [
        entry
        for entry in _reserved(head)
        if not any(tid in tids for tid in range(entry[1], entry[1] + entry[2]))
    ]
    head.reserved = _dumps(entries)


def give_back(head: Head, is_gone: Callable[[str], bool]) -> bool:
    """Undo the reservations of owners that are gone, the last ones first; True if there were any.

    What lies below an id that is used, or a seed drawn by somebody else, stays used up.
    """
    entries = _reserved(head)
    kept = [entry for entry in entries if not is_gone(entry[0])]
    if len(kept) == len(entries):
        return False
    streams = {entry["first"]: entry for entry in streams_of(head)}
    for owner, first, n, drawn in reversed(entries):
        if not is_gone(owner):
            continue
        if first + n == head.next_tid:
            head.next_tid = first
        for before in reversed(drawn):
            now = streams.get(before["first"])
            if now is not None and now["n_seeds"] == before["n_seeds"] + 1:
                streams[before["first"]] = before
    head.streams = _dumps([entry for entry in streams.values() if entry["n_seeds"]])
    head.reserved = _dumps(kept)
    return True


def _reserved(head: Head) -> list[Any]:
    entries = _loads(head.reserved)
    if not all(map(_is_reservation, entries)):
        raise DamagedStore(f"the reserved ids of the search are {head.reserved[:80]!r}")
    return entries


def _is_reservation(entry: Any) -> bool:
    if not (isinstance(entry, list) and len(entry) == 4):
        return False
    owner, first, n, drawn = entry
    numbers = type(first) is type(n) is int and first >= 0 and n >= 0
    return (
        isinstance(owner, str)
        and numbers
        and isinstance(drawn, list)
        and all(
            isinstance(before, dict) and "first" in before and type(before.get("n_seeds")) is int
            for before in drawn
        )
    )


def _loads(text: str) -> list[Any]:
    try:
        read = json.loads(text)
    except ValueError as wrong:
        raise DamagedStore(f"the head of the search holds {text[:80]!r}") from wrong
    if not isinstance(read, list):
        raise DamagedStore(f"the head of the search holds {text[:80]!r}")
    return read


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
