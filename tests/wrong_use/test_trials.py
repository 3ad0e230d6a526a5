"""Wrong calls of what surrounds a search: Trials, stores, space_eval."""

from __future__ import annotations

import pytest

import minopt
from minopt import SQLTrials, Trials, hp, space_eval, trials_from_docs
from minopt.exceptions import (
    InvalidArgument,
    InvalidArgumentType,
    InvalidTrial,
    MinoptError,
    StoreError,
)
from minopt.fmin import generate_trials_to_calculate

X = hp.uniform("x", -5, 5)
TWO = {"x": X, "y": hp.uniform("y", 0, 1)}
CHOICE = hp.choice("c", ["a", "b"])
DOCUMENT = {"tid": 0}

# The call, the class of the error, a part of its message.
WRONG = {
    "docs None": (lambda: Trials().insert_trial_docs(None), InvalidArgumentType, "got None"),
    "docs one dict": (lambda: Trials().insert_trial_docs(DOCUMENT), InvalidArgumentType, "list of"),
    "docs text": (lambda: Trials().insert_trial_docs("docs"), InvalidArgumentType, "got 'docs'"),
    "docs numbers": (lambda: Trials().insert_trial_docs([1, 2]), InvalidTrial, "must be a dict"),
    "doc None": (lambda: Trials().insert_trial_doc(None), InvalidTrial, "must be a dict"),
    "doc in part": (lambda: Trials().insert_trial_doc(DOCUMENT), InvalidTrial, "lacks the key"),
    "from None": (lambda: trials_from_docs(None), InvalidArgumentType, "got None"),
    "from text": (lambda: trials_from_docs("trials.pkl"), InvalidArgumentType, "trials.pkl"),
    "from None unchecked": (
        lambda: trials_from_docs(None, validate=False),
        InvalidArgumentType,
        "got None",
    ),
    "Trials of docs": (lambda: Trials([DOCUMENT]), InvalidArgumentType, "trials_from_docs"),
    "ids text": (lambda: Trials().new_trial_ids("3"), InvalidArgumentType, "got '3'"),
    "ids half": (lambda: Trials().new_trial_ids(1.5), InvalidArgumentType, r"got 1\.5"),
    "ids none": (lambda: Trials().new_trial_ids(None), InvalidArgumentType, "got None"),
    "ids below zero": (lambda: Trials().new_trial_ids(-1), InvalidArgument, "got -1"),
    "state unknown": (lambda: Trials().count_by_state_unsynced(7), MinoptError, "7"),
    "state by name": (
        lambda: Trials().count_by_state_synced("done"),
        MinoptError,
        "one of|unknown",
    ),
    "points one dict": (
        lambda: generate_trials_to_calculate({"x": 1}),
        InvalidArgumentType,
        "points_to_evaluate must be None or a list",
    ),
    "points numbers": (
        lambda: generate_trials_to_calculate([1, 2]),
        InvalidArgumentType,
        r"points_to_evaluate\[0\]",
    ),
    "eval swapped": (lambda: space_eval({"x": 1.0}, X), InvalidArgumentType, "a dict from label"),
    "eval None": (lambda: space_eval(X, None), InvalidArgumentType, "got None"),
    "eval list": (lambda: space_eval(X, [1.0]), InvalidArgumentType, r"got \[1\.0\]"),
    "eval Trials": (lambda: space_eval(X, Trials()), InvalidArgumentType, "Trials"),
    "eval one missing": (lambda: space_eval(TWO, {"x": 1.0}), InvalidArgument, "parameter 'y'"),
    "eval typo": (lambda: space_eval(X, {"X": 1.0}), InvalidArgument, "parameter 'x'; given .* X"),
    "eval option": (lambda: space_eval(CHOICE, {"c": "a"}), InvalidArgumentType, "'c' .*got 'a'"),
    "eval half": (lambda: space_eval(CHOICE, {"c": 0.5}), InvalidArgumentType, r"'c' .*got 0\.5"),
    "eval below zero": (lambda: space_eval(CHOICE, {"c": -1}), InvalidArgument, "'c' .*got -1"),
    "url None": (lambda: SQLTrials(None), InvalidArgumentType, "got None"),
    "url number": (lambda: SQLTrials(3), InvalidArgumentType, "got 3"),
    "url Trials": (lambda: SQLTrials(Trials()), InvalidArgumentType, "Trials"),
    "url memory": (lambda: SQLTrials("sqlite://"), InvalidArgument, r"for trials in memory"),
    "url of others": (lambda: SQLTrials("redis://here"), InvalidArgument, "not in 'redis'"),
    "url in part": (lambda: SQLTrials("://"), InvalidArgument, "no URL of a database"),
    "key number": (lambda: SQLTrials("a.db", exp_key=3), InvalidArgumentType, "exp_key .*got 3"),
    "key empty": (lambda: SQLTrials("a.db", exp_key=""), InvalidArgumentType, "exp_key .*got ''"),
    "heartbeat text": (
        lambda: SQLTrials("a.db", heartbeat_timeout="60"),
        InvalidArgument,
        "heartbeat_timeout .*'60'",
    ),
    "heartbeat zero": (
        lambda: SQLTrials("a.db", heartbeat_timeout=0),
        InvalidArgument,
        "heartbeat_timeout .*got 0",
    ),
    "load None": (lambda: minopt.load_trials(None), InvalidArgumentType, "got None"),
    "load missing": (lambda: minopt.load_trials("none.pkl"), StoreError, r"none\.pkl"),
    "load folder": (lambda: minopt.load_trials("."), StoreError, r"'\.'"),
}


@pytest.mark.parametrize(("call", "error", "words"), WRONG.values(), ids=WRONG)
def test_it_is_refused(here, call, error, words):
    with pytest.raises(error, match=words):
        call()
    assert list(here.iterdir()) == []
