"""From a dotted name to the object that it names, and to a call of it."""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minopt.exceptions import InvalidArgument, InvalidArgumentType


def import_tokens(tokens: Sequence[str]) -> tuple[Any, list[str]]:
    """Import as much of a dotted name as is a module.

    Parameters
    ----------
    tokens : sequence of str
        The parts of the name.

    Returns
    -------
    module, rest : module or None, list of str
        The innermost module, None if not even the first part is one, and the parts left over.

    Raises
    ------
    ImportError
        If a module is there and is itself broken.

    Examples
    --------
    >>> import_tokens(["os", "path", "join"])[1]
    ['join']
    """
    module = None
    for place in range(len(tokens)):
        name = ".".join(tokens[: place + 1])
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise  # the module is there and misses another one: show that
            return module, list(tokens[place:])
    return module, []


def load_tokens(tokens: Sequence[str]) -> Any:
    """Return the object that the parts of a dotted name lead to.

    Raises
    ------
    ImportError
        If nothing of the name can be imported.
    AttributeError
        If the module has no such attribute.
    """
    found, rest = import_tokens(tokens)
    name = ".".join(tokens)
    if found is None:
        raise ImportError(f"cannot import {name!r}: there is no module {'.'.join(tokens[:1])!r}")
    for attribute in rest:
        if not hasattr(found, attribute):
            raise AttributeError(f"cannot find {name!r}: {found!r} has no attribute {attribute!r}")
        found = getattr(found, attribute)
    return found


def json_lookup(json: str) -> Any:
    """Return the object that a dotted name such as ``"os.path.join"`` names."""
    return load_tokens(json.split("."))


def json_call(json: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
    """Call what a dotted name names. The name is trusted: it can be any function.

    Raises
    ------
    NotImplementedError
        For a dict, list or tuple, which have no meaning here.
    InvalidArgumentType
        For anything else that is no string.

    Examples
    --------
    >>> json_call("os.path.basename", args=("a/b",))
    'b'
    """
    if isinstance(json, bytes):
        json = json.decode()
    if isinstance(json, str):
        return json_lookup(json)(*args, **(kwargs or {}))
    if isinstance(json, (dict, tuple, list)):
        raise NotImplementedError(
            f"json_call takes a dotted name; a {type(json).__name__} has no meaning here: {json!r}"
        )
    raise InvalidArgumentType(f"json_call takes a dotted name such as 'os.path.join', got {json!r}")


class _PlainUnpickler(pickle.Unpickler):
    """Reads builtin containers, numbers and strings, and imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        raise InvalidArgument(
            f"get_obj: the pickled arguments name {module}.{name}, which could run code; if you "
            "trust them, pass trusted=True"
        )


def get_obj(
    f: str,
    argfile: str | None = None,
    argstr: bytes | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    trusted: bool = False,
) -> Any:
    """Call what a dotted name names, with further arguments out of a pickle.

    Parameters
    ----------
    f : str
        The name; trusted.
    argfile : str, optional
        A file with the pickle; comes before `argstr`.
    argstr : bytes, optional
        The pickle: a dict with ``args`` and ``kwargs``.
    args, kwargs
        Arguments that come before those of the pickle, or are replaced by them.
    trusted : bool
        Let the pickle name any class. Otherwise it may hold numbers, strings and builtin
        containers only, and cannot run code.

    Raises
    ------
    InvalidArgument
        If the pickle names a class and is not trusted, or holds no such dict.
    """
    if argfile is not None:
        argstr = Path(argfile).read_bytes()
    more: Any = {}
    if argstr is not None:
        more = (pickle.Unpickler if trusted else _PlainUnpickler)(io.BytesIO(argstr)).load()
    if not isinstance(more, dict):
        raise InvalidArgument(
            f"get_obj: the pickle must hold a dict with 'args' and 'kwargs', got {more!r}"
        )
    return json_call(
        f, args=(*args, *more.get("args", ())), kwargs={**(kwargs or {}), **more.get("kwargs", {})}
    )
