"""``minopt worker``: run the trials that a search somewhere else has queued in a database."""

from __future__ import annotations

import argparse
import os
import pickle
import signal
import stat
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minopt._dotted import load_tokens
from minopt._interrupts import Interruption
from minopt._objective import ByKeyword, annotated_space, is_annotated
from minopt.domain.domain import Domain
from minopt.domain.plain_space import from_data
from minopt.exceptions import InvalidArgument, MinoptError
from minopt.execute.worker import Worker
from minopt.trials.attachments import QUEUED_OBJECTIVE
from minopt.trials.sql import SQLTrials
from minopt.trials.told import told


def add_parser(subparsers: Any) -> None:
    """Add the sub-command to the command line."""
    parser = subparsers.add_parser(
        "worker",
        help="run the trials that a search has queued in a database",
        description="Run the trials that fmin(..., trials=SQLTrials(database, asynchronous=True)) "
        "queues, here or on any machine that reaches the database.",
    )
    add = parser.add_argument
    add("database", help="path of an SQLite file, or a URL such as postgresql://user@host/name")
    add("--exp-key", metavar="NAME", help="the search's name, if it has one")
    add("--objective", metavar="MODULE:FUNCTION", help="use this objective, and read no pickle")
    add("--space", metavar="MODULE:NAME", help="its space, if the database "
        "does not hold it and its arguments are not annotated")  # fmt: skip
    add("--trust", action="store_true", help="run the pickled objective found in the database, "
        "whoever wrote it")  # fmt: skip
    add("--max-trials", type=_positive(int), metavar="N", help="end after N trials")
    add("--idle-timeout", type=_positive(float, or_zero=True), metavar="SECONDS",
        help="end when there was nothing to do for so long (default: wait for ever)")  # fmt: skip
    add("--poll", type=_positive(float), default=0.05, metavar="SECONDS",
        help="look for work at least so often (default: %(default)s)")  # fmt: skip
    add("--trial-timeout", type=_positive(float), metavar="SECONDS", help="end longer trials")
    add("--quiet", action="store_true", help="print nothing about single trials")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Be a worker; return the exit status."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        named = _named_domain(args.objective, args.space)
        trials = SQLTrials(args.database, args.exp_key, asynchronous=True, trusted=bool(args.trust))
        worker = Worker(
            trials,
            named(trials) if named is not None else Queued(trials, bool(args.trust)),
            max_trials=args.max_trials,
            idle_timeout=args.idle_timeout,
            poll=args.poll,
            trial_timeout=args.trial_timeout,
            tell=None if args.quiet else _print,
        )
        _print(f"minopt worker {trials._owner} on {trials!r}")
        if not (len(trials) or QUEUED_OBJECTIVE in trials.attachments):
            _print("no search has begun here yet: waiting for one")
        try:
            _print(f"{worker.run()} trials run")
        finally:
            trials.close()
    except MinoptError as wrong:
        print(f"minopt worker: {wrong}", file=sys.stderr)
        return 1
    except Left:
        return 143
    return 0


class Left(Interruption):
    """The system asked this worker to end; the trial that it runs waits again."""


def _leave(_signal: int, _frame: Any) -> None:
    raise Left


def _print(line: str) -> None:
    print(line, flush=True)


class Queued:
    """Finds the pickled domain that a search has put beside its trials.

    Parameters
    ----------
    trials : SQLTrials
    trust : bool
        Read it whoever wrote it.
    """

    def __init__(self, trials: SQLTrials, trust: bool) -> None:
        self._trials = trials
        self._trust = trust
        self._digest: int | None = None
        self._domain: Domain | None = None

    def __call__(self) -> Domain | None:
        digest = self._trials.attachments.digest_of(QUEUED_OBJECTIVE)
        if digest is not None and digest != self._digest:
            self._check_trust()
            data = self._trials.attachments[QUEUED_OBJECTIVE]
            self._domain, self._digest = _unpickled(data), digest
        return self._domain

    def _check_trust(self) -> None:
        if self._trust or _is_mine(self._trials.path):
            return
        raise InvalidArgument(
            f"the objective in {self._trials!r} is a pickle, and reading it runs what its writer "
            "wants: if you trust all who can write there, say --trust; or name it, as in "
            "--objective module:function --space module:space"
        )


