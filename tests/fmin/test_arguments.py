"""What `fmin` takes, and what it refuses before the first trial."""

from __future__ import annotations

import functools
import inspect
import math

import hyperopt
import numpy as np
import pytest

import minopt
from minopt import Trials, hp, rand, tpe
from minopt.early_stop import no_progress_loss
from minopt.exceptions import BadSearchSpace, InvalidArgument, InvalidArgumentType
from minopt.fmin import FMinIter


def shape(function):
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


def test_fmin_has_hyperopts_parameters_in_order_with_their_defaults():
    assert shape(minopt.fmin)[:18] == shape(hyperopt.fmin)
    assert len(shape(hyperopt.fmin)) == 18


def test_what_fmin_has_besides_is_by_keyword_only():
    more = list(inspect.signature(minopt.fmin).parameters.values())[18:]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in more)


@pytest.mark.parametrize(
    "name", ["__init__", "run", "serial_evaluate", "exhaust", "block_until_done"]
)
def test_fminiter_has_hyperopts_methods_and_parameters(name):
    assert shape(getattr(FMinIter, name)) == shape(getattr(hyperopt.FMinIter, name))


def test_an_unknown_keyword_is_a_type_error(search):
    with pytest.raises(TypeError, match="n_evals"):
        search(n_evals=3)


class Holder:
    def __init__(self):
        self.n_calls = 0

    def __call__(self, x):
        self.n_calls += 1
        return 0.0


BUILTIN = {"x": 1}
BUILTIN["self"] = BUILTIN

WRONG = [
    ("fn", None, InvalidArgumentType, "fn must be the function"),
    ("fn", 3.5, InvalidArgumentType, r"got 3\.5 of type float"),
    ("algo", "tpe", InvalidArgumentType, r"did you mean tpe\.suggest, without quotes\?"),
    ("algo", "best", InvalidArgumentType, "algo must be a function such as tpe.suggest"),
    ("algo", tpe, InvalidArgumentType, r"did you mean tpe\.suggest\?"),
    ("algo", 7, InvalidArgumentType, "got 7 of type int"),
    ("algo", Trials, InvalidArgumentType, "algo must be a function"),
    ("max_evals", -1, InvalidArgument, "0 or more.*got -1"),
    ("max_evals", 2.5, InvalidArgument, r"whole number of trials.*got 2\.5"),
    ("max_evals", math.nan, InvalidArgument, "whole number of trials.*got nan"),
    ("max_evals", -math.inf, InvalidArgument, "got -inf"),
    ("max_evals", True, InvalidArgumentType, "got True of type bool"),
    ("max_evals", "10", InvalidArgumentType, "got '10' of type str"),
    ("max_evals", [10], InvalidArgumentType, r"got \[10\] of type list"),
    (
        "timeout",
        0,
        InvalidArgument,
        "^The timeout argument should be None or a positive value. Given value: 0$",
    ),
    ("timeout", -1, InvalidArgument, "positive value. Given value: -1$"),
    ("timeout", True, InvalidArgument, "Given value: True$"),
    ("timeout", "1", InvalidArgument, "Given value: 1$"),
    ("timeout", math.nan, InvalidArgument, "Given value: nan$"),
    (
        "loss_threshold",
        "a",
        InvalidArgument,
        "^The loss_threshold argument should be None or a numeric value. Given value: a$",
    ),
    ("loss_threshold", True, InvalidArgument, "Given value: True$"),
    ("loss_threshold", math.nan, InvalidArgument, "Given value: nan$"),
    ("trials", Trials, InvalidArgumentType, r"the class itself; write trials=Trials\(\)"),
    ("trials", [], InvalidArgumentType, "make one of documents with trials_from_docs"),
    (
        "trials",
        "history.pkl",
        InvalidArgument,
        "to go on with a pickle of trials use trials_save_file=",
    ),
    ("trials", {}, InvalidArgumentType, "of type dict"),
    (
        "trials",
        hyperopt.Trials(),
        InvalidArgumentType,
        "a Trials of hyperopt.*import Trials from minopt",
    ),
    ("early_stop_fn", 20, InvalidArgumentType, "early_stop_fn must be None or a function"),
    ("early_stop_fn", no_progress_loss, InvalidArgument, r"call it, as in no_progress_loss\(20\)"),
    ("max_queue_len", 0, InvalidArgument, "max_queue_len must be 1 or more, got 0"),
    ("max_queue_len", -3, InvalidArgument, "got -3"),
    ("max_queue_len", 1.5, InvalidArgumentType, r"got 1\.5 of type float"),
    ("max_queue_len", None, InvalidArgumentType, "max_queue_len must be a whole number"),
    ("rstate", "seed", InvalidArgumentType, "rstate must be None, an int"),
    ("rstate", 1.5, InvalidArgumentType, "rstate"),
    ("rstate", True, InvalidArgumentType, "rstate"),
    ("rstate", -1, InvalidArgument, "must not be negative, got -1"),
    ("trials_save_file", 3, InvalidArgumentType, "trials_save_file must be the path"),
    ("trials_save_file", b"file", InvalidArgumentType, "trials_save_file must be the path"),
    (
        "points_to_evaluate",
        {"x": 1},
        InvalidArgumentType,
        "points_to_evaluate must be None or a list",
    ),
    ("points_to_evaluate", "x", InvalidArgumentType, "a list of dicts"),
    ("points_to_evaluate", [1.0], InvalidArgumentType, r"points_to_evaluate\[0\] must be a dict"),
    ("points_to_evaluate", [{"x": 1}, None], InvalidArgumentType, r"points_to_evaluate\[1\]"),
    ("show_progressbar", "yes", InvalidArgumentType, "show_progressbar must be True, False"),
    ("where", None, BadSearchSpace, "got None"),
    ("where", {}, BadSearchSpace, "an empty dict"),
    ("where", [], BadSearchSpace, "an empty list"),
    ("where", "x", BadSearchSpace, "the string 'x'"),
    ("where", {1, 2}, BadSearchSpace, "a set"),
    ("where", hp.uniform, BadSearchSpace, "call it"),
    ("where", lambda: 1, BadSearchSpace, "which is a function"),
    ("where", BUILTIN, BadSearchSpace, "holds itself"),
]


