"""The spaces of the real tables: which model is tuned, on which data (no scikit-learn here)."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.problems.space import Branch, Categorical, Float, Int, Space, branch


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be made: the family of models, the data, the space and what it tunes."""

    name: str
    family: str
    data: str
    rows: int
    folds: int
    space: Space
    model: str  # what builds its estimators in training.py
    draws: int = 0  # 0: the whole grid is trained, and looked up exactly

    @property
    def regression(self) -> bool:
        """Whether the target is a number."""
        return self.data in ("diabetes", "friedman")


SVC_GRID: Space = (
    Int("log2_c", -5, 8),
    Int("log2_gamma", -14, -1),
    Categorical("kernel", ("rbf", "sigmoid", "poly2", "poly3")),
    Categorical("scaler", ("standard", "minmax")),
)

KNN_GRID: Space = (
    Int("neighbours", 1, 30),
    Categorical("weights", ("uniform", "distance")),
    Categorical("metric", ("euclidean", "manhattan", "chebyshev", "cosine")),
    Categorical("scaler", ("none", "standard", "minmax")),
    Categorical("components", ("4", "8", "all")),
)

FOREST_GRID: Space = (
    Int("log2_trees", 0, 3),
    Int("depth", 1, 8),
    Int("features", 1, 8),
    Int("leaf", 1, 3),
    Categorical("criterion", ("gini", "entropy")),
)

LOGISTIC_GRID: Space = (
    Int("log2_c", -9, 10),
    Categorical("penalty", ("l1", "l2")),
    Categorical("scaler", ("standard", "minmax", "robust")),
    Categorical("weights", ("none", "balanced")),
    Int("columns", 3, 10),
)

BOOSTING_GRID: Space = (
    Int("log2_rate", 0, 6),
    Int("log2_trees", 0, 4),
    Int("depth", 1, 5),
    Int("tenths", 4, 10),
    Categorical("columns", (0.3, 1.0)),
)

SVC_SPACE: Space = (
    Float("c", 1e-3, 1e3, log=True),
    Float("gamma", 1e-5, 1e1, log=True),
    Categorical("kernel", ("rbf", "poly", "sigmoid")),
    Float("offset", -1.0, 1.0),
    Categorical("shrinking", ("yes", "no")),
    Categorical("weights", ("none", "balanced")),
)

SVR_SPACE: Space = (
    Float("c", 1e-3, 1e3, log=True),
    Float("gamma", 1e-5, 1e1, log=True),
    Float("epsilon", 1e-3, 1.0, log=True),
    Categorical("kernel", ("rbf", "poly", "sigmoid")),
    Categorical("scaler", ("standard", "minmax")),
)

MLP_SPACE: Space = (
    Int("layers", 1, 3),
    Int("width", 4, 48, log=True),
    Categorical("activation", ("relu", "tanh", "logistic")),
    Float("alpha", 1e-6, 1e1, log=True),
    Float("rate", 1e-4, 1e-1, log=True),
    Int("batch", 16, 128, log=True),
    Int("epochs", 2, 16),
    Float("decay", 0.01, 0.5, log=True),
)

BOOSTING_SPACE: Space = (
    Float("rate", 1e-3, 1.0, log=True),
    Int("trees", 4, 64, log=True),
    Int("depth", 1, 6),
    Float("rows", 0.2, 1.0),
    Float("features", 0.05, 1.0),
    Int("leaf", 1, 20),
)

LOGISTIC_SPACE: Space = (
    Float("c", 1e-4, 1e3, log=True),
    Float("l1", 0.0, 1.0),
    Float("tol", 1e-5, 1e-1, log=True),
    Int("steps", 2, 40, log=True),
    Categorical("intercept", ("yes", "no")),
    Categorical("scaler", ("none", "standard", "minmax", "robust")),
)

LINEAR_SPACE: Space = (
    Float("alpha", 1e-4, 1e1, log=True),
    Float("l1", 0.0, 1.0),
    Int("degree", 1, 3),
    Categorical("powers", ("yes", "no")),
    Categorical("selection", ("cyclic", "random")),
    Categorical("scaler", ("none", "standard", "minmax", "robust")),
)


def forest_space(last: Categorical) -> Space:
    return (
        Int("trees", 3, 40, log=True),
        Int("depth", 1, 16),
        Float("features", 0.05, 1.0),
        Float("split", 0.002, 0.5, log=True),
        Float("rows", 0.1, 1.0),
        Float("pruning", 1e-5, 1e-1, log=True),
        last,
    )


FOREST_CLASSES = forest_space(Categorical("criterion", ("gini", "entropy")))
FOREST_REGRESSION = forest_space(Categorical("bootstrap", ("yes", "no")))


