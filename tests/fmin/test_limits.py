"""What ends a search: time, a low loss, a stop function; all looked at before every trial."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minopt
from minopt import STATUS_FAIL, STATUS_OK, Trials
from minopt.early_stop import no_progress_loss
from minopt.exceptions import InvalidArgument
from minopt.fmin import generate_trial


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by one second when the objective says so."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

        def tick(self, x):
            self.now += 1
            return x

    clock = Clock()
    monkeypatch.setattr("minopt._search.timer", clock)
    return clock


QUEUES = [{}, {"max_queue_len": 4}, {"points_to_evaluate": [{"x": float(i)} for i in range(5)]}]


def n_run(trials):
    return sum(result["status"] == "ok" for result in trials.results)


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("timeout, expected", [(3, 3), (2.5, 3), (0.1, 1)])
def test_no_trial_begins_after_the_timeout(search, clock, queue, timeout, expected):
    trials = Trials()
    search(clock.tick, trials=trials, timeout=timeout, **queue)
    assert n_run(trials) == expected


def test_a_long_timeout_ends_nothing(search, clock):
    trials = Trials()
    search(clock.tick, trials=trials, timeout=11)
    assert n_run(trials) == 10


@pytest.mark.parametrize("queue", QUEUES)
def test_a_loss_at_the_threshold_ends_the_search(search, queue):
    trials, losses = Trials(), iter([5.0, 4.0, 3.0, 2.0])
    search(lambda x: next(losses), trials=trials, loss_threshold=3.0, **queue)
    assert n_run(trials) == 3


def test_a_loss_just_above_the_threshold_does_not(search):
    trials, losses = Trials(), iter([5.0, np.nextafter(3, 4), 4.0, 3.0, 2.0])
    search(lambda x: next(losses), trials=trials, loss_threshold=3.0)
    assert n_run(trials) == 4


def test_a_failed_trial_with_a_low_loss_is_no_reason_to_stop(search):
    trials = Trials()
    results = iter(
        [{"loss": -9.0, "status": STATUS_FAIL}] * 4 + [{"loss": 0.0, "status": STATUS_OK}] * 6
    )
    search(lambda x: next(results), trials=trials, loss_threshold=-1.0)
    assert len(trials) == 10


def test_a_nan_loss_is_no_reason_to_stop(search):
    trials, losses = Trials(), iter([math.nan, math.nan, -2.0, 0.0])
    search(lambda x: next(losses), trials=trials, loss_threshold=-1.0)
    assert len(trials) == 3


def test_nothing_is_run_if_a_held_trial_is_at_the_threshold(search):
    trials = Trials()
    search(lambda x: 1.0, trials=trials, max_evals=2)
    search(lambda x: 0.0, trials=trials, max_evals=9, loss_threshold=1.0)
    assert len(trials) == 2


@pytest.mark.parametrize("queue", QUEUES)
def test_the_stop_function_is_asked_after_every_trial(search, queue):
    trials, seen = Trials(), []

    def stop(trials, count=0):
        seen.append((n_run(trials), count))
        return count == 3, [count + 1]

    search(trials=trials, early_stop_fn=stop, **queue)
    assert seen == [(1, 0), (2, 1), (3, 2), (4, 3)]
    assert n_run(trials) == 4


def test_the_stop_function_is_asked_after_trials_that_raised(search):
    def raises(x):
        raise ValueError

    n_asked = []

    def stop(trials):
        n_asked.append(1)
        return False, []

    search(
        raises,
        early_stop_fn=stop,
        catch_eval_exceptions=True,
        return_argmin=False,
    )
    assert len(n_asked) == 10


def losses_then_count(search, losses, stop):
    trials, values = Trials(), iter(losses)

    def objective(x):
        value = next(values)
        if value == "raise":
            raise ValueError
        if value == "fail":
            return {"status": STATUS_FAIL, "loss": -1e9}
        return value

    search(
        objective,
        trials=trials,
        max_evals=len(losses),
        early_stop_fn=stop,
        catch_eval_exceptions=True,
        return_argmin=False,
    )
    return len(trials._dynamic_trials)


@pytest.mark.parametrize(
    "losses, expected",
    [
        ([5.0] * 20, 4),
        ([5.0, 4.0, 3.0, 2.0, 1.0] + [1.0] * 20, 9),
        ([5.0, 6.0, 4.0] + [7.0] * 20, 7),
        ([5.0, math.nan, "fail", "raise", 1.0], 4),
        ([math.nan] * 20, 4),
        (["fail"] * 20, 4),
        (["raise"] * 20, 4),
        (["fail", "raise", 3.0] + [3.0] * 20, 7),
        ([math.nan, 3.0, 2.0] + [math.nan] * 20, 7),
        ([5.0, "fail", 4.0, "fail", 3.0, "fail", 2.0, "fail", 1.0], 9),
    ],
)
def test_no_progress_loss_counts_trials_without_progress(search, losses, expected):
    assert losses_then_count(search, losses, no_progress_loss(4)) == expected


@pytest.mark.parametrize("losses", [[100.0, 95.0, 91.0, 89.0, 88.0, 87.0, 86.0, 85.0] + [85.0] * 5])
@pytest.mark.parametrize("percent", [0.0, 5.0, 10.0, 50.0])
def test_no_progress_loss_stops_where_hyperopts_does(search, losses, percent):
    import hyperopt.early_stop

    theirs = losses_then_count(search, losses, hyperopt.early_stop.no_progress_loss(3, percent))
    assert losses_then_count(search, losses, no_progress_loss(3, percent)) == theirs


def test_no_progress_loss_is_asked_by_hand_as_hyperopts(done):
    trials = minopt.trials_from_docs([done(0, 3.0)])
    stop = no_progress_loss(2)
    assert stop(trials) == (False, [3.0, 1])
    assert stop(trials, 3.0, 1) == (True, [3.0, 2])
    assert stop(trials, 4.0, 1) == (False, [3.0, 0])


@pytest.fixture
def done():
    def document(tid, loss):
        trial = generate_trial(tid, {"x": 0.0})
        return trial | {"state": 2, "result": {"status": "ok", "loss": loss}}

    return document


@pytest.mark.parametrize(
    "arguments", [(0,), (-1,), ("20",), (True,), (math.nan,), (5, -1.0), (5, "x"), (5, math.nan)]
)
def test_no_progress_loss_refuses_wrong_numbers(arguments):
    with pytest.raises(InvalidArgument, match=r"no_progress_loss: .* must be a number"):
        no_progress_loss(*arguments)


def test_a_cancelled_search_stops(search):
    class Cancelled(Trials):
        _fmin_cancelled = False

    trials = Cancelled()

    def objective(x):
        trials._fmin_cancelled = len(trials) == 4
        return x

    search(objective, trials=trials)
    assert len(trials) == 4
