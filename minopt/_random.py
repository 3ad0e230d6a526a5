"""Where random numbers come from: one generator, made from whatever the user calls a seed."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import numpy as np

from minopt.exceptions import InvalidArgument, InvalidArgumentType

Seed: TypeAlias = (
    "int | np.integer[Any] | np.random.SeedSequence | np.random.Generator | np.random.RandomState"
)

SEED_VARIABLE = "HYPEROPT_FMIN_SEED"


def generator_of(rstate: Any) -> np.random.Generator:
    """Make the generator that `fmin` draws its seeds from.

    Parameters
    ----------
    rstate : None, int, SeedSequence, BitGenerator, Generator or RandomState
        A Generator is used as it is, an old RandomState shares its stream; None
        takes ``$HYPEROPT_FMIN_SEED`` if that is set, else fresh entropy.

    Raises
    ------
    InvalidArgument
        For a negative seed, or a variable that does not hold a whole number.
    InvalidArgumentType
        For anything else, bool and float included.
    """
    if rstate is None:
        return _generator_of_environment()
    if isinstance(rstate, np.random.Generator):
        return rstate
    if isinstance(rstate, np.random.RandomState):
        return np.random.Generator(rstate._bit_generator)
    if isinstance(rstate, (np.random.SeedSequence, np.random.BitGenerator)):
        return np.random.default_rng(rstate)
    if isinstance(rstate, (int, np.integer)) and not isinstance(rstate, bool):
        if rstate < 0:
            raise InvalidArgument(f"rstate: a seed must not be negative, got {rstate!r}")
        return np.random.default_rng(int(rstate))
    raise InvalidArgumentType(
        "rstate must be None, an int, a numpy SeedSequence, Generator or RandomState, "
        f"got {rstate!r} of type {type(rstate).__name__}"
    )


def is_stream(rstate: Any) -> bool:
    """Tell whether seeds can be drawn from what the user gave."""
    return isinstance(rstate, np.random.RandomState) or hasattr(rstate, "integers")


def stream_of(rstate: Any) -> Any:
    """Return what seeds are drawn from; an old RandomState stays as it is for its owner."""
    return generator_of(rstate) if isinstance(rstate, np.random.RandomState) else rstate


def _generator_of_environment() -> np.random.Generator:
    text = os.environ.get(SEED_VARIABLE, "")
    if not text:
        return np.random.default_rng()
    try:
        seed = int(text)
    except ValueError:
        raise InvalidArgument(
            f"the environment variable {SEED_VARIABLE} must hold a whole number, got {text!r}"
        ) from None
    return generator_of(seed)
