"""Trial documents: what is one, what is none, and what is done to its numbers."""

from __future__ import annotations

import json

import hyperopt.base
import numpy as np
import pytest

import minopt.base
from minopt.base import (
    TRIAL_KEYS,
    TRIAL_MISC_KEYS,
    Trials,
    miscs_to_idxs_vals,
    miscs_update_idxs_vals,
    spec_from_misc,
)
from minopt.exceptions import InvalidArgument, InvalidTrial, MinoptError

CONSTANTS = [name for name in dir(hyperopt.base) if name.startswith(("STATUS_", "JOB_", "TRIAL_"))]


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_hyperopts(name):
    assert getattr(minopt.base, name) == getattr(hyperopt.base, name)


def test_new_documents_are_hyperopts_key_by_key():
    parts = ([4], [None], [{"status": "new"}], [{"tid": 4, "cmd": None, "idxs": {}, "vals": {}}])
    ours = Trials(exp_key="a").new_trial_docs(*parts)
    theirs = hyperopt.base.Trials(exp_key="a").new_trial_docs(*parts)
    assert ours == theirs
    assert list(ours[0]) == list(theirs[0])


@pytest.mark.parametrize("key", TRIAL_KEYS)
def test_a_document_without_a_key_is_refused_naming_trial_and_key(make, key):
    doc = make(7, x=1.0)
    del doc[key]
    with pytest.raises(InvalidTrial, match=f"lacks the key {key}") as caught:
        Trials().insert_trial_doc(doc)
    assert caught.value.obj == key
    assert key == "tid" or "trial 7" in str(caught.value)


@pytest.mark.parametrize("key", TRIAL_MISC_KEYS)
def test_a_misc_without_a_key_is_refused_naming_trial_and_key(make, key):
    doc = make(7, x=1.0)
    del doc["misc"][key]
    with pytest.raises(InvalidTrial, match=f"trial 7: its 'misc' lacks the key {key}"):
        Trials().insert_trial_doc(doc)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"misc": None}, "trial 7: its 'misc' must be a dict, got None"),
        ({"state": 9}, "trial 7: its 'state' must be one of JOB_STATES .* got 9"),
        ({"exp_key": "other"}, r"trial 7 belongs to another search.*\('other', None\)"),
        ({"tid": 8}, r"trial 8: its misc\['tid'\] is 7"),
        ({"tid": [8]}, r"'tid' must be hashable.* got \[8\]"),
    ],
)
def test_a_document_with_a_wrong_part_is_refused(make, change, sentence):
    with pytest.raises(InvalidTrial, match=sentence):
        Trials().insert_trial_doc({**make(7), **change})


@pytest.mark.parametrize("thing", [None, 3, "trial", [1, 2]])
def test_what_is_no_dict_is_refused(thing):
    with pytest.raises(InvalidTrial, match="a trial must be a dict"):
        Trials().insert_trial_doc(thing)


def test_of_several_documents_none_is_inserted_if_one_is_wrong(make):
    trials = Trials()
    with pytest.raises(InvalidTrial):
        trials.insert_trial_docs([make(0), {"tid": 1}])
    trials.refresh()
    assert len(trials) == 0


def test_invalid_trial_is_a_value_error_of_the_family():
    assert issubclass(InvalidTrial, ValueError)
    assert issubclass(InvalidTrial, MinoptError)


def test_inserting_keeps_the_document_itself(make):
    doc = make(0, x=0.5)
    trials = Trials()
    trials.insert_trial_doc(doc)
    assert trials._dynamic_trials[0] is doc


def test_numpy_scalars_become_python_numbers_at_insertion(make):
    doc = make(
        np.int64(3),
        result={"status": "ok", "loss": np.float32(0.5)},
        x=np.float64(1.5),
        n=np.int32(2),
        flag=np.bool_(True),
        word=np.str_("a"),
        flat=np.array(2.5),
        idle=None,
    )
    Trials().insert_trial_doc(doc)
    assert json.loads(json.dumps(doc["misc"]["vals"])) == {
        "x": [1.5],
        "n": [2],
        "flag": [True],
        "word": ["a"],
        "flat": [2.5],
        "idle": [],
    }
    held = [doc["tid"], doc["misc"]["tid"], doc["misc"]["idxs"]["x"][0], doc["result"]["loss"]]
    assert [type(value) for value in held] == [int, int, int, float]


def test_other_parts_of_a_result_stay_the_objects_that_they_are(done):
    model = object()
    array = np.arange(3)
    doc = done(0, 1.0, extra={"model": model, "array": array})
    Trials().insert_trial_doc(doc)
    assert doc["result"]["model"] is model
    assert doc["result"]["array"] is array


