"""One row of JSON per run: what was asked, of which commit, where, with which versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"

THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
ONE_THREAD = dict.fromkeys(THREAD_COUNTS, "1")


def process_settings() -> dict[str, str]:
    """The environment every measured process gets: one thread, fixed hashes, this tree first."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, **ONE_THREAD, "PYTHONHASHSEED": "0", "PYTHONPATH": path}


def provenance(seed: int, packages: tuple[str, ...]) -> dict[str, Any]:
    """Commit, seed, machine, versions and time of a run, ready for JSON."""
    return {
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--", "minopt")),
        "seed": seed,
        "machine": machine(),
        "versions": versions(packages),
    }


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, system, and how busy it was at the start."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": load,
    }


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Python's version and that of every package that is installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def keep(row: dict[str, Any], path: Path) -> None:
    """Append the row to a file of JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, allow_nan=False) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """All rows of a file of JSON lines, oldest first."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None  # measured from an unpacked archive: no commit to name
    return answer.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
