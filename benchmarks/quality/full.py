"""The whole table: every entry on every problem, each in a process of its own environment."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable

from benchmarks.quality.entries import ENTRIES
from benchmarks.quality.peers import interpreter
from benchmarks.rows import ROOT, process_settings


def run_entries(entries: Iterable[str], *, seeds: int | None, minutes: float) -> None:
    """Run what is missing of each entry, one after another, for at most so long."""
    stop = time.monotonic() + 60 * minutes
    for name in entries:
        entry = ENTRIES[name]
        command = [interpreter(entry), "-m", "benchmarks.quality.run", "--entry", name]
        command += ["--seeds", f"0:{seeds or entry.seeds}"]
        if minutes != float("inf"):
            command += ["--minutes", f"{max(stop - time.monotonic(), 0) / 60:.2f}"]
        subprocess.run(command, cwd=ROOT, env=process_settings(), check=False)
