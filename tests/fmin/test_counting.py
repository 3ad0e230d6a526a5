"""What `max_evals` counts, and where initial points come in."""

from __future__ import annotations

import numpy as np
import pytest

from minopt import (
    STATUS_FAIL,
    STATUS_OK,
    Trials,
    fmin_pass_expr_memo_ctrl,
    hp,
    rand,
    trials_from_docs,
)
from minopt.base import JOB_STATE_CANCEL, JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_NEW
from minopt.exceptions import InvalidArgument
from minopt.fmin import generate_trials_to_calculate

POINTS = [{"x": 1.0}, {"x": -2.0}]


def states(trials):
    return [doc["state"] for doc in trials._dynamic_trials]


def test_trials_that_are_held_count(search):
    trials = Trials()
    search(trials=trials, max_evals=4)
    search(trials=trials, max_evals=10)
    assert trials.tids == list(range(10))
    search(trials=trials, max_evals=6)
    assert len(trials) == 10


def test_failed_trials_count(search):
    trials = Trials()
    search(lambda x: {"status": STATUS_FAIL}, trials=trials, max_evals=4, return_argmin=False)
    search(trials=trials, max_evals=10)
    assert len(trials) == 10


def test_trials_that_raised_count(search):
    trials = Trials()

    def raises(x):
        raise ValueError

    search(raises, trials=trials, max_evals=4, catch_eval_exceptions=True, return_argmin=False)
    search(trials=trials, max_evals=10)
    assert states(trials) == [JOB_STATE_ERROR] * 4 + [JOB_STATE_DONE] * 6


def test_cancelled_trials_do_not_count(search):
    trials = Trials()
    search(trials=trials, max_evals=4)
    trials._dynamic_trials[1]["state"] = JOB_STATE_CANCEL
    trials.refresh()
    search(trials=trials, max_evals=10)
    assert states(trials).count(JOB_STATE_DONE) == 10


def test_a_waiting_trial_of_the_user_counts_once_it_was_refreshed(search):
    trials = generate_trials_to_calculate(POINTS)
    trials.refresh()
    search(trials=trials, max_evals=10)
    assert states(trials) == [JOB_STATE_DONE] * 10


def test_a_waiting_trial_of_the_user_comes_on_top_if_it_was_not_refreshed(search):
    trials = generate_trials_to_calculate(POINTS)
    search(trials=trials, max_evals=10)
    assert states(trials) == [JOB_STATE_DONE] * 12


def test_no_more_waiting_trials_are_run_than_max_evals_allows(search):
    trials = generate_trials_to_calculate([{"x": float(i)} for i in range(5)])
    trials.refresh()
    search(trials=trials, max_evals=3)
    assert states(trials) == [JOB_STATE_DONE] * 3 + [JOB_STATE_NEW] * 2


@pytest.mark.parametrize("max_queue_len", [1, 4])
def test_points_to_evaluate_come_first_and_on_top(search, drawn, max_queue_len):
    trials = Trials()
    search(trials=trials, max_evals=16, points_to_evaluate=POINTS[:1], max_queue_len=max_queue_len)
    assert len(trials) == 17
    assert drawn(trials)[0] == 1.0
    assert trials.tids == list(range(17))


def test_points_that_are_held_are_not_tried_again(search, drawn):
    trials = Trials()
    search(trials=trials, max_evals=5, points_to_evaluate=POINTS[:1])
    search(trials=trials, max_evals=10, points_to_evaluate=[{"x": 1}, {"x": 3.0}])
    assert len(trials) == 11
    assert drawn(trials).count(1.0) == 1
    assert drawn(trials)[6] == 3.0


def test_the_same_call_again_tries_no_point_again(search):
    trials = Trials()
    for _ in range(2):
        search(trials=trials, max_evals=5, points_to_evaluate=POINTS)
        assert len(trials) == 7


def test_new_points_are_tried_even_where_max_evals_is_reached(search, drawn):
    trials = Trials()
    search(trials=trials, max_evals=20)
    search(trials=trials, max_evals=5, points_to_evaluate=POINTS)
    assert drawn(trials)[20:] == [1.0, -2.0]


def test_a_point_that_is_listed_twice_is_tried_twice(search, drawn):
    trials = Trials()
    search(trials=trials, max_evals=0, points_to_evaluate=[{"x": 1.0}, {"x": 1.0}])
    assert drawn(trials) == [1.0, 1.0]
    search(trials=trials, max_evals=0, points_to_evaluate=[{"x": 1.0}, {"x": 1.0}])
    assert len(trials) == 2


def test_a_point_that_raised_is_held(search):
    trials = Trials()

    def raises(x):
        raise ValueError

    again = {"trials": trials, "max_evals": 0, "points_to_evaluate": POINTS[:1]}
    search(raises, catch_eval_exceptions=True, return_argmin=False, **again)
    search(return_argmin=False, **again)
    assert states(trials) == [JOB_STATE_ERROR]


