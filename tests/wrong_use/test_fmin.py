"""What tired users type into `fmin`: refused before the first trial, by a sentence that helps."""

from __future__ import annotations

import asyncio
import datetime
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from minopt import SQLTrials, Trials, anneal, fmin, hp, mix, partial, rand, tpe
from minopt.early_stop import no_progress_loss
from minopt.exceptions import (
    AllTrialsFailed,
    BadSearchSpace,
    DuplicateLabel,
    InvalidAnnotatedParameter,
    InvalidArgument,
    InvalidArgumentType,
    InvalidDistribution,
    MinoptError,
    StoreError,
)

X = hp.uniform("x", -5, 5)
CHOICE = hp.choice("c", ["a", "b"])
NESTED = hp.choice("c", [{"k": 0}, {"k": hp.uniform("z", 0, 1)}])


def plain(point):
    return 0.0


def two_arguments(x, y):
    return 0.0


def generator(point):
    yield 0.0


async def asynchronous(point):
    return 0.0


class NotCallable:
    pass


# What is typed, the class of the error, a part of its message.
FN = [
    ({"fn": two_arguments}, InvalidArgumentType, "two_arguments cannot be: missing a required .*y"),
    ({"fn": lambda: 0.0}, InvalidArgumentType, "one argument, the point.*too many positional"),
    ({"fn": NotCallable}, InvalidArgumentType, "NotCallable cannot be"),
    ({"fn": NotCallable()}, InvalidArgumentType, "fn must be the function to be minimized"),
    ({"fn": "objective"}, InvalidArgumentType, "got 'objective' of type str"),
    ({"fn": plain(0)}, InvalidArgumentType, r"got 0\.0 of type float; pass the function itself"),
    ({"fn": (plain(i) for i in range(3))}, InvalidArgumentType, "of type generator"),
    ({"fn": generator}, InvalidArgumentType, "generator is a generator function"),
    ({"fn": asynchronous}, InvalidArgumentType, r"is an async function.*asyncio\.run"),
    ({"fn": [plain]}, InvalidArgumentType, r"got \[<function plain"),
    ({"fn": X, "space": plain}, BadSearchSpace, "plain.* which is a function"),
    ({"fn": tpe}, InvalidArgumentType, "of type module"),
    ({"fn": plain, "pass_expr_memo_ctrl": True}, InvalidArgumentType, "keywords expr, memo and"),
    ({"fn": plain, "space": "annotated"}, InvalidAnnotatedParameter, "argument 'point' of plain"),
]

SPACE = [
    ({"space": hp}, BadSearchSpace, r"got <module .*hp\.py.* of type module"),
    ({"space": {"x": hp}}, BadSearchSpace, r"the space holds <module .*hp\.py"),
    ({"space": {"x": hp.uniform}}, BadSearchSpace, r"hp\.uniform itself; call it"),
    ({"space": hp.choice("c", [hp.normal, 1])}, BadSearchSpace, r"hp\.normal itself; call it"),
    ({"space": rand.suggest, "algo": X}, BadSearchSpace, "suggest.* which is a function"),
    ({"space": 3}, BadSearchSpace, "got 3 of type int"),
    ({"space": (0, 1) and np.array([0.0, 1.0])}, BadSearchSpace, "of type ndarray"),
    ({"space": NotCallable()}, BadSearchSpace, "of type NotCallable"),
    ({"space": Trials()}, BadSearchSpace, "of type Trials"),
    ({"space": {"x": X}.values()}, BadSearchSpace, "of type dict_values"),
    ({"space": (hp.uniform(n, 0, 1) for n in "ab")}, BadSearchSpace, "of type generator"),
    ({"space": map(abs, [1])}, BadSearchSpace, "of type map"),
    ({"space": {"n": (n for n in "ab")}}, BadSearchSpace, r"write list\(\.\.\.\)"),
    ({"space": {"n": {"x": X}.items()}}, BadSearchSpace, r"write list\(\.\.\.\)"),
    ({"space": {X}}, BadSearchSpace, "a set.*use a list"),
    ({"space": '{"x": [0, 1]}'}, BadSearchSpace, "the string"),
    ({"space": "annotate"}, BadSearchSpace, "the string 'annotate'"),
    ({"space": lambda trial: trial.suggest_float("x", 0, 1)}, BadSearchSpace, "is a function"),
    ({"space": [hp.uniform("x", 0, 1), hp.uniform("x", 0, 2)]}, DuplicateLabel, "called 'x'"),
    ({"space": {"a": hp.normal("x", 0, 1), "b": hp.randint("x", 3)}}, DuplicateLabel, "'x'"),
    (
        {"space": hp.choice("x", [hp.uniform("x", 0, 1), 2])},
        DuplicateLabel,
        "two parameters are called 'x'",
    ),
]

