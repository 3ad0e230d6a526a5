"""The driver: ask the algorithm, run the trial, look at the limits, and again."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from timeit import default_timer as timer
from typing import Any, TypeAlias

from minopt._arguments import (
    check_algo,
    check_early_stop_fn,
    check_fn,
    check_max_queue_len,
    check_trials,
    checked_max_evals,
    checked_points,
    checked_progressbar,
    checked_save_file,
    new_documents,
    stop_and_args,
)
from minopt._limits import validate_loss_threshold, validate_timeout
from minopt._objective import ByKeyword, annotated_space, fmin_pass_expr_memo_ctrl, partial
from minopt._points import generate_trial, generate_trials_to_calculate, insert_points
from minopt._random import generator_of
from minopt._resume import SeedStream
from minopt.domain.assign import space_eval
from minopt.domain.domain import Domain
from minopt.exceptions import AllTrialsFailed
from minopt.execute.evaluate import put_back
from minopt.execute.serial import run_next
from minopt.progress import default_callback, no_progress_callback
from minopt.trials.documents import (
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    error_text,
)
from minopt.trials.files import dumps, read_trials, save_trials
from minopt.trials.ledger import Tally
from minopt.trials.memory import Trials, sync, tally

__all__ = [
    "FMinIter",
    "fmin",
    "fmin_pass_expr_memo_ctrl",
    "generate_trial",
    "generate_trials_to_calculate",
    "partial",
    "space_eval",
]

Algorithm: TypeAlias = Callable[[Sequence[Any], Domain, Any, int], Sequence[Document]]

logger = logging.getLogger(__name__)


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
        self.rstate = rstate if hasattr(rstate, "integers") else generator_of(rstate)
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
        sync(self.trials)
        self.run(self.max_evals - _held(tally(self.trials)), block_until_done=self.asynchronous)
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
        n_finished = _finished(tally(self.trials))
        with self.progress_callback(initial=n_finished, total=self.max_evals) as bar:
            try:
                self._search(N, block_until_done, n_finished, bar)
            except BaseException:
                sync(self.trials)
                self._save()
                raise
        if block_until_done:
            self.block_until_done()
        sync(self.trials)

    def _search(self, N: int, block_until_done: bool, n_finished: int, bar: Any) -> None:
        seeds = SeedStream(self.rstate, self.trials)
        count, to_ask, may_ask = tally(self.trials), N, seeds.is_fresh
        while self._has_work(count, N, to_ask, block_until_done) and not self._is_over(count):
            # Trials run here are asked for when all before them are done, so that a search
            # that was stopped amid its queue goes on as if it had not been.
            if to_ask > 0 and (may_ask or self.asynchronous or count.new == 0):
                asked = self._ask(min(to_ask, self.max_evals - _held(count)), count.new, seeds)
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
        if self.loss_threshold is not None and count.best_loss is not None:
            return count.best_loss <= self.loss_threshold or self.is_cancelled
        return self.is_cancelled

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
        n_now = _finished(count)
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
        count = tally(self.trials)
        if self._stopped or (_held(count) >= self.max_evals and count.new == 0):
            raise StopIteration
        self.run(1, block_until_done=self.asynchronous)
        if self._stopped or _held(tally(self.trials)) >= self.max_evals:
            raise StopIteration
        return self.trials


_OUR_SERIAL_EVALUATE = FMinIter.serial_evaluate
_OUR_TRIALS_FMIN = Trials.fmin


def fmin(
    fn: Callable[..., Any],
    space: Any,
    algo: Algorithm | None = None,
    max_evals: int | None = None,
    timeout: float | None = None,
    loss_threshold: float | None = None,
    trials: Any = None,
    rstate: Any = None,
    allow_trials_fmin: bool = True,
    pass_expr_memo_ctrl: bool | None = None,
    catch_eval_exceptions: bool = False,
    verbose: bool = True,
    return_argmin: bool = True,
    points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
    max_queue_len: int = 1,
    show_progressbar: Any = True,
    early_stop_fn: Callable[..., Any] | None = None,
    trials_save_file: Any = "",
) -> Any:
    """Search a space for the point at which a function is least.

    Parameters
    ----------
    fn : callable
        The objective. It is called with a point of the space and returns the loss, or a dict
        with ``loss`` and ``status`` (``STATUS_OK`` or ``STATUS_FAIL``) and whatever else is to
        be kept; what it puts under ``attachments`` goes to ``trials.trial_attachments``.
    space : Apply, dict, list or tuple of hp expressions, or "annotated"
        What may be tried. "annotated": the annotations of `fn`'s arguments, as in
        ``def fn(x: hp.uniform("x", -1, 1))``.
    algo : callable, optional
        ``rand.suggest``, ``tpe.suggest`` (the default), …
    max_evals : int, optional
        Trials to be held in the end. Those that `trials` holds count, failed ones too;
        `points_to_evaluate` come on top. None: no limit.
    timeout : float > 0, optional
        Begin no trial after this many seconds.
    loss_threshold : float, optional
        Stop when a loss is this low.
    trials : Trials, optional
        The history to go on with, and to write into.
    rstate : int, SeedSequence, Generator or RandomState, optional
        Where chance comes from; None takes ``$HYPEROPT_FMIN_SEED`` if it is set. Called again
        with the same `trials` and `rstate`, the search goes on as if it had not been stopped.
    allow_trials_fmin : bool
        Hand over to ``trials.fmin`` where a class of trials has its own.
    pass_expr_memo_ctrl : bool, optional
        See `fmin_pass_expr_memo_ctrl`; None asks `fn`.
    catch_eval_exceptions : bool
        Record what `fn` raises as a failed trial and go on, instead of raising it.
    verbose : bool
        False: print and log nothing, whatever `show_progressbar` says.
    return_argmin : bool
        Return the parameters of the best trial, choices as indices. False: return its point
        as `fn` received it.
    points_to_evaluate : list of dict, optional
        Points to be tried first, as values by label (choices as indices; labels that are not
        active may be missing). Those that `trials` holds already are not tried again.
    max_queue_len : int
        Trials to be proposed at once.
    show_progressbar : bool or context manager
        See `minopt.progress`.
    early_stop_fn : callable, optional
        Called after each trial with the trials and the arguments that it returned last time;
        returns whether to stop, and the list of these arguments. See `minopt.early_stop`.
    trials_save_file : path, optional
        Where to save the trials after each of them. If there is such a file and no `trials`,
        the search goes on with its trials.

    Returns
    -------
    dict, or a point of the space
        Plain Python values. None if there is no best trial and `return_argmin` is False.

    Raises
    ------
    AllTrialsFailed
        If there is no best trial.
    InvalidArgument, BadSearchSpace
        If an argument is wrong; nothing was tried then.

    Examples
    --------
    >>> from minopt import hp, rand
    >>> fmin(lambda x: x**2, hp.choice("x", [3, 1, 2]), rand.suggest, 20, rstate=0, verbose=False)
    {'x': 1}
    """
    check_fn(fn)
    algo = _algorithm(algo)
    max_evals = checked_max_evals(max_evals)
    validate_timeout(timeout)
    validate_loss_threshold(loss_threshold)
    check_trials(trials)
    check_max_queue_len(max_queue_len)
    check_early_stop_fn(early_stop_fn)
    points = checked_points(points_to_evaluate)
    trials_save_file = checked_save_file(trials_save_file)
    checked_progressbar(show_progressbar)
    rstate = generator_of(rstate)
    if isinstance(space, str) and space == "annotated":
        space, fn = annotated_space(fn), ByKeyword(fn)
    domain = Domain(fn, space, pass_expr_memo_ctrl=pass_expr_memo_ctrl)

    options = {
        "timeout": timeout,
        "loss_threshold": loss_threshold,
        "max_queue_len": max_queue_len,
        "rstate": rstate,
        "verbose": verbose,
        "show_progressbar": show_progressbar,
        "early_stop_fn": early_stop_fn,
        "trials_save_file": trials_save_file,
    }
    if trials is None:
        trials = _saved_trials(trials_save_file)
    max_evals = _with_points(max_evals, points, domain, trials)
    if allow_trials_fmin and _has_own_fmin(trials):
        return trials.fmin(
            fn,
            space,
            algo=algo,
            max_evals=max_evals,
            pass_expr_memo_ctrl=pass_expr_memo_ctrl,
            catch_eval_exceptions=catch_eval_exceptions,
            return_argmin=return_argmin,
            **options,
        )
    search = FMinIter(algo, domain, trials, max_evals=max_evals, **options)
    search.catch_eval_exceptions = catch_eval_exceptions
    search.exhaust()
    return trials.argmin if return_argmin else _best_point(trials, space)


def _algorithm(algo: Any) -> Algorithm:
    if algo is None:
        from minopt.algo.tpe.suggest import suggest

        return suggest
    check_algo(algo)
    return algo  # type: ignore[no-any-return]


def _saved_trials(path: str) -> Any:
    """Return the trials in a file, new ones if there is none."""
    if not path or not os.path.exists(path):
        return Trials()
    trials = read_trials(path)
    sync(trials)
    for trial in tally(trials).unfinished:
        if trial["state"] == JOB_STATE_RUNNING:  # nobody runs it any more
            put_back(trial)
    return trials


def _with_points(max_evals: int, points: Any, domain: Domain, trials: Any) -> int:
    """Add the user's points to the trials, and return how many trials there shall be then."""
    if not points:
        return max_evals
    sync(trials)
    n_finished = _finished(tally(trials))
    return min(sys.maxsize, max(max_evals, n_finished) + insert_points(points, domain, trials))


def _best_point(trials: Any, space: Any) -> Any:
    try:
        best = trials.argmin
    except AllTrialsFailed:
        return None
    return space_eval(space, best)


def _has_own_fmin(trials: Any) -> bool:
    """Tell whether trials, or their class, have another `fmin` than our Trials have."""
    if not isinstance(trials, Trials):
        return hasattr(trials, "fmin")
    return type(trials).fmin is not _OUR_TRIALS_FMIN or "fmin" in vars(trials)


def _has_own_evaluation(search: FMinIter) -> bool:
    """Tell whether a search, or its class, has another `serial_evaluate` than ours."""
    replaced = type(search).serial_evaluate is not _OUR_SERIAL_EVALUATE
    return replaced or "serial_evaluate" in vars(search)


def _progress_callback(show_progressbar: Any) -> Callable[..., Any]:
    show = checked_progressbar(show_progressbar)
    if callable(show):
        return show
    return default_callback if show else no_progress_callback


def _held(count: Tally) -> int:
    """Return how many trials count for `max_evals`."""
    return count.new + count.running + count.done + count.error


def _finished(count: Tally) -> int:
    return count.done + count.error