def _is_mine(path: Path | None) -> bool:
    """Tell whether a file is one that this user alone can write."""
    if path is None or not hasattr(os, "geteuid"):
        return False
    status = path.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _unpickled(data: Any) -> Domain:
    try:
        domain = pickle.loads(data)  # noqa: S301 - trusted, see above
    except Exception as wrong:
        raise InvalidArgument(
            f"the objective in the database cannot be read here ({told(wrong)}); "
            "its modules must be installed for this worker too, in versions that fit, and Python "
            f"must be the search's (here it is {sys.version_info.major}.{sys.version_info.minor})"
        ) from wrong
    if not isinstance(domain, Domain):
        raise InvalidArgument(
            f"the attachment {QUEUED_OBJECTIVE!r} is no Domain but {type(domain)}"
        )
    return domain


class Named:
    """Joins an objective that is named to the space that a search has put beside its trials.

    Parameters
    ----------
    trials : SQLTrials
    fn : callable
    name : str
        What the command line calls it.
    """

    def __init__(self, trials: SQLTrials, fn: Callable[..., Any], name: str) -> None:
        self._trials, self._fn, self._name = trials, fn, name
        self._space: str | None = None
        self._domain: Domain | None = None

    def __call__(self) -> Domain:
        text = self._trials.attachments.space
        if self._domain is None or text != self._space:
            space = self._trials._saved_space()
            if space is None:
                raise InvalidArgument(
                    f"--objective {self._name} needs its space, as in --space module:name: the "
                    "database does not hold it (it can if the options are plain values), and the "
                    "arguments are not annotated with it"
                )
            self._domain, self._space = Domain(self._fn, from_data(space)), text
        return self._domain


def _named_domain(
    objective: str | None, space: str | None
) -> Callable[[SQLTrials], Callable[[], Domain | None]] | None:
    """Return what finds the domain of an objective that is named, given the trials."""
    if objective is None:
        if space is not None:
            raise InvalidArgument("--space names the space of an --objective, which is missing")
        return None
    sys.path.insert(0, "")  # as `python -m` does: the modules of the working directory count
    fn = _named(objective, "--objective")
    if not callable(fn):
        raise InvalidArgument(f"--objective {objective}: that is no function but {fn!r}")
    if space is None and not is_annotated(fn):
        return lambda trials: Named(trials, fn, objective)
    domain = (
        Domain(ByKeyword(fn), annotated_space(fn))
        if space is None
        else Domain(fn, _named(space, "--space"))
    )
    return lambda _: lambda: domain


def _named(name: str, option: str) -> Any:
    module, colon, attribute = name.partition(":")
    if not (colon and all(module.split(".")) and all(attribute.split("."))):
        raise InvalidArgument(f"{option} must be module:name, got {name!r}")
    try:
        return load_tokens([*module.split("."), *attribute.split(".")])
    except (ImportError, AttributeError) as wrong:
        raise InvalidArgument(f"{option} {name}: {wrong}") from wrong
    except (Exception, SystemExit) as wrong:  # the module is the user's: it may raise anything
        raise InvalidArgument(
            f"{option} {name}: importing {module} raised {told(wrong)}{_place(wrong)}"
        ) from wrong


def _place(wrong: BaseException) -> str:
    """Say the line where an error was raised."""
    if isinstance(wrong, SyntaxError):
        return ""  # it says its own
    last = traceback.extract_tb(wrong.__traceback__)[-1]
    return f" ({last.filename}, line {last.lineno})"


def _positive(kind: Callable[[str], Any], or_zero: bool = False) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        number = kind(text)
        if not (number > 0 or (or_zero and number == 0)):
            raise argparse.ArgumentTypeError(f"must be {'0 or more' if or_zero else '> 0'}")
        return number

    read.__name__ = kind.__name__  # in what argparse says of a wrong one
    return read
