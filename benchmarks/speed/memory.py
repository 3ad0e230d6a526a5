"""The question: how many bytes does a trial occupy, and how high does the process climb."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from typing import Any

from benchmarks.speed.contestants import Search, start_search
from benchmarks.speed.worker import WARM_UP_TRIALS, resident_memory

MODELLED_TRIALS = 3  # proposals by tpe before memory is read, so that its history columns exist
SEED = 0


def bytes_per_trial(library: str, space: str, small: int, large: int) -> dict[str, Any]:
    """Run a search to `small`, then to `large` trials, and count what came to live in between.

    The trials are made by the library's own random search (hyperopt's `tpe` would take
    minutes); `tpe` proposes the last few, so that whatever it keeps of the history is
    counted too.
    """
    search = start_search(library, "tpe", space, 0, SEED)
    search.run(WARM_UP_TRIALS)
    tracemalloc.start()
    living = [_living_bytes_at(search, trials) for trials in (small, large)]
    tracemalloc.stop()
    return {
        "library": library,
        "space": space,
        "from_trials": small,
        "to_trials": large,
        "bytes_per_trial": round((living[1] - living[0]) / (large - small)),
    }


def highest_memory(library: str, space: str, trials: int) -> dict[str, Any]:
    """The highest resident memory of a process whose `tpe` proposes a few points at `trials`."""
    start_search(library, "tpe", space, 0, SEED).run(WARM_UP_TRIALS)
    start = resident_memory().get("now_mb", 0.0)
    start_search(library, "tpe", space, trials, SEED).run(MODELLED_TRIALS)
    return {
        "library": library,
        "space": space,
        "trials": trials,
        "start_mb": round(start, 1),
        "peak_mb": round(resident_memory().get("peak_mb", 0.0), 1),
    }


def _living_bytes_at(search: Search, trials: int) -> int:
    search.use("rand")
    search.run(trials - len(search) - MODELLED_TRIALS)
    search.use("tpe")
    search.run(MODELLED_TRIALS)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def main() -> None:
    """Print the figures of one library as JSON."""
    question, library, space, first, *rest = sys.argv[1:]
    if question == "bytes":
        answer = bytes_per_trial(library, space, int(first), int(rest[0]))
    else:
        answer = highest_memory(library, space, int(first))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
