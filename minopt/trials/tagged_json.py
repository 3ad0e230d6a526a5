"""Tagged JSON: what JSON cannot say is written as ``{"$": kind, ...}`` and comes back exactly.

Kinds: ``float`` (nan, inf), ``int`` (a very long one), ``complex tuple set frozenset dict`` (keys
that are no strings), ``bytes bytearray datetime date time timedelta``, ``scalar`` and ``array``
(numpy's), and ``kept``, which names a value that is kept elsewhere. Reading runs no code.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import reprlib
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from minopt.exceptions import DamagedStore, UnstorableValue

__all__ = ["Withheld", "dumps", "encode", "loads"]

Keep: TypeAlias = Callable[[str, Any], Any]
"""Called with the path and the value of what JSON cannot hold; returns JSON instead, or raises."""

Fetch: TypeAlias = Callable[[dict[str, Any]], Any]
"""Called with the JSON that a `Keep` returned for a value kept elsewhere (its kind: ``kept``)."""

TAG = "$"
MAX_DEPTH = 200  # well below the depth at which Python's own json gives up
_write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_FAR = 1 << 62
_LONG_INT = 1 << 1000  # Python refuses to write ints of thousands of digits in decimal

LEFT_OUT = object()
"""What a `Keep` returns to leave a key out of its dict (in a list: to put null there)."""


def dumps(value: Any, path: str = "", keep: Keep | None = None) -> str:
    """Write a value as JSON.

    Parameters
    ----------
    value : object
        Numbers, strings, bytes, dates, None, numpy scalars and arrays, and dicts, lists,
        tuples and sets of these.
    path : str
        What the value is called in errors, such as ``result``.
    keep : callable, optional
        Asked for what JSON cannot hold, see `Keep`.

    Raises
    ------
    UnstorableValue
        Naming the path to the value, unless `keep` takes it.

    Examples
    --------
    >>> dumps({"loss": 0.5, "shape": (2, 3)})
    '{"loss":0.5,"shape":{"$":"tuple","v":[2,3]}}'
    """
    tree = encode(value, path, keep)
    return _write(tree)


def loads(text: str | bytes, fetch: Fetch | None = None) -> Any:
    """Read what `dumps` wrote.

    Raises
    ------
    DamagedStore
        If it is no such text.

    Examples
    --------
    >>> loads('{"$":"tuple","v":[2,{"$":"float","v":"nan"}]}')
    (2, nan)
    """

    def untag_or_fetch(read: dict[str, Any]) -> Any:
        if fetch is not None and read.get(TAG) == "kept":
            return fetch(read)
        return _untag(read)

    try:
        told = text if isinstance(text, str) else text.decode()
        if '"$"' not in told:
            return _read_plain(told)
        if fetch is None or '"kept"' not in told:
            return _read_tagged(told)
        return json.loads(told, object_hook=untag_or_fetch)
    except _UNREADABLE as wrong:
        raise DamagedStore(f"this is not tagged JSON ({wrong}): {text[:80]!r}") from wrong


_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,  # a time zone's name may be that of a directory
)


def _untag(read: dict[str, Any]) -> Any:
    return _READERS[read[TAG]](read) if TAG in read else read


_read_plain = json.JSONDecoder().decode
_read_tagged = json.JSONDecoder(object_hook=_untag).decode


def encode(value: Any, path: str = "", keep: Keep | None = None) -> Any:
    """Return the tree of plain JSON values that `dumps` writes; see there."""
    try:
        return _simple(value, 0)
    except _NotSimple:
        tree = _Encoder(keep).encode(value, path, ())
        return None if tree is LEFT_OUT else tree


class _NotSimple(Exception):
    """A value is not made of the commonest kinds alone."""


def _simple(value: Any, depth: int) -> Any:
    """Encode a value of the commonest kinds, as nearly all are; the same result, sooner."""
    kind = type(value)
    if kind is list:
        if depth > MAX_DEPTH - 2:
            raise _NotSimple
        if _are_leaves(value):
            return value
        return [_simple(item, depth + 1) for item in value]
    if kind is float:
        if value - value == 0.0:  # finite
            return value
    elif kind is str or value is None or kind is bool or (kind is int and -_FAR < value < _FAR):
        return value
    elif kind is dict:
        if TAG in value or depth > MAX_DEPTH - 2:
            raise _NotSimple
        if not _TEXT.issuperset(map(type, value)):
            raise _NotSimple
        held = value.values()
        if _LISTS.issuperset(map(type, held)) and _are_leaves(list(chain.from_iterable(held))):
            return value  # as idxs and vals are: told without a loop over labels
        return {key: _simple(item, depth + 1) for key, item in value.items()}
    elif kind is tuple:
        return {TAG: "tuple", "v": _simple(list(value), depth)}
    elif kind is datetime.datetime and value.tzinfo is None:
        return _write_datetime(value)
    raise _NotSimple


_TEXT, _LISTS = frozenset({str}), frozenset({list})
_NUMBERS, _PLAIN = frozenset({int, float}), frozenset({str, type(None)})


def _are_leaves(items: list[Any]) -> bool:
    """Tell whether JSON takes all of these as they are; False if that would take long to tell."""
    kinds = set(map(type, items))
    if kinds <= _NUMBERS:
        least, most = min(items, default=0), max(items, default=0)
        return least > -_FAR and most < _FAR and all(map(math.isfinite, items))
    return kinds <= _PLAIN


class _Encoder:
    def __init__(self, keep: Keep | None) -> None:
        self._keep = keep

    def encode(self, value: Any, path: str, above: tuple[int, ...]) -> Any:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is float:
            return value if math.isfinite(value) else {TAG: "float", "v": repr(value)}
        if kind is int:
            return value if -_LONG_INT < value < _LONG_INT else {TAG: "int", "v": hex(value)}
        if kind in _CONTAINERS:
            if id(value) in above:
                return self._kept(value, path, "it holds itself")
            if len(above) >= MAX_DEPTH:
                return self._kept(value, path, f"it is nested deeper than {MAX_DEPTH} levels")
            return self._container(value, path, (*above, id(value)))
        return self._leaf(value, path, above)

    def _container(self, value: Any, path: str, above: tuple[int, ...]) -> Any:
        if type(value) is dict:
            return self._dict(value, path, above)
        trees = [self.encode(item, f"{path}[{i}]", above) for i, item in enumerate(value)]
        items = [None if tree is LEFT_OUT else tree for tree in trees]
        if type(value) is list:
            return items
        if type(value) is not tuple:
            items.sort(key=json.dumps)  # the order of a set differs from process to process
        return {TAG: type(value).__name__, "v": items}

    def _dict(self, value: dict[Any, Any], path: str, above: tuple[int, ...]) -> Any:
        if TAG not in value and all(type(key) is str for key in value):
            tree = {
                key: item
                if type(item) is str or item is None  # as good as always, so the quick way
                else self.encode(item, f"{path}.{key}" if path else key, above)
                for key, item in value.items()
            }
            if LEFT_OUT in tree.values():
                return {key: item for key, item in tree.items() if item is not LEFT_OUT}
            return tree
        pairs = [
            [self.encode(key, f"{path}[key {_shown(key)}]", above),
             self.encode(item, f"{path}[{_shown(key)}]", above)]
            for key, item in value.items()
        ]  # fmt: skip
        return {TAG: "dict", "v": [pair for pair in pairs if LEFT_OUT not in pair]}

    def _leaf(self, value: Any, path: str, above: tuple[int, ...]) -> Any:
        if type(value) is np.ndarray and value.dtype == np.dtype(object):
            items = self.encode(value.ravel().tolist(), path, above)
            return {TAG: "array", "dtype": "O", "shape": list(value.shape), "v": items}
        if _is_numpys(value):
            return _write_numpy(value)
        if type(value) is Withheld and self._keep is not None:
            return self._keep(path, value)  # who keeps values knows whether it has this one
        write = _WRITERS.get(type(value))
        tree = None if write is None else write(value)
        if tree is not None:
            return tree
        return self._kept(value, path, f"it is of type {type(value).__name__}")

    def _kept(self, value: Any, path: str, why: str) -> Any:
        if self._keep is not None:
            return self._keep(path, value)
        raise UnstorableValue(
            f"{path or 'the value'} cannot be written as JSON: {why}; numbers, strings, bytes, "
            f"dates, None, arrays, and dicts, lists, tuples and sets of these can; "
            f"got {_shown(value)}",
            path,
            value,
        )


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value)  # short, and not put off by a value that nests too deep
    except Exception:  # noqa: BLE001 - the repr of a user's object may raise anything
        return f"a {type(value).__name__} that cannot be shown"


_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})


# ---- numpy


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _is_numpys(value: Any) -> bool:
    """Tell whether a value is a numpy scalar or array that its dtype's name and bytes make up."""
    if type(value) is not np.ndarray:
        if not isinstance(value, np.generic) or type(value) is not value.dtype.type:
            return False
        if type(value) is np.record:
            return False
    try:
        name = _dtype_name(value.dtype)
        return not value.dtype.hasobject and _dtype_of(name) == value.dtype
    except (TypeError, ValueError):
        return False


