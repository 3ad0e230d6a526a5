"""The knobs of TPE that adaptive TPE turns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knobs:
    """One setting of TPE.

    Attributes
    ----------
    n_startup : int
        So many points are drawn at random first.
    gamma : float > 0
        ``gamma * sqrt(n_trials)`` trials, at most 25, count as good.
    n_candidates : int > 0
        Per parameter, the best of so many draws is proposed.
    prior_weight : float > 0
        Weight of the prior among the observations.
    keep : float in (0, 1]
        Share of the trials that are not good which is kept, the better ones.
    lock : float in [0, 1]
        The chance of a parameter to take the value of a good trial instead of a new one.
    n_elite : int > 0
        That good trial is one of the so many best.
    """

    n_startup: int = 20
    gamma: float = 0.25
    n_candidates: int = 24
    prior_weight: float = 1.0
    keep: float = 1.0
    lock: float = 0.0
    n_elite: int = 1
