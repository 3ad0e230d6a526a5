"""The files of results: JSON lines that are only ever added to, and survive being cut off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
Row = dict[str, Any]
Key = tuple[str, int]


def add(row: Row, path: Path) -> None:
    """Append a row, on a line of its own even if the last one was cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(row, allow_nan=False).encode() + b"\n")


def rows_of(path: Path) -> list[Row]:
    """All rows of a file, oldest first; a line that was cut off is left out."""
    rows: list[Row] = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # the run that wrote it was killed, and is run again
    return rows


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs of one entry: the last row of each problem and seed."""

    entry: str
    rows: Mapping[Key, Row]
    errors: Mapping[Key, str]
    sessions: tuple[Row, ...]

    def seeds(self, problem: str) -> list[int]:
        """The seeds run on a problem."""
        return sorted(seed for name, seed in self.rows if name == problem)

    def problems(self) -> set[str]:
        """The problems with at least one run."""
        return {name for name, _ in self.rows}

    def held(self, *, retry: bool = False) -> set[Key]:
        """What needs no run any more: errors too, unless they are to be tried again."""
        return {*self.rows} if retry else {*self.rows, *self.errors}


def runs_of(path: Path) -> Runs:
    """Read one entry's results; a later row replaces an earlier one of the same key."""
    rows: dict[Key, Row] = {}
    errors: dict[Key, str] = {}
    sessions: list[Row] = []
    for row in rows_of(path):
        if "session" in row:
            sessions.append(row)
            continue
        key = (row["problem"], row["seed"])
        errors.pop(key, None)
        rows.pop(key, None)
        if "error" in row:
            errors[key] = row["error"]
        else:
            rows[key] = row
    return Runs(path.stem, rows, errors, tuple(sessions))
