"""Three classifiers on the iris flowers: k nearest neighbours, a support vector machine, a tree.

Each search maximizes the cross-validated accuracy, that is, it minimizes minus the accuracy.
Run it with ``python docs/examples/iris_models.py`` (needs scikit-learn and matplotlib).
"""

from __future__ import annotations

import numpy as np
from showing import accuracy_by_parameter, options_of, save
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from minopt import STATUS_OK, Trials, fmin, hp, space_eval, tpe

X, y = load_iris(return_X_y=True)

NEIGHBORS = range(1, 50)
KERNELS = ["linear", "sigmoid", "poly", "rbf"]
DEPTHS = range(1, 20)
FEATURES = range(1, 5)
CRITERIA = ["gini", "entropy"]


def search(name, make_model, space, options, choices):
    """Search `space` for the best arguments of `make_model` and draw what was seen."""

    def objective(params):
        accuracy = cross_val_score(make_model(**params), X, y).mean()
        return {"loss": -accuracy, "status": STATUS_OK}

    print(f"\n{name}")
    trials = Trials()
    best = fmin(
        objective,
        space,
        algo=tpe.suggest,
        max_evals=12 if options.short else 100,
        trials=trials,
        rstate=np.random.default_rng(0),
    )
    print("best, by label:", best)
    print("as arguments of the model:", space_eval(space, best))
    figure = accuracy_by_parameter(trials, f"{name} on iris", choices)
    save(figure, options.pictures / f"iris_{name.lower().replace(' ', '_')}.png")


def main():
    options = options_of(__doc__)
    search(
        "Nearest neighbours",
        KNeighborsClassifier,
        {"n_neighbors": hp.choice("n_neighbors", NEIGHBORS)},
        options,
        {"n_neighbors": NEIGHBORS},
    )
    search(
        "SVC",
        SVC,
        {
            "C": hp.uniform("C", 0, 20),
            "kernel": hp.choice("kernel", KERNELS),
            "gamma": hp.uniform("gamma", 0, 20),
        },
        options,
        {"kernel": KERNELS},
    )
    search(
        "Decision tree",
        lambda **params: DecisionTreeClassifier(random_state=0, **params),
        {
            "max_depth": hp.choice("max_depth", DEPTHS),
            "max_features": hp.choice("max_features", FEATURES),
            "criterion": hp.choice("criterion", CRITERIA),
        },
        options,
        {"max_depth": DEPTHS, "max_features": FEATURES, "criterion": CRITERIA},
    )


if __name__ == "__main__":
    main()
