"""The checks of `fmin`'s arguments: who is wrong, what was got, what would be right."""

from __future__ import annotations

import inspect
import math
import numbers
import os
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minopt.exceptions import InvalidArgument, InvalidArgumentType


def check_fn(fn: Any) -> None:
    """Refuse an objective that cannot be called."""
    if not callable(fn):
        raise InvalidArgumentType(
            f"fn must be the function to be minimized, got {_told(fn)}; "
            "pass the function itself, not its value"
        )


def check_algo(algo: Any) -> None:
    """Refuse an algorithm that cannot be called."""
    if callable(algo) and not inspect.isclass(algo):
        return
    hint = ""
    if isinstance(algo, ModuleType) and hasattr(algo, "suggest"):
        hint = f"; did you mean {algo.__name__.rpartition('.')[2]}.suggest?"
    elif isinstance(algo, str) and algo in ("anneal", "atpe", "rand", "tpe"):
        hint = f"; did you mean {algo}.suggest, without quotes?"
    raise InvalidArgumentType(
        f"algo must be a function such as tpe.suggest or rand.suggest, got {_told(algo)}{hint}"
    )


def parameters_of(function: Callable[..., Any]) -> Collection[str]:
    """Return the names of a function's parameters, none if it does not tell them."""
    try:  # what a wrapper wraps may be called otherwise than the wrapper
        return inspect.signature(function, follow_wrapped=False).parameters
    except (TypeError, ValueError):
        return ()


def checked_max_evals(max_evals: Any) -> int:
    """Return the number of trials as an int, `sys.maxsize` for None."""
    if max_evals is None or max_evals is sys.maxsize:
        return sys.maxsize
    if isinstance(max_evals, bool) or not isinstance(max_evals, numbers.Real):
        raise InvalidArgumentType(
            "max_evals must be a whole number of trials or None for no limit, "
            f"got {_told(max_evals)}"
        )
    number: Any = max_evals
    if number == math.inf:
        return sys.maxsize
    if number < 0 or number % 1 != 0:
        raise InvalidArgument(
            "max_evals must be a whole number of trials, 0 or more, or None for no limit, "
            f"got {max_evals!r}"
        )
    return min(int(number), sys.maxsize)


def check_max_queue_len(max_queue_len: Any) -> None:
    """Refuse a queue without room for a trial."""
    if isinstance(max_queue_len, bool) or not isinstance(max_queue_len, numbers.Integral):
        raise InvalidArgumentType(
            f"max_queue_len must be a whole number, 1 or more, got {_told(max_queue_len)}"
        )
    if max_queue_len < 1:
        raise InvalidArgument(f"max_queue_len must be 1 or more, got {max_queue_len!r}")


def check_trials(trials: Any) -> None:
    """Refuse what is no store of trials."""
    if trials is None or (isinstance(trials, os.PathLike) and os.fspath(trials)):
        return
    if isinstance(trials, str) and trials:
        _check_place(trials)
        return  # what is there is looked at when it is opened
    if inspect.isclass(trials):
        raise InvalidArgumentType(
            "trials must be a Trials object, got the class itself; "
            f"write trials={trials.__name__}()"
        )
    kinds = type(trials).__mro__
    if any(kind.__module__.partition(".")[0] == "hyperopt" for kind in kinds):
        raise InvalidArgumentType(
            f"trials is a {type(trials).__name__} of hyperopt, which only hyperopt's own fmin can "
            "use; import Trials from minopt, or take its documents over with "
            "minopt.trials_from_docs(trials.trials)"
        )
    needed = ("trials", "refresh", "new_trial_ids", "insert_trial_docs")
    if not all(hasattr(trials, name) for name in needed):
        hint = "; make one of documents with trials_from_docs" if isinstance(trials, list) else ""
        raise InvalidArgumentType(
            f"trials must be None or a Trials object, got {_told(trials)}{hint}"
        )


def _check_place(trials: str) -> None:
    """Refuse a bare word, of which a database would be made by mistake."""
    if "://" in trials or Path(trials).suffix or len(Path(trials).parts) > 1:
        return
    if not Path(trials).exists():
        raise InvalidArgument(
            f"trials={trials!r}: for trials in memory write trials=Trials(), for an SQLite file "
            f"give its name an ending or a folder, as in '{trials}.db'"
        )


