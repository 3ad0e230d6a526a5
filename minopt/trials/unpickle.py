"""Pickles of trials, read without running any code.

A pickle is a little program: it names functions and has them called. This reader knows a short
list of names, each with a maker of its own (see `minopt.trials.pickled`), and calls nothing else.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from minopt.exceptions import DamagedFile, UntrustedPickle
from minopt.trials.memory import Trials
from minopt.trials.pickled import MAKERS, Known, Unfinished, check_key
from minopt.trials.told import told

__all__ = ["SafeUnpickler", "damaged", "safe_loads"]

_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_TRIALS_MODULES = ("minopt.base", "minopt.trials.memory", "hyperopt.base", "hyperopt")


def safe_loads(data: bytes, source: str, way_out: str) -> Any:
    """Read a pickle that holds trials, builtin containers, dates and numpy's arrays and scalars.

    Parameters
    ----------
    data : bytes
        The pickle.
    source : str
        What it is called in errors.
    way_out : str
        What to write to have it read by `pickle`, which runs what it holds.

    Raises
    ------
    UntrustedPickle
        If it names anything else.
    DamagedFile
        If it is no complete pickle.
    """
    try:
        return SafeUnpickler(data, source, way_out).load()
    except (UntrustedPickle, DamagedFile):
        raise
    except Exception as wrong:  # a damaged pickle raises anything
        if data[:1] not in _BEGINNINGS:
            none = ValueError("it is neither a pickle nor JSON lines nor an SQLite file")
            raise damaged(source, none) from wrong
        raise damaged(source, wrong) from wrong


_BEGINNINGS = tuple(bytes([byte]) for byte in b"\x80c(]}")  # of pickles, old protocols included


def damaged(source: str, wrong: BaseException) -> DamagedFile:
    """Make the error that says why a pickle is none."""
    return DamagedFile(
        f"{source} cannot be read as trials ({told(wrong)}); it was left as it is: see what "
        "`minopt recover` gets out of it, name another file, or move it away"
    )


_PythonUnpickler: Any = vars(pickle)["_Unpickler"]
_Stop: Any = vars(pickle)["_Stop"]


class SafeUnpickler(_PythonUnpickler):  # type: ignore[misc]
    """Python's own reader of pickles, with every operation that could call something replaced.

    It is the one written in Python: there each operation can be replaced, and a forged index
    does not make it reserve memory.
    """

    dispatch: dict[int, Callable[..., None]] = dict(_PythonUnpickler.dispatch)
    memo: dict[int, Any]
    metastack: list[list[Any]]
    stack: list[Any]

    def __init__(self, data: bytes, source: str, way_out: str) -> None:
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._data = io.BytesIO(data)
        self._source = source
        self._way_out = way_out
        self.begin()

    def begin(self) -> None:
        """Make ready for the first operation."""
        self.read, self.readline = self._read, self._data.readline
        self.metastack = []
        self.stack = []
        self.append = self.stack.append
        self.proto = 0

    def _read(self, n: int) -> bytes:
        read = self._data.read(n)
        if len(read) < n:
            raise EOFError("it ends too early")
        return read

    def load(self) -> Any:
        """Return what the pickle holds."""
        read, dispatch = self._read, self.dispatch
        try:
            while True:
                dispatch[read(1)[0]](self)
        except _Stop as stop:
            return stop.value

    # ---- names

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name: never the thing itself."""
        module = _OLD_MODULES.get(module, module)
        known = MAKERS.get((module, name))
        if known is not None:
            return known
        if name == "Trials" and module in _TRIALS_MODULES:
            return Known("Trials", kind=Trials)
        kind = _imported_class(module, name)
        if kind is not None and issubclass(kind, Trials) and _is_in_memory(kind):
            return Known(name, kind=kind)
        raise self.refusal(f"{module}.{name}")

    def refusal(self, what: str) -> UntrustedPickle:
        """Make the error that names what is not read, and the way out."""
        return UntrustedPickle(
            f"{self._source} holds an object of {_short(what)}, which could run code when it is "
            f"read; if you know who wrote the file and trust them, use {self._way_out}"
        )

    def load_inst(self) -> NoReturn:
        """Refuse an instance of a class of Python 2."""
        names = [self.readline()[:-1].decode("utf-8", "replace") for _ in range(2)]
        raise self.refusal(".".join(names))

    dispatch[pickle.INST[0]] = load_inst

    def load_obj(self) -> NoReturn:
        """Refuse an instance of a class of Python 2."""
        args = self.pop_mark()
        raise self.refusal(repr(args[:1]))

    dispatch[pickle.OBJ[0]] = load_obj

    def get_extension(self, code: Any) -> NoReturn:
        """Refuse what a registry of this process would have to tell."""
        raise self.refusal(f"the extension code {code}")

    def persistent_load(self, pid: Any) -> NoReturn:
        """Refuse what lies outside of the pickle."""
        raise self.refusal(f"the persistent id {pid!r}")

    # ---- calls

    def load_reduce(self) -> None:
        """Call a known maker."""
        args = self.stack.pop()
        self.stack[-1] = self._make(self.stack[-1], args)

    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_newobj(self) -> None:
        """Make an object without calling its class."""
        args = self.stack.pop()
        self.stack[-1] = self._make(self.stack[-1], args)

    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_newobj_ex(self) -> None:
        """Make an object without calling its class."""
        kwargs = self.stack.pop()
        args = self.stack.pop()
        if kwargs:
            raise self.refusal(repr(self.stack[-1]))
        self.stack[-1] = self._make(self.stack[-1], args)

    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex

    def _make(self, known: Any, args: Any) -> Any:
        if type(known) is not Known or type(args) is not tuple:
            raise pickle.UnpicklingError("it calls what cannot be called")
        if known.kind is not None:
            if args:
                raise self.refusal(f"{known.name}, made with arguments,")
            return object.__new__(known.kind)
        if known.make is None:
            raise pickle.UnpicklingError(f"it calls {known.name}")
        return known.make(*args)

    def load_build(self) -> None:
        """Give an object its state."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Unfinished):
            finished = target.finish(state)
            if finished is not target:
                self._exchange(target, finished)
        elif isinstance(target, Trials):
            self._build_trials(target, state)
        else:
            raise pickle.UnpicklingError(f"a {type(target).__name__} has no state")

    dispatch[pickle.BUILD[0]] = load_build

    def _exchange(self, before: Any, after: Any) -> None:
        self.stack[-1] = after
        for place in reversed(self.memo):
            if self.memo[place] is before:
                self.memo[place] = after
                return

    def _build_trials(self, target: Trials, state: Any) -> None:
        kind = type(target)
        if type(state) is not dict:
            raise self.refusal(f"{kind.__name__} with a state of type {type(state).__name__}")
        for name in state:
            if callable(getattr(kind, name, None)):
                raise pickle.UnpicklingError(f"its trials have the method {name!r} as a value")
        if type(state.get("_dynamic_trials", [])) is not list:
            raise pickle.UnpicklingError("the documents of its trials are no list")
        kept = {name: value for name, value in state.items() if not _is_told_by_class(kind, name)}
        target.__setstate__(kept)

    # ---- containers, which must be the ones that they are taken for

    def load_frame(self) -> None:
        """Skip the length of a frame: all is at hand."""
        self.read(8)

    dispatch[pickle.FRAME[0]] = load_frame

    def load_bytearray8(self) -> None:
        """Read bytes before there is room for them, however many are announced."""
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def load_append(self) -> None:
        """Append to a list."""
        value = self.stack.pop()
        self._target(list).append(value)

    dispatch[pickle.APPEND[0]] = load_append

    def load_appends(self) -> None:
        """Extend a list."""
        items = self.pop_mark()
        self._target(list).extend(items)

    dispatch[pickle.APPENDS[0]] = load_appends

    def load_setitem(self) -> None:
        """Put a value into a dict."""
        value = self.stack.pop()
        key = self.stack.pop()
        self._put([key, value])

    dispatch[pickle.SETITEM[0]] = load_setitem

    def load_setitems(self) -> None:
        """Put values into a dict."""
        self._put(self.pop_mark())

    dispatch[pickle.SETITEMS[0]] = load_setitems

    def load_dict(self) -> None:
        """Make a dict."""
        items = self.pop_mark()
        self.append({})
        self._put(items)

    dispatch[pickle.DICT[0]] = load_dict

    def _put(self, items: list[Any]) -> None:
        target = self._target(dict)
        for place in range(0, len(items), 2):
            key = items[place]
            if type(key) is not str:
                check_key(key)
            target[key] = items[place + 1]

    def load_additems(self) -> None:
        """Add to a set."""
        items = self.pop_mark()
        for item in items:
            check_key(item)
        self._target(set).update(items)

    dispatch[pickle.ADDITEMS[0]] = load_additems

    def load_frozenset(self) -> None:
        """Make a frozenset."""
        items = self.pop_mark()
        for item in items:
            check_key(item)
        self.append(frozenset(items))

    dispatch[pickle.FROZENSET[0]] = load_frozenset

    def _target(self, kind: type) -> Any:
        target = self.stack[-1]
        if not isinstance(target, kind):
            raise pickle.UnpicklingError(
                f"it fills a {type(target).__name__} as if it were a {kind.__name__}"
            )
        return target


def _imported_class(module: str, name: str) -> type | None:
    """Return a class that was imported already, by looking only at what lies in namespaces."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found if isinstance(found, type) else None


def _is_in_memory(kind: type[Trials]) -> bool:
    """Tell whether a class, by whatever name, is the user's own and reaches for no database."""
    if kind is Trials:
        return True
    return not (kind.__module__.startswith("minopt.") or getattr(kind, "_is_shared", False))


_SAVED = frozenset(
    ("_ids", "_dynamic_trials", "_trials", "_exp_key", "attachments", "_streams", "_space")
)
_OF_A_RUN = ("_fmin_cancelled", "_spark")  # what others put on trials while a search runs


def _is_told_by_class(kind: type[Trials], name: str) -> bool:
    """Tell whether a value would change how trials work: that is for their class to say.

    What a user's class, or who had the trials, has put on them is kept.
    """
    if name in _SAVED:
        return False
    if name == "asynchronous":
        return kind is Trials
    return name in _OF_A_RUN or (name.startswith("_") and hasattr(Trials, name))


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
