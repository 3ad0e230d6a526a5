"""What hyperopt has and minopt has not, and what to use instead."""

from __future__ import annotations

from typing import Any, NoReturn

from minopt.exceptions import InvalidArgument

__all__ = ["SparkTrials", "instead"]

_INSTEAD = {
    "spark": "fmin(..., n_jobs=...), or minopt.SQLTrials and `minopt worker` for several machines",
    "mongo": "minopt.SQLTrials and `minopt worker`",
}


def instead(name: str) -> str:
    """Say what does in minopt what a name that it lacks did in hyperopt; "" if nothing does.

    Examples
    --------
    >>> instead("minopt.mongoexp")
    ': see minopt.SQLTrials and `minopt worker`'
    """
    lowered = name.lower()
    return next((f": see {way}" for part, way in _INSTEAD.items() if part in lowered), "")


class SparkTrials:
    """Stands for hyperopt's trials on Apache Spark: many scripts import them and use none.

    Raises
    ------
    InvalidArgument
        When they are made: names what minopt has instead.
    """

    def __init__(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise InvalidArgument(f"minopt has no SparkTrials{instead('spark')}")
