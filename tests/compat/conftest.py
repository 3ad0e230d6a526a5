"""minopt and hyperopt 0.3.0 side by side in one process: the same search on both, compared."""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from minopt.testing.spaces import loss_of

MODULES = ["hp", "base", "fmin", "pyll", "pyll.stochastic", "pyll_utils", "early_stop"]
ALGORITHMS = ["rand", "tpe", "anneal", "mix"]


def library(name):
    """Return the modules of one of the two libraries as attributes, algorithms included."""
    package = importlib.import_module(name)
    parts = SimpleNamespace(name=name, package=package)
    for path in MODULES + ALGORITHMS:
        try:
            module = importlib.import_module(f"{name}.{path}")
        except ModuleNotFoundError as missing:
            if missing.name != f"{name}.{path}":
                raise
            continue
        setattr(parts, path.rpartition(".")[2], module)
    parts.fmin = parts.fmin.fmin
    parts.FMinIter = importlib.import_module(f"{name}.fmin").FMinIter
    parts.scope = parts.pyll.scope
    parts.sample = parts.stochastic.sample
    parts.Trials = parts.base.Trials
    parts.Domain = parts.base.Domain
    parts.search = functools.partial(quiet_search, parts)
    return parts


def quiet_search(lib, fn, space, evals=10, **options):
    """Run `fmin` with a few random trials and no output, unless told otherwise."""
    options.setdefault("rstate", np.random.default_rng(0))
    options.setdefault("algo", lib.rand.suggest)
    return lib.fmin(fn, space, max_evals=evals, verbose=False, show_progressbar=False, **options)


def algorithm(lib, name, settings):
    """Return the `suggest` of an algorithm with its settings; mix gets arms of its library."""
    if not hasattr(lib, name):
        pytest.xfail(f"minopt.{name} is not built yet")
    if name == "mix":
        chances = settings or {"rand": 0.2, "tpe": 0.5, "anneal": 0.3}
        arms = [(chance, getattr(lib, arm).suggest) for arm, chance in chances.items()]
        return functools.partial(lib.mix.suggest, p_suggest=arms)
    suggest = getattr(lib, name).suggest
    return functools.partial(suggest, **settings) if settings else suggest


class Search:
    """One run of `fmin`: its trials, what the objective received, and the seeds handed out."""

    def __init__(self, lib, space_of, algo, seed, evals, objective, settings, options):
        takes_library = len(inspect.signature(space_of).parameters) == 1
        self.lib = lib
        self.space = space_of(lib) if takes_library else space_of()
        self.suggest = algorithm(lib, algo, settings)
        self.points = []
        self.seeds = {}
        known = options.pop("known", [])
        self.trials = (
            None if "points_to_evaluate" in options else lib.package.trials_from_docs(known)
        )
        self.objective = objective
        self.iterator = None
        self.best = lib.fmin(
            self._score,
            self.space,
            algo=self._ask,
            max_evals=evals,
            trials=self.trials,
            rstate=np.random.default_rng(seed),
            verbose=False,
            show_progressbar=False,
            **options,
        )

    def _ask(self, new_ids, domain, trials, seed):
        self.trials, self.domain = trials, domain
        self.seeds[new_ids[0]] = seed
        return self.suggest(new_ids, domain, trials, seed)

    def _score(self, point):
        self.points.append(point)
        return self.objective(point)


def same_number(ours, theirs):
    """Bit for bit equal; where ours is an int, as the house promises, equal as numbers."""
    if isinstance(ours, int) and not isinstance(ours, bool):
        return ours == theirs
    return float(ours).hex() == float(theirs).hex()


def same_point(ours, theirs):
    """Equal in shape, in order and in every number; numpy scalars pass for Python's numbers."""
    if isinstance(theirs, dict):
        return (
            isinstance(ours, dict)
            and list(ours) == list(theirs)
            and all(same_point(ours[key], theirs[key]) for key in theirs)
        )
    if isinstance(theirs, (list, tuple)):
        return (
            type(ours) is type(theirs)
            and len(ours) == len(theirs)
            and all(map(same_point, ours, theirs))
        )
    if isinstance(theirs, (bool, str, type(None))) or callable(theirs):
        return ours is theirs or ours == theirs
    if np.size(theirs) > 1:
        return np.array_equal(ours, theirs)
    return same_number(ours, theirs)