def test_values_in_an_array_become_a_list(make):
    doc = make(0, x=1.0)
    doc["misc"]["vals"]["x"] = np.array([1.0])
    Trials().insert_trial_doc(doc)
    assert doc["misc"]["vals"]["x"] == [1.0]
    assert type(doc["misc"]["vals"]["x"]) is list


def test_gathering_parameters_agrees_with_hyperopt(make):
    miscs = [make(0, x=1.0, y=None)["misc"], make(5, x=2.0, y=3)["misc"]]
    assert miscs_to_idxs_vals(miscs) == hyperopt.base.miscs_to_idxs_vals(miscs)
    assert miscs_to_idxs_vals(miscs, keys=["y"]) == ({"y": [5]}, {"y": [3]})


def test_a_parameter_that_old_trials_lack_counts_as_unobserved(make):
    miscs = [make(0, x=1.0)["misc"], make(1, x=2.0, y=3.0)["misc"]]
    assert miscs_to_idxs_vals(miscs) == ({"x": [0, 1], "y": [1]}, {"x": [1.0, 2.0], "y": [3.0]})


def test_values_decide_where_stale_ids_contradict_them(make):
    misc = make(9, x=1.0, y=None)["misc"]
    misc["idxs"] = {"x": [9], "y": [9]}  # what people leave behind who renumber trials
    assert miscs_to_idxs_vals([misc]) == ({"x": [9], "y": []}, {"x": [1.0], "y": []})


def test_gathering_from_no_trials_is_refused():
    with pytest.raises(ValueError, match="cannot infer keys from empty miscs"):
        miscs_to_idxs_vals([])


@pytest.mark.parametrize("idxs_map", [None, {5: 0}])
def test_dealing_parameters_out_agrees_with_hyperopt(idxs_map):
    idxs, vals = {"x": [5 if idxs_map else 0, 1], "y": [1]}, {"x": [0.5, 1.5], "y": [2]}
    ours = miscs_update_idxs_vals([{"tid": 0}, {"tid": 1}], idxs, vals, idxs_map=idxs_map)
    theirs = hyperopt.base.miscs_update_idxs_vals(
        [{"tid": 0}, {"tid": 1}], idxs, vals, idxs_map=idxs_map
    )
    assert ours == theirs


def test_dealing_out_turns_arrays_into_plain_numbers():
    miscs = [{"tid": 0}]
    miscs_update_idxs_vals(miscs, {"x": np.array([0])}, {"x": np.array([0.5])})
    assert type(miscs[0]["vals"]["x"][0]) is float
    assert type(miscs[0]["idxs"]["x"][0]) is int


def test_values_of_unknown_trials_are_refused_or_left_out():
    with pytest.raises(InvalidArgument, match="'x' has a value for trial 3"):
        miscs_update_idxs_vals([{"tid": 0}], {"x": [3]}, {"x": [0.5]})
    miscs = miscs_update_idxs_vals(
        [{"tid": 0}], {"x": [3]}, {"x": [0.5]}, assert_all_vals_used=False
    )
    assert miscs[0]["vals"] == {"x": []}


@pytest.mark.parametrize(
    ("idxs", "vals", "sentence"),
    [
        ({"x": [0]}, {"y": [1]}, "the same labels"),
        ({"x": [0]}, {"x": [1, 2]}, "parameter 'x': 1 ids but 2 values"),
    ],
)
def test_ids_and_values_that_do_not_match_are_refused(idxs, vals, sentence):
    with pytest.raises(InvalidArgument, match=sentence):
        miscs_update_idxs_vals([{"tid": 0}], idxs, vals)


def test_the_spec_holds_the_active_parameters(make):
    assert spec_from_misc(make(0, x=1.0, y=None)["misc"]) == {"x": 1.0}


def test_several_values_of_one_parameter_are_refused(make):
    misc = make(3, x=1.0)["misc"]
    misc["vals"]["x"] = [1.0, 2.0]
    with pytest.raises(NotImplementedError, match="trial 3: parameter 'x' must have one value"):
        spec_from_misc(misc)


@pytest.mark.parametrize("name", ["result", "idxs", "vals"])
@pytest.mark.parametrize("wrong", [None, "text", 3])
def test_a_part_that_is_no_dict_is_named(make, name, wrong):
    doc = make(7, x=1.0)
    (doc if name == "result" else doc["misc"])[name] = wrong
    with pytest.raises(InvalidTrial, match=rf"trial 7: its .*'{name}'.* must be a dict, got"):
        Trials().insert_trial_doc(doc)
