"""Doors and `__all__`: what is promised is there, and what is there is promised."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module

import pytest


def opened(name):
    try:
        return import_module(name)
    except ImportError as missing:
        pytest.skip(f"{name}: {missing}")


def test_every_promised_name_is_there_once(promising):
    module = opened(promising)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert sorted(module.__all__) == sorted(set(module.__all__))


def test_every_public_name_made_in_a_file_with_promises_is_promised(promising):
    module = opened(promising)
    made_here = {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == promising
    }
    assert made_here <= set(module.__all__)


def test_a_door_holds_a_docstring_imports_and_all(door):
    docstring, *statements = ast.parse(door.read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    for statement in statements:
        is_all = isinstance(statement, ast.Assign) and statement.targets[0].id == "__all__"
        assert is_all or isinstance(statement, (ast.Import, ast.ImportFrom)), ast.unparse(statement)
