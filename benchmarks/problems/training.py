"""The scikit-learn models that the real tables tune.

Needs scikit-learn; only ``make_tables.py`` (and its test) imports it. Losses are means over the
folds of a shuffled cross-validation: the error rate, or for regression ``1 - R²``, cut off at
``WORST``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR

from benchmarks.problems.space import Config
from benchmarks.problems.table_spaces import Table

WORST = 1.5
SCALERS = {
    "none": lambda: "passthrough",
    "standard": StandardScaler,
    "minmax": MinMaxScaler,
    "robust": RobustScaler,
}


# --- whole grids ---


def svc_grid(config: Config) -> BaseEstimator:
    kernel, degree = {
        "rbf": ("rbf", 3),
        "sigmoid": ("sigmoid", 3),
        "poly2": ("poly", 2),
        "poly3": ("poly", 3),
    }[config["kernel"]]
    model = SVC(
        C=2.0 ** config["log2_c"],
        gamma=2.0 ** config["log2_gamma"],
        kernel=kernel,
        degree=degree,
        max_iter=5000,
    )
    return make_pipeline(SCALERS[config["scaler"]](), model)


def knn_grid(config: Config) -> BaseEstimator:
    steps: list[Any] = [SCALERS[config["scaler"]]()]
    if config["components"] != "all":
        steps.append(PCA(int(config["components"]), random_state=0))
    model = KNeighborsClassifier(
        config["neighbours"], weights=config["weights"], metric=config["metric"], algorithm="brute"
    )
    return make_pipeline(*steps, model)


def forest_grid(config: Config) -> BaseEstimator:
    return RandomForestClassifier(
        n_estimators=5 * 2 ** config["log2_trees"],
        max_depth=config["depth"],
        max_features=config["features"],
        min_samples_leaf=config["leaf"],
        criterion=config["criterion"],
        random_state=0,
    )


def logistic_grid(config: Config) -> BaseEstimator:
    model = LogisticRegression(
        C=2.0 ** config["log2_c"],
        l1_ratio={"l1": 1.0, "l2": 0.0}[config["penalty"]],
        solver="liblinear",
        class_weight={"none": None, "balanced": "balanced"}[config["weights"]],
        random_state=0,
        max_iter=200,
    )
    return make_pipeline(
        SCALERS[config["scaler"]](), SelectKBest(f_classif, k=config["columns"]), model
    )


def boosting_grid(config: Config) -> BaseEstimator:
    return GradientBoostingRegressor(
        learning_rate=0.01 * 2.0 ** config["log2_rate"],
        n_estimators=10 * 2 ** config["log2_trees"],
        max_depth=config["depth"],
        subsample=config["tenths"] / 10,
        max_features=config["columns"],
        random_state=0,
    )


# --- random draws, read through a forest ---


def svc(config: Config) -> BaseEstimator:
    model = SVC(
        C=config["c"],
        gamma=config["gamma"],
        kernel=config["kernel"],
        coef0=config["offset"],
        shrinking=config["shrinking"] == "yes",
        class_weight={"none": None, "balanced": "balanced"}[config["weights"]],
        max_iter=5000,
    )
    return make_pipeline(StandardScaler(), model)


def svr(config: Config) -> BaseEstimator:
    model = SVR(
        C=config["c"],
        gamma=config["gamma"],
        epsilon=config["epsilon"],
        kernel=config["kernel"],
        max_iter=5000,
    )
    return make_pipeline(SCALERS[config["scaler"]](), model)


def mlp_settings(config: Config) -> dict[str, Any]:
    return {
        "hidden_layer_sizes": (config["width"],) * config["layers"],
        "activation": config["activation"],
        "alpha": config["alpha"],
        "learning_rate_init": config["rate"],
        "batch_size": config["batch"],
        "max_iter": config["epochs"],
        "beta_1": 1.0 - config["decay"],
        "random_state": 0,
    }


def mlp_classifier(config: Config) -> BaseEstimator:
    return make_pipeline(StandardScaler(), MLPClassifier(**mlp_settings(config)))


def mlp_regressor(config: Config) -> BaseEstimator:
    return make_pipeline(StandardScaler(), MLPRegressor(**mlp_settings(config)))


def forest_settings(config: Config) -> dict[str, Any]:
    return {
        "n_estimators": config["trees"],
        "max_depth": config["depth"],
        "max_features": config["features"],
        "min_samples_split": config["split"],
        "max_samples": None if config.get("bootstrap") == "no" else config["rows"],
        "bootstrap": config.get("bootstrap") != "no",
        "ccp_alpha": config["pruning"],
        "random_state": 0,
    }


def forest_regressor(config: Config) -> BaseEstimator:
    return RandomForestRegressor(**forest_settings(config))


def forest_classifier(config: Config) -> BaseEstimator:
    return RandomForestClassifier(criterion=config["criterion"], **forest_settings(config))


def boosting_classifier(config: Config) -> BaseEstimator:
    return GradientBoostingClassifier(
        learning_rate=config["rate"],
        n_estimators=config["trees"],
        max_depth=config["depth"],
        subsample=config["rows"],
        max_features=config["features"],
        min_samples_leaf=config["leaf"],
        random_state=0,
    )


def logistic(config: Config) -> BaseEstimator:
    model = LogisticRegression(
        C=config["c"],
        l1_ratio=config["l1"],
        solver="saga",
        tol=config["tol"],
        max_iter=config["steps"],
        fit_intercept=config["intercept"] == "yes",
        random_state=0,
    )
    return make_pipeline(SCALERS[config["scaler"]](), model)


def elastic_net(config: Config) -> BaseEstimator:
    return make_pipeline(
        SCALERS[config["scaler"]](),
        PolynomialFeatures(config["degree"], interaction_only=config["powers"] == "no"),
        StandardScaler(),
        ElasticNet(
            config["alpha"],
            l1_ratio=config["l1"],
            selection=config["selection"],
            max_iter=200,
            random_state=0,
        ),
    )


# --- conditional pipelines ---


def reducer(config: Config, columns: int, score: Callable[..., Any]) -> Any:
    """The middle step of a pipeline."""
    match config["reduce"]:
        case "pca":
            keep = max(1, round(config["pca_part"] * columns))
            return PCA(keep, whiten=config["pca_whiten"] == "yes", random_state=0)
        case "select":
            return SelectKBest(score, k=max(1, round(config["select_part"] * columns)))
        case _:
            return "passthrough"


def kernel_settings(config: Config) -> dict[str, Any]:
    """The support vector machine's settings: what is inactive keeps scikit-learn's own value."""
    settings = {"kernel": config["kernel"], "C": config["svm_c"], "max_iter": 5000}
    for label, name in (
        ("rbf_gamma", "gamma"),
        ("poly_gamma", "gamma"),
        ("poly_degree", "degree"),
        ("poly_offset", "coef0"),
        ("sigmoid_gamma", "gamma"),
        ("sigmoid_offset", "coef0"),
    ):
        if label in config:
            settings[name] = config[label]
    return settings


def network_settings(config: Config) -> dict[str, Any]:
    """The network's settings; the momentum belongs to one solver only."""
    settings = {
        "hidden_layer_sizes": (config["net_width"],),
        "alpha": config["net_alpha"],
        "solver": config["solver"],
        "max_iter": 12,
        "random_state": 0,
    }
    if config["solver"] == "sgd":
        settings |= {"learning_rate_init": config["sgd_rate"], "momentum": config["sgd_momentum"]}
    elif config["solver"] == "adam":
        settings |= {
            "learning_rate_init": config["adam_rate"],
            "beta_1": 1.0 - config["adam_decay"],
        }
    return settings