def _write_numpy(value: Any) -> dict[str, Any]:
    if isinstance(value, np.generic):
        if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8 and np.isfinite(value):
            return {TAG: "scalar", "dtype": value.dtype.str, "v": value.item()}
        return {TAG: "scalar", "dtype": _dtype_name(value.dtype), "data": _base64(value.tobytes())}
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    return {
        TAG: "array",
        "dtype": _dtype_name(value.dtype),
        "shape": list(value.shape),
        "order": order,
        "data": _base64(value.tobytes(order)),
    }


def _dtype_name(dtype: np.dtype[Any]) -> Any:
    return dtype.str if dtype.fields is None else [list(map(_plain, part)) for part in dtype.descr]


def _plain(part: Any) -> Any:
    return list(map(_plain, part)) if isinstance(part, (tuple, list)) else part


def _dtype_of(name: Any) -> np.dtype[Any]:
    return np.dtype(name if isinstance(name, str) else [_field(part) for part in name])


def _field(part: list[Any]) -> tuple[Any, ...]:
    name, kind, *shape = part
    kind = kind if isinstance(kind, str) else [_field(inner) for inner in kind]
    name = tuple(name) if isinstance(name, list) else name
    return (name, kind, *(tuple(dims) for dims in shape))


def _read_scalar(read: dict[str, Any]) -> Any:
    dtype = _dtype_of(read["dtype"])
    if "v" in read:
        if dtype.kind not in "biuf":  # others take a number for a size
            raise ValueError("a scalar without its bytes")
        value = dtype.type(read["v"])
        if dtype.kind in "iu" and value != read["v"]:  # numpy 1 cuts off what does not fit
            raise OverflowError(f"{read['v']} is no {dtype.name}")
        return value
    if dtype.itemsize == 0:
        return np.zeros((), dtype)[()]
    return np.frombuffer(base64.b64decode(read["data"]), dtype)[0]


