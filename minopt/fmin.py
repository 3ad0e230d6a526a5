"""The driver: check what it was given, make a search of it, and exhaust that."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minopt._arguments import (
    check_algo,
    check_early_stop_fn,
    check_flags,
    check_fn,
    check_max_queue_len,
    check_trials,
    checked_max_evals,
    checked_points,
    checked_progressbar,
    checked_save_file,
    parameters_of,
)
from minopt._beginnings import (
    knowing_its_arguments,
    warn_of_another_space,
    warn_of_nothing_to_search,
)
from minopt._callables import check_algorithm, check_objective, check_stop_function
from minopt._limits import validate_loss_threshold, validate_timeout
from minopt._objective import ByKeyword, annotated_space, fmin_pass_expr_memo_ctrl, partial
from minopt._points import generate_trial, generate_trials_to_calculate, insert_points, show_waiting
from minopt._random import generator_of
from minopt._running import Running
from minopt._search import Algorithm, FMinIter, logger
from minopt.domain.assign import space_eval
from minopt.domain.domain import Domain
from minopt.domain.plain_space import from_data
from minopt.exceptions import AllTrialsFailed
from minopt.execute.evaluate import put_back
from minopt.trials.documents import JOB_STATE_RUNNING
from minopt.trials.given import checked_flag
from minopt.trials.memory import Trials
from minopt.trials.open import open_trials
from minopt.trials.save_file import SaveFile
from minopt.trials.stock import sync, tally
from minopt.trials.stored import StoredTrials

__all__ = [
    "FMinIter",
    "fmin",
    "fmin_pass_expr_memo_ctrl",
    "generate_trial",
    "generate_trials_to_calculate",
    "logger",
    "partial",
    "space_eval",
]

_OUR_TRIALS_FMIN = Trials.fmin


@knowing_its_arguments
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
    *,
    n_jobs: int = 1,
    executor: Any = None,
    trial_timeout: float | None = None,
    trial_memory: int | None = None,
    retries: Any = 0,
    trusted: bool = False,
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
    trials : Trials, path or URL, optional
        The history to go on with, and to write into. A path (``"search.db"``) or URL
        (``"sqlite:///search.db"``, ``"postgresql://…"``) names a database, which is made if it
        is not there; see `minopt.SQLTrials`.
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
    n_jobs : int
        Trials to run at once, each in a process; -1 for as many as there are cores. Needs the
        extra ``parallel``.
    executor : concurrent.futures.Executor or "processes", optional
        Run the trials on this executor, as many at once as it has workers (or `n_jobs`).
        "processes": in processes also if `n_jobs` is 1.
    trial_timeout : float > 0, optional
        Seconds after which a trial is ended and recorded as failed. In this process (`n_jobs` 1)
        only the main thread on POSIX can end one, and not amid a call that never returns to
        Python.
    trial_memory : int > 0, optional
        Bytes of resident memory at which a trial is ended and recorded as failed; in processes
        only.
    retries : int or Retry
        How often to run a trial again that raised or whose process died, or a policy.
    trusted : bool
        Read pickles of objects of any class from `trials_save_file` or from a store: only for
        files that you wrote yourself.

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
    algo = _algorithm(algo, verbose)
    max_evals = checked_max_evals(max_evals)
    validate_timeout(timeout)
    validate_loss_threshold(loss_threshold)
    check_trials(trials)
    check_max_queue_len(max_queue_len)
    check_early_stop_fn(early_stop_fn)
    check_stop_function(early_stop_fn)
    check_flags(
        allow_trials_fmin=allow_trials_fmin,
        pass_expr_memo_ctrl=pass_expr_memo_ctrl,
        catch_eval_exceptions=catch_eval_exceptions,
        verbose=verbose,
        return_argmin=return_argmin,
        trusted=trusted,
    )
    running = Running.of(n_jobs, executor, trial_timeout, trial_memory, retries)
    points = checked_points(points_to_evaluate)
    trials_save_file = checked_save_file(trials_save_file)
    checked_progressbar(show_progressbar)
    rstate = generator_of(rstate)
    if isinstance(space, str) and space == "annotated":
        space, fn = annotated_space(fn), ByKeyword(fn)
    domain = _checked_domain(fn, space, pass_expr_memo_ctrl)

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
    trusted = checked_flag("trusted", trusted)
    if isinstance(trials, (str, os.PathLike)):
        trials = open_trials(trials, trusted=trusted)
    hand_over = allow_trials_fmin and _has_own_fmin(trials)
    if hand_over:
        return trials.fmin(
            fn,
            space,
            algo=algo,
            max_evals=_with_points(max_evals, points, domain, trials),
            pass_expr_memo_ctrl=pass_expr_memo_ctrl,
            catch_eval_exceptions=catch_eval_exceptions,
            return_argmin=return_argmin,
            **options,
            **_not_default(n_jobs, executor, trial_timeout, trial_memory, retries, trusted),
        )
    with SaveFile(trials_save_file, trusted).held() as file:
        trials = _trials_to_go_on_with(file, trials, domain)
        max_evals = _with_points(max_evals, points, domain, trials)
        search = FMinIter(algo, domain, trials, max_evals=max_evals, **options)
        search.catch_eval_exceptions = catch_eval_exceptions
        search.run_by(running, file)
        search.exhaust()
    return trials.argmin if return_argmin else _best_point(trials, space)


def _algorithm(algo: Any, verbose: Any) -> Algorithm:
    """Return the algorithm, told to be quiet if it can be told and the search is to be."""
    if algo is None:
        from minopt.algo.tpe.suggest import suggest

        algo = suggest
    check_algo(algo)
    check_algorithm(algo)
    told = getattr(algo, "keywords", {})
    if not verbose and "verbose" not in told and "verbose" in parameters_of(algo):
        return functools.partial(algo, verbose=False)
    return algo  # type: ignore[no-any-return]


def _checked_domain(fn: Any, space: Any, pass_expr_memo_ctrl: bool | None) -> Domain:
    domain = Domain(fn, space, pass_expr_memo_ctrl=pass_expr_memo_ctrl)
    check_objective(fn, domain.pass_expr_memo_ctrl)
    warn_of_nothing_to_search(domain)
    return domain


def _trials_to_go_on_with(file: SaveFile, given: Any, domain: Domain) -> Any:
    """Return the trials given, which the file must not have more than, or those in the file."""
    if given is not None:
        file.check_extended_by(given)
        if isinstance(given, StoredTrials):
            store = f"the database {given.url}" if hasattr(given, "url") else "the store"
            warn_of_another_space(domain, given, store, "give another exp_key")
        return given
    trials = file.saved()
    if trials is None:
        return Trials()
    warn_of_another_space(domain, trials, f"trials_save_file {file.path!r}", "name another file")
    sync(trials)
    for trial in tally(trials).unfinished:
        if trial["state"] == JOB_STATE_RUNNING:  # nobody runs it any more
            put_back(trials, trial)
    return trials


def _with_points(max_evals: int, points: Any, domain: Domain, trials: Any) -> int:
    """Add the user's points to the trials, and return how many trials there shall be then."""
    if not points:
        return max_evals
    on_top = show_waiting(trials)
    n_finished = tally(trials).finished
    on_top += insert_points(points, domain, trials)
    return min(sys.maxsize, max(max_evals, n_finished) + on_top)