def trees_settings(config: Config) -> dict[str, Any]:
    """The forest's settings."""
    return {
        "n_estimators": config["trees"],
        "max_depth": config["tree_depth"],
        "max_features": config["tree_features"],
        "random_state": 0,
    }


def neighbour_settings(config: Config) -> dict[str, Any]:
    """The neighbours' settings."""
    return {
        "n_neighbors": config["neighbours"],
        "weights": config["neighbour_weights"],
        "metric": config["metric"],
        "algorithm": "brute",
    }


def classifier(config: Config) -> BaseEstimator:
    match config["model"]:
        case "svm":
            return SVC(**kernel_settings(config))
        case "forest":
            return RandomForestClassifier(**trees_settings(config))
        case "neighbours":
            return KNeighborsClassifier(**neighbour_settings(config))
        case "net":
            return MLPClassifier(**network_settings(config))
        case _:
            return LogisticRegression(
                C=config["linear_c"],
                solver="liblinear",
                l1_ratio={"l1": 1.0, "l2": 0.0}[config["linear_penalty"]],
                max_iter=100,
                random_state=0,
            )


def regressor(config: Config) -> BaseEstimator:
    match config["model"]:
        case "svm":
            return SVR(epsilon=config["svm_epsilon"], **kernel_settings(config))
        case "forest":
            return RandomForestRegressor(**trees_settings(config))
        case "neighbours":
            return KNeighborsRegressor(**neighbour_settings(config))
        case "net":
            return MLPRegressor(**network_settings(config))
        case _:
            if config["linear_penalty"] == "ridge":
                return Ridge(config["ridge_alpha"])
            return ElasticNet(config["net_l_alpha"], l1_ratio=config["net_l_ratio"], max_iter=300)


