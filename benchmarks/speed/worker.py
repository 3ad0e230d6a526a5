"""A measured process: holds one library, obeys one line of JSON at a time, answers with one."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.speed.contestants import Search, start_search

WARM_UP_TRIALS = 30  # past the start-up trials of every library, so that lazy imports are done
SETTLING_TRIALS = 3  # at the long history, before the clock counts


class Worker:
    """The commands that a measured process understands."""

    def __init__(self, library: str) -> None:
        self._library = library
        self._search: Search | None = None
        for algorithm in ("rand", "tpe"):
            start_search(library, algorithm, "mixed5", 0, seed=0).run(WARM_UP_TRIALS)

    def prepare(self, algorithm: str, space: str, n_trials: int, seed: int) -> dict[str, Any]:
        """Bring a search to `n_trials` and let it settle; tells what the first trials cost."""
        self._search = None
        gc.collect()
        self._search = start_search(self._library, algorithm, space, n_trials, seed)
        gc.collect()
        start = process_time()
        self._search.run(SETTLING_TRIALS)
        return {"first_ms": 1e3 * (process_time() - start)}

    def run(self, n_trials: int) -> dict[str, Any]:
        """CPU milliseconds per trial of `n_trials` more, and the algorithm's part of them."""
        search = self._search
        if search is None:
            raise RuntimeError("the command 'run' needs a 'prepare' before it")
        before, start = search.suggest_seconds, process_time()
        search.run(n_trials)
        spent = process_time() - start
        suggested = search.suggest_seconds - before
        return {
            "ms": 1e3 * spent / n_trials,
            "suggest_ms": 1e3 * suggested / n_trials,
            "trials": len(search),
        }


def resident_memory() -> dict[str, float]:
    """Current and highest resident memory of this process in MB, where Linux tells."""
    # not getrusage: its maximum is inherited from the parent across fork and exec
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in lines)
    megabytes = {"now_mb": fields["VmRSS"], "peak_mb": fields["VmHWM"]}
    return {name: int(text.split()[0]) * 1024 / 1e6 for name, text in megabytes.items()}


def main() -> None:
    """Answer commands from standard input until it ends."""
    worker = Worker(sys.argv[1])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(worker, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
