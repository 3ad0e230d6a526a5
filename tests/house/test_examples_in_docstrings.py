"""Every example in a docstring runs and shows what it says."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def test_the_examples_in_the_docstrings_hold(module_name):
    try:
        module = import_module(module_name)
    except ImportError as missing:
        pytest.skip(f"{module_name}: {missing}")
    outcome = doctest.testmod(module, optionflags=FLAGS)
    assert outcome.failed == 0, "see the captured output"