def _not_default(
    n_jobs: int,
    executor: Any,
    trial_timeout: Any,
    trial_memory: Any,
    retries: Any,
    trusted: bool,
) -> dict[str, Any]:
    """Return what a `fmin` of the user's own, who may not know these arguments, must be told."""
    given = {
        "n_jobs": (n_jobs, 1),
        "executor": (executor, None),
        "trial_timeout": (trial_timeout, None),
        "trial_memory": (trial_memory, None),
        "retries": (retries, 0),
        "trusted": (trusted, False),
    }
    return {name: value for name, (value, default) in given.items() if value is not default}


def _best_point(trials: Any, space: Any) -> Any:
    try:
        best = trials.argmin
    except AllTrialsFailed:
        return None
    return space_eval(space, best)


def _decoder_of(space: Any, is_plain: bool) -> Callable[[dict[str, Any]], Any]:
    """Return the function from values by label to a point of a space, or of one saved as data."""
    return Domain(_no_objective, from_data(space) if is_plain else space).point


def _no_objective(point: Any) -> Any:
    raise NotImplementedError("this domain has no objective")


def _has_own_fmin(trials: Any) -> bool:
    """Tell whether trials, or their class, have another `fmin` than our Trials have."""
    if not isinstance(trials, Trials):
        return hasattr(trials, "fmin")
    return type(trials).fmin is not _OUR_TRIALS_FMIN or "fmin" in vars(trials)
