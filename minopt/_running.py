"""How trials are to be run: what `fmin`'s arguments about that amount to."""

from __future__ import annotations

import math
import numbers
import os
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minopt._warn import warn
from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.execute.contract import Executor, Limits
from minopt.execute.retry import Retry
from minopt.execute.timer import warn_if_unenforceable
from minopt.space.law import number_in


@dataclass(frozen=True, slots=True)
class Running:
    """The checked arguments of `fmin` about running trials.

    Attributes
    ----------
    n_jobs : int > 0
    executor : concurrent.futures.Executor, "processes" or None
    limits : Limits
    retry : Retry
    """

    n_jobs: int = 1
    executor: Any = None
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)

    @classmethod
    def of(
        cls, n_jobs: Any, executor: Any, trial_timeout: Any, trial_memory: Any, retries: Any
    ) -> Running:
        """Check the arguments."""
        limits = Limits(
            _positive("trial_timeout", trial_timeout, "seconds"),
            _whole_bytes(trial_memory),
        )
        return cls(_jobs(n_jobs), _checked_executor(executor), limits, Retry.of(retries))

    def make_executor(self) -> Executor | None:
        """Return what runs the trials, None for one after the other in this process."""
        if _is_executor(self.executor):
            from minopt.execute.futures import Futures

            if self.limits != Limits():
                _warn_of_limits(self.limits, "on an executor of your own")
            n_slots = max(self.n_jobs, int(getattr(self.executor, "_max_workers", 1) or 1))
            return Futures(self.executor, n_slots)
        if self.executor == "processes" or self.n_jobs > 1:
            from minopt.execute.processes import Processes

            return Processes(self.n_jobs, self.limits)
        warn_if_unenforceable(self.limits.timeout, self.limits.memory, "in this thread")
        return None

    def warn_of_what_others_decide(self) -> None:
        """Say which arguments are of no use where others run the trials."""
        default = Running()
        given = {
            "n_jobs": self.n_jobs != default.n_jobs,
            "executor": self.executor is not None,
            "trial_timeout": self.limits.timeout is not None,
            "trial_memory": self.limits.memory is not None,
            "retries": self.retry != default.retry,
        }
        if any(given.values()):
            warn(
                f"{', '.join(name for name, is_given in given.items() if is_given)}: not used, as "
                "these trials are asynchronous: others run them, who have settings of their own, "
                "see minopt worker --help",
                RuntimeWarning,
            )


def _is_executor(executor: Any) -> bool:
    """Tell whether something is an Executor; whoever has one has loaded their module."""
    futures = sys.modules.get("concurrent.futures")
    return futures is not None and isinstance(executor, futures.Executor)


def _warn_of_limits(limits: Limits, where: str) -> None:
    lost = [name for name in ("timeout", "memory") if getattr(limits, name) is not None]
    warn(
        f"{' and '.join('trial_' + name for name in lost)} cannot be enforced {where}; "
        "with n_jobs=2 or executor='processes' each trial runs in a process that can be ended",
        RuntimeWarning,
    )


def _jobs(n_jobs: Any) -> int:
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)):
        raise InvalidArgumentType(
            f"n_jobs must be a whole number of processes, or -1 for all cores, got {n_jobs!r}"
        )
    if n_jobs == 0:
        raise InvalidArgument("n_jobs must be 1 or more, or -1 for all cores, got 0")
    return int(n_jobs) if n_jobs > 0 else max(1, _n_cores() + 1 + int(n_jobs))


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _checked_executor(executor: Any) -> Any:
    if executor is None or (isinstance(executor, str) and executor == "processes"):
        return executor
    if _is_executor(executor):
        return executor
    hint = f"; write {executor.__name__}()" if isinstance(executor, type) else ""
    raise InvalidArgumentType(
        "executor must be None, 'processes' or a concurrent.futures.Executor such as "
        f"ThreadPoolExecutor(4), got {executor!r}{hint}"
    )


def _positive(name: str, value: Any, unit: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidArgumentType(f"{name} must be None or a number of {unit}, got {value!r}")
    number = number_in(value)
    if not (number > 0 and math.isfinite(number)):
        raise InvalidArgument(f"{name} must be None or a positive number of {unit}, got {value!r}")
    return number


def _whole_bytes(trial_memory: Any) -> int | None:
    number = _positive("trial_memory", trial_memory, "bytes")
    if number is not None and number < 1:
        raise InvalidArgument(f"trial_memory must be 1 byte or more, got {trial_memory!r}")
    return None if number is None else int(number)
