"""``python -m minopt``: the same as the command ``minopt``."""

from __future__ import annotations

import sys

from minopt.cli import main

if __name__ == "__main__":
    sys.exit(main())
