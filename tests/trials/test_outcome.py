"""The outcome of a search: best trial, best error, best parameters, or why there are none."""

from __future__ import annotations

import hyperopt.base
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minopt.base import JOB_STATE_RUNNING, Trials, pmin_sampled, trials_from_docs
from minopt.exceptions import AllTrialsFailed, InvalidArgument

NAN = float("nan")


def test_the_best_trial_is_the_first_of_the_lowest_loss(done, trials_of):
    trials = trials_of(done(0, 2.0), done(1, 1.0), done(2, 1.0))
    assert trials.best_trial["tid"] == 1


def test_failed_nan_and_missing_losses_are_no_best(done, make, trials_of):
    trials = trials_of(
        done(0, -9.0, status="fail"),
        done(1, NAN),
        done(2, None),
        make(3),
        done(4, "0"),
        done(5, 7.0),
    )
    assert trials.best_trial["tid"] == 5
    assert trials.average_best_error() == 7.0


def test_an_infinite_loss_is_better_than_none(done, trials_of):
    assert trials_of(done(0, NAN), done(1, float("inf"))).best_trial["tid"] == 1


def test_argmin_holds_the_active_parameters_as_plain_numbers(done, trials_of):
    best = done(0, 1.0, x=0.5, n=2, idle=None)
    trials = trials_of(best)
    best["misc"]["vals"]["n"] = [np.int64(2)]  # written after the insertion
    assert trials.argmin == {"x": 0.5, "n": 2}
    assert type(trials.argmin["n"]) is int


def test_no_trials_at_all_are_told_so():
    with pytest.raises(AllTrialsFailed, match="there are no trials yet"):
        _ = Trials().best_trial


def test_what_raised_first_is_told_with_the_counts(done, failed, make, trials_of):
    trials = trials_of(
        done(0, NAN),
        failed(1, "<class 'ValueError'>", "bad C"),
        failed(2, "<class 'KeyError'>", "'gamma'"),
        done(3, None, status="fail"),
        make(4),
    )
    with pytest.raises(AllTrialsFailed) as caught:
        _ = trials.argmin
    sentence = str(caught.value)
    assert "first error: trial 1: ValueError: bad C" in sentence
    assert "2 raised an exception" in sentence
    assert "1 with loss NaN or none" in sentence
    assert "1 with status 'fail'" in sentence
    assert "1 not finished" in sentence


@pytest.mark.parametrize("key", ["status_fail", "error", "reason"])
def test_what_an_objective_says_of_its_failure_is_told(done, trials_of, key):
    trials = trials_of(done(0, None, status="fail", extra={key: "no convergence"}))
    with pytest.raises(AllTrialsFailed, match=f"first error: trial 0: {key}: no convergence"):
        _ = trials.best_trial


def test_only_the_trials_of_the_search_are_counted_in_the_reason(failed):
    trials = Trials("a")
    trials._dynamic_trials += [failed(0), {**failed(1, message="mine"), "exp_key": "a"}]
    trials.refresh()
    with pytest.raises(AllTrialsFailed, match=r"\(1 raised an exception\); .* trial 1: .*mine"):
        _ = trials.best_trial


def test_no_best_error_is_a_value_error_as_on_hyperopt(done, trials_of):
    trials = trials_of(done(0, NAN))
    with pytest.raises(ValueError, match="1 with loss NaN or none"):
        trials.average_best_error()
    with pytest.raises(AllTrialsFailed):
        trials.average_best_error()


ROWS = st.lists(
    st.fixed_dictionaries(
        {"loss": st.floats(-3, 3), "status": st.sampled_from(["ok", "ok", "fail"])},
        optional={"loss_variance": st.floats(0.01, 2), "true_loss": st.floats(-3, 3)},
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(results=ROWS)
def test_the_average_best_error_is_hyperopts(results):
    if all(result["status"] == "fail" for result in results):
        results[0]["status"] = "ok"
    if any("loss_variance" in result for result in results):
        for result in results:
            result.setdefault("loss_variance", 0.5)  # hyperopt fails on a best one without
    docs = [{"tid": tid, "state": 2, "result": result} for tid, result in enumerate(results)]
    ours = trials_from_docs(docs, validate=False).average_best_error()
    theirs = hyperopt.base.trials_from_docs(docs, validate=False).average_best_error()
    assert ours == theirs
    assert type(ours) is float


def test_variances_and_true_losses_that_are_no_numbers_count_as_not_told(done, trials_of):
    odd = {"loss_variance": NAN, "true_loss": None}
    assert trials_of(done(0, 1.5, extra=odd), done(1, 2.0)).average_best_error() == 1.5


def test_a_best_trial_without_variance_among_noisy_ones_is_averaged(done, trials_of):
    trials = trials_of(done(0, 1.0), done(1, 2.0, extra={"loss_variance": 0.5}))
    assert trials.average_best_error() == 1.0


class Bandit:
    """A domain that reads the losses under other names."""

    def status(self, result, config=None):
        return "ok" if "cost" in result else "fail"

    def loss(self, result, config=None):
        return result.get("cost")

    def loss_variance(self, result, config=None):
        return 0.0

    def true_loss(self, result, config=None):
        return result["truth"]


def test_the_average_best_error_can_be_asked_of_a_domain(done, trials_of):
    trials = trials_of(
        done(0, None, extra={"cost": 2.0, "truth": 5.0}),
        done(1, None, extra={"cost": NAN, "truth": 1.0}),
        done(2, 0.0),
    )
    assert trials.average_best_error(Bandit()) == 5.0


@pytest.mark.parametrize("n_samples", [10, 1000])
def test_the_probability_to_be_lowest_is_hyperopts(n_samples):
    mean, var = np.array([0.0, 0.1, 2.0]), np.array([1.0, 0.5, 0.1])
    ours = pmin_sampled(mean, var, n_samples)
    assert ours.tolist() == hyperopt.base.pmin_sampled(mean, var, n_samples).tolist()
    assert ours.sum() == pytest.approx(1.0)


def test_the_probability_to_be_lowest_takes_a_generator():
    first = pmin_sampled([0.0, 0.1], [1.0, 1.0], rng=np.random.default_rng(0))
    again = pmin_sampled([0.0, 0.1], [1.0, 1.0], rng=np.random.default_rng(0))
    assert first.tolist() == again.tolist()


def test_parameters_are_decoded_by_what_the_search_told(done, make, trials_of):
    trials = trials_of(done(0, 2.0, c=1), done(1, 1.0, c=0))
    trials._decoder = lambda vals: {"model": ["svc", "knn"][vals["c"]]}
    assert trials.best_params == {"model": "svc"}
    assert trials.params == [{"model": "knn"}, {"model": "svc"}]
    assert trials.params_of(trials.trials[0]) == {"model": "knn"}


def test_trials_that_do_not_know_their_space_say_what_to_do(done, trials_of):
    with pytest.raises(InvalidArgument, match=r"resume the search .* or use space_eval"):
        _ = trials_of(done(0, 1.0, c=1)).best_params


def test_running_trials_with_a_preliminary_loss_can_be_best(make, trials_of):
    doc = make(0, state=JOB_STATE_RUNNING, result={"status": "ok", "loss": 0.5})
    assert trials_of(doc).best_trial["tid"] == 0
