"""The source of the house, for the tests that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

import minopt

ROOT = Path(minopt.__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "minopt").rglob("*.py"))
DOORS = (
    *("algobase", "anneal", "atpe", "base", "criteria", "graph_viz", "mix", "mongoexp", "plotting"),
    *("pyll_utils", "rand", "rdists", "spark", "std_out_err_redirect_tqdm", "tpe", "utils"),
    *("vectorize", "pyll.base"),
)


def dotted(path):
    """The import path of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="session")
def root():
    return ROOT


def pytest_generate_tests(metafunc):
    if "source" in metafunc.fixturenames:
        metafunc.parametrize("source", SOURCES, ids=dotted)
    if "module_name" in metafunc.fixturenames:
        names = [dotted(path) for path in SOURCES if path.stem != "__main__"]
        metafunc.parametrize("module_name", names)
    if "promising" in metafunc.fixturenames:
        sources = [path for path in SOURCES if "\n__all__" in path.read_text(encoding="utf-8")]
        metafunc.parametrize("promising", [dotted(path) for path in sources])
    if "door" in metafunc.fixturenames:
        doors = [path for path in SOURCES if dotted(path).removeprefix("minopt.") in DOORS]
        metafunc.parametrize("door", doors, ids=dotted)
