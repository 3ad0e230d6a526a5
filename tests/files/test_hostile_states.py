"""Pickles of trials whose parts are not what they should be: small files that would cost dear."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import minopt
from minopt import Trials, load_trials
from minopt.exceptions import DamagedFile, InvalidTrial
from minopt.trials.salvage import salvage

ENDLESS = range(10**12)


@pytest.fixture
def forged(trials, tmp_path):
    """Write the pickle of ten trials, with whatever is changed in it or put beside it."""

    def write(change=None, **state):
        file = tmp_path / "trials.pkl"
        state = {**trials.__getstate__(), **state}
        if change is not None:
            change(state["_dynamic_trials"][1])
        body = pickle.dumps(state, 4)[2:-1]
        file.write_bytes(b"\x80\x04cminopt.base\nTrials\n)\x81" + body + b"b.")
        return file

    return write


def values(held):
    return lambda doc: doc["misc"]["vals"].update(x=held)


def ids(held):
    return lambda doc: doc["misc"]["idxs"].update(x=held)


def tid(number):
    return lambda doc: (doc.update(tid=number), doc["misc"].update(tid=number))


CHANGES = {
    "values without end": values(ENDLESS),
    "ids without end": ids(ENDLESS),
    "values that are a number": values(np.array(5)),
    "values that are text": values("abc"),
    "values that are bytes": values(b"ab"),
    "values by name": values({"a": 1}),
    "values that are none": values(None),
    "an id without end": tid(float("inf")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_trial_that_is_none_is_named_damaged_and_the_others_are_recovered(
    forged, change, tmp_path
):
    file = forged(change)
    with pytest.raises(DamagedFile, match=r"trials\.pkl' cannot be read as trials"):
        load_trials(file)
    minopt.copy_trials(salvage(file).trials(), tmp_path / "recovered.pkl")
    assert len(load_trials(tmp_path / "recovered.pkl")._dynamic_trials) == 9


@pytest.mark.parametrize("documents", [ENDLESS, (), None, {}])
def test_documents_that_are_no_list_are_named_damaged(forged, documents):
    with pytest.raises(DamagedFile, match="no list"):
        load_trials(forged(_dynamic_trials=documents))


@pytest.mark.parametrize("held", [(0.5,), np.array([0.5]), {0.5}], ids=["tuple", "array", "set"])
def test_values_that_are_like_a_list_become_one(forged, held):
    assert load_trials(forged(values(held)))._dynamic_trials[1]["misc"]["vals"]["x"] == [0.5]


OF_THE_CLASS = {
    "asynchronous": True,
    "_fmin_cancelled": True,
    "_is_shared": True,
    "_poll_interval": "x",
    "_counter": 5,
    "_ledger": 5,
    "_most": 0,
    "_claims": 5,
    "_decoder": 5,
    "_spark": 5,
}


@pytest.mark.parametrize("name", OF_THE_CLASS)
def test_a_search_goes_on_with_a_file_that_would_tell_it_how_to_search(forged, search, name):
    file = forged(**{name: OF_THE_CLASS[name]})
    search(trials_save_file=str(file), max_evals=12)
    assert len(load_trials(file)._dynamic_trials) == 12


def test_what_was_put_on_trials_is_kept(forged):
    assert (
        load_trials(forged(note="mine", _note=5)).__dict__.items()
        >= {"note": "mine", "_note": 5}.items()
    )


def test_ids_that_are_not_finite_do_not_stop_a_search(forged, search):
    file = forged(_ids={float("inf"), float("nan"), 3})
    search(trials_save_file=str(file), max_evals=12)
    assert [doc["tid"] for doc in load_trials(file)._dynamic_trials] == list(range(12))


@pytest.mark.parametrize("held", [ENDLESS, np.array(5), "abc", 5, None])
def test_values_that_are_no_list_are_not_inserted(trials, held):
    doc = trials.trials[0]
    doc["misc"]["vals"]["x"] = held
    with pytest.raises(InvalidTrial, match=r"trial 0: misc\['vals'\]\['x'\] must be a list"):
        Trials().insert_trial_docs([doc])


def test_an_id_that_is_not_finite_is_not_inserted(trials):
    doc = trials.trials[0]
    tid(float("inf"))(doc)
    with pytest.raises(InvalidTrial, match="must be finite"):
        Trials().insert_trial_doc(doc)