@pytest.mark.parametrize("name, value, error, words", WRONG)
def test_a_wrong_argument_is_refused_before_the_first_trial(search, name, value, error, words):
    objective = Holder()
    changed = {name: value} if name == "fn" else {"fn": objective, name: value}
    with pytest.raises(error, match=words):
        search(**changed)
    assert objective.n_calls == 0


@pytest.mark.parametrize(
    "name, value",
    [
        ("max_evals", np.int64(5)),
        ("max_evals", 5.0),
        ("timeout", np.float64(60)),
        ("timeout", math.inf),
        ("loss_threshold", -math.inf),
        ("loss_threshold", np.float32(-1)),
        ("max_queue_len", np.int32(2)),
        ("early_stop_fn", no_progress_loss(3)),
        ("show_progressbar", 0),
        ("show_progressbar", np.True_),
        ("trials_save_file", None),
        ("points_to_evaluate", ()),
        ("pass_expr_memo_ctrl", False),
    ],
)
def test_an_unusual_but_right_argument_is_taken(search, name, value):
    trials = Trials()
    search(trials=trials, **({"max_evals": 5} | {name: value}))
    assert 0 < len(trials) <= 5


def test_max_evals_may_be_unlimited_where_something_else_ends_the_search(search):
    trials = Trials()
    search(trials=trials, max_evals=None, early_stop_fn=no_progress_loss(3))
    assert len(trials) >= 3


def test_nothing_is_tried_with_max_evals_zero(search):
    trials = Trials()
    assert search(trials=trials, max_evals=0, return_argmin=False) is None
    assert len(trials) == 0
    with pytest.raises(minopt.exceptions.AllTrialsFailed, match=r"."):
        search(trials=trials, max_evals=0)


@pytest.mark.parametrize("returned", [None, True, (False,), (False, [], 3), (False, 5), "no"])
def test_what_an_early_stop_fn_returns_is_checked(search, returned):
    def stop(trials, *args):
        return returned

    with pytest.raises(
        InvalidArgumentType, match=r"early_stop_fn must return a pair.*stop returned"
    ):
        search(early_stop_fn=stop)


@pytest.mark.parametrize("returned", [(False, []), [False, ()], (np.False_, {}), (0, None)])
def test_an_early_stop_fn_may_return_any_pair_with_something_iterable(search, returned):
    trials = Trials()
    search(early_stop_fn=lambda trials, *args: returned, trials=trials)
    assert len(trials) == 10


@pytest.mark.parametrize("returned", [None, 5, "docs", {"tid": 0}])
def test_what_an_algorithm_returns_is_checked(search, returned):
    def mine(new_ids, domain, trials, seed):
        return returned

    with pytest.raises(InvalidArgumentType, match=r"algo must return a list.*mine returned"):
        search(algo=mine)


def test_an_algorithm_must_not_return_more_documents_than_it_got_ids(search):
    def mine(new_ids, domain, trials, seed):
        return rand.suggest([*new_ids, 99], domain, trials, seed)

    with pytest.raises(InvalidArgumentType, match="at most 1 trial documents for 1 new ids"):
        search(algo=mine)


def test_an_algorithm_that_returns_nothing_ends_the_search(search):
    def mine(new_ids, domain, trials, seed):
        return rand.suggest(new_ids, domain, trials, seed) if len(trials.trials) < 3 else []

    trials = Trials()
    search(algo=mine, trials=trials)
    assert len(trials) == 3


def test_tpe_is_the_default_algorithm(search, drawn):
    named, default = Trials(), Trials()
    search(algo=tpe.suggest, trials=named, max_evals=25)
    search(algo=None, trials=default, max_evals=25)
    assert drawn(named) == drawn(default)


def test_a_bare_word_as_trials_makes_no_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgument, match=r"trials='memory'.*write trials=Trials\(\)"):
        minopt.fmin(abs, hp.uniform("x", 0, 1), rand.suggest, 1, trials="memory", verbose=False)
    assert list(tmp_path.iterdir()) == []


def test_an_algorithm_that_wraps_another_is_called_as_it_is_written(search):
    seen = []

    @functools.wraps(tpe.suggest)
    def logged(new_ids, domain, trials, seed):
        seen.extend(new_ids)
        return tpe.suggest(new_ids, domain, trials, seed)

    search(algo=logged, max_evals=3)
    assert seen == [0, 1, 2]
