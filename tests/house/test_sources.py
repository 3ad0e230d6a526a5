"""How a file of the house looks."""

from __future__ import annotations

import ast

MAX_LINES = 500
MAX_BODY = 60


def bodies(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            statements = node.body[1:] if ast.get_docstring(node) else node.body
            if statements:
                yield node.name, statements[-1].end_lineno - statements[0].lineno + 1


def test_a_file_has_less_than_500_lines(source):
    assert len(source.read_text(encoding="utf-8").splitlines()) < MAX_LINES


def test_a_body_has_at_most_60_lines(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))
    assert not [(name, lines) for name, lines in bodies(tree) if lines > MAX_BODY]


def test_a_file_says_first_what_it_is_for(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring
    assert docstring.splitlines()[0].strip().endswith((".", ":"))


def test_types_are_read_late_in_every_file_with_code(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))
    has_code = any(not isinstance(node, ast.Expr) for node in tree.body)
    futures = [
        name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for name in node.names
    ]
    assert not has_code or futures == ["annotations"]
