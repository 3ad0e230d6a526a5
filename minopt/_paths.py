"""Working directories: going there and back, making one and clearing it away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from minopt.exceptions import InvalidArgument


@contextmanager
def working_dir(dir: str | PathLike[str]) -> Iterator[None]:
    """Work in another directory, and come back whatever happens there."""
    before = Path.cwd()
    os.chdir(dir)
    try:
        yield
    finally:
        os.chdir(before)


def path_split_all(path: str | PathLike[str]) -> Iterator[str]:
    """Iterate over the parts of a path, a root left out.

    Examples
    --------
    >>> list(path_split_all("a/b/c"))
    ['a', 'b', 'c']
    """
    whole = Path(path)
    return iter([part for part in whole.parts if part != whole.anchor])


def get_closest_dir(workdir: str | PathLike[str]) -> tuple[str, str]:
    """Return the deepest directory on a path that exists, and the name of what is to follow.

    Raises
    ------
    InvalidArgument
        If all of the path exists.
    """
    whole = Path(workdir)
    closest = Path(whole.anchor)
    for name in path_split_all(whole):
        if not (closest / name).is_dir():
            return ("" if closest == Path() else str(closest)), name
        closest = closest / name
    raise InvalidArgument(f"get_closest_dir: all of {str(workdir)!r} exists already")


@contextmanager
def temp_dir(
    dir: str | PathLike[str], erase_after: bool = False, with_sentinel: bool = True
) -> Iterator[None]:
    """Make a directory if it is missing, and perhaps remove it again.

    Parameters
    ----------
    dir : path
        Must not contain ``..`` if it has to be made.
    erase_after : bool
        Remove it afterwards with all that it holds, if it was made here.
    with_sentinel : bool
        Remove its empty parents too, up to the deepest directory that was there before; a
        file ``<name>.inuse`` there keeps others who do the same from removing that one.

    Raises
    ------
    RuntimeError
        If `dir` contains ``..``.
    InvalidArgument
        If `dir` is a file.
    """
    path = Path(dir)
    if path.exists():
        if not path.is_dir():
            raise InvalidArgument(f"temp_dir: {str(path)!r} is a file, not a directory")
        yield
        return
    if os.pardir in path.parts:
        raise RuntimeError(f"temp_dir: {str(path)!r} must not contain {os.pardir!r}")
    if not erase_after:
        path.mkdir(parents=True)
        yield
        return
    closest, name = get_closest_dir(path)
    sentinel = Path(closest, f"{name}.inuse")
    if with_sentinel:
        sentinel.touch()
    try:
        path.mkdir(parents=True)
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if with_sentinel:
            _remove_empty_parents(path, Path(closest))
            sentinel.unlink(missing_ok=True)


def _remove_empty_parents(path: Path, until: Path) -> None:
    for parent in path.parents:
        if parent == until or any(parent.iterdir()):
            return
        parent.rmdir()
