"""The store of one search in a database."""

from __future__ import annotations

import gc
import pickle
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Float, Update, bindparam, cast, func, literal_column, select
from sqlalchemy.exc import IntegrityError

from minopt._clock import coarse_utcnow
from minopt._warn import warn
from minopt.exceptions import DamagedStore, InvalidTrial
from minopt.trials import owners, tagged_json
from minopt.trials.contract import Changes, Store
from minopt.trials.documents import (
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    STATUS_NEW,
    Document,
)
from minopt.trials.sql import attachments, heads, schema
from minopt.trials.sql.codec import Kept, Packed, Told, check, texts_of, unpack
from minopt.trials.sql.database import Database

Result = TypeVar("Result")

_rows = schema.trials
_ALL = [
    _rows.c[name]
    for name in ("tid", "seq", "state", "owner", "spec", "result", "misc", "rest", "digest")
]
_search = _rows.c.exp_key == bindparam("of")
_trial = _search & (_rows.c.tid == bindparam("at"))
_EVERYTHING = select(*_ALL).where(_search).order_by(_rows.c.id)
_SINCE = select(*_ALL).where(_search & (_rows.c.seq > bindparam("since"))).order_by(_rows.c.id)
# in the words of the index of unfinished trials, which is only used then
_unfinished = _search & (_rows.c.state < literal_column("2"))
_OLDEST = (
    select(*_ALL)
    .where(_unfinished & (_rows.c.state == literal_column(str(JOB_STATE_NEW))))
    .order_by(_rows.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_RUNNING = _unfinished & (_rows.c.state == literal_column(str(JOB_STATE_RUNNING)))
_HELD = select(_rows.c.tid, _rows.c.owner, _rows.c.heartbeat).where(_RUNNING)
_ONE = select(*_ALL, _rows.c.requeued).where(_trial).with_for_update()
_TICK = heads.TICK
_UPDATE = _rows.update().where(_trial).values(seq=heads.CLOCK)
_is_mine = (_rows.c.owner == bindparam("who")) | _rows.c.owner.is_(None)
_UPDATE_MINE = _UPDATE.where(_is_mine | (_rows.c.state == literal_column(str(JOB_STATE_NEW))))
_UPDATE_SAME = _UPDATE.where(_rows.c.digest == bindparam("seen"))

_UNTOUCHED: dict[str, Any] = {"requeued": 0, "heartbeat": None}


class _NoSuchTrial(Exception):
    """There is no trial that an update is meant for; nothing is written."""


class SQLStore(Store):
    """See `Store`.

    Parameters
    ----------
    database : Database
    exp_key : str or None
        The search.
    trusted : bool
        Read values that had to be pickled, which can run code.
    heartbeat_timeout : float
        Seconds after which an owner elsewhere that says nothing is taken to be gone.
    """

    def __init__(
        self,
        database: Database,
        exp_key: Any = None,
        trusted: bool = False,
        heartbeat_timeout: float = 60.0,
    ) -> None:
        self.database = database
        self.exp_key = exp_key
        self.trusted = trusted
        self.heartbeat_timeout = heartbeat_timeout
        self.owner = owners.new_owner()
        self._key = tagged_json.dumps(exp_key, "exp_key")
        self.attachments = attachments.Attachments(database, self._key, trusted)
        self._held: tuple[int, heads.Head | None] = (0, None)  # by which thread, see `streams`
        self._pulse: Any = None
        self._n_runs = 0  # of transactions on this database that were ours
        self._digests: dict[Any, int] = {}  # of what was last read or written
        self._kept: dict[Any, Kept] = {}

    def _run(self, work: Callable[[Connection], Result], durable: bool = False) -> Result:
        result = self.database.run(work, durable)
        self._n_runs += 1
        return result

    # ---- ids and streams

    def new_ids(self, n: int) -> list[int]:
        holder, held = self._held
        if held is not None and holder == threading.get_ident():
            return heads.reserve(held, n, self.owner)

        def take(connection: Connection) -> list[int]:
            head = heads.hold(connection, self._key)
            tids = heads.reserve(head, n, self.owner)
            heads.write(connection, self._key, head)
            return tids

        return self._run(take)

    @contextmanager
    def streams(self) -> Iterator[list[dict[str, Any]]]:
        with self.database.write() as connection:
            head = heads.hold(connection, self._key)
            streams, before = heads.streams_of(head), head.next_tid
            self._held = threading.get_ident(), head
            try:
                yield streams
            finally:
                self._held = 0, None
            if heads.draw(head, streams, self.owner) or head.next_tid != before:
                heads.write(connection, self._key, head)

    # ---- documents

    def insert(
        self, documents: Sequence[Document], most: int | None = None, owner: str | None = None
    ) -> int:
        if not documents:
            return 0
        for document in documents:
            check(document, self.exp_key, is_new=True)
        given = {**documents[0], **_given_to(owner)} if owner is not None else documents[0]
        packed = [Packed(given), *map(Packed, documents[1:])]

        def add(connection: Connection) -> list[Packed]:
            head = heads.hold(connection, self._key)
            room = len(packed) if most is None else max(0, most - head.n_trials)
            added = packed[:room]
            if not added:
                return added
            heads.use(head, {document["tid"] for document in documents})
            head.n_trials += len(added)
            first = head.tick(len(added))
            heads.write(connection, self._key, head)
            rows = [
                {**one.columns, "exp_key": self._key, "seq": first + place, **_UNTOUCHED}
                for place, one in enumerate(added)
            ]
            running = [row for row in rows if row["state"] == JOB_STATE_RUNNING]
            if running:  # whoever runs them may never be heard of: their time begins now
                now = _time(connection)
                for row in running:
                    row["heartbeat"] = now
            try:
                connection.execute(_rows.insert(), rows)
            except IntegrityError:
                raise InvalidTrial(
                    "every trial of a search has an id of its own (see new_trial_ids), and one "
                    "of these is taken",
                    [document["tid"] for document in documents],
                ) from None
            self._put_values(connection, added)
            return added

        added = self._run(add)
        if added:
            documents[0].update(given)
        self._wrote(added)
        return len(added)

    def claim(self, owner: str) -> Document | None:
        def take(connection: Connection) -> tuple[Document, Packed] | None:
            row = connection.execute(_OLDEST, {"of": self._key}).mappings().one_or_none()
            if row is None:
                return None
            document = self._read(row, connection)
            document.update(_given_to(owner))
            packed = Packed(document, self._kept.get(document["tid"]), texts_of(dict(row)))
            self._update(connection, packed, _UPDATE, heartbeat=_time(connection))
            return document, packed

        claimed = self._run(take)
        if claimed is None:
            return None
        self._wrote([claimed[1]])
        return claimed[0]

    def record(self, document: Document, owner: str) -> bool:
        return self._replace(document, _UPDATE_MINE, who=owner)

    def replace(self, document: Document) -> bool:
        return self._replace(document, _UPDATE_SAME, seen=self._digests.get(document["tid"]))

    def _replace(self, document: Document, update: Update, **condition: Any) -> bool:
        check(document, self.exp_key)
        packed = Packed(document, self._kept.get(document["tid"]))
        try:
            self._run(
                lambda connection: self._update(connection, packed, update, **condition),
                durable=True,
            )
        except _NoSuchTrial:
            return False
        self._wrote([packed])
        return True

    def is_changed(self, document: Document) -> bool:
        with suppress(LookupError, TypeError, ValueError, AttributeError):
            tid = document["tid"]
            packed = Packed(document, self._kept.get(tid))
            return bool(packed.columns["digest"] != self._digests.get(tid))
        check(document, self.exp_key)  # it is no trial any more, and this says why
        return True

    def _update(self, connection: Connection, packed: Packed, update: Update, **more: Any) -> None:
        """Write a trial, if it is as `update` wants it."""
        connection.execute(_TICK, {"of": self._key})
        columns = dict(packed.columns)
        columns.update(more, of=self._key, at=columns.pop("tid"))
        if columns["state"] == JOB_STATE_NEW:  # who runs it next is not late before it began
            columns["heartbeat"] = None
        if connection.execute(update, columns).rowcount != 1:
            raise _NoSuchTrial
        self._put_values(connection, [packed])

    def _put_values(self, connection: Connection, packed: Iterable[Packed]) -> None:
        for one in packed:
            for name, data in one.fresh.items():
                attachments.put_value(connection, self._key, name, data)

    def _wrote(self, packed: Iterable[Packed]) -> None:
        """Remember what is written; tell what was lost."""
        lost = []
        for one in packed:
            tid = one.columns["tid"]
            self._digests[tid] = one.columns["digest"]
            if one.kept:
                self._kept[tid] = one.kept
            lost += [f"trial {tid!r}: {path} ({why})" for path, why in one.lost.items()]
        if lost:
            warn(
                f"{self.database.told}: values that neither JSON nor a pickle can hold were left "
                f"out; the trials are recorded without them: {'; '.join(lost)}",
                RuntimeWarning,
            )

    # ---- who is there

    def heartbeat(self, tids: Iterable[Any], owner: str) -> None:
        beats = _rows.update().where(
            _RUNNING & (_rows.c.tid.in_(list(tids))) & (_rows.c.owner == owner)
        )
        with self.database.write() as connection:
            connection.execute(beats, {"of": self._key, "heartbeat": _time(connection)})

    def requeue(self, owner: str, running: Collection[Any] = ()) -> list[Any]:
        with self.database.read() as connection:
            held = connection.execute(_HELD, {"of": self._key}).all()
            now = _time(connection) if held else 0.0
            head = heads.read(connection, self._key)
        lost = {
            tid: who
            for tid, who, beat in held
            if (who == owner and tid not in running) or self._is_lost(who, owner, beat, now)
        }
        if head is not None and head.reserved != "[]":
            self._give_back()
        mine = (owner, None)  # or nobody's, who cannot be said to have died of it
        return [tid for tid, who in lost.items() if self._take_back(tid, who, who not in mine)]

    def _is_lost(self, who: str | None, asker: str, beat: float | None, now: float) -> bool:
        if who == asker:
            return False
        if who is not None and owners.is_here(who):
            return owners.is_gone(who)
        # None: what was made RUNNING by hand after it was inserted is finished by hand, too
        return beat is not None and now - beat > self.heartbeat_timeout

    def _give_back(self) -> None:
        def undo(connection: Connection) -> None:
            head = heads.hold(connection, self._key)
            if heads.give_back(head, owners.is_gone):
                heads.write(connection, self._key, head)

        self._run(undo)

    def _take_back(self, tid: Any, who: str | None, begun: bool) -> bool:
        def take(connection: Connection) -> Packed | None:
            row = connection.execute(_ONE, {"of": self._key, "at": tid}).mappings().one_or_none()
            if row is None or row["owner"] != who or row["state"] != JOB_STATE_RUNNING:
                return None  # somebody else was faster
            document = self._read(row, connection)
            if row["requeued"] and begun and who is not None:
                _fail(document, who)
            else:
                document["owner"] = document["book_time"] = document["refresh_time"] = None
                document["state"] = JOB_STATE_NEW
                document["result"] = {"status": STATUS_NEW}
            packed = Packed(document, self._kept.get(tid))
            self._update(connection, packed, _UPDATE, requeued=row["requeued"] + begun)
            return packed

        taken = self._run(take) is not None
        self._pulse = None  # our own change, which `changes` has yet to tell
        return taken

    # ---- reading

    def changes(self, since: Any = None) -> Changes:
        pulse = self.database.pulse()
        if pulse is not None:  # others may write through the same connection
            pulse = (*pulse, self.database.n_runs - self._n_runs)
        if since is not None and pulse is not None and pulse == self._pulse:
            return Changes([], since, False)
        found = self._changes(since)
        self._pulse = pulse
        return found

    def _changes(self, since: Any) -> Changes:
        with self.database.read() as connection:
            head = heads.read(connection, self._key)
            if head is None:
                head = heads.Head()
            if since is not None and since == (head.generation, head.clock):
                return Changes([], since, False)
            anew = since is None or since[0] != head.generation
            asked = {"of": self._key} if anew else {"of": self._key, "since": since[1]}
            rows = connection.execute(_EVERYTHING if anew else _SINCE, asked).mappings().all()
            if anew and len(rows) != head.n_trials:
                raise DamagedStore(
                    f"{len(rows)} trials are found where {head.n_trials} were written"
                )
            if anew:
                self._digests.clear()
            with _without_collector(len(rows)):
                documents = [
                    self._read(row, connection)
                    for row in rows
                    if self._digests.get(row["tid"]) != row["digest"]
                ]
        self._digests.update((row["tid"], row["digest"]) for row in rows)
        return Changes(documents, (head.generation, head.clock), anew)

    def _read(self, row: Any, connection: Connection) -> Document:
        kept: Kept = {}
        known = self._kept.get(row["tid"], {})

        def fetch(told: Told) -> Any:
            if "name" not in told:  # it was lost before it came here
                return tagged_json.Withheld(told)
            name = str(told["name"])
            before = kept.get(name) or known.get(name)
            if before is None or before[1] != told:
                before = (self._fetched(connection, told), told)
            kept[name] = before
            return before[0]

        document = unpack(row, self.exp_key, fetch)
        if kept:
            self._kept[row["tid"]] = kept
        return document

    def _fetched(self, connection: Connection, told: Told) -> Any:
        if not self.trusted:
            return tagged_json.Withheld(told)
        try:
            data = attachments.get_value(connection, self._key, str(told["name"]))
        except KeyError:
            raise DamagedStore(f"the value {told['name']!r} of a trial is missing") from None
        return pickle.loads(data)  # noqa: S301 - only if trusted

    def delete_all(self) -> None:
        def forget(connection: Connection) -> None:
            head = heads.hold(connection, self._key)
            head.generation += 1
            head.tick()
            head.n_trials, head.reserved = 0, "[]"
            heads.write(connection, self._key, head)
            connection.execute(_rows.delete().where(_search), {"of": self._key})
            table = schema.attachments
            connection.execute(
                table.delete().where(table.c.exp_key == bindparam("of")), {"of": self._key}
            )

        self._run(forget, durable=True)
        self._digests.clear()
        self._kept.clear()

    def close(self) -> None:
        self.database.close()


@contextmanager
def _without_collector(n_documents: int) -> Iterator[None]:
    """Make many documents without looking for garbage again and again: there is none."""
    if n_documents < 100 or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _time(connection: Connection) -> float:
    """Return the seconds since 1970, by the clock that all users of the database share."""
    if connection.dialect.name == "postgresql":
        clock = cast(func.extract("epoch", func.clock_timestamp()), Float)
        return float(connection.execute(select(clock)).scalar_one())
    return time.time()


def _given_to(owner: str) -> Document:
    now = coarse_utcnow()
    return {"owner": owner, "state": JOB_STATE_RUNNING, "book_time": now, "refresh_time": now}


def _fail(document: Document, who: str) -> None:
    """End a trial that two of its owners did not survive."""
    host, pid, *_ = [*who.split(":"), "?"]
    document["misc"]["error"] = (
        "LostWorker",
        f"the process that ran it is gone, for the second time (it was process {pid} on {host}); "
        "it was killed, or the objective crashed it",
    )
    document["refresh_time"] = coarse_utcnow()
    document["state"] = JOB_STATE_ERROR


def searches(database: Database) -> list[Any]:
    """Return the names of the searches in a database."""
    with database.read() as connection:
        keys = connection.execute(select(schema.searches.c.exp_key)).scalars().all()
        return sorted(map(_name, keys), key=lambda name: (name is not None, str(name)))


def _name(key: str) -> str | None:
    with suppress(DamagedStore, AttributeError, TypeError):
        name = tagged_json.loads(key)
        if name is None or isinstance(name, str):
            return name
    raise DamagedStore(f"the name of one of its searches is damaged: {key!r:.80}")
