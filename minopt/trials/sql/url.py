"""Which database is meant: a path or a URL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from minopt.exceptions import InvalidArgument, InvalidArgumentType


def url_of(place: Any) -> URL:
    """Return the URL of a database that was given as a URL or as the path of an SQLite file.

    A relative path is fixed now, whatever becomes of the working directory.

    Raises
    ------
    InvalidArgument
        If it is neither, or a database of a kind that is not known.
    """
    if isinstance(place, URL):
        url = place
    elif isinstance(place, os.PathLike) or (isinstance(place, str) and "://" not in place):
        url = URL.create("sqlite", database=os.fspath(place))
    elif isinstance(place, str):
        url = _parsed(place)
    else:
        raise InvalidArgumentType(
            "a database is named by a path or a URL such as 'sqlite:///search.db' or "
            f"'postgresql://user@host/name', got {place!r} of type {type(place).__name__}"
        )
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() in ("postgresql", "postgres"):
        return _postgresql(url)
    raise InvalidArgument(
        f"{told(url)}: trials are kept in SQLite and PostgreSQL, not in "
        f"{url.get_backend_name()!r}; the URL must begin with sqlite:/// or postgresql://"
    )


def _parsed(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as wrong:
        # not the text itself: it may hold a password
        raise InvalidArgument(
            "this is no URL of a database; right are 'sqlite:///search.db' and "
            f"'postgresql://user:password@host:5432/name' ({type(wrong).__name__})"
        ) from None


def _sqlite(url: URL) -> URL:
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise InvalidArgument(
            f"{url}: trials are kept in an SQLite file, whose path must be given, as in "
            "sqlite:///search.db; for trials in memory use Trials()"
        )
    if url.query:
        raise InvalidArgument(
            f"{url}: options behind a '?' are not known for SQLite files; name the file alone, as "
            f"in sqlite:///{name}"
        )
    if "\0" in name:
        raise InvalidArgument(f"the path of an SQLite file must not hold a NUL, got {name!r}")
    return URL.create("sqlite+pysqlite", database=str(Path(name).absolute()))


def _postgresql(url: URL) -> URL:
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def told(url: URL) -> str:
    """Say which database it is, without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.render_as_string(hide_password=True)