ALGO = [
    ({"algo": tpe}, InvalidArgumentType, r"did you mean tpe\.suggest\?"),
    ({"algo": "tpe"}, InvalidArgumentType, r"did you mean tpe\.suggest, without quotes"),
    ({"algo": "tpe.suggest"}, InvalidArgumentType, "of type str"),
    ({"algo": [tpe.suggest]}, InvalidArgumentType, "of type list"),
    ({"algo": 100}, InvalidArgumentType, "got 100 of type int"),
    ({"algo": plain}, InvalidArgumentType, r"algo\(new_ids, domain, trials, seed\), and plain"),
    ({"algo": hp.uniform}, InvalidArgumentType, r"algo\(new_ids, domain, trials, seed\)"),
    ({"algo": mix.suggest}, InvalidArgumentType, "missing a required argument: 'p_suggest'"),
    ({"algo": Trials()}, InvalidArgumentType, "of type Trials"),
    ({"algo": partial(tpe.suggest, gamma="0.25")}, InvalidArgumentType, r"gamma .*got '0\.25'"),
    ({"algo": partial(tpe.suggest, gamma=-1)}, InvalidArgumentType, "gamma .*got -1"),
    ({"algo": partial(tpe.suggest, gamma=None)}, InvalidArgumentType, "gamma .*got None"),
    ({"algo": partial(tpe.suggest, gamma=math.nan)}, InvalidArgumentType, "gamma .*got nan"),
    ({"algo": partial(tpe.suggest, prior_weight=-1)}, InvalidArgumentType, "prior_weight .*got -1"),
    ({"algo": partial(tpe.suggest, prior_weight="1")}, InvalidArgumentType, "prior_weight .*'1'"),
    ({"algo": partial(tpe.suggest, n_startup_jobs="20")}, InvalidArgumentType, "n_startup_jobs"),
    ({"algo": partial(tpe.suggest, n_startup_jobs=None)}, InvalidArgumentType, "n_startup_jobs"),
    ({"algo": partial(tpe.suggest, n_EI_candidates=0)}, InvalidArgumentType, "n_EI_.*got 0"),
    ({"algo": partial(tpe.suggest, n_EI_candidates=2.5)}, InvalidArgumentType, r"n_EI_.*got 2\.5"),
    ({"algo": partial(tpe.suggest, n_EI_candidates="24")}, InvalidArgumentType, "n_EI_.*'24'"),
    ({"algo": partial(tpe.suggest, gama=0.2)}, TypeError, "gama"),
    ({"algo": partial(anneal.suggest, avg_best_idx=0)}, InvalidArgument, "avg_best_idx .*got 0"),
    ({"algo": partial(anneal.suggest, shrink_coef="a")}, InvalidArgument, "shrink_coef .*got 'a'"),
    ({"algo": partial(mix.suggest, p_suggest=[])}, InvalidArgument, "p_suggest"),
    (
        {"algo": partial(mix.suggest, p_suggest=[(rand.suggest, 0.5), (tpe.suggest, 0.5)])},
        InvalidArgumentType,
        r"pairs \(probability, suggest\)",
    ),
    (
        {"algo": partial(mix.suggest, p_suggest=[(0.5, rand), (0.5, tpe)])},
        InvalidArgumentType,
        "p_suggest: an algorithm is a function such as tpe.suggest",
    ),
]

