"""Figures that need a fresh process each: what an import costs, and what a trial occupies."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

from benchmarks.rows import ROOT, process_settings

IMPORT_REPEATS = 5
MEMORY_SIZES = (1000, 3000)  # trials between which the bytes per trial are counted

IMPORT = """
import json, sys, time
before = set(sys.modules)
start = time.process_time()
{statement}
spent = time.process_time() - start
loaded = len(set(sys.modules) - before)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) * 1024 / 1e6
print(json.dumps({{"cpu_s": spent, "peak_mb": peak, "modules": loaded}}))
"""


def import_costs(libraries: tuple[str, ...]) -> list[dict[str, Any]]:
    """CPU seconds, resident memory and modules of an import: median of fresh processes in turns."""
    statements = {"nothing": "pass", "numpy": "import numpy"}
    statements.update({library: f"import {library}" for library in libraries})
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in statements}
    for statement in statements.values():  # the first round fills the disk cache
        _fresh("-c", IMPORT.format(statement=statement))
    for _ in range(IMPORT_REPEATS):
        for name, statement in statements.items():
            taken[name].append(_fresh("-c", IMPORT.format(statement=statement)))
    return [
        {
            "what": name,
            "cpu_s": round(median(a["cpu_s"] for a in answers), 4),
            "high_s": round(max(a["cpu_s"] for a in answers), 4),
            "peak_mb": round(median(a["peak_mb"] for a in answers), 1),
            "modules": int(answers[0]["modules"]),
        }
        for name, answers in taken.items()
    ]


def memory_costs(
    libraries: tuple[str, ...],
    peak_at: int,
    sizes: tuple[int, int] = MEMORY_SIZES,
    space: str = "mixed20",
) -> list[dict[str, Any]]:
    """Bytes per trial of a search really run, and how high a process climbs at `peak_at`."""
    costs = []
    for library in libraries:
        occupied = _memory("bytes", library, space, *sizes)
        costs.append({**occupied, **_memory("peak", library, space, peak_at)})
    return costs


def can_import(library: str) -> bool:
    """Whether a measured process would find the library's search."""
    statement = "import optuna"
    if library != "optuna":
        statement = f"from {library}.fmin import FMinIter; import {library}.hp, {library}.tpe"
    found = subprocess.run(
        [sys.executable, "-c", statement],
        cwd=ROOT,
        env=process_settings(),
        capture_output=True,
        check=False,
    )
    return found.returncode == 0


def _memory(question: str, library: str, space: str, *sizes: int) -> dict[str, Any]:
    given = (question, library, space, *map(str, sizes))
    return _fresh("-m", "benchmarks.speed.memory", *given)


def _fresh(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=process_settings(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
