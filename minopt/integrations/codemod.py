"""A hyperopt script rewritten to import minopt: only the names that must change are changed."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from minopt.integrations.absent import instead
from minopt.integrations.names import find_name, is_module

__all__ = ["Remark", "Rewritten", "asks_for_the_name", "rewrite"]

THEIRS, OURS = "hyperopt", "minopt"
_FROM = re.compile(r"from(?:[ \t\f]|\\(?:\r\n|\r|\n))+(?=hyperopt\b)")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"\bhyperopt\b")
_LOADERS = {
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "cloudpickle.load", "cloudpickle.loads"),
    *("joblib.load", "dill.load", "pd.read_pickle", "pandas.read_pickle"),
}
_USERS = {"hpsklearn", "hyperas"}
_NAMED = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
)


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something that a person should look at.

    Attributes
    ----------
    line : int
        Counted from 1.
    text : str
    """

    line: int
    text: str


@dataclass(slots=True)
class Rewritten:
    """What became of a script.

    Attributes
    ----------
    text : str
        The script, changed or not.
    remarks : list of Remark
        In the order of lines.
    """

    text: str
    remarks: list[Remark] = field(default_factory=list)


def rewrite(source: str, keep_name: bool = False) -> Rewritten:
    """Rewrite the imports of hyperopt in a script.

    Parameters
    ----------
    source : str
        With its newlines as they are in the file.
    keep_name : bool
        Bind minopt to the name ``hyperopt``, because other files ask for that name.

    Returns
    -------
    Rewritten

    Examples
    --------
    >>> print(rewrite("import hyperopt; hyperopt.fmin(fn, space)  # as ever").text)
    import minopt; minopt.fmin(fn, space)  # as ever
    >>> print(rewrite("from hyperopt.pyll import scope").text)
    from minopt.pyll import scope
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as wrong:
        line = getattr(wrong, "lineno", None) or 1
        return Rewritten(source, [Remark(line, f"left alone, it is no Python 3 ({wrong})")])
    script = _Script(source, tree, keep_name)
    text = script.rewritten()
    return Rewritten(text, sorted(set(script.remarks)))


def asks_for_the_name(source: str) -> bool:
    """Tell whether a script takes the name ``hyperopt`` out of another module of its project."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == THEIRS:
            return True
        if isinstance(node, ast.ImportFrom) and any(part.name == THEIRS for part in node.names):
            return True
    return False


