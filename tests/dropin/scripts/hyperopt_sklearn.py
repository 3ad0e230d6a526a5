"""hyperopt-sklearn: a search over estimators and their preprocessing."""

import warnings

import hyperopt
import numpy as np
from hpsklearn import (
    HyperoptEstimator,
    any_preprocessing,
    k_neighbors_classifier,
    random_forest_classifier,
    svc,
)
from hyperopt import hp, tpe
from sklearn.datasets import load_iris

warnings.simplefilter("ignore")

if __name__ == "__main__":
    features, target = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))
    features, target = features[order], target[order]
    estimator = HyperoptEstimator(
        classifier=hp.choice(
            "classifier",
            [svc("svc"), random_forest_classifier("forest"), k_neighbors_classifier("neighbours")],
        ),
        preprocessing=any_preprocessing("preprocessing"),
        algo=tpe.suggest,
        max_evals=6,
        trial_timeout=30,
        verbose=False,
    )
    estimator.fit(features[:100], target[:100])
    assert estimator.score(features[100:], target[100:]) > 0.7
    print(hyperopt.__name__, len(estimator.trials))
