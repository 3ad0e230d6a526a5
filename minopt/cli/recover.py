"""``minopt recover``: every trial that can still be read of a damaged file."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from minopt._optional import need
from minopt.cli.paths import path as a_path
from minopt.exceptions import InvalidArgument
from minopt.trials import peek
from minopt.trials.copying import DATABASES, copy_trials
from minopt.trials.load import kind_of
from minopt.trials.salvage import salvage
from minopt.trials.salvaged import Salvaged

_SHOWN = 20


def add_parser(subparsers: Any) -> None:
    """Add ``recover`` to the sub-commands of ``minopt``."""
    parser = subparsers.add_parser(
        "recover",
        help="get the trials that can still be read out of a damaged file",
        description="Read a damaged pickle, JSON lines or SQLite file of trials, and write what "
        "can still be read to a new file. The damaged one is left as it is. No code in it is run.",
    )
    parser.add_argument("path", type=a_path, help="the damaged file")
    parser.add_argument(
        "-o",
        "--output",
        type=a_path,
        help="where to write; the suffix tells the kind, as for copy_trials "
        "(default: NAME.recovered.SUFFIX)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Recover; return 0 if there was a trial to be read, 1 if there was none."""
    path: Path = args.path
    if path.is_dir():
        raise InvalidArgument(f"recover: {str(path)!r} is a directory; name the damaged file")
    target = args.output or path.with_suffix(f".recovered{path.suffix}")
    if os.path.lexists(target):
        raise InvalidArgument(f"recover: {str(target)!r} exists; name another file with --output")
    ways = [_database, _file] if _is_sqlite(path) else [_file]
    if ways == [_file] and find_spec("sqlalchemy") is not None:
        ways.append(_database)
    searches: list[Salvaged] = []
    for way in ways:  # what damage has made of the beginning may tell the wrong kind
        found = way(path, target)
        searches = searches or found
        if any(salvaged.documents for salvaged in found):
            searches = found
            break
    for salvaged in searches:
        _report(path, target, salvaged)
    return 0 if any(salvaged.documents for salvaged in searches) else 1


def _file(path: Path, target: Path) -> list[Salvaged]:
    salvaged = salvage(path)
    if salvaged.documents:
        copy_trials(salvaged.trials(), target)
    return [salvaged]


def _database(path: Path, target: Path) -> list[Salvaged]:
    need("sqlalchemy", extra="sql", what="a database of trials")
    from minopt.trials.sql.recover import recover, salvage_searches

    if target.suffix.lower() in DATABASES:
        return recover(path, target) or [Salvaged()]
    searches = [search for search in salvage_searches(path) if search.documents]
    if len(searches) > 1:
        raise InvalidArgument(
            f"recover: {str(path)!r} holds several searches; name a database with --output, such "
            "as recovered.db"
        )
    for search in searches:
        copy_trials(search.trials(), target)
    return searches or [Salvaged()]


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    beginning = peek.read(path, 64)
    return kind_of(beginning) == "sqlite" or path.suffix.lower() in DATABASES


def _report(path: Path, target: Path, salvaged: Salvaged) -> None:
    n_trials, lost = len(salvaged.documents), salvaged.lost()
    if n_trials:
        search = "" if salvaged.exp_key is None else f" of the search {salvaged.exp_key!r}"
        print(f"{path}: {n_trials} trials{search} recovered, saved in {target}")
    else:
        print(f"{path}: no trial could be read; nothing was written")
    for note in salvaged.notes[:_SHOWN]:
        print(f"  {note}")
    if len(salvaged.notes) > _SHOWN:
        print(f"  … and {len(salvaged.notes) - _SHOWN} more")
    if lost:
        shown = ", ".join(map(str, lost[:_SHOWN])) + (", …" if len(lost) > _SHOWN else "")
        print(f"  lost or never begun: {len(lost)} (ids {shown})")
    elif n_trials and not salvaged.notes:
        print("  nothing was lost")