def first_difference(ours, theirs):
    """Return (number of the trial, what differs, ours, theirs) for two searches, or None."""
    for number, (mine, other) in enumerate(
        zip(ours.trials.trials, theirs.trials.trials, strict=False)
    ):
        if mine["tid"] != other["tid"]:
            return number, "tid", mine["tid"], other["tid"]
        for part in ("vals", "idxs"):
            here, there = mine["misc"][part], other["misc"][part]
            if list(here) != list(there):
                return number, f"labels of misc.{part}", list(here), list(there)
            for label in here:
                if not same_point(list(here[label]), list(there[label])):
                    return number, label, here[label], there[label]
        if not same_number(mine["result"]["loss"], other["result"]["loss"]):
            return number, "loss", mine["result"]["loss"], other["result"]["loss"]
    for number, (mine, other) in enumerate(zip(ours.points, theirs.points, strict=False)):
        if not same_point(mine, other):
            return number, "the point", mine, other
    lengths = len(ours.trials.trials), len(theirs.trials.trials)
    if lengths[0] != lengths[1]:
        return min(lengths), "number of trials", *lengths
    if list(ours.best) != list(theirs.best) or not same_point(ours.best, theirs.best):
        return lengths[0], "best", ours.best, theirs.best
    return None


def explanation(ours, theirs, difference):
    """Say what differs first, and how far apart the reference scores the two candidates."""
    number, what, mine, other = difference
    lines = [f"trial {number}, {what}: minopt {mine!r}, hyperopt {other!r}"]
    tid = theirs.trials.trials[min(number, len(theirs.trials.trials) - 1)]["tid"]
    if what in theirs.domain.params and len(mine) == len(other) == 1 and tid in theirs.seeds:
        lines += scores_of(theirs, tid, [mine[0], other[0]])
    return "\n".join(lines)


def scores_of(search, tid, values):
    """Ask the reference again for trial `tid`, and read the scores of the values it weighed."""
    symbols = search.lib.scope._impls
    weighed = []

    def best_of(samples, below_llik, above_llik):
        weighed.append((np.asarray(samples), np.asarray(below_llik) - np.asarray(above_llik)))
        return original(samples, below_llik, above_llik)

    earlier = search.lib.base.trials_from_docs(
        [trial for trial in search.trials.trials if trial["tid"] < tid]
    )
    original = symbols["broadcast_best"]
    symbols["broadcast_best"] = best_of
    try:
        search.suggest([tid], search.domain, earlier, search.seeds[tid])
    finally:
        symbols["broadcast_best"] = original
    lines = []
    for samples, scores in weighed:
        near = [int(np.argmin(np.abs(samples - value))) for value in values]
        if all(np.isclose(samples[i], v) for i, v in zip(near, values, strict=True)):
            gap = float(scores[near[1]] - scores[near[0]])
            lines.append(f"  hyperopt's scores: {scores[near]}, gap {gap:.3g}")
    return lines


@pytest.fixture(scope="session")
def hyperopt():
    """The reference and its modules."""
    return library("hyperopt")


@pytest.fixture(scope="session")
def minopt():
    """Our library and its modules."""
    return library("minopt")


@pytest.fixture(scope="session", params=["minopt", "hyperopt"])
def lib(request):
    """Each library in turn, for what must hold on both."""
    return library(request.param)


@pytest.fixture(scope="session")
def assert_same_trials(hyperopt, minopt):
    """Run the same search on both libraries and compare trial by trial."""

    def check(space_of, algo="tpe", seed=0, evals=60, objective=loss_of, options=None, **settings):
        arguments = (space_of, algo, seed, evals, objective, settings)
        ours = Search(minopt, *arguments, copy.deepcopy(options or {}))
        with warnings.catch_warnings():  # the reference may take the logarithm of 0
            warnings.simplefilter("ignore", RuntimeWarning)
            theirs = Search(hyperopt, *arguments, copy.deepcopy(options or {}))
        difference = first_difference(ours, theirs)
        if difference is not None:
            pytest.fail(explanation(ours, theirs, difference), pytrace=False)
        return ours, theirs

    return check


@pytest.fixture(scope="session")
def same():
    """The comparison of two points, for tests that make their own."""
    return same_point