_MANY_EMPTY = 1 << 20


def _read_array(read: dict[str, Any]) -> Any:
    shape = tuple(read["shape"])
    if read["dtype"] == "O":
        objects = np.empty(len(read["v"]), dtype=object)
        for place, item in enumerate(read["v"]):  # one by one: numpy would look into lists
            objects[place] = item
        return objects.reshape(shape)
    dtype = _dtype_of(read["dtype"])
    if dtype.itemsize == 0 or 0 in shape:
        if 0 not in shape and math.prod(shape) > _MANY_EMPTY:
            raise ValueError("an array without bytes is too large")
        return np.zeros(shape, dtype, order=read["order"])
    array = np.frombuffer(base64.b64decode(read["data"]), dtype)
    return array.reshape(shape, order=read["order"]).copy(order="K")


# ---- dates


def _write_datetime(value: datetime.datetime) -> dict[str, Any] | None:
    zone = _zone(value.tzinfo)
    if zone is None:
        return None
    naive = value.replace(tzinfo=None)
    return {TAG: "datetime", "v": naive.isoformat(), **zone, **({"fold": 1} if value.fold else {})}


def _write_time(value: datetime.time) -> dict[str, Any] | None:
    zone = _zone(value.tzinfo)
    if zone is None:
        return None
    naive = value.replace(tzinfo=None)
    return {TAG: "time", "v": naive.isoformat(), **zone, **({"fold": 1} if value.fold else {})}


