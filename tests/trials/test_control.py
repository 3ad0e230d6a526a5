"""Ctrl: what an objective can do with its own trial."""

from __future__ import annotations

import logging
import pickle

import hyperopt.base
import pytest

import minopt.base
from minopt.base import JOB_STATE_DONE, JOB_STATE_RUNNING, Ctrl, Trials
from minopt.exceptions import InvalidArgument, InvalidArgumentType


@pytest.fixture
def trials(make, trials_of):
    return trials_of(make(0, state=JOB_STATE_RUNNING, x=1.0))


@pytest.fixture
def ctrl(trials):
    return Ctrl(trials, current_trial=trials.trials[0])


def test_without_trials_a_ctrl_makes_its_own():
    assert isinstance(Ctrl(None).trials, Trials)


def test_a_checkpoint_is_a_result_that_others_see(ctrl, trials):
    ctrl.checkpoint({"status": "running", "loss": 3.0})
    assert trials.results == [{"status": "running", "loss": 3.0}]


def test_a_checkpoint_does_not_change_with_the_dict_it_was_made_of(ctrl, trials):
    result = {"status": "running", "steps": [1]}
    ctrl.checkpoint(result)
    result["steps"].append(2)
    assert trials.results[0]["steps"] == [1]


def test_a_checkpoint_without_a_result_changes_nothing(ctrl, trials):
    ctrl.checkpoint()
    assert trials.results == [{"status": "new"}]


@pytest.mark.parametrize("result", [3.0, "ok", ["loss"]])
def test_a_checkpoint_of_something_else_is_refused(ctrl, result):
    with pytest.raises(InvalidArgumentType, match=r"trial 0: a result is a dict .* got"):
        ctrl.checkpoint(result)


def test_a_checkpoint_of_a_trial_that_the_store_lacks_is_refused(trials, make):
    with pytest.raises(InvalidArgument, match="trial 7 is not among the trials"):
        Ctrl(trials, current_trial=make(7)).checkpoint({"status": "ok"})


@pytest.mark.parametrize(
    "use",
    [
        lambda ctrl: ctrl.checkpoint({}),
        lambda ctrl: ctrl.attachments,
        lambda ctrl: ctrl.inject_results([], [], []),
    ],
)
def test_a_ctrl_without_a_trial_says_so(use):
    with pytest.raises(InvalidArgument, match="make the Ctrl with current_trial="):
        use(Ctrl(None))


def test_attachments_go_to_the_trial(ctrl, trials):
    ctrl.attachments["model"] = b"weights"
    assert trials.trial_attachments(trials.trials[0])["model"] == b"weights"
    assert ctrl.attachments["model"] == b"weights"


def test_injected_results_stem_from_the_trial(ctrl, trials):
    # hyperopt takes one at a time only: it gives source_trial_docs one source for all of them
    miscs = [{"idxs": {"x": [tid]}, "vals": {"x": [0.5]}} for tid in (1, 2)]
    results = [{"status": "ok", "loss": 1.0}, {"status": "ok", "loss": 2.0}]
    assert ctrl.inject_results([None, None], results, miscs) == [1, 2]
    trials.refresh()
    docs = trials.trials[1:]
    assert [doc["state"] for doc in docs] == [JOB_STATE_DONE] * 2
    assert [doc["misc"]["from_tid"] for doc in docs] == [0, 0]
    assert trials.losses()[1:] == [1.0, 2.0]


def test_one_injected_result_is_hyperopts(make, monkeypatch):
    monkeypatch.setattr(hyperopt.base, "have_bson", False)

    def one(base):
        trials = base.Trials()
        trials.insert_trial_doc(make(0))
        trials.refresh()
        ctrl = base.Ctrl(trials, current_trial=trials.trials[0])
        misc = {"idxs": {"x": [5]}, "vals": {"x": [0.5]}}
        tids = ctrl.inject_results([None], [{"status": "ok", "loss": 1.0}], [misc], new_tids=[5])
        trials.refresh()
        return tids, trials.trials

    assert one(minopt.base) == one(hyperopt.base)


def test_injected_parts_of_different_lengths_are_refused(ctrl):
    with pytest.raises(InvalidArgument, match="one of each is needed"):
        ctrl.inject_results([None], [], [])


def test_messages_go_to_the_log(ctrl, caplog):
    caplog.set_level(logging.DEBUG, logger="minopt.base")
    for say in (ctrl.debug, ctrl.info, ctrl.error):
        say("trial %d", 3)
    assert caplog.messages == ["trial 3"] * 3
    assert callable(ctrl.warn)


def test_the_class_survives_pickling_by_its_promised_path():
    assert pickle.loads(pickle.dumps(Ctrl)) is Ctrl
