"""A space with a choice: two cases, each with a parameter of its own.

Run it with ``python docs/examples/two_cases.py``.
"""

from __future__ import annotations

import numpy as np
from showing import options_of

from minopt import Trials, fmin, hp, space_eval, tpe
from minopt.pyll.stochastic import sample

SPACE = hp.choice(
    "a",
    [
        ("case 1", 1 + hp.lognormal("c1", 0, 1)),
        ("case 2", hp.uniform("c2", -10, 10)),
    ],
)


def objective(point):
    """Return the value itself in case 1, which is at least 1, and its square in case 2."""
    case, value = point
    return value if case == "case 1" else value**2


def main():
    options = options_of(__doc__)

    print("Five points drawn from the space:")
    rng = np.random.default_rng(0)
    for _ in range(5):
        print("   ", sample(SPACE, rng))

    trials = Trials()
    best = fmin(
        objective,
        SPACE,
        algo=tpe.suggest,
        max_evals=25 if options.short else 100,
        trials=trials,
        rstate=rng,
    )
    print("best, by label; a choice is the index of its option:", best)
    print("the same as the objective got it:", space_eval(SPACE, best))

    print("The first trials, as they are kept (no value for the case that was not chosen):")
    for trial in trials.trials[:3]:
        print("   ", trial["tid"], trial["misc"]["vals"], trial["result"])


if __name__ == "__main__":
    main()
