"""The measured processes, one per library, started alike and spoken to in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.rows import ROOT, process_settings


class Member:
    """One measured process."""

    def __init__(self, library: str) -> None:
        self.library = library
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker", library],
            cwd=ROOT,
            env=process_settings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError(f"the process of {self.library} has no standard input")
        stdin.write(json.dumps({"do": do, **given}) + "\n")
        stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.terminate()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        stdout = self._process.stdout
        line = stdout.readline() if stdout else ""
        if not line:
            raise RuntimeError(f"the process of {self.library} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def crew(libraries: tuple[str, ...]) -> Iterator[list[Member]]:
    """One warmed-up process per library, ended together."""
    with ExitStack() as stack:
        members = []
        for library in libraries:
            member = Member(library)
            stack.callback(member.close)
            members.append(member)
        yield members
