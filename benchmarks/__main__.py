"""The runner: ``python -m benchmarks speed --short`` starts one benchmark with its own options."""

from __future__ import annotations

import runpy
import sys

NAMES = ("speed", "quality")


def main() -> None:
    """Hand the command line to the benchmark it names."""
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        raise SystemExit(f"usage: python -m benchmarks {{{','.join(NAMES)}}} [options]")
    name = sys.argv.pop(1)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
