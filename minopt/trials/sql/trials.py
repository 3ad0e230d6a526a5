"""`SQLTrials`: trials in a database, for one process or many."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from minopt._optional import need
from minopt.exceptions import (
    DamagedStore,
    InvalidArgument,
    InvalidArgumentType,
    UnstorableValue,
)
from minopt.trials.given import checked_flag
from minopt.trials.points import Decoder
from minopt.trials.stored import StoredTrials
from minopt.trials.tagged_json import Withheld, dumps, loads


class SQLTrials(StoredTrials):
    """Trials in an SQLite file or a PostgreSQL database.

    Parameters
    ----------
    url : str, path or sqlalchemy.URL
        ``"search.db"``, ``"sqlite:///search.db"`` or ``"postgresql://user@host/name"``. A
        database that is not there is made.
    exp_key : str, optional
        Name of the search. A database holds any number of them, and one without a name; each
        sees its own trials only and counts its own ids.
    refresh : bool
        Read the trials at once.
    asynchronous : bool
        Leave the running of trials to workers (``minopt worker``).
    trusted : bool
        Read result values that JSON cannot hold and that were pickled: reading a pickle can
        run code. False puts a stand-in for such a value, and names it.
    heartbeat_timeout : float
        Seconds after which a trial is taken from a worker on another machine that is silent, or
        from whoever ran it when it was put in.

    Raises
    ------
    StoreError
        If the database cannot be used; it says which one, why, and what to do.

    Notes
    -----
    What an objective returned is on disk when its trial is done. Documents hold JSON: numpy
    scalars and arrays, dates, tuples and bytes come back as they were; of other objects a
    pickle is kept. The documents are live, see `StoredTrials`. Copies and pickles of SQLTrials
    lead to the same database.

    Examples
    --------
    >>> trials = SQLTrials("search.db")  # doctest: +SKIP
    >>> fmin(fn, space, max_evals=100, trials=trials)  # doctest: +SKIP
    """

    def __init__(
        self,
        url: Any,
        exp_key: Any = None,
        refresh: bool = True,
        *,
        asynchronous: bool = False,
        trusted: bool = False,
        heartbeat_timeout: float = 60.0,
    ) -> None:
        options = {
            "trusted": checked_flag("trusted", trusted),
            "heartbeat_timeout": _seconds(heartbeat_timeout),
        }
        is_run_elsewhere = checked_flag("asynchronous", asynchronous)
        self._open(url, _name(exp_key), refresh, is_run_elsewhere, options)

    def _open(
        self,
        url: Any,
        exp_key: Any,
        refresh: bool,
        asynchronous: bool,
        options: dict[str, Any],
        create: bool = True,
    ) -> None:
        need("sqlalchemy", extra="sql", what="a database of trials")
        from minopt.trials.sql.database import Database
        from minopt.trials.sql.store import SQLStore
        from minopt.trials.sql.url import url_of

        database = url if isinstance(url, Database) else Database(url_of(url), create)
        self._database, self._options = database, options
        self.asynchronous = asynchronous
        store = SQLStore(database, exp_key, **options)
        self._begin(store, exp_key, refresh, options["heartbeat_timeout"] / 6)

    def _pickle_of(self, value: Withheld) -> bytes | None:
        name = value.told.get("name")
        return self.attachments.pickle_of(name) if isinstance(name, str) else None

    def _learn(self, decoder: Decoder | None, space: list[Any] | None = None) -> None:
        """Take over a space, and keep it in the database if it can be plain data."""
        super()._learn(decoder, space)
        text, plain = "null", self._space_to_save()
        with suppress(UnstorableValue):
            text = dumps(plain)
        if text != (self.attachments.space or "null"):
            self.attachments.space = text  # also null: another search's would mislead

    def _saved_space(self) -> list[Any] | None:
        if self._space is None and (text := self.attachments.space) is not None:
            with suppress(DamagedStore):  # then it is not known
                space = loads(text)
                return space if isinstance(space, list) else None
        return self._space

    @property
    def url(self) -> str:
        """The database, as a URL without its password."""
        return str(self._database.url.render_as_string(hide_password=True))

    @property
    def path(self) -> Path | None:
        """The file; None for a database on a server."""
        url = self._database.url
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    def view(self, exp_key: Any = None, refresh: bool = True) -> SQLTrials:
        """Return the trials of another search in the same database."""
        view = object.__new__(type(self))
        view._open(self._database, _name(exp_key), refresh, self.asynchronous, self._options)
        view._decoder = self._decoder
        return view

    def __getstate__(self) -> dict[str, Any]:
        return {
            "url": self._database.url.render_as_string(hide_password=False),
            "exp_key": self._exp_key,
            "asynchronous": self.asynchronous,
            "options": self._options,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        # a database that is gone is not made anew: it would be empty, and nobody would say so
        self._open(**state, refresh=True, create=False)

    def __copy__(self) -> SQLTrials:
        return self.view(self._exp_key)

    def __repr__(self) -> str:
        return f"<SQLTrials{self._of_whom()} in {self._database.told!r}: {self._in_words()}>"


SQLTrials.__module__ = "minopt.trials.sql"  # pickles name the path that is promised for ever


def _name(exp_key: Any) -> Any:
    if exp_key is None or (isinstance(exp_key, str) and exp_key and "\0" not in exp_key):
        return exp_key
    raise InvalidArgumentType(
        f"exp_key must be the name of a search, a non-empty string, or None, got {exp_key!r}"
    )


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        try:
            return float(value)
        except OverflowError as wrong:
            raise InvalidArgument(
                "heartbeat_timeout must be a number of seconds, got one that no float holds; "
                "float('inf') waits for ever"
            ) from wrong
    raise InvalidArgument(f"heartbeat_timeout must be a number of seconds > 0, got {value!r}")
