"""Which seeds a search has drawn, so that resuming it goes on and never repeats a point.

Trials remember for each random stream the state in which it was first used, the state it was
left in, and the number of seeds drawn. A generator in a first state is wound forward by that
number, one in a last state goes on from there, and any other begins a stream of its own.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import numpy as np

from minopt._locks import thread_lock
from minopt.trials.memory import Trials
from minopt.trials.stock import gives_ids_as_ours

N_SEEDS = 2**31 - 1

# numpy's default and its successor, whose states are a few numbers: told quickly
_PCG = (np.random.PCG64, np.random.PCG64DXSM)
_ALONE: AbstractContextManager[None] = nullcontext()

_lock = thread_lock()


class SeedStream:
    """The seeds of one run of a search.

    Parameters
    ----------
    rng : numpy.random.Generator
        Or anything with its method ``integers``.
    trials : Trials
        Where the streams are remembered, as the attribute ``_streams``.
    """

    def __init__(self, rng: Any, trials: Any) -> None:
        self._rng = rng
        self._is_shared = getattr(trials, "_is_shared", False) and isinstance(trials, Trials)
        self._trials = trials
        # a store reserves ids and seed at once; what a user's method does, it does outside
        self._at_once = gives_ids_as_ours(trials)
        self._memory = _memory_of(trials)
        self._entry = self._find(state_of(rng))
        self._position: int = self._entry["n_seeds"]
        self._before: tuple[Any, dict[str, Any]] | None = None  # the last seed was drawn

    @property
    def is_fresh(self) -> bool:
        """True while nothing was ever asked for these trials."""
        return not any(entry["n_seeds"] for entry in self._memory)

    def _alone(self) -> AbstractContextManager[None]:
        """Keep other processes, which search on the same trials, from the streams."""
        holding: AbstractContextManager[None]
        holding = self._trials._holding_streams() if self._is_shared else _ALONE
        return holding

    def _find(self, state: str | None) -> dict[str, Any]:
        with _lock, self._alone():
            for entry in self._memory:
                if state is not None and entry["first"] == state:
                    self._wind(entry["n_seeds"])
                    return entry
            for entry in self._memory:
                if state is not None and entry["last"] == state:
                    return entry
        return {"first": state, "last": state, "n_seeds": 0}

    def _wind(self, n_seeds: int) -> None:
        for _ in range(n_seeds):
            self._rng.integers(N_SEEDS)

    def _mark(self) -> tuple[Any, dict[str, Any]]:
        """Return where the stream stands, for `go_back`."""
        bit_generator = getattr(self._rng, "bit_generator", None)
        return None if bit_generator is None else bit_generator.state, dict(self._entry)

    def settle(self) -> None:
        """Note that what came of the seeds drawn so far is known."""
        self._before = None

    def go_back(self) -> None:
        """Take back the seed that was drawn since `settle`, of which nothing came.

        Not if somebody else has drawn from the same stream meanwhile.
        """
        if self._before is None:
            return
        state, entry = self._before
        with _lock, self._alone():
            if state is None or self._entry["n_seeds"] > entry["n_seeds"] + 1:
                return
            self._rng.bit_generator.state = state
            self._entry.update(entry)
            self._position = entry["n_seeds"]
            self._before = None

    def draw_for(self, n: int) -> tuple[list[Any], int]:
        """Return the ids of `n` new trials, and the next seed."""
        if not self._at_once:
            return self._trials.new_trial_ids(n), self.draw()
        with _lock, self._alone():
            return self._trials.new_trial_ids(n), self.draw()

    def draw(self) -> int:
        """Return the next seed."""
        with _lock, self._alone():
            entry = self._entry
            if entry["n_seeds"] == 0 and not any(known is entry for known in self._memory):
                entry = self._entry = self._begun_elsewhere(entry)
            self._wind(entry["n_seeds"] - self._position)  # another thread has the same stream
            self._before = self._mark()
            seed = int(self._rng.integers(N_SEEDS))
            entry["n_seeds"] += 1
            entry["last"] = state_of(self._rng)
            self._position = entry["n_seeds"]
        return seed

    def _begun_elsewhere(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return the same stream as others have begun it meanwhile, else remember this one."""
        for known in self._memory:
            if entry["first"] is not None and known["first"] == entry["first"]:
                return known
        self._memory.append(entry)
        return entry


def _memory_of(trials: Any) -> list[dict[str, Any]]:
    memory = getattr(trials, "_streams", None)
    if isinstance(memory, list):
        return memory
    memory = []
    with suppress(AttributeError):  # a store without room for it: each run remembers by itself
        trials._streams = memory
    return memory


def state_of(rng: Any) -> str | None:
    """Return a short fingerprint of a generator's state; None for one that does not tell it."""
    bit_generator = getattr(rng, "bit_generator", None)
    if bit_generator is None:
        return None
    state = bit_generator.state
    if isinstance(bit_generator, _PCG):
        numbers = state["state"]
        half = f"{state['uinteger']:x}" if state["has_uint32"] else ""
        return f"{state['bit_generator']} {numbers['state']:x} {numbers['inc']:x} {half}"
    text = repr(_spelled_out(state))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _spelled_out(state: Any) -> Any:
    """Make arrays, whose repr leaves out what is in the middle, show all that they hold."""
    if isinstance(state, dict):
        return {key: _spelled_out(value) for key, value in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state
