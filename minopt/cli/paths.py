"""Paths as a command line names them."""

from __future__ import annotations

import argparse
from pathlib import Path


def path(text: str) -> Path:
    """Read the path of a file or folder; an empty one would be the working directory."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"a path is needed, got {text!r}")
    return Path(text)
