"""Every script in docs/examples runs to its end, with short settings, and draws its pictures."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
SCRIPTS = sorted(path for path in EXAMPLES.glob("*.py") if "__main__" in path.read_text("utf-8"))
GUESTS = ("matplotlib", "sklearn", "keras", "torch")


def run(script, pictures):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    return subprocess.run(
        [sys.executable, script, "--short", "--pictures", pictures],
        env=environment,
        capture_output=True,
        text=True,
    )


def missing_guests(script):
    source = script.read_text("utf-8")
    needed = {"torch" if guest == "keras" else guest for guest in GUESTS if guest in source}
    needed |= {"matplotlib"} if "showing" in source else set()
    return sorted(guest for guest in needed if importlib.util.find_spec(guest) is None)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_example_runs_to_its_end(script, tmp_path):
    missing = missing_guests(script)
    if missing:
        pytest.skip(f"{script.name} needs {', '.join(missing)}")
    example = run(script, tmp_path)
    assert example.returncode == 0, example.stderr
    assert "best" in example.stdout or "{'x':" in example.stdout
    announced = [line for line in example.stdout.splitlines() if line.startswith("picture: ")]
    assert len(announced) == len(list(tmp_path.glob("*.png")))
    assert all(path.stat().st_size > 5000 for path in tmp_path.glob("*.png"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_example_says_how_to_run_it(script):
    assert f"python docs/examples/{script.name}" in script.read_text("utf-8")