def _zone(zone: datetime.tzinfo | None) -> dict[str, Any] | None:
    """Describe a time zone; None if it is of a kind that cannot be described."""
    if zone is None:
        return {}
    if type(zone) is datetime.timezone:
        offset, name = zone.utcoffset(None), zone.tzname(None)
        named = name != datetime.timezone(offset).tzname(None)
        return {"offset": offset.total_seconds(), **({"name": name} if named else {})}
    key = getattr(zone, "key", None)
    if type(zone).__module__.startswith("zoneinfo") and isinstance(key, str):
        return {"zone": key}
    return None


def _read_zone(read: dict[str, Any]) -> datetime.tzinfo | None:
    if "zone" in read:
        from zoneinfo import ZoneInfo

        return ZoneInfo(read["zone"])
    if "offset" in read:
        offset = datetime.timedelta(seconds=read["offset"])
        if "name" in read:
            return datetime.timezone(offset, read["name"])
        return datetime.timezone.utc if not offset else datetime.timezone(offset)
    return None


def _read_datetime(read: dict[str, Any]) -> datetime.datetime:
    naive = datetime.datetime.fromisoformat(read["v"])
    if len(read) == 2:
        return naive
    return naive.replace(tzinfo=_read_zone(read), fold=read.get("fold", 0))


def _read_time(read: dict[str, Any]) -> datetime.time:
    naive = datetime.time.fromisoformat(read["v"])
    return naive.replace(tzinfo=_read_zone(read), fold=read.get("fold", 0))


# ---- all kinds


class Withheld:
    """Stands for a value that JSON cannot hold and that was not read, for want of trust.

    Attributes
    ----------
    told : dict
        What the JSON says about it: its ``type``, and where it is kept.
    """

    __slots__ = ("told",)

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    def __repr__(self) -> str:
        return (
            f"<a {self.told.get('type', 'value')} that only trusted=True reads: it is a pickle, "
            "and reading it can run code>"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Withheld) and other.told == self.told

    def __hash__(self) -> int:  # it may stand in a set, and be a key
        return hash(str(self.told.get("type")))


def _write_complex(value: complex) -> dict[str, Any]:
    return {TAG: "complex", "v": [repr(value.real), repr(value.imag)]}


_WRITERS: dict[type, Callable[[Any], dict[str, Any] | None]] = {
    complex: _write_complex,
    bytes: lambda value: {TAG: "bytes", "v": _base64(value)},
    bytearray: lambda value: {TAG: "bytearray", "v": _base64(bytes(value))},
    datetime.datetime: _write_datetime,
    datetime.date: lambda value: {TAG: "date", "v": value.isoformat()},
    datetime.time: _write_time,
    datetime.timedelta: lambda value: {
        TAG: "timedelta",
        "v": [value.days, value.seconds, value.microseconds],
    },
    Withheld: lambda value: value.told,
}

_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "float": lambda read: float(read["v"]),
    "int": lambda read: int(read["v"], 16),
    "complex": lambda read: complex(*map(float, read["v"])),
    "tuple": lambda read: tuple(read["v"]),
    "set": lambda read: set(read["v"]),
    "frozenset": lambda read: frozenset(read["v"]),
    "dict": lambda read: dict(read["v"]),
    "bytes": lambda read: base64.b64decode(read["v"], validate=True),
    "bytearray": lambda read: bytearray(base64.b64decode(read["v"], validate=True)),
    "datetime": _read_datetime,
    "date": lambda read: datetime.date.fromisoformat(read["v"]),
    "time": _read_time,
    "timedelta": lambda read: datetime.timedelta(*read["v"]),
    "scalar": _read_scalar,
    "array": _read_array,
    "kept": Withheld,
}
