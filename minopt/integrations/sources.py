"""The files of a project: found, read and written back as they were, but for what is changed."""

from __future__ import annotations

import difflib
import io
import os
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from minopt.integrations.codemod import Remark, asks_for_the_name, rewrite
from minopt.trials.files import write_whole

__all__ = ["Change", "changes_of"]

SCRIPTS = (".py", ".pyw", ".pyi")
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "build", "dist"}
_REQUIREMENTS = (
    *("requirements*.txt", "requirements*.in", "constraints*.txt", "environment*.y*ml"),
    *("conda*.y*ml", "setup.cfg", "pyproject.toml", "Pipfile", "tox.ini", "Dockerfile*"),
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_WORD = re.compile(r"\bhyperopt\b")


@dataclass(slots=True)
class Change:
    """A file, and what becomes of it.

    Attributes
    ----------
    path : Path
    before, after : str
        Its text, with its own newlines.
    remarks : list of Remark
    """

    path: Path
    before: str = ""
    after: str = ""
    remarks: list[Remark] = field(default_factory=list)
    encoding: str = "utf-8"

    @property
    def is_one(self) -> bool:
        """Tell whether there is anything to write."""
        return self.before != self.after

    def diff(self) -> str:
        """Return the unified diff."""
        before, after = map(_LINE.findall, (self.before, self.after))
        lines = difflib.unified_diff(before, after, str(self.path), str(self.path))
        return "".join(
            line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )

    def write(self) -> None:
        """Write the file, in its own encoding, and with its own mode."""
        data = self.after.encode(self.encoding)
        write_whole(self.path.resolve(), data, f"migrate: {str(self.path)!r}")


def changes_of(path: Path) -> list[Change]:
    """Rewrite a script, or the scripts of a folder; nothing is written."""
    files = sorted(_files_of(path)) if path.is_dir() else [path]
    changes = [_read(file) for file in files if file.suffix.lower() in SCRIPTS or file == path]
    keep_name = any(asks_for_the_name(change.before) for change in changes)
    for change in changes:
        if not change.remarks:
            rewritten = rewrite(change.before, keep_name)
            change.after, change.remarks = rewritten.text, rewritten.remarks
    return changes + [_looked_at(file) for file in files if _is_only_looked_at(file)]


def _files_of(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):  # symbolic links are not followed
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not Path(place, name, "pyvenv.cfg").exists()
        ]
        yield from (Path(place, name) for name in files)


def _read(path: Path) -> Change:
    data = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        if text.encode(encoding) != data:
            raise UnicodeError(f"it does not survive {encoding}")
    except (SyntaxError, UnicodeError, LookupError) as wrong:
        return Change(path, remarks=[Remark(1, f"left alone, it cannot be decoded ({wrong})")])
    return Change(path, text, text, encoding=encoding)


def _is_only_looked_at(path: Path) -> bool:
    return path.suffix == ".ipynb" or any(fnmatch(path.name, name) for name in _REQUIREMENTS)


def _looked_at(path: Path) -> Change:
    """Report the lines of a file that is not rewritten."""
    what = "a notebook" if path.suffix == ".ipynb" else "a list of requirements"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return Change(
        path,
        remarks=[
            Remark(number, f"{what} is not changed: {line.strip()[:80]}")
            for number, line in enumerate(lines, 1)
            if _WORD.search(line)
        ],
    )
