"""Trials in files, for the tests of reading, saving, copying and recovering them."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minopt
from minopt import Trials, hp, rand

ROOT = Path(minopt.__file__).resolve().parent.parent
RICH = {
    "scalar": np.float64(0.5),
    "array": np.arange(6.0).reshape(2, 3),
    "tuple": (1, "a", None),
    "set": {1, 2},
    "bytes": b"\x00\xff",
    "when": datetime.datetime(2024, 2, 3, 4, 5, 6),
    "nan": float("inf"),
    "nested": {"list": [1, {"deep": True}]},
}


@pytest.fixture
def space():
    return {"x": hp.uniform("x", -5, 5), "c": hp.choice("c", [1, hp.normal("n", 0, 1)])}


@pytest.fixture
def search(space):
    """Run a quiet random search, with whatever is changed."""

    def run(fn=lambda c: c["x"] ** 2, **changed):
        settings = {"algo": rand.suggest, "max_evals": 10, "rstate": 0, "verbose": False}
        return minopt.fmin(fn, space, **(settings | changed))

    return run


@pytest.fixture
def trials(search):
    """Ten trials with rich results, a failed one and attachments."""
    made = Trials()

    def objective(config):
        if len(made._dynamic_trials) == 4:
            raise ValueError("too big")
        return {"loss": config["x"] ** 2, "status": "ok", **RICH}

    search(objective, trials=made, catch_eval_exceptions=True)
    made.trial_attachments(made.trials[2])["log"] = b"text"
    made.attachments["note"] = "for all"
    return made


@pytest.fixture
def same():
    """Tell whether two Trials hold the same documents."""

    def compare(one, other):
        np.testing.assert_equal(one._dynamic_trials, other._dynamic_trials)
        assert dict(one.attachments.items()) == dict(other.attachments.items())
        return True

    return compare


@pytest.fixture
def python(tmp_path):
    """Start another Python on a script, which finds minopt."""
    started = []

    def start(code, *args, **options):
        script = tmp_path / f"script{len(started)}.py"
        script.write_text(code, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, str(script), *map(str, args)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
