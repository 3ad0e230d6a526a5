"""Where does the time of a trial go? The dearest functions by the profiler, which favours none.

``python -m benchmarks.speed.profiling --trials 1000`` looks at minopt's `tpe`. The profiler's own
cost falls on many small calls: read the order, and take times from ``python -m benchmarks.speed``.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats

from benchmarks.speed.contestants import ALGORITHMS, LIBRARIES, start_search
from benchmarks.speed.spaces import SPACES
from benchmarks.speed.worker import SETTLING_TRIALS


def profile(library: str, algorithm: str, space: str, trials: int, n_trials: int) -> pstats.Stats:
    """Profile `n_trials` more trials of a search that holds `trials` random ones."""
    search = start_search(library, algorithm, space, trials, seed=1)
    search.run(SETTLING_TRIALS)
    profiler = cProfile.Profile()
    profiler.enable()
    search.run(n_trials)
    profiler.disable()
    return pstats.Stats(profiler)


def main() -> None:
    """Print the functions in which most time is spent."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed.profiling")
    options.add_argument("--library", choices=LIBRARIES, default="minopt")
    options.add_argument("--algorithm", choices=ALGORITHMS, default="tpe")
    options.add_argument("--space", choices=list(SPACES), default="mixed20")
    options.add_argument("--trials", type=int, default=1000)
    options.add_argument("--more", type=int, default=50, help="trials to look at")
    options.add_argument("--sort", choices=("tottime", "cumtime"), default="tottime")
    options.add_argument("--lines", type=int, default=35)
    given = options.parse_args()
    stats = profile(given.library, given.algorithm, given.space, given.trials, given.more)
    stats.strip_dirs().sort_stats(given.sort).print_stats(given.lines)


if __name__ == "__main__":
    main()
