"""Trials saved, loaded and copied."""

from __future__ import annotations

import copy
import pickle
import pickletools
import warnings

import hyperopt
import numpy as np
import pytest

import minopt.base
from minopt.base import Trials


def decode(vals):
    return {"decoded": vals}


@pytest.fixture
def searched(done, make, trials_of):
    trials = trials_of(done(0, 2.0, x=0.5), make(1, x=1.5))
    trials.attachments["ATTACH::0::note"] = b"text"
    trials._streams.append({"state": {"a": 1}, "drawn": 2})
    trials._decoder = decode
    trials._sync()
    trials.new_trial_ids(1)
    return trials


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_brings_everything_back(searched, protocol):
    loaded = pickle.loads(pickle.dumps(searched, protocol))
    assert loaded.trials == searched.trials
    assert loaded.attachments == searched.attachments
    assert loaded._streams == searched._streams
    assert loaded.new_trial_ids(1) == [3]


def test_a_pickle_names_the_promised_path_only(searched):
    opcodes = pickletools.genops(pickle.dumps(searched, 2))
    names = {arg for opcode, arg, _ in opcodes if opcode.name == "GLOBAL"}
    assert "minopt.base Trials" in names
    assert not [name for name in names if name.startswith("minopt.trials")]


def test_a_pickle_leaves_out_what_can_be_worked_out(searched):
    assert set(searched.__getstate__()) == {
        "_ids",
        "_dynamic_trials",
        "_exp_key",
        "attachments",
        "_trials",
        "_streams",
    }


def test_loaded_trials_go_on(searched, make):
    loaded = pickle.loads(pickle.dumps(searched))
    loaded.insert_trial_doc(make(*loaded.new_trial_ids(1)))
    loaded._sync()
    assert loaded.tids == [0, 1, 3]
    assert loaded._claim_next()["tid"] == 1


def test_documents_stay_the_same_objects_in_both_lists_of_a_pickle(searched):
    loaded = pickle.loads(pickle.dumps(searched))
    assert loaded._trials[0] is loaded._dynamic_trials[0]


@pytest.fixture
def hyperopts_state():
    """What hyperopt's Trials leave in a pickle."""
    trials = hyperopt.Trials()
    space = {"x": hyperopt.hp.uniform("x", 0, 1), "c": hyperopt.hp.choice("c", ["a", "b"])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hyperopt.fmin(
            lambda point: point["x"],
            space,
            algo=hyperopt.rand.suggest,
            max_evals=3,
            trials=trials,
            rstate=np.random.default_rng(0),
            verbose=False,
        )
    for doc in trials._dynamic_trials:  # as without pymongo
        doc["misc"]["vals"]["c"] = [np.int64(doc["misc"]["vals"]["c"][0])]
    return trials.__dict__


def test_the_state_of_hyperopts_trials_is_taken_over(hyperopts_state):
    ours = Trials.__new__(Trials)
    ours.__setstate__(copy.deepcopy(hyperopts_state))
    assert ours.tids == [0, 1, 2]
    assert ours.best_trial["tid"] == min(ours, key=lambda doc: doc["result"]["loss"])["tid"]
    assert ours.new_trial_ids(1) == [3]
    assert ours._streams == []


def test_numbers_in_hyperopts_state_become_plain(hyperopts_state):
    ours = Trials.__new__(Trials)
    ours.__setstate__(copy.deepcopy(hyperopts_state))
    assert {type(value) for value in ours.vals["c"]} == {int}
    assert {type(value) for value in ours.argmin.values()} == {int, float}


@pytest.mark.parametrize("missing", ["_ids", "_exp_key", "attachments", "_trials"])
def test_a_state_that_lacks_something_still_works(hyperopts_state, missing):
    state = copy.deepcopy(hyperopts_state)
    del state[missing]
    ours = Trials.__new__(Trials)
    ours.__setstate__(state)
    ours.refresh()
    assert ours.tids == [0, 1, 2]
    assert ours.attachments == {}
    assert ours.new_trial_ids(1) == [3]


def test_a_deep_copy_is_independent_and_knows_its_space(searched):
    twin = copy.deepcopy(searched)
    twin.trials[0]["result"]["loss"] = -1.0
    twin.attachments.clear()
    twin._streams.clear()
    assert searched.losses() == [2.0, None]
    assert searched.attachments
    assert searched._streams
    assert twin.best_params == {"decoded": {"x": 0.5}}


def test_a_deep_copy_keeps_what_a_subclass_adds():
    class MyTrials(Trials):
        def __init__(self):
            super().__init__()
            self.notes = ["a"]

    trials = MyTrials()
    twin = copy.deepcopy([trials, trials.notes])
    assert type(twin[0]) is MyTrials
    assert twin[0].notes is twin[1]
    assert twin[1] is not trials.notes


def test_a_shallow_copy_shares_documents(searched, make):
    twin = copy.copy(searched)
    searched.insert_trial_doc(make(9))
    searched._sync()
    assert len(twin) == 2
    twin._sync()
    assert twin.tids == searched.tids == [0, 1, 9]
    assert twin._dynamic_trials is searched._dynamic_trials


def test_a_pickle_is_written_while_trials_are_added(searched, make):
    class Slow:
        """Adds a trial while it is being pickled."""

        def __reduce__(self):
            tids = searched.new_trial_ids(200)
            searched.insert_trial_docs([make(tid) for tid in tids])
            searched._sync()
            searched.attachments.update(dict.fromkeys(map(str, tids)))
            return (int, ())

    searched.trials[0]["result"]["slow"] = Slow()
    loaded = pickle.loads(pickle.dumps(searched))
    assert loaded.tids == [0, 1]
    assert loaded.attachments == {"ATTACH::0::note": b"text"}


def test_trials_name_the_door_as_their_home():
    homes = {
        thing.__module__ for thing in (minopt.base.Trials, minopt.base.Ctrl, minopt.base.Domain)
    }
    assert homes == {"minopt.base"}
