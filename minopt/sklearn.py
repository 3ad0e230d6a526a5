"""Search of a scikit-learn estimator's hyperparameters, as a scikit-learn estimator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minopt._optional import need
from minopt._random import generator_of
from minopt.exceptions import InvalidArgument
from minopt.fmin import fmin
from minopt.trials.documents import STATUS_FAIL, STATUS_OK
from minopt.trials.memory import Trials

need("sklearn", extra="sklearn", what="HyperoptSearchCV")
from sklearn.model_selection._search import BaseSearchCV  # noqa: E402  # after `need` has its say

__all__ = ["HyperoptSearchCV", "MinoptSearchCV"]


class HyperoptSearchCV(BaseSearchCV):  # type: ignore[misc]  # scikit-learn has no types
    """Search of hyperparameters by cross-validation.

    Behaves like scikit-learn's `RandomizedSearchCV`; the candidates come from a space and
    from what the earlier ones scored.

    Parameters
    ----------
    estimator : estimator
        Is given each candidate by ``set_params``.
    space : dict of hp expressions, or an expression that gives a dict
        Its points name parameters of the estimator; options of `hp.choice` may be whole dicts,
        so that parameters are searched only where they mean something.
    max_evals : int
        How many candidates `trials_` shall hold at the end.
    trials : Trials, optional
        Receives the search if it is empty; with `warm_start` its trials are continued.
    algo : function, default `tpe.suggest`
    warm_start : bool
        Let a further `fit` go on with `trials_` up to `max_evals`, which `set_params` can raise.
    scoring : str, callable, list or dict, optional
        Of several scores the one that `refit` names is maximized.
    n_jobs : int, optional
        So many folds are fitted at once; -1 for all processors.
    refit : bool, str or callable
        Fit the best candidate to all data at the end.
    cv : int, splitter or iterable, optional
    verbose : int
        Above 0: show a progress bar and what scikit-learn has to say.
    pre_dispatch : int or str
    random_state : int, SeedSequence, Generator, RandomState or None
        A Generator or RandomState moves on with each `fit`.
    error_score : "raise" or float
        The score of a fold whose fit raised. A candidate with all fits failed is a failed trial.
    return_train_score : bool

    Attributes
    ----------
    trials_ : Trials
        The search; each result holds the candidate as ``params``.
    best_params_ : dict
        The best candidate as the estimator receives it: option values, not their indices.
    best_score_, best_index_, best_estimator_, cv_results_, n_splits_, scorer_, refit_time_
        As in scikit-learn's searches. After a warm start `cv_results_` has all candidates.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from minopt import hp
    >>> space = {"C": hp.loguniform("C", -3, 3), "kernel": hp.choice("kernel", ["rbf", "linear"])}
    >>> search = HyperoptSearchCV(SVC(), space, max_evals=5, random_state=0)
    >>> search.fit(*load_iris(return_X_y=True)).best_params_["kernel"]
    'rbf'
    """

    _earlier: _Scored
    _scored: _Scored
    _required_parameters = ("estimator", "space", "max_evals")

    def __init__(
        self,
        estimator: Any,
        space: Any,
        max_evals: int,
        trials: Any = None,
        algo: Callable[..., Any] | None = None,
        warm_start: bool = False,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.space = space
        self.max_evals = max_evals
        self.trials = trials
        self.algo = algo
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, groups: Any = None, **fit_params: Any) -> Any:
        """Search, and fit the best candidate to all data.

        Parameters
        ----------
        X : (n_samples, n_features) array or what the estimator takes
        y : (n_samples,) array, optional
        groups : (n_samples,) array, optional
            For splitters that keep groups together.
        **fit_params
            Passed on to the estimator's `fit`.

        Returns
        -------
        self
        """
        if y is None and _needs_target(self):
            raise ValueError(
                f"{type(self.estimator).__name__} requires y to be passed, but the target y is None"
            )
        if groups is not None:
            fit_params["groups"] = groups
        return super().fit(X, y, **fit_params)

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn wants to know: here what it lets a search not take over."""
        from sklearn.utils import get_tags

        tags = super().__sklearn_tags__()
        tags.target_tags = get_tags(self.estimator).target_tags
        return tags

    def _run_search(self, evaluate_candidates: Callable[[list[Any]], Any]) -> None:
        """Run `fmin` with cross-validation as the objective; called by scikit-learn's `fit`."""
        self._begin()
        failures: list[ValueError] = []

        def objective(candidate: Any) -> dict[str, Any]:
            params = _checked_candidate(candidate)
            try:
                score = self._last_score(evaluate_candidates([params]))
            except ValueError as failure:
                if self.error_score == "raise" or "fits failed" not in str(failure):
                    raise
                failures.append(failure)
                return {"status": STATUS_FAIL, "params": params, "error": str(failure)}
            if not math.isfinite(score):
                return {"status": STATUS_FAIL, "params": params, "error": f"its score is {score}"}
            return {"status": STATUS_OK, "loss": -score, "params": params}

        fmin(
            objective,
            space=self.space,
            algo=self.algo,
            max_evals=self.max_evals,
            trials=self.trials_,
            rstate=_generator(self.random_state),
            verbose=bool(self.verbose),
            return_argmin=False,
        )
        if self._scored is self._earlier:  # not one candidate was scored
            if failures:
                raise failures[0]
            evaluate_candidates([self.trials_.best_trial["result"]["params"]])

    def _begin(self) -> None:
        """Decide which trials to go on with, and which scores belong to them."""
        if self.warm_start and hasattr(self, "trials_"):
            self._earlier = self._scored
            return
        given = self.trials
        usable = given is not None and (self.warm_start or len(given) == 0)
        self.trials_ = given if usable else Trials()
        self._earlier = self._scored = _Scored([], [])

    def _format_results(
        self, candidate_params: list[Any], n_splits: int, out: list[Any], more_results: Any = None
    ) -> Any:
        """Make `cv_results_`, after a warm start with the candidates scored before."""
        earlier = self._earlier
        if len(earlier.fits) != n_splits * len(earlier.params):
            earlier = _Scored([], [])  # of another cross-validation: not to be compared
        self._scored = _Scored([*earlier.params, *candidate_params], [*earlier.fits, *out])
        return super()._format_results(
            self._scored.params, n_splits, self._scored.fits, more_results
        )

    def _last_score(self, results: Mapping[str, Any]) -> float:
        """Return the score to be maximized of the candidate scored last."""
        key = "mean_test_score" if "mean_test_score" in results else f"mean_test_{self.refit}"
        if key not in results:
            scores = [name.removeprefix("mean_test_") for name in results if "mean_test_" in name]
            raise InvalidArgument(
                f"refit must name the score to be maximized, one of {scores}; got {self.refit!r}"
            )
        return float(results[key][-1])


@dataclass(frozen=True)
class _Scored:
    """The candidates scored, and what scikit-learn measured in each of their fits."""

    params: list[Any]
    fits: list[Any]


MinoptSearchCV = HyperoptSearchCV


def _needs_target(search: BaseSearchCV) -> bool:
    """Tell whether the estimator cannot do without `y`; unknown before scikit-learn 1.6."""
    return hasattr(BaseSearchCV, "__sklearn_tags__") and bool(
        search.__sklearn_tags__().target_tags.required
    )


def _checked_candidate(candidate: Any) -> dict[str, Any]:
    if not isinstance(candidate, dict):
        raise InvalidArgument(
            "space must give dicts of the estimator's parameters, such as "
            f"{{'alpha': hp.uniform('alpha', 0, 1)}}; got the point {candidate!r}"
        )
    return candidate


def _generator(random_state: Any) -> np.random.Generator | None:
    try:
        return None if random_state is None else generator_of(random_state)
    except InvalidArgument as wrong:
        raise type(wrong)(str(wrong).replace("rstate", "random_state")) from None
