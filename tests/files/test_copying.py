"""`copy_trials`: from any kind of trials into any other."""

from __future__ import annotations

import copy
import datetime

import numpy as np
import pytest

from minopt import Trials, copy_trials, load_trials, rand, trials_from_docs
from minopt.base import JOB_STATE_NEW, JOB_STATE_RUNNING, Domain
from minopt.exceptions import InvalidArgumentType, StoreError

KINDS = ["trials.pkl", "trials.jsonl", "trials.db"]


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    if request.param.endswith(".db"):
        pytest.importorskip("sqlalchemy")
    return tmp_path / request.param


def contents(trials):
    """What a copy must have, whatever it is copied into."""
    keys = ("tid", "state", "result", "misc", "spec", "book_time", "refresh_time")
    docs = [{key: doc[key] for key in keys} for doc in trials._dynamic_trials]
    return docs, {name: trials.attachments[name] for name in trials.attachments}


def test_a_copy_holds_all_trials_and_attachments(trials, place):
    copy = copy_trials(trials, place)
    np.testing.assert_equal(contents(copy), contents(trials))
    np.testing.assert_equal(contents(load_trials(place)), contents(trials))


@pytest.mark.parametrize("other", KINDS)
def test_files_are_copied_into_files(trials, place, other, tmp_path):
    if other.endswith(".db"):
        pytest.importorskip("sqlalchemy")
    copy_trials(trials, place)
    copy_trials(str(place), str(tmp_path / f"other.{other}"))
    np.testing.assert_equal(contents(load_trials(tmp_path / f"other.{other}")), contents(trials))


def test_copying_twice_adds_nothing(trials, place):
    copy_trials(trials, place)
    copy_trials(trials, place)
    np.testing.assert_equal(contents(load_trials(place)), contents(trials))


def test_other_trials_of_the_same_ids_get_new_ones(search, place):
    one, other = Trials(), Trials()
    search(trials=one, max_evals=3)
    search(trials=other, max_evals=5, rstate=1)
    other.trial_attachments(other.trials[1])["log"] = b"of other"
    copy_trials(one, place)
    both = copy_trials(other, place)
    assert sorted(both.losses()) == sorted(one.losses() + other.losses())
    assert sorted(both.tids) == list(range(8))
    for doc in both.trials:
        assert all(set(idx) <= {doc["tid"]} for idx in doc["misc"]["idxs"].values())
        assert doc["misc"]["tid"] == doc["tid"]
    (moved,) = [doc for doc in both.trials if "log" in both.trial_attachments(doc)]
    assert moved["result"]["loss"] == other.losses()[1]


@pytest.mark.parametrize("nan", ["loss", "value", None])
def test_trials_that_got_new_ids_are_not_copied_again(search, place, nan):
    one, other = Trials(), Trials()
    search(trials=one, max_evals=3)
    search(trials=other, max_evals=5, rstate=1)
    if nan == "loss":
        other.trials[1]["result"]["loss"] = float("nan")
    elif nan == "value":
        other.trials[1]["misc"]["vals"]["x"] = [float("nan")]
    copy_trials(one, place)
    for _ in range(3):
        both = copy_trials(other, place)
        assert sorted(both.tids) == list(range(8))
    other.trial_attachments(other.trials[1])["log"] = b"late"
    both = copy_trials(other, place)
    (moved,) = [doc for doc in both.trials if "log" in both.trial_attachments(doc)]
    assert moved["tid"] == 6


def test_trials_come_back_from_where_they_got_new_ids_without_being_doubled(search):
    one, other = Trials(), Trials()
    search(trials=one, max_evals=3)
    search(trials=other, max_evals=3, rstate=1)
    copy_trials(other, one)
    copy_trials(one, other)
    assert sorted(other.losses()) == sorted(one.losses())
    assert len(other) == 6


def test_trials_that_are_alike_but_were_run_apart_are_all_copied(search):
    one, other = Trials(), Trials()
    for trials in (one, other):
        search(lambda _: 1.0, trials=trials, max_evals=6)
    for hours, doc in enumerate(other.trials, 1):
        doc["tid"] = doc["misc"]["tid"] = doc["tid"] + 20
        doc["book_time"] += datetime.timedelta(hours=hours)
    assert len(copy_trials(other, one)) == 12
    assert len(copy_trials(other, one)) == 12


