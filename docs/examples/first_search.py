"""A first search: the lowest point of a wavy function of one variable.

Run it with ``python docs/examples/first_search.py``.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from showing import options_of, save

from minopt import Trials, fmin, hp, tpe


def wavy(x):
    """Return a function of `x` with many local minima."""
    return -np.sin(x**2.0) / x + 0.01 * x**2.0


def picture_of(trials, best):
    """Draw the function, the points that were tried (later is darker) and the best one."""
    tried = np.array([trial["misc"]["vals"]["x"][0] for trial in trials.trials])
    grid = np.linspace(-10, 10, 2000)

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    axes.plot(grid, wavy(grid), color="0.75", linewidth=1, zorder=1)
    points = axes.scatter(tried, wavy(tried), c=np.arange(len(tried)), s=24, cmap="viridis_r")
    axes.plot(best["x"], wavy(best["x"]), "r*", markersize=15, label=f"best: x = {best['x']:.3f}")
    figure.colorbar(points, ax=axes, label="trial")
    axes.set(xlabel="x", ylabel="loss", title="Where the search looked")
    axes.legend(loc="upper center")
    return figure


def main():
    options = options_of(__doc__)
    trials = Trials()
    best = fmin(
        fn=wavy,
        space=hp.uniform("x", -10, 10),
        algo=tpe.suggest,
        max_evals=25 if options.short else 100,
        trials=trials,
        rstate=np.random.default_rng(0),
    )
    print(best)
    save(picture_of(trials, best), options.pictures / "first_search.png")


if __name__ == "__main__":
    main()
