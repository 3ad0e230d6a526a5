"""A mixture of algorithms: for every new trial one of them is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minopt.algo.shared import Document
from minopt.domain.domain import Domain
from minopt.exceptions import InvalidArgument, InvalidArgumentType

Suggest = Callable[..., list[Document]]


def suggest(
    new_ids: Sequence[Any],
    domain: Domain,
    trials: Any,
    seed: Any,
    p_suggest: Sequence[tuple[float, Suggest]],
) -> list[Document]:
    """Let one of several algorithms propose.

    Parameters
    ----------
    new_ids : sequence
        The id of each new trial.
    domain : Domain
    trials : Trials
    seed : int or anything `numpy.random.default_rng` takes
    p_suggest : sequence of (probability, suggest)
        The algorithms, each with the chance that it is asked; the chances sum to 1.

    Returns
    -------
    list of dict
        One document per id. All come from the same algorithm.

    Raises
    ------
    InvalidArgument
        If `p_suggest` is not such a list, or its probabilities do not sum to 1.

    Examples
    --------
    >>> from functools import partial
    >>> from minopt import anneal, rand, tpe
    >>> algo = partial(suggest, p_suggest=[(.1, rand.suggest), (.2, anneal.suggest),
    ...                                    (.7, tpe.suggest)])
    """
    chances, algorithms = _checked(p_suggest)
    rng = np.random.default_rng(seed)
    arm = rng.multinomial(n=1, pvals=chances).argmax()
    return algorithms[arm](new_ids, domain, trials, seed=rng.integers(2**31))


def _checked(p_suggest: Any) -> tuple[list[float], list[Suggest]]:
    try:
        pairs = [(chance, algorithm) for chance, algorithm in p_suggest]
        chances = [float(chance) for chance, _ in pairs]
    except (TypeError, ValueError):
        raise InvalidArgumentType(
            "p_suggest must be a list of pairs (probability, suggest), such as "
            f"[(0.3, rand.suggest), (0.7, tpe.suggest)]; got {p_suggest!r}"
        ) from None
    for _, algorithm in pairs:
        if not callable(algorithm):
            raise InvalidArgumentType(
                f"p_suggest: an algorithm is a function such as tpe.suggest, got {algorithm!r}"
            )
    if not all(chance >= 0 for chance in chances) or not math.isclose(
        sum(chances), 1, abs_tol=1e-8
    ):
        raise InvalidArgument(
            f"p_suggest: the probabilities must not be negative and must sum to 1, got {chances}"
        )
    return chances, [algorithm for _, algorithm in pairs]
