"""A worker: takes waiting trials out of a store that others fill, for as long as there are any."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minopt.execute.evaluate import ONCE
from minopt.execute.outcome import Raised, Returned
from minopt.execute.retry import Retry
from minopt.execute.serial import run_next
from minopt.trials.documents import error_text
from minopt.trials.stock import release_lost, sync, tally

if TYPE_CHECKING:
    from minopt.domain.domain import Domain

QUICKLY = 0.002  # seconds between two looks when there was something to do just before


class Worker:
    """Runs the trials of one search.

    Parameters
    ----------
    trials : Trials
        A store that is shared.
    find_domain : callable
        Returns the `Domain` to be used now, None if there is none yet.
    max_trials : int, optional
        End after so many.
    idle_timeout : float, optional
        End when there was nothing to do for so many seconds.
    poll : float
        Seconds between two looks when there is nothing to do.
    trial_timeout : float, optional
        See `fmin`.
    retry : Retry
    tell : callable, optional
        Told in a sentence what happens.
    """

    def __init__(
        self,
        trials: Any,
        find_domain: Callable[[], Domain | None],
        *,
        max_trials: int | None = None,
        idle_timeout: float | None = None,
        poll: float = 0.05,
        trial_timeout: float | None = None,
        retry: Retry = ONCE,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.n_run = 0
        self._trials, self._find_domain = trials, find_domain
        self._max_trials, self._idle_timeout, self._poll = max_trials, idle_timeout, poll
        self._trial_timeout, self._retry = trial_timeout, retry
        self._tell = tell or (lambda _: None)

    def run(self) -> int:
        """Run trials until a limit is reached, and return how many those were."""
        idle_since, pause = time.monotonic(), QUICKLY
        while self._max_trials is None or self.n_run < self._max_trials:
            if self._run_next():
                idle_since, pause = time.monotonic(), QUICKLY
                continue
            idle = time.monotonic() - idle_since
            if self._idle_timeout is not None and idle >= self._idle_timeout:
                break
            time.sleep(pause)
            pause = min(1.5 * pause, self._poll)
        return self.n_run

    def _run_next(self) -> bool:
        """Run the oldest waiting trial; False if there is none for us."""
        release_lost(self._trials)
        sync(self._trials)
        if not tally(self._trials).new:
            return False
        domain = self._find_domain()
        if domain is None:
            return False
        finished = run_next(domain, self._trials, self._trial_timeout, self._retry)
        if finished is None:
            return False
        self.n_run += 1
        trial, outcome = finished.trial, finished.outcome
        if isinstance(outcome, Returned):
            self._tell(f"trial {trial['tid']}: loss {trial['result'].get('loss')}")
        elif isinstance(outcome, Raised):
            self._tell(f"trial {trial['tid']} failed: {error_text(trial)}")
        else:
            self._tell(f"trial {trial['tid']} failed: {outcome.reason}")
        return True
