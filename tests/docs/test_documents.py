"""The documents: links lead somewhere, code runs, no module is forgotten."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from minopt import load_trials

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def code_of(document):
    return re.findall(r"```python\n(.*?)```", document.read_text("utf-8"), re.S)


@each_document
def test_a_link_leads_to_a_file(document):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    files = [link for link in links if not link.startswith(("http:", "https:"))]
    assert [link for link in files if not (document.parent / link).exists()] == []


@each_document
def test_python_in_a_document_can_be_read(document):
    for code in code_of(document):
        ast.parse(code)


def test_the_examples_of_the_readme_run_and_print_what_they_say(tmp_path, monkeypatch, capsys):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("loky")
    monkeypatch.chdir(tmp_path)
    ten_lines, durable = code_of(ROOT / "README.md")
    names = {}
    exec(ten_lines, names)  # noqa: S102 (the document's own example)
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"# (\{.*?\})", ten_lines)
    for line, promise in zip(printed, promised, strict=True):
        assert re.fullmatch(re.escape(promise).replace("…", r"\d*"), line), line
    exec(durable, names)  # noqa: S102
    assert len(load_trials("search.db")) == 200


def test_every_module_at_the_root_stands_in_the_reference():
    reference = (ROOT / "docs" / "reference" / "modules.md").read_text("utf-8")
    modules = {path.stem for path in (ROOT / "minopt").glob("[a-z]*.py")}
    assert {name for name in modules if f"`minopt.{name}`" not in reference} == set()
