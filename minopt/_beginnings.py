"""What is said before a search begins: of unknown arguments, and of a space hardly meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, ParamSpec, TypeVar

import numpy as np

from minopt._warn import warn
from minopt.domain.domain import Domain
from minopt.domain.plain_space import options_in
from minopt.space.laws import Categorical, Randint
from minopt.trials.documents import own_documents
from minopt.trials.memory import Trials

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")

# What the arguments are called elsewhere.
_ELSEWHERE = {
    **dict.fromkeys(("objective", "func", "function", "f", "target"), "fn"),
    **dict.fromkeys(("search_space", "params", "param_space", "bounds"), "space"),
    **dict.fromkeys(("algorithm", "sampler", "suggest", "method"), "algo"),
    **dict.fromkeys(
        ("n_trials", "n_iter", "max_iter", "max_trials", "n_calls", "evals"), "max_evals"
    ),
    **dict.fromkeys(("seed", "rseed", "random_state", "rng", "random_seed"), "rstate"),
    **dict.fromkeys(("x0", "initial_points", "points", "enqueue"), "points_to_evaluate"),
    **dict.fromkeys(("early_stopping", "early_stop", "callback", "callbacks"), "early_stop_fn"),
    **dict.fromkeys(("workers", "n_workers", "parallelism"), "n_jobs"),
    **dict.fromkeys(("progressbar", "progress_bar"), "show_progressbar"),
    **dict.fromkeys(("time_limit", "max_time"), "timeout"),
    **dict.fromkeys(("storage", "save_file", "filename"), "trials_save_file"),
}


def knowing_its_arguments(function: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """Make a function answer an argument that it does not have with the one that may be meant."""
    names = inspect.signature(function).parameters

    @functools.wraps(function)
    def checked(*args: _Given.args, **kwargs: _Given.kwargs) -> _Returned:
        for name in kwargs:
            if name not in names:
                close = [_ELSEWHERE.get(name, ""), *get_close_matches(name, names, n=1)]
                hint = next((f"; did you mean {known!r}?" for known in close if known), "")
                raise TypeError(
                    f"{function.__name__}() got an unexpected keyword argument {name!r}{hint}"
                )
        return function(*args, **kwargs)

    return checked


def warn_of_nothing_to_search(domain: Domain) -> None:
    """Warn of a space in which nothing can vary."""
    if not domain.params:
        warn(
            "the space holds no hp parameter, such as hp.uniform('x', 0, 1): every trial evaluates "
            "the same point, and the best is {}"
        )


def warn_of_another_space(domain: Domain, saved: Any, what: str, instead: str) -> None:
    """Warn of saved trials that are not of the space: other labels, values or options."""
    docs = own_documents(saved)
    vals = [doc["misc"]["vals"] for doc in docs]
    differences = [*_other_labels(domain, vals), *_outside(domain, vals)]
    differences += _other_options(domain, saved) if docs else []
    if not docs or not differences:
        return
    count = f"{len(docs)} trial{'s' * (len(docs) != 1)}"
    warn(
        f"{what} holds {count} of another space: {', and '.join(differences)}; the search goes on "
        f"with them, and the best may be one of theirs. For a new search {instead}"
    )


def _other_labels(domain: Domain, vals: list[Any]) -> Iterator[str]:
    held = dict.fromkeys(label for point in vals for label in point)
    labels = dict.fromkeys([*domain.params, *domain.table.fixed])
    gone = [repr(label) for label in held if label not in labels]
    new = [repr(label) for label in labels if label not in held]
    if not any(len(values) == 0 for point in vals for values in point.values()):
        # points made by hand: they name what is active alone
        new = [repr(label) for label in labels if label not in held and _is_always(label, domain)]
    if gone:
        yield f"they have {_few(gone)}, which the space lacks"
    if new:
        yield f"they lack {_few(new)}, which the space has"


def _outside(domain: Domain, vals: list[Any]) -> Iterator[str]:
    """Say of which parameters the trials have values that the space does not give."""
    for label, parameter in domain.table.by_label.items():
        if parameter.law is None:
            continue
        held = [point[label][0] for point in vals if point.get(label)]
        try:
            values = np.array(held, dtype=float)
        except (TypeError, ValueError):
            continue
        low, high = parameter.law.support()
        wrong = (values < low) & ~np.isclose(values, low) | (values > high) & ~np.isclose(
            values, high
        )
        if isinstance(parameter.law, (Randint, Categorical)):
            wrong |= values != np.floor(values)
        if wrong.any():
            example = held[int(np.argmax(wrong))]
            yield f"{label!r} is {example!r} in one of them, which the space does not give"


def _other_options(domain: Domain, saved: Any) -> Iterator[str]:
    """Say which choices count their options otherwise, where the old space is known."""
    before = saved._saved_space() if isinstance(saved, Trials) else None
    if before is None or domain.plain_space is None:
        return
    now = options_in(domain.plain_space)
    for label, options in options_in(before).items():
        for index, (old, new) in enumerate(zip(options, now.get(label, ()))):
            if old != new:
                yield f"option {index} of {label} was {_short(old)} and is {_short(new)}"
                break


def _short(option: str) -> str:
    return option if len(option) <= 40 else f"{option[:40]}…"


def _is_always(label: str, domain: Domain) -> bool:
    parameter = domain.table.by_label.get(label)
    return parameter is not None and not parameter.branches


def _few(labels: list[str]) -> str:
    shown = ", ".join(labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5} more"
