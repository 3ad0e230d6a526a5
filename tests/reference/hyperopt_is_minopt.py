"""A pytest plugin: `hyperopt` and its submodules are minopt's own module objects.

The reference's test packages alone come from the folder named by REFERENCE_TESTS.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np

TEST_PACKAGES = ("hyperopt.tests", "hyperopt.pyll.tests")


class Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers ``import hyperopt.x`` with ``minopt.x``."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def find_spec(self, name, path=None, target=None):
        if name.startswith(TEST_PACKAGES):
            return self.test_spec(name)
        if name == "hyperopt" or name.startswith("hyperopt."):
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def test_spec(self, name):
        place = self.folder.joinpath(*name.split("."))
        if place.is_dir():
            return importlib.util.spec_from_file_location(
                name, place / "__init__.py", submodule_search_locations=[str(place)]
            )
        return importlib.util.spec_from_file_location(name, place.with_suffix(".py"))

    def create_module(self, spec):
        module = importlib.import_module("minopt" + spec.name.removeprefix("hyperopt"))
        spec.loader_state = module.__spec__, module.__loader__
        return module

    def exec_module(self, module):
        """Nothing is left to run; the module gets back what the import machinery overwrote."""
        module.__spec__, module.__loader__ = module.__spec__.loader_state
        # `hyperopt.fmin` must stay the function: a submodule that is known is not bound again
        sys.modules["hyperopt.fmin"] = importlib.import_module("minopt.fmin")


def pytest_runtest_setup(item):
    """Seed what the reference's tests draw without a seed, else one of them in 30 runs fails.

    They draw from numpy's global stream, and minopt for them from a generator out of the blue.
    """
    np.random.seed(0)  # noqa: NPY002 (theirs is the global stream)


def default_rng(seed=None, make=np.random.default_rng):
    """`numpy.random.default_rng`, the same each time."""
    return make(0 if seed is None else seed)


np.random.default_rng = default_rng
sys.meta_path.insert(0, Alias(os.environ["REFERENCE_TESTS"]))
