"""``minopt migrate``: what was made for hyperopt, scripts and saved trials, made minopt's."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from minopt.cli.paths import path as a_path
from minopt.exceptions import InvalidArgument
from minopt.integrations.sources import SCRIPTS, Change, changes_of
from minopt.trials import peek
from minopt.trials.copying import DATABASES, LINES, copy_trials
from minopt.trials.files import save_trials
from minopt.trials.load import kind_of, load_trials
from minopt.trials.lock import FileLock


def add_parser(subparsers: Any) -> None:
    """Add ``migrate`` to the sub-commands of ``minopt``."""
    parser = subparsers.add_parser(
        "migrate",
        help="move scripts, folders and saved trials from hyperopt to minopt",
        description="For a script or a folder of scripts: show how the imports of hyperopt become "
        "minopt's, as a diff, and report on stderr what a person should look at. For a pickle of "
        "hyperopt.Trials: save it as minopt's, beside the old file. Databases and JSON lines are "
        "minopt's already, and stay as they are.",
    )
    parser.add_argument("path", nargs="+", type=a_path, help="a script, a folder, or saved trials")
    parser.add_argument(
        "-w", "--write", action="store_true", help="change the files instead of showing how"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=a_path,
        help="where to save trials; the suffix tells the kind, as for copy_trials "
        "(default: NAME.minopt.SUFFIX)",
    )
    parser.add_argument(
        "--trusted",
        action="store_true",
        help="read objects of any class from saved trials, which can run code",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Migrate each path; return 0."""
    if args.output is not None and len(args.path) > 1:
        raise InvalidArgument("migrate: --output names one file, and there are several paths")
    for path in args.path:
        if not path.exists():
            raise FileNotFoundError(f"migrate: there is no {str(path)!r}")
        if not (path.is_file() or path.is_dir()):
            raise InvalidArgument(f"migrate: {str(path)!r} is neither a file nor a directory")
    for path in args.path:
        if path.is_dir() or path.suffix.lower() in SCRIPTS or _is_script(path):
            _migrate_sources(path, args.write)
        else:
            _migrate_trials(path, args)
    return 0


def _is_script(path: Path) -> bool:
    first = peek.read(path, 200).partition(b"\n")[0]
    return path.suffix == ".ipynb" or (first.startswith(b"#!") and b"python" in first)


# ---- scripts


def _migrate_sources(path: Path, write: bool) -> None:
    changes = changes_of(path)
    for change in changes:
        if change.is_one:
            _write(change) if write else _show(change)
        for remark in change.remarks:
            print(f"{change.path}:{remark.line}: {remark.text}", file=sys.stderr)
    n_changes = sum(change.is_one for change in changes)
    n_remarks = sum(len(change.remarks) for change in changes)
    done = "changed" if write else "to change (--write does it)"
    print(f"{path}: files {done}: {n_changes}; to look at: {n_remarks}", file=sys.stderr)


def _write(change: Change) -> None:
    change.write()
    print(f"changed {change.path}")


def _show(change: Change) -> None:
    text = change.diff()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


# ---- trials


def _migrate_trials(path: Path, args: argparse.Namespace) -> None:
    kind = kind_of(peek.read(path, 64))
    if kind in _OURS:
        raise InvalidArgument(
            f"migrate: {str(path)!r} is {_OURS[kind]}, which hyperopt never wrote: there is "
            "nothing to migrate; minopt.copy_trials(path, other) makes another kind of file of it"
        )
    target = args.output or (path if args.write else path.with_suffix(f".minopt{path.suffix}"))
    if target != path and os.path.lexists(target):
        raise InvalidArgument(f"migrate: {str(target)!r} exists; name another file with --output")
    is_pickle = target == path or target.suffix.lower() not in (*DATABASES, *LINES)
    n_trials = (_saved if is_pickle else _copied)(path, target, args.trusted)
    print(f"{path}: {n_trials} trials saved as minopt's in {target}")


_OURS = {"sqlite": "a database", "jsonl": "JSON lines"}


def _saved(path: Path, target: Path, trusted: bool) -> int:
    """Write a pickle; no search adds trials to it between reading and writing."""
    what, place = f"migrate: {str(target)!r}", target.resolve()
    with FileLock(place, what):
        trials = load_trials(path, trusted=trusted)
        save_trials(trials, place, what)
    return len(trials._dynamic_trials)


def _copied(path: Path, target: Path, trusted: bool) -> int:
    trials = load_trials(path, trusted=trusted)
    copy = copy_trials(trials, target, trusted=trusted)
    if hasattr(copy, "close"):
        copy.close()
    return len(trials._dynamic_trials)
