"""One search per library, brought to a long history and continued by the library's public way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import import_module
from time import process_time
from typing import Any

import numpy as np

from benchmarks.speed.histories import (
    documents,
    optuna_trials,
    random_losses,
    random_points,
)
from benchmarks.speed.spaces import SPACES, ask_optuna, for_hyperopt

LIBRARIES = ("minopt", "hyperopt", "optuna")
ALGORITHMS = ("tpe", "rand")


class Search(ABC):
    """A search that stands at a given number of trials and can be continued."""

    suggest_seconds = 0.0  # CPU seconds spent inside the algorithm since the start

    @abstractmethod
    def run(self, n_trials: int) -> None:
        """Do `n_trials` more trials of the trivial objective."""

    @abstractmethod
    def use(self, algorithm: str) -> None:
        """Let the next trials be proposed by `algorithm`."""

    @abstractmethod
    def __len__(self) -> int:
        """The number of trials held."""


class HyperoptSearch(Search):
    """hyperopt's or minopt's own loop, `FMinIter.run`, which is what `fmin` does per trial."""

    def __init__(self, library: str, algorithm: str, space: str, n_trials: int, seed: int) -> None:
        hp = import_module(f"{library}.hp")
        base = import_module(f"{library}.base")
        fmin_iter = import_module(f"{library}.fmin").FMinIter
        self._library = library
        description = SPACES[space]()
        rng = np.random.default_rng(seed)
        points = random_points(description, n_trials, rng)
        self.trials = base.Trials()
        if points:
            self.trials.insert_trial_docs(
                documents(description, points, random_losses(n_trials, rng))
            )
            self.trials.refresh()
        losses = _endless_losses(rng)
        domain = base.Domain(lambda _: next(losses), for_hyperopt(description, hp))
        self._loop = fmin_iter(
            self._algorithm(algorithm),
            domain,
            self.trials,
            rstate=np.random.default_rng(seed),
            show_progressbar=False,
            verbose=False,
        )

    def _algorithm(self, name: str) -> Callable[..., Any]:
        suggest = import_module(f"{self._library}.{name}").suggest

        def timed_suggest(*arguments: Any) -> Any:
            start = process_time()
            proposed = suggest(*arguments)
            self.suggest_seconds += process_time() - start
            return proposed

        return timed_suggest

    def run(self, n_trials: int) -> None:
        self._loop.run(n_trials, block_until_done=False)

    def use(self, algorithm: str) -> None:
        self._loop.algo = self._algorithm(algorithm)

    def __len__(self) -> int:
        return len(self.trials)


class OptunaSearch(Search):
    """Optuna's own loop, `Study.optimize`, with the storage and the sampler it has by default."""

    def __init__(self, algorithm: str, space: str, n_trials: int, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = SPACES[space]()
        rng = np.random.default_rng(seed)
        points = random_points(self._space, n_trials, rng)
        self._seed = seed
        self._study = optuna.create_study(sampler=self._sampler(algorithm))
        self._study.add_trials(optuna_trials(self._space, points, random_losses(n_trials, rng)))
        self._losses = _endless_losses(rng)

    def _sampler(self, algorithm: str) -> Any:
        from optuna.samplers import RandomSampler, TPESampler

        return {"tpe": TPESampler, "rand": RandomSampler}[algorithm](seed=self._seed)

    def _objective(self, trial: Any) -> float:
        start = process_time()
        ask_optuna(self._space, trial)
        self.suggest_seconds += process_time() - start
        return next(self._losses)

    def run(self, n_trials: int) -> None:
        self._study.optimize(self._objective, n_trials=n_trials)

    def use(self, algorithm: str) -> None:
        self._study.sampler = self._sampler(algorithm)

    def __len__(self) -> int:
        return len(self._study.get_trials(deepcopy=False))


def start_search(library: str, algorithm: str, space: str, n_trials: int, seed: int) -> Search:
    """A search of `library` that already holds `n_trials` random trials."""
    if library == "optuna":
        return OptunaSearch(algorithm, space, n_trials, seed)
    return HyperoptSearch(library, algorithm, space, n_trials, seed)


def _endless_losses(rng: np.random.Generator) -> Iterator[float]:
    while True:
        yield from random_losses(1024, rng)