def pipeline_space(linear: Space, svm: Space = ()) -> Space:
    """Three levels: the model, its kernel or solver or penalty, and what those alone have."""
    kernels = branch(
        "kernel",
        linear=(),
        rbf=(Float("rbf_gamma", 1e-5, 1e1, log=True),),
        poly=(
            Float("poly_gamma", 1e-4, 1e1, log=True),
            Int("poly_degree", 2, 4),
            Float("poly_offset", 0.0, 2.0),
        ),
        sigmoid=(Float("sigmoid_gamma", 1e-5, 1e0, log=True), Float("sigmoid_offset", -1.0, 1.0)),
    )
    solvers = branch(
        "solver",
        lbfgs=(),
        sgd=(Float("sgd_rate", 1e-4, 1e0, log=True), Float("sgd_momentum", 0.0, 0.99)),
        adam=(Float("adam_rate", 1e-4, 1e-1, log=True), Float("adam_decay", 0.01, 0.5, log=True)),
    )
    models = branch(
        "model",
        svm=(Float("svm_c", 1e-3, 1e3, log=True), *svm, kernels),
        forest=(
            Int("trees", 3, 32, log=True),
            Int("tree_depth", 1, 12),
            Float("tree_features", 0.05, 1.0),
        ),
        neighbours=(
            Int("neighbours", 1, 30, log=True),
            Categorical("neighbour_weights", ("uniform", "distance")),
            Categorical("metric", ("euclidean", "manhattan", "chebyshev")),
        ),
        net=(Int("net_width", 4, 32, log=True), Float("net_alpha", 1e-6, 1e1, log=True), solvers),
        linear=linear,
    )
    reducers = branch(
        "reduce",
        none=(),
        pca=(Float("pca_part", 0.05, 1.0), Categorical("pca_whiten", ("yes", "no"))),
        select=(Float("select_part", 0.05, 1.0),),
    )
    return (Categorical("scaler", ("none", "standard", "minmax")), reducers, models)


CLASSIFIERS = pipeline_space(
    (Float("linear_c", 1e-4, 1e3, log=True), Categorical("linear_penalty", ("l1", "l2")))
)
REGRESSORS = pipeline_space(
    (
        Branch(
            "linear_penalty",
            (
                ("ridge", (Float("ridge_alpha", 1e-4, 1e4, log=True),)),
                (
                    "elastic",
                    (Float("net_l_alpha", 1e-4, 1e1, log=True), Float("net_l_ratio", 0.0, 1.0)),
                ),
            ),
        ),
    ),
    svm=(Float("svm_epsilon", 1e-3, 1.0, log=True),),
)

TABLES = (
    Table("svc_noisy_digits_grid", "svc", "noisy_digits", 500, 3, SVC_GRID, "svc_grid"),
    Table("knn_digits_grid", "knn", "digits", 600, 3, KNN_GRID, "knn_grid"),
    Table("knn_wine_grid", "knn", "wine", 178, 5, KNN_GRID, "knn_grid"),
    Table("forest_digits_grid", "forest", "digits", 400, 2, FOREST_GRID, "forest_grid"),
    Table(
        "logistic_cancer_grid", "logistic", "breast_cancer", 400, 3, LOGISTIC_GRID, "logistic_grid"
    ),
    Table("boosting_diabetes_grid", "boosting", "diabetes", 250, 2, BOOSTING_GRID, "boosting_grid"),
    Table("svc_cancer", "svc", "breast_cancer", 400, 3, SVC_SPACE, "svc", 2000),
    Table("svr_diabetes", "svc", "diabetes", 300, 3, SVR_SPACE, "svr", 2000),
    Table("mlp_digits", "mlp", "digits", 400, 2, MLP_SPACE, "mlp_classifier", 1500),
    Table("mlp_friedman", "mlp", "friedman", 200, 2, MLP_SPACE, "mlp_regressor", 1500),
    Table(
        "forest_diabetes", "forest", "diabetes", 250, 3, FOREST_REGRESSION, "forest_regressor", 1500
    ),
    Table(
        "forest_cancer",
        "forest",
        "breast_cancer",
        250,
        3,
        FOREST_CLASSES,
        "forest_classifier",
        1500,
    ),
    Table(
        "boosting_cancer",
        "boosting",
        "breast_cancer",
        250,
        2,
        BOOSTING_SPACE,
        "boosting_classifier",
        1200,
    ),
    Table("logistic_digits", "logistic", "digits", 400, 2, LOGISTIC_SPACE, "logistic", 1500),
    Table("linear_diabetes", "linear", "diabetes", 300, 3, LINEAR_SPACE, "elastic_net", 2000),
    Table("pipeline_digits", "pipeline", "digits", 400, 3, CLASSIFIERS, "pipeline", 2500),
    Table("pipeline_cancer", "pipeline", "breast_cancer", 250, 3, CLASSIFIERS, "pipeline", 2500),
    Table("pipeline_wine", "pipeline", "wine", 178, 3, CLASSIFIERS, "pipeline", 2500),
    Table(
        "pipeline_diabetes", "pipeline", "diabetes", 250, 3, REGRESSORS, "regression_pipeline", 2500
    ),
    Table(
        "pipeline_friedman", "pipeline", "friedman", 200, 3, REGRESSORS, "regression_pipeline", 2500
    ),
)
