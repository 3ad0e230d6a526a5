"""The trained model: which setting of the knobs suits a search like this one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from minopt._types import FloatArray
from minopt.algo.atpe.features import NAMES
from minopt.algo.atpe.knobs import Knobs


@dataclass(frozen=True)
class Model:
    """Predicts, linearly in the features of a search, what each setting is worth to it.

    Attributes
    ----------
    settings : sequence of Knobs
    weights : (n_settings, 1 + n_features) float array
        Of the expected log-regret, compared with the other settings: less is better.
    sharpness : float > 0
        How strictly the best settings are preferred.
    """

    settings: Sequence[Knobs]
    weights: FloatArray
    sharpness: float

    def worth(self, features: FloatArray) -> FloatArray:
        """Return the expected log-regret of each setting."""
        return np.asarray(self.weights @ np.concatenate([[1.0], features]), dtype=np.float64)

    def choose(self, features: FloatArray, rng: np.random.Generator) -> Knobs:
        """Draw one of the settings, the better ones more often."""
        worth = self.worth(features)
        odds = np.exp(-self.sharpness * (worth - worth.min()))
        return self.settings[int(rng.choice(len(odds), p=odds / odds.sum()))]

    def as_json(self) -> dict[str, Any]:
        """Return what `load` reads."""
        return {
            "features": list(NAMES),
            "sharpness": self.sharpness,
            "settings": [
                {name: getattr(knobs, name) for name in knobs.__slots__} for knobs in self.settings
            ],
            "weights": np.round(self.weights, 5).tolist(),
        }


@cache
def load() -> Model:
    """Return the model that comes with minopt."""
    data = json.loads((files("minopt.algo.atpe") / "model.json").read_text(encoding="utf-8"))
    settings = [Knobs(**knobs) for knobs in data["settings"]]
    return Model(settings, np.array(data["weights"]), data["sharpness"])
