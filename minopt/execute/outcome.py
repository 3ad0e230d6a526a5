"""How a trial ended: it returned, it raised, or it was ended from outside."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from minopt._interrupts import Interruption
from minopt.exceptions import TrialError
from minopt.trials.control import Ctrl
from minopt.trials.documents import Document, spec_from_misc
from minopt.trials.memory import Trials

if TYPE_CHECKING:
    from minopt.domain.domain import Domain


@dataclass(frozen=True)
class Returned:
    """The objective returned this result (checked), and left attachments and further trials."""

    result: dict[str, Any]
    attachments: dict[str, Any] = field(default_factory=dict)
    injected: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class Raised:
    """The objective raised.

    Attributes
    ----------
    kind : str
        ``str(type(error))``, as hyperopt records it.
    message : str
    trace : str
        The full traceback.
    error : BaseException or None
        The exception itself, where it could be brought here.
    """

    kind: str
    message: str
    trace: str
    error: BaseException | None = None

    def as_exception(self, tid: Any) -> BaseException:
        """Return the exception to be raised here, the traceback of its process with it."""
        if self.error is None:
            return TrialError(f"trial {tid!r} raised {self.kind}: {self.message}\n{self.trace}")
        if self.error.__traceback__ is None:
            self.error.__cause__ = TrialError(f"in the process of trial {tid!r}:\n{self.trace}")
        return self.error


@dataclass(frozen=True)
class Ended:
    """The trial was ended from outside, or its process died.

    Attributes
    ----------
    cause : str
        ``"timeout"``, ``"memory"`` or ``"died"``.
    reason : str
        What happened, in words.
    """

    cause: str
    reason: str


Outcome: TypeAlias = Returned | Raised | Ended


def is_for_the_search(error: BaseException | None) -> bool:
    """Tell whether an exception is to end the search, such as a task's time limit from outside.

    A panic of a library written in Rust is no `Exception` either, and is the objective's own.
    """
    if error is None or isinstance(error, Exception):
        return False
    return type(error).__module__ != "pyo3_runtime"


def raised(error: BaseException) -> Raised:
    """Describe an exception; by its type alone if it cannot be printed."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not cost the search
        message = "(the exception cannot be printed)"
    try:
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:  # noqa: BLE001 - as above
        trace = "".join(traceback.format_tb(error.__traceback__)) + str(type(error))
    return Raised(str(type(error)), message, trace, error)


def outcome_of(domain: Domain, trial: Document) -> Outcome:
    """Evaluate a trial apart from its store, in a thread or process of its own.

    `trial` is a copy that belongs to the caller; attachments and the trials that the objective
    injects are collected for the store.
    """
    own = Trials(exp_key=trial["exp_key"])
    own._dynamic_trials.append(trial)
    own.refresh()
    try:
        result = domain.evaluate(spec_from_misc(trial["misc"]), Ctrl(own, current_trial=trial))
    except (KeyboardInterrupt, Interruption):
        raise
    except BaseException as error:  # noqa: BLE001 - told to the one who waits
        return raised(error)
    names = own.trial_attachments(trial)
    injected = [other for other in own._dynamic_trials if other is not trial]
    return Returned(result, {name: names[name] for name in names}, injected)