def pipeline(columns: int) -> Callable[[Config], BaseEstimator]:
    """Scaler, reducer, classifier."""
    return lambda config: make_pipeline(
        SCALERS[config["scaler"]](), reducer(config, columns, f_classif), classifier(config)
    )


def regression_pipeline(columns: int) -> Callable[[Config], BaseEstimator]:
    """Scaler, reducer, regressor."""
    return lambda config: make_pipeline(
        SCALERS[config["scaler"]](), reducer(config, columns, f_regression), regressor(config)
    )


MODELS = {
    build.__name__: build
    for build in (
        svc_grid,
        knn_grid,
        forest_grid,
        logistic_grid,
        boosting_grid,
        svc,
        svr,
        mlp_classifier,
        mlp_regressor,
        forest_regressor,
        forest_classifier,
        boosting_classifier,
        logistic,
        elastic_net,
    )
}
PIPELINES = {"pipeline": pipeline, "regression_pipeline": regression_pipeline}


def builder(table: Table, columns: int) -> Callable[[Config], BaseEstimator]:
    """What turns a configuration of this table into an estimator for data of so many columns."""
    return PIPELINES[table.model](columns) if table.model in PIPELINES else MODELS[table.model]


def load(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a table is trained on, always the same ones."""
    if table.data == "friedman":
        features, target = datasets.make_friedman1(n_samples=table.rows, noise=1.0, random_state=0)
    else:
        load_data = getattr(datasets, f"load_{table.data.removeprefix('noisy_')}")
        features, target = load_data(return_X_y=True)
    rng = np.random.default_rng(7)
    chosen = rng.permutation(len(target))[: table.rows]
    features, target = features[chosen], target[chosen]
    if (
        table.data == "noisy_digits"
    ):  # clean digits are too easy: one configuration in a hundred is best
        features = features + rng.normal(0.0, 5.0, features.shape)
    return features, (target - target.mean()) / target.std() if table.regression else target


def train(table: Table, config: Config, features: np.ndarray, target: np.ndarray) -> float:
    """The cross-validated loss of one configuration."""
    folds = (KFold if table.regression else StratifiedKFold)(
        table.folds, shuffle=True, random_state=0
    )
    build = builder(table, features.shape[1])
    losses = []
    for inside, outside in folds.split(features, target):
        estimator = build(config)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a solver stopped early is part of what is tuned
            try:
                estimator.fit(features[inside], target[inside])
                losses.append(1.0 - estimator.score(features[outside], target[outside]))
            except (ValueError, FloatingPointError):  # a network that diverged
                losses.append(WORST)
    mean = float(np.mean(losses))
    return min(mean, WORST) if np.isfinite(mean) else WORST
