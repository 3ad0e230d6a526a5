"""``minopt run``: an unchanged hyperopt script, on minopt."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import Any

from minopt.integrations.alias import stand_in_folder


def add_parser(subparsers: Any) -> None:
    """Add ``run`` to the sub-commands of ``minopt``."""
    parser = subparsers.add_parser(
        "run",
        help="run a hyperopt script on minopt, unchanged",
        description="Run a Python script or module in which `import hyperopt` gives minopt, its "
        "child processes included. Nothing is written to disk; all else is as with `python`.",
        usage="minopt run [-h] (script.py | -m module) [argument ...]",
    )
    parser.add_argument(
        "-m", dest="module", nargs=argparse.REMAINDER, help="run a module, as `python -m` does"
    )
    parser.add_argument(
        "script", nargs=argparse.REMAINDER, help="the script, and the arguments that it gets"
    )
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Run the script in a Python of its own; return its exit status."""
    command = ["-m", *args.module] if args.module else args.script
    if not command or args.module == []:
        args.parser.error("name a script, or a module after -m")
    command = [sys.executable, *command]
    paths = [str(stand_in_folder()), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    sys.stdout.flush()
    sys.stderr.flush()
    if args.is_process and os.name == "posix":
        os.execve(sys.executable, command, environment)  # signals and exit status are its own
    return _status(subprocess.run(command, env=environment, check=False).returncode)


def _status(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode  # as a shell tells of a signal
