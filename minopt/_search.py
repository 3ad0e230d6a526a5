"""One search, step by step: ask the algorithm, run the trial, look at the limits, and again."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from timeit import default_timer as timer
from typing import Any, TypeAlias

import numpy as np

from minopt._arguments import checked_progressbar, checked_save_file, new_documents, stop_and_args
from minopt._points import show_waiting
from minopt._random import generator_of
from minopt._resume import SeedStream
from minopt.domain.domain import Domain
from minopt.exceptions import InvalidArgument
from minopt.execute.serial import run_next
from minopt.progress import default_callback, no_progress_callback
from minopt.trials.documents import (
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    error_text,
)
from minopt.trials.files import dumps, save_trials
from minopt.trials.ledger import Tally
from minopt.trials.memory import Trials, sync, tally

Algorithm: TypeAlias = Callable[[Sequence[Any], Domain, Any, int], Sequence[Document]]

logger = logging.getLogger("minopt.fmin")


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
    pickle_protocol = -1

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
        self.poll_interval_secs = poll_interval_secs
        self.max_queue_len = max_queue_len
        self.max_evals = max_evals
        self.early_stop_fn = early_stop_fn
        self.early_stop_args: list[Any] = []
        self.trials_save_file = checked_save_file(trials_save_file)
        self.timeout = timeout
        self.loss_threshold = loss_threshold
        self.start_time = timer()
        self.rstate = rstate if _is_stream(rstate) else generator_of(rstate)
        self.verbose = verbose
        self._stopped = False
        if isinstance(trials, Trials):
            trials._decoder = domain.point
        if self.asynchronous and not hasattr(trials, "_spark"):
            trials.attachments["FMinIter_Domain"] = dumps(domain)

    @property
    def is_cancelled(self) -> bool:
        """True if the trials tell that their search was cancelled, as Spark's can."""
        return bool(getattr(self.trials, "_fmin_cancelled", False))

    def exhaust(self) -> FMinIter:
        """Search until `max_evals` trials are there or a limit is reached."""
        self.max_evals = min(sys.maxsize, self.max_evals + show_waiting(self.trials))
        self.run(self.max_evals - tally(self.trials).held, block_until_done=self.asynchronous)
        self.trials.refresh()
        return self

    def run(self, N: int, block_until_done: bool = True) -> None:
        """Ask for `N` more trials, and run them with those that are waiting.

        Parameters
        ----------
        N : int
            Below zero: ask for none, and let this many of the waiting ones wait on.
        block_until_done : bool
            Wait for all trials, those that others run included.
        """
        sync(self.trials)
        self._stopped = False
        n_finished = tally(self.trials).finished
        with self.progress_callback(initial=n_finished, total=self.max_evals) as bar:
            try:
                self._search(N, block_until_done, n_finished, bar)
            except BaseException:  # keep what is known of the trial that ended the search
                sync(self.trials)
                with suppress(OSError, InvalidArgument):  # what ended it matters more
                    self._save()
                raise
        if block_until_done:
            self.block_until_done()
        sync(self.trials)

    def _search(self, N: int, block_until_done: bool, n_finished: int, bar: Any) -> None:
        seeds = SeedStream(_generator(self.rstate), self.trials)
        count, to_ask, may_ask = tally(self.trials), N, seeds.is_fresh
        while self._has_work(count, N, to_ask, block_until_done) and not self._is_over(count):
            # Trials run here are asked for when all before them are done, so that a search
            # that was stopped amid its queue goes on as if it had not been.
            if to_ask > 0 and (may_ask or self.asynchronous or count.new == 0):
                asked = self._ask(min(to_ask, self.max_evals - count.held), count.new, seeds)
                to_ask = to_ask - asked if asked or count.new else 0
            may_ask = False
            if not self._advance():
                break
            n_finished = self._take_stock(n_finished, bar)
            count = tally(self.trials)

    def _has_work(self, count: Tally, N: int, to_ask: int, block_until_done: bool) -> bool:
        if self._stopped:
            return False
        if self.asynchronous:
            return to_ask > 0 or (block_until_done and count.new + count.running > 0)
        return to_ask > 0 or count.new > max(0, -N)

    def _is_over(self, count: Tally) -> bool:
        if self.timeout is not None and timer() - self.start_time >= self.timeout:
            return True
        best, enough = count.best_loss, self.loss_threshold
        return self.is_cancelled or (best is not None and enough is not None and best <= enough)

    def _ask(self, n_wanted: int, n_waiting: int, seeds: SeedStream) -> int:
        """Let the algorithm propose trials, and return how many."""
        n_ids = min(self.max_queue_len - n_waiting, n_wanted)
        if n_ids <= 0:
            return 0
        new_ids = self.trials.new_trial_ids(n_ids)
        sync(self.trials)
        returned = self.algo(new_ids, self.domain, self.trials, seeds.draw())
        documents = new_documents(self.algo, returned, n_ids)
        self.trials.insert_trial_docs(documents)
        sync(self.trials)
        return len(documents)

    def _advance(self) -> bool:
        """Run the next trial, or wait for others to run some; False if nothing is to be done."""
        if self.asynchronous:
            time.sleep(self.poll_interval_secs)
            return True
        if _has_own_evaluation(self):
            n_waiting = tally(self.trials).new
            self.serial_evaluate()
            sync(self.trials)
            return tally(self.trials).new != n_waiting
        return self._run_next()

    def _run_next(self) -> bool:
        """Run a waiting trial; False if there is none."""
        trial = run_next(self.domain, self.trials, catch=self.catch_eval_exceptions)
        if trial is None:
            return False
        if trial["state"] == JOB_STATE_ERROR and self.verbose:
            logger.warning("trial %s failed: %s", trial["tid"], error_text(trial))
        return True

    def _take_stock(self, n_finished: int, bar: Any) -> int:
        """Save, ask whether to stop and tell the bar, if a trial was finished."""
        sync(self.trials)
        count = tally(self.trials)
        n_now = count.finished
        if n_now == n_finished:
            return n_now
        self._save()
        if self.early_stop_fn is not None:
            returned = self.early_stop_fn(self.trials, *self.early_stop_args)
            self._stopped, self.early_stop_args = stop_and_args(self.early_stop_fn, returned)
        if count.best_loss is not None:
            with suppress(AttributeError):  # a user's own object may have no room for it
                bar.postfix = f"best loss: {count.best_loss}"
        if n_now > n_finished:
            bar.update(n_now - n_finished)
        return n_now

    def _save(self) -> None:
        if self.trials_save_file:
            save_trials(self.trials, self.trials_save_file)

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
        self.trials.refresh()

    def __iter__(self) -> FMinIter:
        return self

    def __next__(self) -> Any:
        if self._is_exhausted(and_run=True):
            raise StopIteration
        self.run(1, block_until_done=self.asynchronous)
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


def _progress_callback(show_progressbar: Any) -> Callable[..., Any]:
    show = checked_progressbar(show_progressbar)
    if callable(show):
        return show
    return default_callback if show else no_progress_callback


def _is_stream(rstate: Any) -> bool:
    return isinstance(rstate, np.random.RandomState) or hasattr(rstate, "integers")


def _generator(rstate: Any) -> Any:
    """Return what seeds are drawn from; an old RandomState stays as it is for its owner."""
    return generator_of(rstate) if isinstance(rstate, np.random.RandomState) else rstate