def test_of_several_trials_that_are_alike_each_is_copied_once(search):
    one, other = Trials(), Trials()
    search(trials=one, max_evals=3)
    search(lambda _: 1.0, trials=other, max_evals=1)
    twins = [copy.deepcopy(other.trials[0]) for _ in range(3)]
    for tid, twin in enumerate(twins):
        twin["tid"] = twin["misc"]["tid"] = tid
    both = copy_trials(trials_from_docs(twins[:2]), one)
    assert len(both) == 5
    assert len(copy_trials(trials_from_docs(twins), one)) == 6
    assert len(copy_trials(trials_from_docs(twins), one)) == 6


def test_a_waiting_trial_that_got_a_new_id_is_brought_forward_and_not_copied_again(search):
    one, other = Trials(), Trials()
    search(trials=one, max_evals=3)
    search(trials=other, max_evals=3, rstate=1)
    done = copy.deepcopy(other.trials[1])
    other.trials[1].update(state=JOB_STATE_RUNNING, result={"status": "new"}, book_time=None)
    for _ in range(2):
        both = copy_trials(other, one)
        assert [doc["state"] for doc in both._dynamic_trials].count(JOB_STATE_NEW) == 1
        assert len(both._dynamic_trials) == 6
    other._dynamic_trials[1].update(done)
    both = copy_trials(other, one)
    assert both.tids == list(range(6))
    assert [doc["misc"]["tid"] for doc in both.trials] == both.tids
    assert both.losses()[3:] == other.losses()
    other._dynamic_trials[1].update(state=JOB_STATE_NEW, result={"status": "new"}, book_time=None)
    assert len(copy_trials(other, one)._dynamic_trials) == 7  # rather run twice than lost


def test_trials_without_times_are_told_apart_by_their_results(search):
    one, other = Trials(), Trials()
    search(trials=one, max_evals=3)
    search(trials=other, max_evals=3)
    for trials, name in ((one, "A"), (other, "B")):
        for doc in trials._dynamic_trials:
            doc.update(book_time=None, refresh_time=None)
            doc["result"]["name"] = f"{name}{doc['tid']}"
    other._dynamic_trials.reverse()
    for number, doc in enumerate(other._dynamic_trials):
        doc["tid"] = doc["misc"]["tid"] = number
    both = copy_trials(other, one)
    names = {result["name"] for result in both.results}
    assert {"A0", "A1", "A2", "B0", "B2"} <= names  # B1 has the id, values and loss of A1


def test_the_copy_belongs_to_the_search_that_it_goes_into(trials):
    into = Trials(exp_key="mine")
    copy_trials(trials, into)
    assert len(into) == len(trials)
    assert trials._dynamic_trials[0]["exp_key"] is None


def test_the_documents_are_not_shared(trials):
    copy = copy_trials(trials, Trials())
    copy.trials[0]["result"]["loss"] = -1
    copy.trials[0]["misc"]["vals"]["x"][0] = -1
    assert trials.losses()[0] != -1
    assert trials.vals["x"][0] != -1


def test_a_running_trial_waits_in_the_copy_and_is_brought_forward_by_the_next_copy(trials):
    result = trials.trials[2]["result"]
    trials.trials[2].update(state=JOB_STATE_RUNNING, result={"status": "new"}, owner="me")
    copy = copy_trials(trials, Trials())
    assert (copy.trials[2]["state"], copy.trials[2]["owner"]) == (JOB_STATE_NEW, None)
    trials.trials[2].update(state=2, result=result)
    copy_trials(trials, copy)
    assert copy.losses() == trials.losses()
    assert len(copy) == len(trials)


def test_a_search_goes_on_in_the_copy_as_it_would_have(search, place):
    whole, half = Trials(), Trials()
    search(trials=whole, max_evals=20)
    search(trials=half, max_evals=8)
    copy = copy_trials(half, place)
    search(trials=copy, max_evals=20)
    assert copy.losses() == whole.losses()


def test_a_waiting_trial_is_copied(space):
    trials = Trials()
    docs = rand.suggest([0], Domain(lambda c: c["x"], space), trials, 0)
    trials.insert_trial_docs(docs)
    assert copy_trials(trials, Trials())._dynamic_trials[0]["state"] == JOB_STATE_NEW


@pytest.mark.parametrize("src, dst", [(None, Trials()), (Trials(), 3), ([], Trials())])
def test_what_is_no_trials_is_refused(src, dst):
    with pytest.raises(InvalidArgumentType, match="must be Trials, a path or a URL"):
        copy_trials(src, dst)


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"none\.pkl"):
        copy_trials(tmp_path / "none.pkl", Trials())


def test_a_damaged_target_is_left_as_it_is(trials, tmp_path):
    file = tmp_path / "file.pkl"
    file.write_bytes(b"no pickle")
    with pytest.raises(StoreError):
        copy_trials(trials, file)
    assert file.read_bytes() == b"no pickle"
