"""minopt in hyperopt's place: `import hyperopt` gives minopt's own modules."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from logging import getLogger
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from minopt.integrations.absent import instead

__all__ = ["Alias", "as_hyperopt", "stand_in_folder"]

NAME, OURS = "hyperopt", "minopt"
_LOGGERS = (".base", ".fmin", ".tpe")


class Alias:
    """minopt is imported under hyperopt's name until this is undone.

    Made by `as_hyperopt`. As a context manager it is undone at the end, and what was imported
    as hyperopt before is back.
    """

    def __init__(self) -> None:
        self._before: dict[str, ModuleType] = {}
        self._finder = _Finder()

    def install(self) -> Alias:
        """Put minopt in hyperopt's place."""
        if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
            self._before = _take_out()
            sys.meta_path.insert(0, self._finder)
        sys.modules[NAME] = importlib.import_module(OURS)
        # importing a submodule binds its name in the package, and minopt.fmin is the function
        sys.modules[f"{NAME}.fmin"] = importlib.import_module(f"{OURS}.fmin")
        _join_loggers()
        return self

    def undo(self) -> None:
        """Let `import hyperopt` mean hyperopt again; nothing happens if another alias is older."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
            _take_out()
            sys.modules.update(self._before)
            _part_loggers()

    def __enter__(self) -> Alias:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.undo()


def as_hyperopt() -> Alias:
    """Let ``import hyperopt``, here and in libraries, give minopt's own modules.

    Returns
    -------
    Alias
        For ``with minopt.as_hyperopt():``, which ends it; without ``with`` it lasts.

    Notes
    -----
    Call it before hyperopt is imported: who has bound hyperopt's own objects by then keeps them.
    The classes and the ``scope`` are minopt's own, not copies, so `isinstance` holds. Child
    processes that are not forked know nothing of it; ``minopt run script.py`` reaches those too.

    Examples
    --------
    >>> import minopt
    >>> with minopt.as_hyperopt():
    ...     import hyperopt.pyll.stochastic
    ...
    ...     hyperopt is minopt
    True
    """
    return Alias().install()


def stand_in_folder() -> Path:
    """Return the folder to put on ``PYTHONPATH``, so that a process begins with the alias."""
    return Path(__file__).resolve().parent / "stand_in"


class _Finder(MetaPathFinder):
    """Answers for hyperopt and its submodules, all of them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != NAME and not fullname.startswith(f"{NAME}."):
            return None
        ours = OURS + fullname.removeprefix(NAME)
        if importlib.util.find_spec(ours) is None:
            raise ModuleNotFoundError(
                f"minopt, which stands in for hyperopt here, has no module {ours!r}{instead(ours)}",
                name=fullname,
            )
        return ModuleSpec(fullname, _Loader(ours), is_package=True)


class _Loader(Loader):
    """Hands over a module of minopt: the very object, which is left as it is."""

    def __init__(self, ours: str) -> None:
        self._ours = ours

    def exec_module(self, module: ModuleType) -> None:
        # the import system takes what it finds here afterwards
        sys.modules[module.__name__] = importlib.import_module(self._ours)


def _join_loggers() -> None:
    """Let what is said of hyperopt's loggers hold for ours: their levels, and their handlers."""
    ours, theirs = getLogger(OURS), getLogger(NAME)  # first: a new one takes over its children
    for name in _LOGGERS:
        getLogger(OURS + name).parent = getLogger(NAME + name)
    theirs.parent = ours
    _forget_levels()


def _part_loggers() -> None:
    for name in _LOGGERS:
        getLogger(OURS + name).parent = getLogger(OURS)
    getLogger(NAME).parent = getLogger(OURS).parent
    _forget_levels()


def _forget_levels() -> None:
    getLogger(OURS).setLevel(getLogger(OURS).level)  # else those looked up before would stay


def _take_out() -> dict[str, Any]:
    names = [name for name in sys.modules if name == NAME or name.startswith(f"{NAME}.")]
    return {name: sys.modules.pop(name) for name in names}
