"""The history as a table: one flat row for each trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import Any

from minopt.trials.documents import Document, error_text, state_name

_MOST_PARAMS = 100_000  # of one trial: more are no table
_TIMES = ("book_time", "refresh_time")


def to_records(trials: Any) -> list[dict[str, Any]]:
    """Return one dict for each document of these trials, all with the same keys."""
    key = trials._exp_key
    docs = [doc for doc in trials._dynamic_trials if key is None or doc["exp_key"] == key]
    groups = [_groups(trials, doc) for doc in docs]
    columns = [
        dict.fromkeys(name for row in part for name in row) for part in zip(*groups, strict=True)
    ]
    return [
        {name: part.get(name) for names, part in zip(columns, row, strict=True) for name in names}
        for row in groups
    ]


def _groups(trials: Any, doc: Document) -> list[dict[str, Any]]:
    """Return the parts of a row, so that each part's columns stand together in the table."""
    result = doc["result"] if isinstance(doc["result"], Mapping) else {}
    held = doc["misc"]["vals"].items()
    # of a document that somebody made there may be several values
    active = {label: some[0] if len(some) == 1 else [*some] for label, some in held if len(some)}
    head = {
        "tid": doc["tid"],
        "state": state_name(doc["state"]),
        "status": result.get("status"),
        "loss": result.get("loss"),
        "error": error_text(doc),
        **{name: doc.get(name) for name in _TIMES},
    }
    return [
        head,
        {f"vals.{label}": active.get(label) for label in doc["misc"]["vals"]},
        _params(trials, doc),
        {f"result.{name}": value for name, value in result.items() if name not in head},
    ]


def _params(trials: Any, doc: Document) -> dict[str, Any]:
    """Return the point of a trial, flattened; nothing if the known space has none of its values."""
    try:
        if trials._known_decoder() is None:
            return {}
        leaves = list(islice(_leaves("params", trials.params_of(doc)), _MOST_PARAMS + 1))
        return dict(leaves) if len(leaves) <= _MOST_PARAMS else {}
    except Exception:  # noqa: BLE001 - the space is another one, or raised in the search, too
        return {}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Flatten dicts, lists and tuples: ``{"a": [1, 2]}`` gives ``path.a.0`` and ``path.a.1``."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, (list, tuple)) and value:
        for place, item in enumerate(value):
            yield from _leaves(f"{path}.{place}", item)
    else:
        yield path, value


def to_dataframe(trials: Any) -> Any:
    """Return the records as a table of pandas, or of polars if pandas is missing."""
    library, name = _table_library()
    rows = trials.to_records()
    if name == "pandas":
        return library.DataFrame(rows)
    return library.DataFrame(rows, infer_schema_length=None, strict=False)


def _table_library() -> tuple[Any, str]:
    for name in ("pandas", "polars"):
        try:
            return import_module(name), name
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise  # the package is there and is itself broken: show its own error
    raise ImportError(
        "to_dataframe needs pandas or polars: pip install pandas; without either, use "
        "trials.to_records(), a list of dicts"
    )
