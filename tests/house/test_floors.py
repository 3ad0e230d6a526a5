"""The floors of the house, as import-linter reads them from setup.cfg."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_no_room_imports_upward(root):
    pytest.importorskip("importlinter", reason="the floors are read by import-linter")
    lint = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True))"
    command = [sys.executable, "-c", lint]
    linter = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert linter.returncode == 0, linter.stdout + linter.stderr