def check_early_stop_fn(early_stop_fn: Any) -> None:
    """Refuse a stop function that cannot be called, or that still has to be made."""
    if early_stop_fn is None:
        return
    if not callable(early_stop_fn):
        raise InvalidArgumentType(
            "early_stop_fn must be None or a function such as no_progress_loss(20), "
            f"got {_told(early_stop_fn)}"
        )
    if getattr(early_stop_fn, "__module__", "") == "minopt.early_stop" and (
        getattr(early_stop_fn, "__name__", "") == "no_progress_loss"
    ):
        raise InvalidArgument(
            "early_stop_fn: no_progress_loss makes the function; call it, as in "
            "no_progress_loss(20)"
        )


def stop_and_args(early_stop_fn: Any, returned: Any) -> tuple[bool, list[Any]]:
    """Check what a stop function returned: whether to stop, and its arguments for the next call."""
    try:
        stop, args = returned
        if isinstance(stop, str) or isinstance(args, str):
            raise TypeError("text is neither an answer nor a list of arguments")
        return bool(stop), list(() if args is None else args)
    except (TypeError, ValueError):
        name = getattr(early_stop_fn, "__name__", type(early_stop_fn).__name__)
        raise InvalidArgumentType(
            "early_stop_fn must return a pair: True to stop or False, and the list of further "
            f"arguments for its next call (which may be empty); {name} returned {returned!r}"
        ) from None


def new_documents(algo: Any, returned: Any, n_ids: int) -> list[dict[str, Any]]:
    """Check what an algorithm returned: a list of trial documents, no more than it got ids."""
    if isinstance(returned, (list, tuple)) and len(returned) <= n_ids:
        return list(returned)
    name = getattr(algo, "__name__", type(algo).__name__)
    raise InvalidArgumentType(
        f"algo must return a list of at most {n_ids} trial documents for {n_ids} new ids; "
        f"{name} returned {_told(returned)}"
    )


def checked_points(points: Any) -> list[Mapping[str, Any]] | None:
    """Return the initial points as a list of mappings, None for None."""
    if points is None:
        return None
    if not isinstance(points, (list, tuple)):
        raise InvalidArgumentType(
            "points_to_evaluate must be None or a list of dicts from label to value, "
            f"got {_told(points)}"
        )
    for place, point in enumerate(points):
        if not isinstance(point, Mapping):
            raise InvalidArgumentType(
                f"points_to_evaluate[{place}] must be a dict from label to value, "
                f"got {_told(point)}"
            )
    return list(points)


_LONGEST_NAME = 230


def checked_save_file(path: Any) -> str:
    """Return the absolute path of the file to save to, "" for none."""
    if path is None or (isinstance(path, str) and not path):
        return ""
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidArgumentType(
            f"trials_save_file must be the path of a file, or None for none, got {_told(path)}"
        )
    try:
        file = Path(path).resolve()
        is_folder = file.is_dir()
    except (OSError, ValueError, RuntimeError) as wrong:  # too long, NUL, a ring of links
        raise InvalidArgument(
            f"trials_save_file must be the path of a file, got {_told(path)}: {wrong}"
        ) from wrong
    if len(os.fsencode(file.name)) > _LONGEST_NAME:
        raise InvalidArgument(
            f"trials_save_file: the name {file.name!r} is too long; it may have {_LONGEST_NAME} "
            "bytes, so that there is room for what is written beside it"
        )
    if is_folder:
        raise InvalidArgument(f"trials_save_file must name a file; {str(file)!r} is a directory")
    if not file.parent.is_dir():
        raise InvalidArgument(
            f"trials_save_file: the directory of {str(file)!r} does not exist; make it first"
        )
    return str(file)


def check_flags(**flags: Any) -> None:
    """Refuse what is no answer to a question of yes or no, such as the string "no"."""
    for name, value in flags.items():
        if not (value is None or isinstance(value, (int, np.bool_))):
            raise InvalidArgumentType(f"{name} must be True or False, got {_told(value)}")


def checked_progressbar(show_progressbar: Any) -> bool | Callable[..., Any]:
    """Return True, False, or the context manager that shows progress."""
    if callable(show_progressbar):
        return show_progressbar  # type: ignore[no-any-return]
    if show_progressbar is None or isinstance(show_progressbar, (bool, int)):
        return bool(show_progressbar)
    if type(show_progressbar).__name__ in ("bool", "bool_"):  # numpy's
        return bool(show_progressbar)
    raise InvalidArgumentType(
        "show_progressbar must be True, False, or a context manager that is called with "
        f"initial= and total= (see minopt.progress), got {_told(show_progressbar)}"
    )


def _told(value: Any) -> str:
    text = repr(value)
    text = f"{text[:80]}…" if len(text) > 81 else text
    return f"{text} of type {type(value).__name__}"
