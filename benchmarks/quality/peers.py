"""The environments that peers live in, so that minopt's own tests need none of them.

    python -m benchmarks.quality.peers [NAME ...]

makes a virtual environment for each (``benchmarks/quality/.venv-NAME``, or ``$MINOPT_PEERS/NAME``)
and installs the peer there. What does not install is reported and left out of the benchmark.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.quality.entries import Entry

TORCH = "torch==2.13.0"
PACKAGES = {
    "hyperopt": "hyperopt==0.3.0 lightgbm scikit-learn setuptools",
    "optuna": f"optuna>=5 cmaes scipy {TORCH}",
    "nevergrad": "nevergrad numpy<2.3",  # NGOpt stops on newer ones
    "smac": "smac",
    "skopt": "scikit-optimize",
    "ax": f"{TORCH} ax-platform",
    "hebo": f"{TORCH} gpytorch pymoo==0.6.0.1 catboost disjoint-set pandas scikit-learn numpy<2.3",
}
# HEBO pins a numpy that no wheel is left of, and runs on a newer one
WITHOUT_NEEDS = {"hebo": "HEBO"}


def folder(environment: str) -> Path:
    """Where an environment is kept."""
    elsewhere = os.environ.get("MINOPT_PEERS")
    return (
        Path(elsewhere, environment)
        if elsewhere
        else Path(__file__).parent / f".venv-{environment}"
    )


def interpreter(entry: Entry) -> str:
    """The Python that runs an entry: its own environment's, or this one if that was not made."""
    own = folder(entry.environment) / "bin" / "python"
    return str(own) if entry.environment and own.exists() else sys.executable


def make(environment: str) -> bool:
    """Make one environment; whether it worked."""
    where = folder(environment)
    venv.create(where, with_pip=True, clear=True)
    pip = [str(where / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    commands = [[*pip, *PACKAGES[environment].split()]]
    if environment in WITHOUT_NEEDS:
        commands.append([*pip, "--no-deps", WITHOUT_NEEDS[environment]])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            print(f"{environment}: left out, {last[0]}")
            return False
    print(f"{environment}: installed")
    return True


def main(chosen: list[str]) -> int:
    """Make the named environments, or all."""
    made = [make(name) for name in chosen or PACKAGES]
    return 0 if all(made) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
