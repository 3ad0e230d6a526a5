"""``minopt demo``: a conditional search over real scikit-learn models, with its picture."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add ``demo`` to the sub-commands of ``minopt``."""
    parser = subparsers.add_parser("demo", help="search a scikit-learn model on bundled data")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the search and show what it found."""
    return 0
