"""The search of a scikit-learn estimator."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from minopt import STATUS_FAIL, STATUS_OK, Trials, hp, rand
from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.sklearn import HyperoptSearchCV, MinoptSearchCV

X, Y = load_iris(return_X_y=True)
KNN = {
    "n_neighbors": hp.randint("k", 1, 20),
    "weights": hp.choice("weights", ["uniform", "distance"]),
}


def search(max_evals=6, space=KNN, estimator=None, **options):
    options = {"random_state": 0, "algo": rand.suggest, "cv": 3, **options}
    return HyperoptSearchCV(estimator or KNeighborsClassifier(), space, max_evals, **options)


def candidates(fitted):
    return [result["params"] for result in fitted.trials_.results]


def test_the_best_candidate_is_decoded_and_fitted():
    fitted = search().fit(X, Y)
    assert fitted.best_params_["weights"] in ("uniform", "distance")
    assert isinstance(fitted.best_params_["n_neighbors"], int)
    best = fitted.trials_.best_trial["result"]
    assert best["params"] == fitted.best_params_
    assert -best["loss"] == fitted.best_score_ == max(fitted.cv_results_["mean_test_score"])
    assert fitted.best_estimator_.get_params()["weights"] == fitted.best_params_["weights"]
    assert fitted.score(X, Y) > 0.9


def test_results_hold_every_candidate_in_order():
    fitted = search().fit(X, Y)
    assert fitted.cv_results_["params"] == candidates(fitted)
    assert len(fitted.trials_) == 6


def test_a_conditional_space_searches_among_estimators():
    pipeline = Pipeline([("model", KNeighborsClassifier())])
    space = hp.choice(
        "model",
        [
            {"model": KNeighborsClassifier(), "model__n_neighbors": hp.randint("k", 1, 9)},
            {
                "model": DecisionTreeClassifier(random_state=0),
                "model__max_depth": hp.randint("d", 1, 5),
            },
        ],
    )
    fitted = search(12, space, pipeline).fit(X, Y)
    kinds = {type(params["model"]) for params in candidates(fitted)}
    assert kinds == {KNeighborsClassifier, DecisionTreeClassifier}
    assert set(fitted.best_params_) <= {"model", "model__n_neighbors", "model__max_depth"}


@pytest.mark.parametrize(
    "state",
    [
        lambda: 7,
        lambda: np.int64(7),
        lambda: np.random.default_rng(7),
        lambda: np.random.RandomState(7),
        lambda: np.random.SeedSequence(7),
    ],
)
def test_equal_random_states_give_equal_searches(state):
    first, second = (search(4, random_state=state()).fit(X, Y) for _ in range(2))
    assert candidates(first) == candidates(second)


def test_an_int_and_its_generator_give_the_same_search():
    by_int = search(4, random_state=7).fit(X, Y)
    by_generator = search(4, random_state=np.random.default_rng(7)).fit(X, Y)
    assert candidates(by_int) == candidates(by_generator)


def test_a_generator_moves_on_and_an_int_does_not():
    by_int, by_generator = search(4), search(4, random_state=np.random.default_rng(0))
    assert candidates(by_int.fit(X, Y)) == candidates(by_int.fit(X, Y))
    assert candidates(by_generator.fit(X, Y)) != candidates(by_generator.fit(X, Y))


@pytest.mark.parametrize("state", ["seed", 1.5])
def test_what_is_no_random_state_is_refused(state):
    with pytest.raises(InvalidArgumentType, match="random_state must be None, an int"):
        search(random_state=state).fit(X, Y)


def test_several_jobs_give_the_same_results():
    pytest.importorskip("joblib")
    assert candidates(search(3, n_jobs=2).fit(X, Y)) == candidates(search(3).fit(X, Y))


def test_a_warm_start_goes_on_as_one_long_search_would():
    long = search(8).fit(X, Y)
    warm = search(5, warm_start=True).fit(X, Y)
    warm.set_params(max_evals=8).fit(X, Y)
    assert candidates(warm) == candidates(long)
    assert warm.cv_results_["params"] == long.cv_results_["params"]
    assert warm.best_params_ == long.best_params_


def test_a_warm_start_with_nothing_left_to_do_keeps_its_best():
    warm = search(5, warm_start=True).fit(X, Y)
    best = warm.best_params_
    warm.fit(X, Y)
    assert warm.best_params_ == best
    assert len(warm.trials_) == 5


def test_a_warm_start_continues_trials_from_elsewhere():
    earlier = search(4).fit(X, Y)
    saved = pickle.loads(pickle.dumps(earlier.trials_))
    again = search(4, trials=saved, warm_start=True).fit(X, Y)
    assert again.trials_ is saved
    assert again.best_params_ == earlier.best_params_


def test_a_cold_start_forgets():
    fitted = search(5)
    fitted.fit(X, Y)
    first = fitted.trials_
    fitted.fit(X, Y)
    assert fitted.trials_ is not first
    assert len(fitted.cv_results_["params"]) == 5


def test_empty_trials_receive_the_search():
    trials = Trials()
    search(3, trials=trials).fit(X, Y)
    assert len(trials) == 3


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "estimator, wrong, right, reason",
    [
        (Ridge(), {"alpha": -1.0}, {"alpha": 1.0}, "alpha"),  # cannot be fitted
        (KNeighborsClassifier(), {"n_neighbors": 1000}, {"n_neighbors": 3}, "score is nan"),
    ],
)
def test_a_candidate_that_does_not_work_is_a_failed_trial(estimator, wrong, right, reason):
    fitted = search(8, hp.choice("which", [wrong, right]), estimator).fit(X, Y)
    for result in fitted.trials_.results:
        assert result["status"] == (STATUS_FAIL if result["params"] == wrong else STATUS_OK)
    assert fitted.best_params_ == right
    failed = fitted.trials_.results[fitted.trials_.statuses().index(STATUS_FAIL)]
    assert reason in failed["error"]


@pytest.mark.parametrize("error_score, message", [(np.nan, "fits failed"), ("raise", "must be")])
def test_a_search_of_which_nothing_can_be_fitted_says_why(error_score, message):
    space = {"alpha": hp.uniform("alpha", -2, -1)}
    with pytest.raises(ValueError, match=message):
        search(3, space, Ridge(), error_score=error_score).fit(X, Y)


def test_one_of_several_scores_is_maximized():
    fitted = search(5, scoring=["accuracy", "f1_macro"], refit="f1_macro").fit(X, Y)
    losses = [-loss for loss in fitted.trials_.losses()]
    assert losses == fitted.cv_results_["mean_test_f1_macro"].tolist()


def test_several_scores_need_one_to_be_maximized():
    with pytest.raises(InvalidArgument, match=r"one of \['accuracy', 'f1_macro'\]; got False"):
        search(5, scoring=["accuracy", "f1_macro"], refit=False).fit(X, Y)


def test_groups_are_kept_together():
    groups = np.repeat(np.arange(30), 5)
    fitted = search(3, cv=GroupKFold(3)).fit(X, Y, groups=groups)
    assert fitted.n_splits_ == 3


def test_parameters_of_fit_reach_the_estimator():
    weights = np.where(Y == 0, 1.0, 1e-9)
    fitted = search(2, {"C": hp.uniform("C", 1, 2)}, LogisticRegression()).fit(
        X, Y, sample_weight=weights
    )
    assert set(fitted.predict(X)) == {0}


def test_without_refit_there_is_a_best_candidate_but_no_model():
    fitted = search(3, refit=False).fit(X, Y)
    assert fitted.best_params_ in candidates(fitted)
    assert not hasattr(fitted, "best_estimator_")


def test_a_space_that_gives_no_dict_is_refused():
    with pytest.raises(InvalidArgument, match="space must give dicts"):
        search(3, hp.uniform("alpha", 0, 1)).fit(X, Y)


def test_a_search_can_be_cloned_and_pickled():
    fitted = search(3).fit(X, Y)
    assert not hasattr(clone(fitted), "trials_")
    copy = pickle.loads(pickle.dumps(fitted))
    assert copy.best_params_ == fitted.best_params_
    assert np.array_equal(copy.predict(X), fitted.predict(X))


def test_nothing_is_printed_unless_asked_for(capfd):
    search(2).fit(X, Y)
    assert capfd.readouterr() == ("", "")
    search(2, verbose=1).fit(X, Y)
    out, err = capfd.readouterr()
    assert "Fitting 3 folds" in out
    assert "2/2" in err


def test_it_has_a_name_of_our_own_too():
    assert MinoptSearchCV is HyperoptSearchCV
