"""The command ``minopt``: one file per sub-command, each with `add_parser(subparsers)`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from minopt.cli import demo, migrate, recover, run, worker
from minopt.exceptions import MinoptError

__all__ = ["main"]

COMMANDS = (demo, migrate, recover, run, worker)
"""The sub-commands, in the order in which ``minopt --help`` lists them.

Each is a module with ``add_parser(subparsers)``, which sets ``run=`` as a default of its parser:
a function of the parsed arguments that returns the exit status.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own); return the exit status."""
    args = _parser().parse_args(argv, argparse.Namespace(is_process=argv is None))
    try:
        return int(args.run(args))
    except ImportError as missing:
        print(f"minopt: {missing}", file=sys.stderr)
        return 2
    except (MinoptError, OSError) as wrong:
        print(f"minopt: {wrong}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("minopt: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minopt", description="Find good hyperparameters in hyperopt's language."
    )
    version = sys.modules["minopt"].__version__
    parser.add_argument(
        "--version", action="version", version=f"minopt {version}", help="say which this is"
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser
