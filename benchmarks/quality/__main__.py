"""``python -m benchmarks.quality --full`` runs what is missing; ``--short`` checks.

Question: how near to the best point known does each way of searching come, after so many
evaluations? Yardstick: regret, 0 at the best loss known and 1 at the median random point. Noise:
seeds, paired; Wilcoxon's test.
"""

from __future__ import annotations

import argparse

from benchmarks.quality.entries import ENTRIES
from benchmarks.quality.full import run_entries


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--full", action="store_true", help="run what is missing, then report")
    what.add_argument("--report", action="store_true", help="only report on the results there are")
    what.add_argument(
        "--short", action="store_true", help="check that nothing got worse (3 minutes)"
    )
    what.add_argument(
        "--keep", action="store_true", help="run the short check and store its numbers"
    )
    parser.add_argument("--entries", nargs="*", choices=sorted(ENTRIES), help="some of the entries")
    parser.add_argument("--seeds", type=int, help="so many seeds for every entry")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start nothing after")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks."""
    asked = parsed(arguments)
    if asked.short or asked.keep:
        from benchmarks.quality.short import check

        return check(asked.entries, keep=asked.keep)
    if asked.full:
        run_entries(asked.entries or ENTRIES, seeds=asked.seeds, minutes=asked.minutes)
    from benchmarks.quality.report import write

    write()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