NUMBERS = [
    ({"max_evals": "100"}, InvalidArgumentType, "max_evals .*got '100' of type str"),
    ({"max_evals": range(100)}, InvalidArgumentType, r"max_evals .*range\(0, 100\)"),
    ({"max_evals": np.array([5, 6])}, InvalidArgumentType, "max_evals .*of type ndarray"),
    ({"max_evals": tpe.suggest, "algo": 100}, InvalidArgumentType, "algo must be a function"),
    ({"max_evals": rand.suggest}, InvalidArgumentType, "max_evals .*of type function"),
    ({"max_evals": 3j}, InvalidArgumentType, "max_evals .*of type complex"),
    ({"max_evals": -(10**400)}, InvalidArgument, "max_evals must be a whole number"),
    ({"max_evals": 10.5}, InvalidArgument, r"max_evals .*got 10\.5"),
    ({"timeout": "1h"}, InvalidArgument, "timeout .*Given value: 1h"),
    ({"timeout": datetime.timedelta(hours=1)}, InvalidArgument, "timeout .*1:00:00"),
    ({"timeout": [60]}, InvalidArgument, r"timeout .*\[60\]"),
    ({"loss_threshold": [0.1]}, InvalidArgument, r"loss_threshold .*\[0\.1\]"),
    ({"loss_threshold": "0.1"}, InvalidArgument, r"loss_threshold .*0\.1"),
    ({"max_queue_len": "4"}, InvalidArgumentType, "max_queue_len .*got '4'"),
    ({"max_queue_len": math.inf}, InvalidArgumentType, "max_queue_len .*got inf"),
    ({"trial_timeout": datetime.timedelta(1)}, InvalidArgumentType, "trial_timeout .*timedelta"),
    ({"trial_timeout": math.inf}, InvalidArgument, "trial_timeout .*got inf"),
    ({"trial_memory": True}, InvalidArgumentType, "trial_memory .*got True"),
    ({"trial_memory": "2 GB"}, InvalidArgumentType, "trial_memory .*got '2 GB'"),
    ({"n_jobs": "all"}, InvalidArgumentType, "n_jobs .*got 'all'"),
    ({"n_jobs": None}, InvalidArgumentType, "n_jobs .*got None"),
    ({"n_jobs": [2]}, InvalidArgumentType, r"n_jobs .*got \[2\]"),
    ({"retries": "2"}, InvalidArgumentType, "retries .*got '2'"),
    ({"retries": None}, InvalidArgumentType, "retries .*got None"),
    ({"retries": ConnectionError}, InvalidArgumentType, "retries .*ConnectionError"),
    ({"rstate": "42"}, InvalidArgumentType, "rstate .*got '42'"),
    ({"rstate": [1, 2]}, InvalidArgumentType, r"rstate .*got \[1, 2\]"),
    ({"rstate": np.random}, InvalidArgumentType, "rstate .*of type module"),
    ({"rstate": np.random.default_rng}, InvalidArgumentType, "rstate .*default_rng"),
    ({"rstate": np.random.RandomState}, InvalidArgumentType, "rstate .*RandomState"),
]

FLAGS = [
    ({name: value}, InvalidArgumentType, f"{name} must be True or False, got '{value}'")
    for name, value in [
        ("verbose", "no"),
        ("catch_eval_exceptions", "yes"),
        ("return_argmin", "best"),
        ("allow_trials_fmin", "never"),
        ("pass_expr_memo_ctrl", "no"),
        ("trusted", "no"),
    ]
] + [
    ({"verbose": []}, InvalidArgumentType, r"verbose must be True or False, got \[\]"),
    ({"trusted": 1.0}, InvalidArgumentType, r"trusted must be True or False, got 1\.0"),
    ({"show_progressbar": "no"}, InvalidArgumentType, "show_progressbar .*got 'no'"),
]

