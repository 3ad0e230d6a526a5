"""One search, step by step: ask the algorithm, run the trial, look at the limits, and again."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from timeit import default_timer as timer
from typing import Any, TypeAlias

from minopt import progress
from minopt._arguments import checked_progressbar, checked_save_file, new_documents, stop_and_args
from minopt._interrupts import uninterrupted
from minopt._points import show_waiting
from minopt._random import generator_of, is_stream, stream_of
from minopt._resume import SeedStream
from minopt._running import Running
from minopt.domain.domain import Domain
from minopt.exceptions import InvalidArgument
from minopt.execute.contract import Executor, Finished, Limits
from minopt.execute.evaluate import ONCE, put_back, record
from minopt.execute.outcome import Raised, is_for_the_search
from minopt.execute.retry import Retry
from minopt.execute.serial import claim_next, run_next
from minopt.trials.documents import (
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    error_text,
)
from minopt.trials.ledger import Tally
from minopt.trials.memory import LOCK, Trials
from minopt.trials.save_file import SaveFile
from minopt.trials.stock import (
    holds_any,
    insert,
    is_shared,
    release_lost,
    searched_elsewhere,
    searching,
    sync,
    take_stock,
    tally,
)

Algorithm: TypeAlias = Callable[[Sequence[Any], Domain, Any, int], Sequence[Document]]

logger = logging.getLogger("minopt.fmin")

_PATIENCE = 1.0  # seconds between two looks at whether the search was cancelled
_SHORT_WHILE = 0.01  # ... at the trials of another thread


class FMinIter:
    """One search, step by step: `fmin` makes one and exhausts it.

    Parameters
    ----------
    algo : callable
        ``algo(new_ids, domain, trials, seed)`` returns a document per id, or fewer.
    domain : Domain
    trials : Trials
    rstate : Generator, or any seed that `fmin` takes
    asynchronous : bool, optional
        Leave the running of trials to others, who find the pickled domain in
        ``trials.attachments["FMinIter_Domain"]``; None asks `trials`.
    max_queue_len : int
        How many trials may wait to be run.
    poll_interval_secs : float
        How often to look at trials that others run.
    max_evals : int
        Trials to be held in the end, those that `trials` holds already included.
    timeout, loss_threshold, verbose, show_progressbar, early_stop_fn, trials_save_file
        See `fmin`.

    Examples
    --------
    >>> from minopt import Domain, Trials, hp, rand
    >>> domain = Domain(lambda x: x**2, hp.uniform("x", -1, 1))
    >>> search = FMinIter(rand.suggest, domain, Trials(), rstate=0, max_evals=3)
    >>> len(search.exhaust().trials)
    3
    """

    catch_eval_exceptions = False
    _finishes_with_others = False
    _is_bounded = False  # by `max_evals`, however many trials others add meanwhile
    pickle_protocol = -1

    # How trials are run, set by `fmin`: here one by one, or by an executor several at a time.
    _executor: Executor | None = None
    _limits = Limits()
    _retry: Retry = ONCE

    def __init__(
        self,
        algo: Algorithm,
        domain: Domain,
        trials: Any,
        rstate: Any,
        asynchronous: bool | None = None,
        max_queue_len: int = 1,
        poll_interval_secs: float = 1.0,
        max_evals: int = sys.maxsize,
        timeout: float | None = None,
        loss_threshold: float | None = None,
        verbose: bool = False,
        show_progressbar: Any = True,
        early_stop_fn: Callable[..., Any] | None = None,
        trials_save_file: Any = "",
    ) -> None:
        self.algo = algo
        self.domain = domain
        self.trials = trials
        self.progress_callback = _progress_callback(show_progressbar if verbose else False)
        self.asynchronous = trials.asynchronous if asynchronous is None else asynchronous
        self.poll_interval_secs = _poll_interval(trials, poll_interval_secs)
        self.max_queue_len = max_queue_len
        self.max_evals = max_evals
        self.early_stop_fn = early_stop_fn
        self.early_stop_args: list[Any] = []
        self.trials_save_file = checked_save_file(trials_save_file)
        self._save_file = SaveFile(self.trials_save_file)
        self.timeout = timeout
        self.loss_threshold = loss_threshold
        self.start_time = timer()
        self.rstate = rstate if is_stream(rstate) else generator_of(rstate)
        self.verbose = verbose
        self._stopped = False
        self._claimed: list[Document] = []  # trials that were claimed as they were inserted
        self._begun: list[Document] = []  # trials that an executor was given, until recorded
        if isinstance(trials, Trials):
            trials._learn(domain.point)
        if self.asynchronous and not hasattr(trials, "_spark"):
            from minopt.execute.shipping import pack_domain

            trials.attachments["FMinIter_Domain"] = pack_domain(domain)

    def run_by(self, running: Running, file: SaveFile) -> None:
        """Run the trials as `fmin`'s arguments say, and save them to a file that it holds."""
        self._save_file = file
        if self.asynchronous:
            running.warn_of_what_others_decide()
            return
        self._executor = running.make_executor()
        self._limits, self._retry = running.limits, running.retry

    @property
    def is_cancelled(self) -> bool:
        """True if the trials tell that their search was cancelled, as Spark's can."""
        return bool(getattr(self.trials, "_fmin_cancelled", False))

    def exhaust(self) -> FMinIter:
        """Search until `max_evals` trials are there or a limit is reached."""
        self.max_evals = min(sys.maxsize, self.max_evals + show_waiting(self.trials))
        self._finishes_with_others = True
        try:
            # others wait for trials that are run in this very thread, see `_wait_for_threads`
            with searching(self.trials) if self._executor is None else nullcontext():
                n_missing = self.max_evals - tally(self.trials).held
                self._run_bounded(n_missing)
                self._finish_with_others()
            self._wait_for_threads()
        finally:
            if self._executor is not None:
                self._executor.close()
        self.trials.refresh()
        return self

    def _run_bounded(self, N: int) -> None:
        self._is_bounded = True
        try:
            self.run(N, block_until_done=self.asynchronous)
        finally:
            self._is_bounded = False

    def run(self, N: int, block_until_done: bool = True) -> None:
        """Ask for `N` more trials, and run them with those that are waiting.

        Parameters
        ----------
        N : int
            Below zero: ask for none, and let this many of the waiting ones wait on. It may
            go beyond `max_evals`, which is about `exhaust` and iterating.
        block_until_done : bool
            Wait for all trials, those that others run included.
        """
        release_lost(self.trials)  # what was left amid is to be run, or asked, before all else
        sync(self.trials)
        self._stopped = False
        n_finished = tally(self.trials).finished
        with (
            self._save_file.held_for(self.trials),
            self.progress_callback(initial=n_finished, total=self.max_evals) as bar,
        ):
            try:
                self._search(N, block_until_done, n_finished, bar)
            except BaseException:  # keep what is known of the trial that ended the search
                with suppress(OSError, InvalidArgument):  # what ended it matters more
                    self._abandon_running()
                    sync(self.trials)
                    self._save()
                raise
        if block_until_done:
            self._wait_for_others()
        sync(self.trials)

    def _wait_for_others(self) -> None:
        """Wait for all trials; of a search that is over, for those alone that have begun."""
        if not self.asynchronous:
            self.block_until_done()
            return
        sync(self.trials)
        while (count := tally(self.trials)).running or (
            count.new and not (self._stopped or self._is_over(count))
        ):
            time.sleep(self.poll_interval_secs)
            release_lost(self.trials)
            sync(self.trials)

    def _search(self, N: int, block_until_done: bool, n_finished: int, bar: Any) -> None:
        seeds = SeedStream(stream_of(self.rstate), self.trials)
        count, to_ask, may_ask = tally(self.trials), N, seeds.is_fresh
        n_injected = count.injected  # before: those count, but what is injected now comes on top
        bound = self.max_evals if self._is_bounded else max(self.max_evals, count.held + N)
        while self._has_work(count, N, to_ask, block_until_done) and not self._is_over(count):
            if self._executor is not None:
                self._executor.prepare(self.domain, count.new + max(0, to_ask))
            # Trials run here are asked for when all before them are done, so that a search
            # that was stopped amid its queue goes on as if it had not been.
            if to_ask > 0 and (may_ask or self.asynchronous or count.new < self._n_free()):
                most = bound + count.injected - n_injected
                n_wanted = min(to_ask, most - count.held)
                asked = self._ask(n_wanted, count.new, seeds, most + count.cancel)
                to_ask = to_ask - asked if asked or count.new else 0
            may_ask = False
            release_lost(self.trials)
            has_advanced, before = self._advance(asks_on=to_ask > 0), count
            count = self._take_stock(n_finished, bar)
            n_finished = count.finished
            if not (has_advanced or self._was_overtaken(before, count)):
                break
        while self._running():  # what has begun may end
            self._collect()
            n_finished = self._take_stock(n_finished, bar).finished
        if self._finishes_with_others:
            self._watch_others(n_finished, bar)

    def _watch_others(self, n_finished: int, bar: Any) -> None:
        """Where others search too: tell the bar of the last trials, which they run."""
        while is_shared(self.trials) and not (self.asynchronous or self._stopped):
            count = tally(self.trials)
            if self._is_over(count) or count.new or not count.running:
                return
            time.sleep(self.poll_interval_secs)
            release_lost(self.trials)
            sync(self.trials)
            n_finished = self._take_stock(n_finished, bar).finished

    def _finish_with_others(self) -> None:
        """Where others search too: wait for trials that they run, and run what they leave."""
        while is_shared(self.trials) and not (self.asynchronous or self._stopped):
            count = tally(self.trials)
            if self._is_over(count) or count.finished >= self.max_evals or not count.unfinished:
                return
            if count.new:
                self.run(0)
            else:
                time.sleep(self.poll_interval_secs)
                release_lost(self.trials)
                sync(self.trials)

    def _was_overtaken(self, before: Tally, count: Tally) -> bool:
        """Tell whether another thread or process may have taken the trial that was to be run."""
        if is_shared(self.trials):
            return True
        return not _has_own_evaluation(self) and count.by_state != before.by_state

    def _wait_for_threads(self) -> None:
        """Wait for other threads that search on these trials, while there is no best one."""
        while searched_elsewhere(self.trials) and not self._stopped:
            count = tally(self.trials)
            if self._is_over(count) or count.best_loss is not None or not count.running:
                return
            time.sleep(_SHORT_WHILE)
            sync(self.trials)

    def _has_work(self, count: Tally, N: int, to_ask: int, block_until_done: bool) -> bool:
        if self._stopped:
            return False
        if self.asynchronous:
            return to_ask > 0 or (block_until_done and count.new + count.running > 0)
        return to_ask > 0 or count.new > max(0, -N) or bool(self._running())

    def _is_over(self, count: Tally) -> bool:
        if self._is_late():
            return True
        best, enough = count.best_loss, self.loss_threshold
        return self.is_cancelled or (best is not None and enough is not None and best <= enough)

    def _is_late(self) -> bool:
        return self.timeout is not None and timer() - self.start_time >= self.timeout

    def _ask(self, n_wanted: int, n_waiting: int, seeds: SeedStream, most: int) -> int:
        """Let the algorithm propose trials, `most` with those that are there; return how many."""
        n_ids = min(self.max_queue_len - n_waiting, n_wanted)
        if n_ids <= 0:
            return 0
        new_ids: list[Any] = []
        seeds.settle()
        try:
            new_ids, seed = seeds.draw_for(n_ids)
            returned = self.algo(new_ids, self.domain, self.trials, seed)
            documents = new_documents(self.algo, returned, n_ids)
            n_inserted = insert(self.trials, documents, most, self._claims(n_waiting))
        except BaseException:
            if not holds_any(self.trials, new_ids):
                seeds.go_back()  # to be asked again on resuming
            raise
        return n_inserted

    def _claims(self, n_waiting: int) -> list[Document] | None:
        """Return where to put a new trial that is to begin at once; None if none is."""
        if self.asynchronous or n_waiting or _has_own_evaluation(self) or self._n_free() < 1:
            return None
        return self._claimed

    def _advance(self, asks_on: bool) -> bool:
        """Run the next trial, or wait for others to run some; False if nothing is to be done."""
        if self.asynchronous:
            time.sleep(self.poll_interval_secs)
            return True
        if self._executor is not None:
            return self._advance_many(self._executor, asks_on)
        if _has_own_evaluation(self):
            n_waiting = tally(self.trials).new
            self.serial_evaluate()
            sync(self.trials)
            return tally(self.trials).new != n_waiting
        return self._run_next()

    def _run_next(self) -> bool:
        """Run a waiting trial; False if there is none."""
        finished = run_next(
            self.domain,
            self.trials,
            self._limits.timeout,
            self._retry,
            self._is_late,
            self._claimed,
        )
        if finished is None:
            return False
        self._judge(finished)
        return True

    def _judge(self, finished: Finished) -> None:
        """Tell of a recorded trial that failed, and raise what it raised unless that is caught."""
        trial, outcome = finished.trial, finished.outcome
        if not isinstance(outcome, Raised):
            return
        if self.verbose:
            logger.warning("trial %s failed: %s", trial["tid"], error_text(trial))
        if not self.catch_eval_exceptions or is_for_the_search(outcome.error):
            raise outcome.as_exception(trial["tid"])

    def _n_free(self) -> int:
        """Return how many trials could begin now."""
        return 1 if self._executor is None else self._executor.n_free

    def _running(self) -> list[Document]:
        return [] if self._executor is None else self._executor.running

    def _advance_many(self, executor: Executor, asks_on: bool) -> bool:
        """Begin waiting trials while there are free slots; wait for one unless more are asked."""
        while executor.n_free and (trial := claim_next(self.trials, self._begun, self._claimed)):
            executor.submit(self.domain, self.trials, trial)
        if executor.n_free and asks_on:
            return True
        return self._collect()

    def _collect(self) -> bool:
        """Wait until a trial ends, and record it; False if none is running."""
        executor = self._executor
        if executor is None or not executor.running:
            return False
        finished = executor.wait(_PATIENCE)
        for end in finished:
            if not self._is_late() and self._retry.is_due(end.trial, end.outcome):
                executor.submit(self.domain, self.trials, end.trial)
            else:
                record(self.trials, end.trial, end.outcome)
        self._begun = [trial for trial in self._begun if trial["state"] == JOB_STATE_RUNNING]
        for end in finished:
            if end.trial["state"] != JOB_STATE_RUNNING:
                self._judge(end)
        return True

    def _abandon_running(self) -> None:
        """End what still runs elsewhere; those trials wait again, to be run on resuming."""
        try:
            if self._executor is not None:
                self._executor.close()
        finally:  # also if a second Ctrl-C does not wait for the processes to end
            with uninterrupted:
                self._put_back()

    def _put_back(self) -> None:
        with LOCK:
            abandoned = [*self._begun, *self._claimed]
            self._begun.clear()
            self._claimed.clear()
        for trial in abandoned:
            if trial["state"] == JOB_STATE_RUNNING:
                with suppress(OSError, InvalidArgument):  # else it is taken back: `_release_lost`
                    put_back(self.trials, trial)

    def _take_stock(self, n_finished: int, bar: Any) -> Tally:
        """Save, ask whether to stop and tell the bar, if a trial was finished."""
        count = take_stock(self.trials)
        n_now = count.finished
        if n_now == n_finished:
            return count
        self._save()
        if self.early_stop_fn is not None:
            returned = self.early_stop_fn(self.trials, *self.early_stop_args)
            self._stopped, self.early_stop_args = stop_and_args(self.early_stop_fn, returned)
        if count.best_loss is not None:
            with suppress(AttributeError):  # a user's own object may have no room for it
                bar.postfix = f"best loss: {count.best_loss}"
        if n_now > n_finished:
            bar.update(n_now - n_finished)
        return count

    def _save(self) -> None:
        self._save_file.save(self.trials)

    def serial_evaluate(self, N: int = -1) -> None:
        """Run waiting trials here, one after the other: `N` of them, all if below zero."""
        try:
            while N != 0 and self._run_next():
                N -= 1
        finally:
            self.trials.refresh()

    def block_until_done(self) -> None:
        """Run the waiting trials, or wait until others have run them."""
        if not self.asynchronous:
            self.serial_evaluate()
            return
        while self.trials.count_by_state_unsynced([JOB_STATE_NEW, JOB_STATE_RUNNING]) > 0:
            time.sleep(self.poll_interval_secs)
            release_lost(self.trials)
        self.trials.refresh()

    def __iter__(self) -> FMinIter:
        return self

    def __next__(self) -> Any:
        if self._is_exhausted(and_run=True):
            raise StopIteration
        self._run_bounded(1)
        if self._is_exhausted(and_run=False):
            raise StopIteration
        return self.trials

    def _is_exhausted(self, and_run: bool) -> bool:
        """Tell whether all trials are there, or the search was stopped; perhaps also all run."""
        count = tally(self.trials)
        all_there = count.held >= self.max_evals and not (and_run and count.new)
        return self._stopped or all_there


FMinIter.__module__ = "minopt.fmin"  # pickles name the path that is promised for ever

_OUR_SERIAL_EVALUATE = FMinIter.serial_evaluate


def _has_own_evaluation(search: FMinIter) -> bool:
    """Tell whether a search, or its class, has another `serial_evaluate` than ours."""
    bound = search.serial_evaluate
    return getattr(bound, "__func__", bound) is not _OUR_SERIAL_EVALUATE


def _poll_interval(trials: Any, wanted: float) -> float:
    """Return how often to look at trials that others run: as often as they allow."""
    allowed = getattr(trials, "_poll_interval", None)
    return wanted if allowed is None else min(wanted, allowed)


def _progress_callback(show_progressbar: Any) -> Callable[..., Any]:
    show = checked_progressbar(show_progressbar)
    if callable(show):
        return show
    # looked up here: users put their own in its place
    return progress.default_callback if show else progress.no_progress_callback
