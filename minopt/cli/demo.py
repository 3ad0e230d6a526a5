"""``minopt demo``: a conditional search over real scikit-learn models, with its picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np

from minopt import hp
from minopt._optional import need
from minopt.algo.tpe.suggest import suggest
from minopt.cli.paths import path as a_path
from minopt.exceptions import InvalidArgument
from minopt.fmin import fmin, space_eval
from minopt.trials.documents import STATUS_OK
from minopt.trials.memory import Trials

MODELS = ("nearest neighbours", "support vectors", "random forest", "logistic regression")
TICKS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4)
WHAT = "minopt demo"

SPACE = hp.choice(
    "model",
    [
        {
            "name": MODELS[0],
            "n_neighbors": hp.uniformint("n_neighbors", 1, 40),
            "weights": hp.choice("weights", ["uniform", "distance"]),
        },
        {
            "name": MODELS[1],
            "C": hp.loguniform("C", np.log(1e-3), np.log(1e3)),
            "kernel": hp.choice(
                "kernel",
                [
                    {"kernel": "linear"},
                    {"kernel": "rbf", "gamma": hp.loguniform("gamma", np.log(1e-5), np.log(1.0))},
                ],
            ),
        },
        {
            "name": MODELS[2],
            "n_estimators": hp.uniformint("n_estimators", 5, 60),
            "max_features": hp.uniform("max_features", 0.05, 1.0),
            "max_depth": hp.choice("max_depth", [None, 2, 4, 8]),
        },
        {
            "name": MODELS[3],
            "C": hp.loguniform("C_logistic", np.log(1e-4), np.log(1e3)),
        },
    ],
)


def add_parser(subparsers: Any) -> None:
    """Add ``demo`` to the sub-commands of ``minopt``."""
    parser = subparsers.add_parser(
        "demo",
        help="search among scikit-learn models on bundled data, and draw the search",
        description="Search among four scikit-learn classifiers, each with parameters of its own, "
        "for the one that diagnoses the breast-cancer data best; print the best point and the "
        "configuration that it stands for, and save a picture of the search.",
    )
    parser.add_argument("--evals", type=_count, default=80, help="trials (default: %(default)s)")
    parser.add_argument("--short", action="store_true", help="10 trials only, to see it run")
    parser.add_argument("--seed", type=_seed, default=0, help="seed (default: %(default)s)")
    parser.add_argument(
        "--picture",
        type=a_path,
        default=Path("minopt-demo.png"),
        help="where the picture goes (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the search and show what it found."""
    max_evals = 10 if args.short else args.evals
    need("matplotlib", extra="demo", what=WHAT)
    check_picture(args.picture)
    objective = make_objective()
    print(
        f"Searching {max_evals} configurations of {len(MODELS)} models, each scored by its error "
        "in a five-fold\ncross-validation on scikit-learn's breast-cancer data (569 patients, "
        "30 measurements):"
    )
    trials = Trials()
    rstate = np.random.default_rng(args.seed)
    best = fmin(objective, SPACE, suggest, max_evals, trials=trials, rstate=rstate)
    _report(best, trials)
    draw_search(trials, args.picture)
    print(f"Picture of the search: {args.picture.resolve()}")
    return 0


def check_picture(path: Path) -> None:
    """Refuse, before the search, the name of a picture that could not be saved after it."""
    if path.is_dir() or not path.parent.is_dir():
        why = "it is a directory" if path.is_dir() else f"there is no {str(path.parent)!r}"
        raise InvalidArgument(f"demo: --picture {str(path)!r} cannot be written: {why}")
    kinds = (
        need("matplotlib.figure", extra="demo", what=WHAT).Figure().canvas.get_supported_filetypes()
    )
    if path.suffix and path.suffix[1:].lower() not in kinds:
        raise InvalidArgument(
            f"demo: --picture {str(path)!r}: {path.suffix!r} is no kind of picture; there are "
            f"{', '.join(sorted(kinds))}"
        )


def make_objective() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return the function that scores a configuration on the breast-cancer data."""
    datasets = need("sklearn.datasets", extra="demo", what=WHAT)
    selection = need("sklearn.model_selection", extra="demo", what=WHAT)
    features, classes = datasets.load_breast_cancer(return_X_y=True)

    def objective(params: Mapping[str, Any]) -> dict[str, Any]:
        scores = selection.cross_val_score(make_model(params), features, classes, cv=5)
        return {"loss": float(1 - scores.mean()), "status": STATUS_OK, "model": params["name"]}

    return objective


def make_model(params: Mapping[str, Any]) -> Any:
    """Make the scikit-learn pipeline that a point of `SPACE` describes."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    arguments = {key: value for key, value in params.items() if key != "name"}
    if params["name"] == "nearest neighbours":
        model = KNeighborsClassifier(**arguments)
    elif params["name"] == "support vectors":
        model = SVC(C=params["C"], **params["kernel"])
    elif params["name"] == "random forest":
        model = RandomForestClassifier(random_state=0, **arguments)
    else:
        model = LogisticRegression(max_iter=1000, **arguments)
    return make_pipeline(StandardScaler(), model)


def draw_search(trials: Trials, path: Path) -> None:
    """Draw the error of every trial, in order and by model, and save the picture."""
    figure_of = need("matplotlib.figure", extra="demo", what=WHAT).Figure
    losses = np.array(trials.losses(), dtype=float)
    chosen = np.array([result["model"] for result in trials.results])
    figure = figure_of(figsize=(9, 4.4), layout="constrained")
    by_order, by_model = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for place, name in enumerate(MODELS):
        rows = np.flatnonzero(chosen == name)
        style = {"color": f"C{place}", "s": 24, "alpha": 0.75, "linewidth": 0}
        by_order.scatter(rows, losses[rows], label=name, **style)
        spread = (np.arange(rows.size) % 7 - 3) * 0.05  # side by side where many are alike
        by_model.scatter(place + spread, losses[rows], **style)
    by_order.step(
        range(losses.size),
        np.minimum.accumulate(losses),
        where="post",
        color="0.3",
        linewidth=1,
        label="best so far",
    )
    by_order.set(xlabel="trial", ylabel="error rate (5-fold)", title="In order", yscale="log")
    by_order.legend(fontsize="small")
    by_model.set(title="By model")
    by_model.set_xticks(range(len(MODELS)), [name.replace(" ", "\n") for name in MODELS])
    by_order.set_yticks(TICKS, [f"{tick:.0%}" for tick in TICKS])
    by_order.set_yticks([], minor=True)
    by_order.set_ylim(0.8 * losses.min(), 1.25 * losses.max())
    figure.savefig(path, dpi=130)


def _report(best: Mapping[str, Any], trials: Trials) -> None:
    loss = trials.best_trial["result"]["loss"]
    print(
        f"\nBest of {len(trials)} trials: error rate {loss:.2%} (trial {trials.best_trial['tid']})"
    )
    print(f"Best point, by label:  {dict(best)}")
    print(f"Decoded configuration: {pformat(space_eval(SPACE, best))}")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least one trial is needed, got {number}")
    return number


def _seed(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"a seed is 0 or more, got {number}")
    return number