TRIALS = [
    ({"trials": SQLTrials}, InvalidArgumentType, r"the class itself; write trials=SQLTrials\("),
    ({"trials": True}, InvalidArgumentType, "trials .*got True"),
    ({"trials": 5}, InvalidArgumentType, "trials .*got 5"),
    ({"trials": ""}, MinoptError, "trials"),
    ({"trials": b"search.db"}, InvalidArgumentType, "trials .*got b'search.db'"),
    ({"trials": "mongo://localhost:27017/db/jobs"}, InvalidArgument, "not in 'mongo'"),
    ({"trials": "mysql://localhost/db"}, InvalidArgument, "not in 'mysql'"),
    ({"trials": "sqlite://search.db"}, InvalidArgument, "sqlite:///search.db"),
    ({"trials": "trials.pkl"}, InvalidArgument, r"trials='trials\.pkl'.*trials_save_file="),
    ({"trials": "missing/search.db"}, StoreError, "missing/search.db: its directory"),
    ({"trials": Path()}, StoreError, "is a directory"),
    ({"trials_save_file": True}, InvalidArgumentType, "trials_save_file .*got True"),
    ({"trials_save_file": ["a.pkl"]}, InvalidArgumentType, "trials_save_file .*got"),
    ({"trials_save_file": Path()}, InvalidArgument, "trials_save_file must name a file"),
    ({"trials_save_file": "missing/a.pkl"}, InvalidArgument, "trials_save_file: the directory"),
    ({"executor": 4}, InvalidArgumentType, "executor .*got 4"),
    ({"executor": "dask"}, InvalidArgumentType, "executor .*got 'dask'"),
    ({"executor": asyncio}, InvalidArgumentType, "executor .*module 'asyncio'"),
    ({"early_stop_fn": True}, InvalidArgumentType, "early_stop_fn .*got True"),
    ({"early_stop_fn": 10}, InvalidArgumentType, "early_stop_fn .*got 10"),
    ({"early_stop_fn": lambda: (False, [])}, InvalidArgumentType, "called with the trials and"),
    ({"early_stop_fn": no_progress_loss}, InvalidArgument, r"no_progress_loss\(20\)"),
]

POINTS = [
    ({"points_to_evaluate": [{"X": 1}]}, r"\[0\].*no parameter 'X' \(it has: x\)"),
    ({"points_to_evaluate": [{"x": 1}, {"x ": 1}]}, r"\[1\].*no parameter 'x '"),
    ({"points_to_evaluate": [{}]}, r"\[0\].*'x' is active here and missing"),
    ({"points_to_evaluate": [{"x": 50}]}, r"\[0\].*'x' cannot be 50"),
    ({"points_to_evaluate": [{"x": "1"}]}, r"\[0\].*'x' needs a number, got '1'"),
    ({"points_to_evaluate": [{"x": None}]}, r"\[0\].*'x' needs a number, got None"),
    ({"points_to_evaluate": [{"x": [1.0]}]}, r"\[0\].*'x' needs a number, got \[1\.0\]"),
    ({"points_to_evaluate": [{"x": math.nan}]}, r"\[0\].*'x' cannot be nan"),
    ({"points_to_evaluate": [1.0]}, r"\[0\] must be a dict from label to value, got 1\.0"),
    ({"points_to_evaluate": [("x", 1)]}, r"\[0\] must be a dict"),
    ({"points_to_evaluate": [[1.0]]}, r"\[0\] must be a dict"),
    ({"points_to_evaluate": {"x": 1}}, "a list of dicts .*got {'x': 1}"),
    ({"points_to_evaluate": ({"x": i} for i in range(2))}, "a list of dicts .*generator"),
    ({"points_to_evaluate": Trials()}, "a list of dicts .*of type Trials"),
    ({"points_to_evaluate": np.array([[1.0]])}, "a list of dicts .*of type ndarray"),
    ({"points_to_evaluate": "x=1"}, "a list of dicts .*got 'x=1'"),
    ({"points_to_evaluate": [{"c": "a"}], "space": CHOICE}, "'c' needs the index of an option"),
    ({"points_to_evaluate": [{"c": 5}], "space": CHOICE}, "'c' cannot be 5"),
    ({"points_to_evaluate": [{"c": -1}], "space": CHOICE}, "'c' cannot be -1"),
    ({"points_to_evaluate": [{"c": 0.5}], "space": CHOICE}, r"'c' cannot be 0\.5"),
    ({"points_to_evaluate": [{"c": {"k": 0.5}}], "space": NESTED}, "'c' needs the index"),
    ({"points_to_evaluate": [{"c": 1}], "space": NESTED}, "'z' is active here and missing"),
    (
        {"points_to_evaluate": [{"q": 12}], "space": hp.quniform("q", 0, 10, 2)},
        r"'q' cannot be 12; its law is Quniform",
    ),
    (
        {"points_to_evaluate": [{"l": -3}], "space": hp.loguniform("l", -5, 0)},
        "'l' cannot be -3; its law is Loguniform",
    ),
    (
        {"points_to_evaluate": [{"n": 2.5}], "space": hp.randint("n", 5)},
        r"'n' cannot be 2\.5",
    ),
]

