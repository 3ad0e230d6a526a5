"""scikit-learn's own checks of an estimator, all of them."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator

from minopt import hp, rand
from minopt.sklearn import HyperoptSearchCV

# the checks fit on purpose what cannot be fitted or scored
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("UserWarning", "RuntimeWarning")
]


def search_of(estimator):
    space = {"alpha": hp.uniform("alpha", 0, 1)}
    return HyperoptSearchCV(estimator, space, max_evals=2, algo=rand.suggest, cv=3, random_state=42)


CHECKS = [
    pytest.param(
        search, check, id=f"{type(search.estimator).__name__}-{number}-{check.func.__name__}"
    )
    for estimator in (Ridge(), RidgeClassifier())
    for number, (search, check) in enumerate(estimator_checks_generator(search_of(estimator)))
]


@pytest.mark.parametrize("search, check", CHECKS)
def test_scikit_learn_s_check_passes(search, check):
    check(search)
