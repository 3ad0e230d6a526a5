"""What pyproject.toml promises is what CI installs."""

from __future__ import annotations

import re

import minopt


def test_the_oldest_libraries_that_ci_installs_are_the_promised_ones(root):
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    promised = re.search(r"^dependencies = \[(.*?)\]", project, re.M | re.S)[1]
    promised = re.findall(r'"([\w-]+)>=([\d.]+)"', promised)
    pins = (root / ".ci" / "oldest.txt").read_text(encoding="utf-8")
    assert re.findall(r"^([\w-]+)==([\d.]+)", pins, re.M) == [
        (name, f"{version}.0" if version.count(".") == 1 and name != "networkx" else version)
        for name, version in promised
    ]


def test_the_package_says_the_version_of_its_metadata(root):
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{minopt.__version__}"\n' in project
