"""The question: how many CPU milliseconds does a trial cost, and how does that grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.speed.crew import Member
from benchmarks.speed.worker import SETTLING_TRIALS

ROUNDS = 5
TRIALS_PER_ROUND = {
    "tpe": 5,
    "rand": 160,
}  # a cheap trial needs more of them: a process that has waited for its turn begins slowly


@dataclass(frozen=True, slots=True)
class Place:
    """Where a measurement stands: algorithm, space, number of trials."""

    algorithm: str
    space: str
    trials: int


def measure(
    members: list[Member],
    places: Iterable[Place],
    seed: int,
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """One point per library and place; the libraries take turns round by round."""
    for place in places:
        points = list(_measure_at(members, place, seed))
        shown = "  ".join(f"{p['library']} {p['ms']:.3f}" for p in points)
        tell(f"{place.algorithm:4} {place.space:11} {place.trials:6} trials: {shown} ms")
        yield from points


def _measure_at(members: list[Member], place: Place, seed: int) -> Iterator[dict[str, Any]]:
    per_round = TRIALS_PER_ROUND[place.algorithm]
    # the timed trials lie around the named number, half before it and half behind
    held = max(place.trials - SETTLING_TRIALS - ROUNDS * per_round // 2, 0)
    first = [
        member.ask(
            "prepare",
            algorithm=place.algorithm,
            space=place.space,
            n_trials=held,
            seed=seed,
        )
        for member in members
    ]
    rounds: list[list[dict[str, Any]]] = [[] for _ in members]
    for _ in range(ROUNDS):
        for answers, member in zip(rounds, members):
            answers.append(member.ask("run", n_trials=per_round))
    for member, start, answers in zip(members, first, rounds):
        yield {
            "library": member.library,
            "algorithm": place.algorithm,
            "space": place.space,
            "trials": place.trials,
            "ms": round(median(a["ms"] for a in answers), 4),
            "low": round(min(a["ms"] for a in answers), 4),
            "high": round(max(a["ms"] for a in answers), 4),
            "suggest_ms": round(median(a["suggest_ms"] for a in answers), 4),
            "first_ms": round(start["first_ms"], 2),
        }