def test_points_get_ids_that_no_trial_has(search):
    first = Trials()
    search(trials=first, max_evals=6)
    merged = trials_from_docs(first.trials[3:])
    search(trials=merged, max_evals=3, points_to_evaluate=POINTS)
    assert merged.tids == [3, 4, 5, 6, 7]


class Bare:
    """Trials of somebody else's, known by their methods only."""

    def __init__(self):
        self._inner = Trials()

    def __getattr__(self, name):
        return getattr(self.__dict__["_inner"], name)


def injecting(n_times):
    """Make an objective that adds a trial of its own so many times."""
    calls = []

    @fmin_pass_expr_memo_ctrl
    def objective(expr, memo, ctrl):
        calls.append(1)
        if len(calls) <= n_times:
            tids = ctrl.trials.new_trial_ids(1)
            misc = {"tid": tids[0], "idxs": {"x": tids}, "vals": {"x": [1.0]}}
            ctrl.inject_results([None], [{"loss": 3.0, "status": STATUS_OK}], [misc], tids)
        return float(len(calls))

    return objective


@pytest.mark.parametrize("max_queue_len", [1, 4])
@pytest.mark.parametrize("kind", [Trials, Bare])
def test_results_injected_on_the_way_come_on_top(search, kind, max_queue_len):
    trials = kind()
    search(injecting(5), trials=trials, max_evals=20, max_queue_len=max_queue_len)
    assert len(trials.trials) == 25


def test_injected_results_that_are_held_count(search):
    trials = Trials()
    search(injecting(5), trials=trials, max_evals=20)
    search(injecting(0), trials=trials, max_evals=27)
    assert len(trials) == 27


CONDITIONAL = {
    "kind": hp.choice("kind", [{"a": hp.uniform("a", 0, 1)}, {"n": hp.randint("n", 5)}]),
    "x": hp.uniform("x", -5, 5),
}


@pytest.mark.parametrize(
    "point", [{"kind": 1, "n": 3, "x": 0.5}, {"kind": np.int64(1), "n": 3.0, "x": np.float64(0.5)}]
)
def test_inactive_labels_of_a_point_may_be_missing(search, point):
    trials, received = Trials(), []

    def objective(p):
        received.append(p)
        return 0.0

    search(objective, where=CONDITIONAL, trials=trials, max_evals=0, points_to_evaluate=[point])
    assert received == [{"kind": {"n": 3}, "x": 0.5}]
    assert trials.trials[0]["misc"]["vals"] == {"a": [], "kind": [1], "n": [3], "x": [0.5]}
    assert trials.trials[0]["misc"]["idxs"] == {"a": [], "kind": [0], "n": [0], "x": [0]}
    assert [type(v[0]) for v in trials.miscs[0]["vals"].values() if v] == [int, int, float]


def test_a_conditional_point_is_recognised_without_its_inactive_labels(search):
    trials = Trials()
    full = {"kind": 0, "a": 0.5, "n": 2, "x": 1.0}
    settings = {"where": CONDITIONAL, "trials": trials, "max_evals": 0}
    search(lambda p: 0.0, points_to_evaluate=[full], **settings)
    search(lambda p: 0.0, points_to_evaluate=[{"kind": 0, "a": 0.5, "x": 1.0}], **settings)
    assert len(trials) == 1


@pytest.mark.parametrize(
    "point, words",
    [
        ({"kind": 1, "n": 3, "y": 0.5}, "'y'"),
        ({"kind": 1, "n": 3}, "'x' is active here and missing"),
        ({"kind": 1, "x": 0.5}, "'n' is active here and missing"),
        ({"kind": 1, "n": 3, "x": 7.0}, r"'x' cannot be 7\.0"),
        ({"kind": 1, "n": 5, "x": 0.5}, "'n' cannot be 5"),
        ({"kind": 2, "n": 3, "x": 0.5}, "'kind' cannot be 2"),
        ({"kind": "b", "n": 3, "x": 0.5}, "'kind' needs the index of an option, got 'b'"),
        ({"kind": 0.5, "n": 3, "x": 0.5}, "'kind'"),
        ({"kind": 1, "n": 3, "x": None}, "'x' needs a number, got None"),
        ({"kind": 1, "n": 3, "x": float("nan")}, "'x'"),
    ],
)
def test_a_wrong_point_is_refused_by_argument_and_label(search, point, words):
    trials = Trials()
    right = {"kind": 1, "n": 3, "x": 0.5}
    with pytest.raises(InvalidArgument, match=rf"points_to_evaluate\[1\].*{words}"):
        search(lambda p: 0.0, where=CONDITIONAL, trials=trials, points_to_evaluate=[right, point])
    assert len(trials._dynamic_trials) == 0


def test_every_trial_has_its_own_id_with_points_and_a_queue(search):
    trials = Trials()
    search(trials=trials, points_to_evaluate=POINTS, max_queue_len=3, algo=rand.suggest)
    search(trials=trials, points_to_evaluate=[{"x": 4.0}], max_queue_len=3, max_evals=20)
    assert sorted(set(trials.tids)) == trials.tids