class _Script:
    """One script, and what is to be changed where."""

    def __init__(self, source: str, tree: ast.Module, keep_name: bool) -> None:
        self.remarks: list[Remark] = []
        self._source, self._keep_name = source, keep_name
        self._nodes = list(ast.walk(tree))
        self._docstrings = {id(node.value) for node in self._nodes if isinstance(node, ast.Expr)}
        self._starts = [0, *(found.end() for found in _NEWLINE.finditer(source))]
        self._edits: dict[int, tuple[int, str]] = {}  # place -> length before, text after
        self._modules: dict[str, str] = {}  # local name -> minopt's module

    def rewritten(self) -> str:
        bare = self._imports()
        if bare and not self._rename(bare):
            self._keep(bare)
        self._look_at_names()
        self._look_at_strings()
        text = self._source
        for place, (length, to) in sorted(self._edits.items(), reverse=True):
            text = text[:place] + to + text[place + length :]
        return text

    def _remark(self, node: ast.AST, text: str) -> None:
        self.remarks.append(Remark(getattr(node, "lineno", 1), text))

    # ---- places

    def _place(self, node: ast.expr | ast.stmt | ast.alias) -> int:
        """Return where a node begins; the tree counts columns in bytes of UTF-8."""
        start = self._starts[node.lineno - 1]
        ahead = self._source[start : start + node.col_offset].encode("utf-8", "surrogatepass")
        return start + len(ahead[: node.col_offset].decode("utf-8", "replace"))

    def _edit(self, place: int, name: str = THEIRS, to: str = OURS) -> bool:
        if not self._source.startswith(name, place):
            return False
        self._edits[place] = len(name), to
        return True

    # ---- the imports

    def _imports(self) -> list[ast.alias]:
        """Change the imports that bind other names; return those that bind ``hyperopt``."""
        bare = []
        for node in self._nodes:
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self._import_from(node, node.module)
            elif isinstance(node, ast.Import):
                for part in node.names:
                    self._look_at_users(node, part.name)
                    if not _is_theirs(part.name) or not self._check_module(node, part.name):
                        continue
                    if part.asname is None:
                        bare.append(part)
                    else:
                        self._modules[part.asname] = _ours(part.name)
                        self._edit(self._place(part))
        return bare

    def _import_from(self, node: ast.ImportFrom, module: str) -> None:
        self._look_at_users(node, module)
        if not _is_theirs(module) or not self._check_module(node, module):
            return
        found = _FROM.match(self._source, self._place(node))
        if found is None or not self._edit(found.end()):
            self._remark(node, f"left alone: `from {module} import` is written in an unusual way")
            return
        for part in node.names:
            name = f"{_ours(module)}.{part.name}"
            if part.name == "*":
                self._remark(node, "`import *` may bring other names than hyperopt's")
            elif not find_name(_ours(module), [part.name]):
                self._remark(node, f"minopt lacks `{name}`{instead(name)}")
            elif is_module(name) and name != "minopt.fmin":  # that is the function
                self._modules[part.asname or part.name] = name

    def _check_module(self, node: ast.AST, name: str) -> bool:
        if is_module(_ours(name)):
            return True
        self._remark(node, f"left alone: minopt lacks the module `{_ours(name)}`{instead(name)}")
        return False

    def _look_at_users(self, node: ast.AST, name: str) -> None:
        first, *rest = name.split(".")
        if first in _USERS or (first != THEIRS and THEIRS in rest):
            self._remark(
                node,
                f"`{name}` imports hyperopt itself: call minopt.as_hyperopt() before it, or run "
                "the script with `minopt run`",
            )

    # ---- `import hyperopt`, and the name that it binds

    def _rename(self, bare: list[ast.alias]) -> bool:
        """Change the name wherever it is used; False, and nothing is changed, in doubt."""
        if self._keep_name or self._is_bound(THEIRS) or self._is_bound(OURS):
            return False
        used = [node for node in self._nodes if isinstance(node, ast.Name) and node.id == THEIRS]
        if sys.version_info < (3, 12) and any(id(node) in self._in_f_strings() for node in used):
            return False  # older Pythons tell wrong places there
        places = [self._place(part) for part in bare] + [self._place(node) for node in used]
        if not all(self._source.startswith(THEIRS, place) for place in places):
            return False
        for place in places:
            self._edit(place)
        self._modules[THEIRS] = OURS
        return True

    def _in_f_strings(self) -> set[int]:
        strings = [node for node in self._nodes if isinstance(node, ast.JoinedStr)]
        return {id(node) for string in strings for node in ast.walk(string)}

    def _keep(self, bare: list[ast.alias]) -> None:
        """Bind minopt to the name ``hyperopt``."""
        for part in bare:
            to = f"{OURS} as {THEIRS}"
            if part.name != THEIRS:
                to = f"{_ours(part.name)}, {to}"
            if not self._edit(self._place(part), part.name, to):
                self._remark(part, f"left alone: `import {part.name}` is written in an unusual way")
        self._modules[THEIRS] = OURS

    def _is_bound(self, name: str) -> bool:
        """Tell whether a name is bound by anything but ``import name`` and ``import name.part``."""
        return any(name in _bound_by(node) for node in self._nodes)

    # ---- what is only reported

    def _look_at_names(self) -> None:
        sure = {name for name in self._modules if name == THEIRS or not self._is_stored(name)}
        for node in self._nodes:
            if not isinstance(node, ast.Attribute):
                continue
            root, *names = _chain(node)
            if root in sure and names:
                self._look_at_chain(node, self._modules[root], names)
            elif ".".join((root, *names)) in _LOADERS and self._edits:
                self._remark(
                    node, "minopt.load_trials(path) opens trials that hyperopt saved, if these are"
                )
            elif node.attr == THEIRS:
                self._remark(node, f"`.{THEIRS}` is not changed")

    def _is_stored(self, name: str) -> bool:
        return any(
            isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
            for node in self._nodes
        )

    def _look_at_chain(self, node: ast.AST, module: str, names: list[str]) -> None:
        if module == OURS and names == ["__version__"]:
            self._remark(node, "the version is minopt's own, not hyperopt's")
        if find_name(module, names[:-1]) and not find_name(module, names):
            name = ".".join((module, *names))
            self._remark(node, f"minopt lacks `{name}`{instead(name)}")

    def _look_at_strings(self) -> None:
        for node in self._nodes:
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _WORD.search(node.value)
                and id(node) not in self._docstrings
            ):
                self._remark(node, f"text is not changed: {_short(node.value)}")


def _is_theirs(module: str) -> bool:
    return module == THEIRS or module.startswith(f"{THEIRS}.")


def _ours(module: str) -> str:
    return OURS + module.removeprefix(THEIRS)


def _chain(node: ast.Attribute) -> list[str]:
    """Return the names of ``a.b.c``; an empty one first if it is rooted in something else."""
    names: list[str] = []
    part: ast.expr = node
    while isinstance(part, ast.Attribute):
        names.insert(0, part.attr)
        part = part.value
    return [part.id if isinstance(part, ast.Name) else "", *names]


def _bound_by(node: ast.AST) -> Iterator[object]:
    """Yield the names that a node binds, but for plain imports."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, _NAMED):
        yield node.name
    elif isinstance(node, ast.MatchMapping):
        yield node.rest
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    elif isinstance(node, ast.Import):
        yield from (part.asname for part in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (part.asname or part.name for part in node.names)
    elif isinstance(node, ast.Assign) and any(_is_all(target) for target in node.targets):
        yield from (part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant))


def _is_all(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "__all__"


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
