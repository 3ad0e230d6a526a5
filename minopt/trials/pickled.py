"""What pickles of trials name besides Trials themselves, and how each is made safely.

Numpy's own ways to rebuild arrays take whatever they are told about the memory; these here check
it first.
"""

from __future__ import annotations

import collections
import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minopt.trials.tagged_json import Withheld

__all__ = ["MAKERS", "Dtype", "Known", "Unfinished", "check_key", "real"]

MAX_KEY_DEPTH = 50  # hashing a tuple within a tuple within … has no limit of its own


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Stands for a name in a pickle: it says what to make, and is no value itself.

    Attributes
    ----------
    name : str
    make : callable, optional
        Called with the arguments that the pickle gives.
    kind : type, optional
        A class of trials, instances of which are made bare.
    """

    name: str
    make: Callable[..., Any] | None = None
    kind: type | None = None

    def __repr__(self) -> str:
        return self.name


class Unfinished:
    """Something that waits for its state."""

    def finish(self, state: Any) -> Any:
        """Return what it becomes."""
        raise NotImplementedError


# ---- numpy

_SIMPLE = re.compile(r"([biufcmMSUVOa?])(\d*)")
_MAX_ITEMSIZE = 1 << 31
_MAX_EMPTY = 1 << 20


class Dtype(Unfinished):
    """A dtype, described by the code that it is made with and by its state."""

    def __init__(self, code: Any, align: Any = False, copy: Any = False) -> None:
        code = code.decode("ascii") if isinstance(code, bytes) else code
        if not isinstance(code, str) or not _SIMPLE.fullmatch(code):
            raise TypeError(f"{code!r} is no dtype")
        self.code = code

    def finish(self, state: Any) -> np.dtype[Any]:
        """Return the dtype."""
        order, subdtype, names, fields, itemsize = state[1:6]
        swap: Any = order.decode("ascii") if isinstance(order, bytes) else order
        if subdtype is not None:
            base, shape = subdtype
            made: np.dtype[Any] = np.dtype((real(base), _shape(shape)))
        elif names is not None:
            made = _record(names, fields, itemsize)
        elif self.code[0] in "mM":
            made = np.dtype(self.code + _unit(state)).newbyteorder(swap)
        else:
            made = self.plain().newbyteorder(swap)
        if made.itemsize > _MAX_ITEMSIZE:
            raise ValueError("a dtype is too large")
        return made

    def plain(self) -> np.dtype[Any]:
        """Return the dtype without a state."""
        return np.dtype("O" if self.code[0] == "O" else self.code)


def real(dtype: Any) -> np.dtype[Any]:
    """Return a dtype that was made here."""
    if isinstance(dtype, Dtype):
        return dtype.plain()
    if not isinstance(dtype, np.dtype):
        raise TypeError(f"{dtype!r} is no dtype")
    return dtype


def _record(names: Any, fields: Any, itemsize: Any) -> np.dtype[Any]:
    formats = [real(fields[name][0]) for name in names]
    if any(form.hasobject for form in formats):
        raise TypeError("records with objects are not read")
    offsets = [int(fields[name][1]) for name in names]
    return np.dtype(
        {"names": list(names), "formats": formats, "offsets": offsets, "itemsize": int(itemsize)}
    )


def _unit(state: Any) -> str:
    if len(state) < 9 or not state[8]:
        return ""
    unit, count, *_ = state[8][1]
    unit = unit.decode("ascii") if isinstance(unit, bytes) else unit
    if not (isinstance(unit, str) and unit.isalpha() and isinstance(count, int)):
        raise TypeError(f"{unit!r} is no unit of time")
    return "" if unit == "generic" else f"[{count}{unit}]"


def _shape(shape: Any) -> tuple[int, ...]:
    if not (type(shape) is tuple and all(type(n) is int and n >= 0 for n in shape)):
        raise TypeError(f"{shape!r} is no shape")
    return shape


def _scalar(dtype: Any, data: Any = b"") -> Any:
    made = real(dtype)
    if made.hasobject:
        return data
    data = _bytes(data)
    if len(data) != made.itemsize or made.subdtype is not None:
        raise ValueError("a scalar has the wrong size")
    if not data:
        return np.zeros((), made)[()]
    return np.frombuffer(data, made).copy()[0]


def _bytes(data: Any) -> bytes:
    if isinstance(data, str):  # as Python 2 wrote them
        return data.encode("latin1")
    return bytes(memoryview(data).cast("B")) if not isinstance(data, bytes) else data


class _NewArray(Unfinished):
    """An array whose shape and data come with its state."""

    def finish(self, state: Any) -> np.ndarray[Any, Any]:
        """Return the array."""
        *_, shape, dtype, is_fortran, data = state
        order: Any = "F" if is_fortran else "C"
        made = real(dtype)
        if not made.hasobject:
            return _from_bytes(_bytes(data), made, _shape(shape), order)
        if type(data) is not list or any(item is self for item in data):
            raise TypeError("an array of objects is made of a list that does not hold it")
        return _of_objects(data, _shape(shape), order)


def _of_objects(items: list[Any], shape: tuple[int, ...], order: Any) -> np.ndarray[Any, Any]:
    if len(items) != math.prod(shape):
        raise ValueError("an array has the wrong size")
    flat = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):  # one by one: numpy would look into lists
        flat[place] = item
    return flat.reshape(shape).copy(order=order)


def _from_bytes(
    data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: Any
) -> np.ndarray[Any, Any]:
    size = math.prod(shape)
    if dtype.hasobject or dtype.subdtype is not None or len(data) != size * dtype.itemsize:
        raise ValueError("an array has the wrong size")
    if data:
        return np.frombuffer(data, dtype).reshape(shape, order=order).copy(order="K")
    if size > _MAX_EMPTY:
        raise ValueError("an array without bytes is too large")
    return np.zeros(shape, dtype, order=order)


def _new_array(kind: Any, *_: Any) -> _NewArray:
    if kind is not _NDARRAY:
        raise TypeError(f"{kind!r} is no class of arrays")
    return _NewArray()


def _from_buffer(
    buffer: Any, dtype: Any, shape: Any, order: Any, axes: Any = None
) -> np.ndarray[Any, Any]:
    if order == "K" and axes is not None:
        return _from_bytes(_bytes(buffer), real(dtype), _shape(shape), "C").transpose(_shape(axes))
    return _from_bytes(_bytes(buffer), real(dtype), _shape(shape), "F" if order == "F" else "C")


# ---- the rest


class _NewWithheld(Unfinished):
    """What stands for a value that was not read, and may be saved again."""

    def finish(self, state: Any) -> Withheld:
        """Return it."""
        told = state[1]["told"]
        if type(told) is not dict:
            raise TypeError(f"{told!r} tells nothing")
        return Withheld(told)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise TypeError("bytes are written as latin1 text")
    return text.encode("latin1")


def _bare(kind: Any, base: Any = None, state: Any = None) -> Any:
    """Make an object as protocols 0 and 1 have it made."""
    if type(kind) is not Known or kind.kind is None or base is not _OBJECT or state is not None:
        raise TypeError(f"{kind!r} is not made like this")
    return object.__new__(kind.kind)


def _ordered_dict() -> collections.OrderedDict[Any, Any]:
    return collections.OrderedDict()


def _default_dict(factory: Any = None, *rest: Any) -> collections.defaultdict[Any, Any]:
    if factory is not None or rest:
        raise TypeError("a defaultdict with a function is not read")
    return collections.defaultdict(None)


def check_key(key: Any) -> None:
    """Refuse tuples nested so deep that hashing them would end the process."""
    level, depth = [key], 0
    while level := [item for held in level if type(held) is tuple for item in held]:
        depth += 1
        if depth > MAX_KEY_DEPTH or len(level) > 10_000:
            raise ValueError("a key is nested too deep")


def _hashable(items: Any) -> Any:
    if type(items) not in (list, tuple, set, frozenset):  # a range may be of any size
        raise TypeError("a set is made of a list")
    for item in items:
        check_key(item)
    return items


def _small_bytes(kind: Callable[..., Any]) -> Callable[..., Any]:
    def make(data: Any = b"", encoding: Any = None) -> Any:
        if encoding is not None:
            data = _encode(data, encoding)
        if not isinstance(data, (bytes, bytearray)):
            raise TypeError("bytes are made of bytes")
        return kind(data)

    return make


_NDARRAY = Known("numpy.ndarray")
_OBJECT = Known("builtins.object")

_OTHERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("builtins", "set"): lambda items=(): set(_hashable(items)),
    ("builtins", "frozenset"): lambda items=(): frozenset(_hashable(items)),
    ("builtins", "bytes"): _small_bytes(bytes),
    ("builtins", "bytearray"): _small_bytes(bytearray),
    ("builtins", "complex"): complex,
    ("builtins", "range"): range,
    ("builtins", "xrange"): range,
    ("collections", "OrderedDict"): _ordered_dict,
    ("collections", "defaultdict"): _default_dict,
    ("datetime", "datetime"): datetime.datetime,
    ("datetime", "date"): datetime.date,
    ("datetime", "time"): datetime.time,
    ("datetime", "timedelta"): datetime.timedelta,
    ("datetime", "timezone"): datetime.timezone,
    ("_codecs", "encode"): _encode,
    ("copyreg", "_reconstructor"): _bare,
    ("minopt.trials.tagged_json", "Withheld"): _NewWithheld,
    ("numpy", "dtype"): Dtype,
}
_NUMPYS: dict[tuple[str, str], Callable[..., Any]] = {
    ("multiarray", "_reconstruct"): _new_array,
    ("multiarray", "scalar"): _scalar,
    ("numeric", "_frombuffer"): _from_buffer,
}
MAKERS: dict[tuple[str, str], Known] = {
    ("numpy", "ndarray"): _NDARRAY,
    ("builtins", "object"): _OBJECT,
    **{names: Known(".".join(names), make) for names, make in _OTHERS.items()},
    **{
        (f"numpy.{core}.{module}", name): Known(f"numpy.{core}.{module}.{name}", make)
        for core in ("core", "_core")  # before and since numpy 2
        for (module, name), make in _NUMPYS.items()
    },
}
"""What may be named, by module and name."""
