"""Libraries built on hyperopt, from PyPI and unchanged, run on minopt in its place.

They live in an environment of their own, whose Python ``MINOPT_DROPIN_PYTHON`` names
(``.ci/run`` makes it; see ``.ci/dropin.txt``).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PYTHON = os.environ.get("MINOPT_DROPIN_PYTHON")
SCRIPTS = Path(__file__).with_name("scripts")
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="MINOPT_DROPIN_PYTHON names no Python that has the libraries"
)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("ray_tune.py", "minopt 38"),
        ("hyperas_template.py", "minopt 30"),
        ("hyperopt_sklearn.py", "minopt 6"),
    ],
)
def test_a_library_built_on_hyperopt_runs_on_minopt(script, said, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [PYTHON, "-m", "minopt", "run", str(SCRIPTS / script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().splitlines()[-1] == said
