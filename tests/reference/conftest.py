"""The reference's own unit tests, out of its installed wheel, with minopt in its place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import files, version
from pathlib import Path

import pytest

RELEASE = "0.3.0"
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TESTS = [
    "hyperopt.tests.unit",
    "hyperopt.tests.integration.test_sklearn",
    "hyperopt.tests.test_base",
    "hyperopt.pyll.tests",
]
# needs a running cluster of IPython engines, on the reference too
LEFT_OUT = ["hyperopt/tests/unit/test_ipy.py"]


def copy_tests(folder):
    """Copy the test packages only, so that nothing else of the reference can be imported."""
    installed = [file for file in files("hyperopt") if "tests" in file.parts]
    for file in installed:
        if file.suffix == ".py":
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)
    for package in ("hyperopt", "hyperopt/pyll"):
        (folder / package / "__init__.py").touch()


@pytest.fixture(scope="session")
def reference_results(tmp_path_factory):
    """The outcome of each of the reference's unit tests on minopt: name -> None or the error."""
    folder = tmp_path_factory.mktemp("reference")
    assert version("hyperopt") == RELEASE
    copy_tests(folder)
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-p", "hyperopt_is_minopt", "-p", "no:cacheprovider"]
    command += ["-c", os.devnull, "--rootdir", str(folder), "-q", f"--junitxml={report}"]
    command += [f"--ignore={folder / path}" for path in LEFT_OUT]
    done = subprocess.run(
        [*command, "--pyargs", *TESTS],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
            "REFERENCE_TESTS": str(folder),
            "MPLBACKEND": "agg",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists():
        pytest.fail(f"the reference's tests did not run:\n{done.stdout}{done.stderr}")
    return dict(outcomes(report))


def outcomes(report):
    """Yield (name, what went wrong or None) for each test; a skipped one did not pass.

    Only scikit-learn's checks may skip themselves, where an optional guest is absent.
    """
    for case in ElementTree.parse(report).iter("testcase"):
        module, test = case.get("classname") or "collection", case.get("name")
        bad = ("failure", "error") if "integration" in module else ("failure", "error", "skipped")
        wrong = [part for part in case if part.tag in bad]
        yield f"{module}.{test}", f"{wrong[0].get('message')}\n{wrong[0].text}" if wrong else None
