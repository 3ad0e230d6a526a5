"""Trials: the history of a search, kept in memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from minopt._clock import coarse_utcnow
from minopt._locks import thread_lock
from minopt.exceptions import InvalidArgumentType, InvalidTrial
from minopt.trials.documents import (
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    JOB_VALID_STATES,
    Document,
    check_document,
    make_plain,
    new_document,
)
from minopt.trials.given import check_count, check_lengths, listed, states_of
from minopt.trials.ledger import Ledger, Tally, TidCounter
from minopt.trials.points import Decoder
from minopt.trials.reading import ReadableTrials

# One lock for all Trials, so that they can be pickled and copied.
LOCK = thread_lock()

_DERIVED = ("_ledger", "_counter", "_decoder", "_most", "_claims")


class Trials(ReadableTrials):
    """The history of a search: what was tried, and what came of it.

    Parameters
    ----------
    exp_key : object, optional
        Name of the search that this history is about; documents of others are not seen.
    refresh : bool
        Look at the documents at once.

    Notes
    -----
    Every trial is a dict (``tid state spec result misc exp_key owner version book_time
    refresh_time``). Documents are live: writing into them changes the history, which
    `refresh` then looks at anew. Several threads may search on the same Trials.
    """

    asynchronous = False

    _ledger: Ledger | None = None
    _counter: TidCounter | None = None

    def __init__(self, exp_key: Any = None, refresh: bool = True) -> None:
        if isinstance(exp_key, (list, dict)):
            raise InvalidArgumentType(
                f"exp_key is the name of a search, got a {type(exp_key).__name__}; Trials are made "
                "of documents by trials_from_docs"
            )
        self._ids: set[Any] = set()
        self._dynamic_trials = []
        self._exp_key = exp_key
        self.attachments = {}
        if refresh:
            self.refresh()

    # ---- the documents

    def refresh(self) -> None:
        """Look at all documents again: new ones, and those whose state was changed."""
        with LOCK:
            self._exchange(whole=True)
            key = self._exp_key
            self._trials = [
                doc
                for doc in self._dynamic_trials
                if doc["state"] in JOB_VALID_STATES and (key is None or doc["exp_key"] == key)
            ]
            self._ids.update([doc["tid"] for doc in self._trials])
            self._ledger = None

    def _sync(self) -> None:
        """Do what `refresh` does, trusting that finished trials have not changed since."""
        with LOCK:
            self._exchange(whole=False)
            ledger = self._ledger
            if ledger is not None and not ledger.has_shown(self.__dict__.get("_trials")):
                self._ledger = None  # the list was replaced or changed: begin anew
            ledger = self._books()
            self._ledger = None
            self._trials = ledger.show()
            self._ledger = ledger

    @property
    def _trials(self) -> list[Document]:
        if self._ledger is not None:
            self._ledger.lent = True
        return self._seen()

    @_trials.setter
    def _trials(self, documents: list[Document]) -> None:
        self.__dict__["_trials"] = documents

    def _books(self) -> Ledger:
        """Return the books, up to date."""
        # taken away while they are written, so that a Ctrl-C leaves none rather than wrong ones
        ledger, self._ledger = self._ledger, None
        if ledger is None or not ledger.is_about(self._exp_key):
            ledger = Ledger(self._exp_key)
        fresh = ledger.read(self._dynamic_trials)
        self._ids.update([doc["tid"] for doc in fresh])
        self._ledger = ledger
        return ledger

    @property
    def _tally(self) -> Tally:
        with LOCK:
            return self._books().tally()

    def _claim_next(self, into: list[Document] | None = None) -> Document | None:
        """Take the oldest NEW trial for the caller alone; None if there is none.

        It is put `into` the caller's list first, who then knows of it even if a Ctrl-C comes
        before this returns.
        """
        with LOCK:
            for doc in self._books().unfinished:
                if doc["state"] == JOB_STATE_NEW:
                    if into is not None:
                        into.append(doc)
                    doc["book_time"] = doc["refresh_time"] = coarse_utcnow()
                    doc["state"] = JOB_STATE_RUNNING
                    return doc
        return None

    def view(self, exp_key: Any = None, refresh: bool = True) -> Trials:
        """Return the history of another search over the same documents, ids and attachments."""
        view = object.__new__(type(self))
        view._exp_key = exp_key
        view._ids = self._ids
        view._dynamic_trials = self._dynamic_trials
        view.attachments = self.attachments
        view._decoder, view._space = self._decoder, self._space
        if exp_key == self._exp_key:
            view._streams = self._streams
        if refresh:
            view.refresh()
        return view

    @property
    def _streams(self) -> list[dict[str, Any]]:
        """The random streams that searches on these trials began with, for resuming."""
        streams: list[dict[str, Any]] = self.__dict__.setdefault("_streams", [])
        return streams

    @_streams.setter
    def _streams(self, streams: list[dict[str, Any]]) -> None:
        self.__dict__["_streams"] = streams

    # ---- what a store that outlives the process does more; see `StoredTrials`

    _is_shared = False
    _most: int | None = None  # see `stock.insert`
    _claims: list[Document] | None = None
    _poll_interval: float | None = None

    def _exchange(self, whole: bool) -> None:
        """Get what others wrote; `whole`: let them have what was written into documents here."""

    def _record(self, doc: Document) -> None:
        """Keep a trial whose state has changed; it is durable on return."""

    def _heartbeat(self, doc: Document) -> None:
        """Say that a trial is still being run here."""

    def _release_lost(self) -> None:
        """Take trials back from owners that are gone."""

    def _holding_streams(self) -> AbstractContextManager[None]:
        """Keep others from drawing from the same random streams."""
        return nullcontext()

    # ---- copies

    def __getstate__(self) -> dict[str, Any]:
        with LOCK:
            state = {key: value for key, value in self.__dict__.items() if key not in _DERIVED}
            # copies, so that another thread's next trial does not disturb who writes them
            for name in ("_ids", "_dynamic_trials", "_trials", "attachments"):
                if name in state:
                    state[name] = copy.copy(state[name])
        space = self._space_to_save()
        if space is not None:
            state["_space"] = space
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"_ids": set(), "_dynamic_trials": [], "_exp_key": None})
        self.__dict__["attachments"] = {}
        self.__dict__.update(state)
        for doc in self._dynamic_trials:
            # no trial: not ours to judge here
            with suppress(InvalidTrial, KeyError, TypeError, AttributeError):
                make_plain(doc)  # hyperopt saves numpy scalars

    def __copy__(self) -> Trials:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._ledger = twin._counter = twin._most = twin._claims = None
        if self._ledger is not None:
            self._ledger.lent = True  # both have the list
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Trials:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        twin._decoder = self._decoder  # a space is never changed: both may use it
        return twin

    # ---- adding

    def assert_valid_trial(self, trial: Any) -> Any:
        """Return `trial` if it can be inserted here.

        Raises
        ------
        InvalidTrial
            If a key is missing or wrong, or the document belongs to another search.
        """
        check_document(trial)
        if trial["exp_key"] != self._exp_key:
            raise InvalidTrial(
                f"trial {trial['tid']!r} belongs to another search; its exp_key and that of these "
                "trials are",
                (trial["exp_key"], self._exp_key),
            )
        return trial

    def _insert_trial_docs(self, docs: Iterable[Document]) -> list[Any]:
        docs = list(docs)
        with LOCK:
            most = self._most
            if most is not None and len(self._dynamic_trials) + len(docs) > most:
                docs = docs[: max(0, most - self._tally.known)]  # those of other searches apart
            self._dynamic_trials.extend(docs)
        return [doc["tid"] for doc in docs]

    def insert_trial_doc(self, doc: Document) -> Any:
        """Add a trial, to be seen after the next `refresh`; see `insert_trial_docs`."""
        doc = self.assert_valid_trial(doc)
        make_plain(doc)
        return self._insert_trial_docs([doc])[0]

    def insert_trial_docs(self, docs: Iterable[Document]) -> list[Any]:
        """Add trials, to be seen after the next `refresh`.

        Parameters
        ----------
        docs : iterable of dict
            Taken over, not copied: the dicts themselves become part of the history. Numpy
            scalars among ids, parameter values and loss become Python numbers.

        Returns
        -------
        list
            Their ids.

        Raises
        ------
        InvalidTrial
            If one of them is no trial document; then none is added.
        """
        docs = [self.assert_valid_trial(doc) for doc in listed(docs)]
        for doc in docs:
            make_plain(doc)
        return self._insert_trial_docs(docs)

    def new_trial_ids(self, n: int) -> list[int]:
        """Reserve `n` ids that no trial has, nor had."""
        check_count(n)
        with LOCK:
            # taken away while it counts, so that a Ctrl-C leaves none rather than a wrong one
            counter, self._counter = self._counter or TidCounter(), None
            first = counter.first_free(self._ids, self._dynamic_trials)
            tids = list(range(first, first + n))
            self._ids.update(tids)
            counter.took(self._ids, first + n)
            self._counter = counter
        return tids

    def new_trial_docs(
        self,
        tids: Sequence[Any],
        specs: Sequence[Any],
        results: Sequence[Any],
        miscs: Sequence[Any],
    ) -> list[Document]:
        """Make documents of new trials, one for each id; they are not inserted."""
        check_lengths(tids=tids, specs=specs, results=results, miscs=miscs)
        return [
            new_document(*parts, exp_key=self._exp_key)
            for parts in zip(tids, specs, results, miscs, strict=True)
        ]

    def source_trial_docs(
        self,
        tids: Sequence[Any],
        specs: Sequence[Any],
        results: Sequence[Any],
        miscs: Sequence[Any],
        sources: Sequence[Any],
    ) -> list[Document]:
        """Make documents of trials that stem from others, whose state and times they take."""
        check_lengths(tids=tids, specs=specs, results=results, miscs=miscs, sources=sources)
        docs = self.new_trial_docs(tids, specs, results, miscs)
        for doc, source in zip(docs, sources, strict=True):
            for key in ("state", "exp_key", "owner", "book_time", "refresh_time"):
                doc[key] = source[key]
            misc = doc["misc"]
            misc.setdefault("cmd", None)
            for key, right in (("tid", doc["tid"]), ("from_tid", source["tid"])):
                if misc.setdefault(key, right) != right:
                    raise InvalidTrial(
                        f"trial {doc['tid']!r}: misc[{key!r}] must be {right!r}, got", misc[key]
                    )
        return docs

    def delete_all(self) -> None:
        """Forget all documents and attachments; their ids are not used again."""
        with LOCK:
            self._dynamic_trials = []
            self.attachments = {}
            self.refresh()

    def _decoder_of(self, space: Any, is_plain: bool) -> Decoder:
        from minopt.fmin import _decoder_of

        return _decoder_of(space, is_plain)

    # ---- counting

    def count_by_state_synced(self, arg: Any, trials: Iterable[Document] | None = None) -> int:
        """Count the trials in a state, or in one of several states, as of the last `refresh`."""
        states = states_of(arg)
        return sum(doc["state"] in states for doc in (self._trials if trials is None else trials))

    def count_by_state_unsynced(self, arg: Any) -> int:
        """Count the trials in a state, or in one of several states, as they are now."""
        self._exchange(whole=False)
        docs, key = self._dynamic_trials, self._exp_key
        if key is not None:
            docs = [doc for doc in docs if doc["exp_key"] == key]
        return self.count_by_state_synced(arg, trials=docs)

    def fmin(
        self,
        fn: Any,
        space: Any,
        algo: Any = None,
        max_evals: int | None = None,
        timeout: float | None = None,
        loss_threshold: float | None = None,
        max_queue_len: int = 1,
        rstate: Any = None,
        verbose: bool = False,
        pass_expr_memo_ctrl: bool | None = None,
        catch_eval_exceptions: bool = False,
        return_argmin: bool = True,
        show_progressbar: Any = True,
        early_stop_fn: Any = None,
        trials_save_file: Any = "",
        *,
        points_to_evaluate: Any = None,
        **running: Any,
    ) -> Any:
        """Search on these trials; see `minopt.fmin`."""
        from minopt.fmin import fmin

        return fmin(
            fn,
            space,
            algo=algo,
            max_evals=max_evals,
            timeout=timeout,
            loss_threshold=loss_threshold,
            trials=self,
            rstate=rstate,
            verbose=verbose,
            max_queue_len=max_queue_len,
            allow_trials_fmin=False,
            pass_expr_memo_ctrl=pass_expr_memo_ctrl,
            catch_eval_exceptions=catch_eval_exceptions,
            return_argmin=return_argmin,
            points_to_evaluate=points_to_evaluate,
            show_progressbar=show_progressbar,
            early_stop_fn=early_stop_fn,
            trials_save_file=trials_save_file,
            **running,
        )


Trials.__module__ = "minopt.base"  # pickles name the path that is promised for ever


def trials_from_docs(docs: Iterable[Document], validate: bool = True, **kwargs: Any) -> Trials:
    """Make Trials of documents; `kwargs` go to `Trials`.

    Parameters
    ----------
    docs : iterable of dict
        Taken over, not copied.
    validate : bool
        Check each document as `Trials.insert_trial_docs` does.
    """
    trials = Trials(**kwargs)
    if validate:
        trials.insert_trial_docs(docs)
    else:
        trials._insert_trial_docs(listed(docs))
    trials.refresh()
    return trials