WRONG = [
    *FN, *SPACE, *ALGO, *NUMBERS, *FLAGS, *TRIALS,
    *((typed, InvalidArgument, f"points_to_evaluate.*{words}") for typed, words in POINTS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "error", "words"), WRONG, ids=[" ".join(wrong[0]) for wrong in WRONG]
)
def test_it_is_refused_before_the_first_trial(search, objective, here, typed, error, words):
    trials = Trials()
    with pytest.raises(error, match=f"(?s){words}"):
        search(**({"trials": trials} | typed))
    assert objective.n_calls == 0
    assert trials.trials == []
    assert list(here.iterdir()) == []


def test_the_table_is_long():
    assert len(WRONG) >= 100


@pytest.mark.parametrize(
    "typed", [{"max_eval": 3}, {"seed": 3}, {"params": X}, {"n_job": 2}, {"trial": Trials()}]
)
def test_an_unknown_keyword_is_named(search, objective, typed):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{next(iter(typed))}'"):
        search(**typed)
    assert objective.n_calls == 0


@pytest.mark.parametrize("arguments", [(), (plain,)])
def test_what_is_missing_is_named(arguments):
    with pytest.raises(TypeError, match=r"missing .* required positional argument.*'space'"):
        fmin(*arguments)


def test_arguments_in_another_order_are_refused(objective):
    for arguments in [
        (X, objective, rand.suggest, 3),
        (objective, rand.suggest, X, 3),
        (objective, X, 3, rand.suggest),
        (rand.suggest, X, objective, 3),
    ]:
        with pytest.raises(MinoptError, match=r"must be|is called|cannot be"):
            fmin(*arguments, verbose=False)
    assert objective.n_calls == 0


def test_bounds_that_cross_for_some_points_are_told_with_the_point(search):
    space = hp.uniform("x", hp.uniform("low", 0, 1), 0.5)
    with pytest.raises(BadSearchSpace, match=r"parameter 'x' at {'low': .*low < high"):
        search(space=space)


def test_an_executor_that_was_shut_down_is_told_before_a_trial_is_asked_for(search, objective):
    executor, trials = ThreadPoolExecutor(1), Trials()
    executor.shutdown()
    with pytest.raises(InvalidArgument, match=r"executor takes no trials any more.*shutdown"):
        search(executor=executor, trials=trials)
    assert trials._dynamic_trials == []
    search(trials=trials)
    assert objective.n_calls == 3


def test_a_file_of_another_kind_is_refused_and_kept(search, objective, here):
    search(trials="search.db")
    before = (here / "search.db").read_bytes()
    with pytest.raises(InvalidArgument, match=r"trials_save_file .*trials='.*search\.db'"):
        search(trials_save_file="search.db", max_evals=5)
    search(trials_save_file="trials.pickle")
    with pytest.raises((InvalidArgument, StoreError), match=r"trials\.pickle"):
        search(trials="trials.pickle", max_evals=5)
    assert (here / "search.db").read_bytes() == before
    assert objective.n_calls == 6


def test_no_best_trial_is_an_error_that_says_why():
    for name in ("argmin", "best_trial"):
        with pytest.raises(AllTrialsFailed, match="there are no trials yet"):
            getattr(Trials(), name)


def test_an_error_of_a_law_is_one_of_the_space():
    with pytest.raises(InvalidDistribution, match="parameter 'x': uniform needs a number as low"):
        hp.uniform("x", np.array([0, 1]), np.array([2, 3]))
