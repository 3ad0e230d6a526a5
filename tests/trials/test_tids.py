"""New trial ids: unique whatever was done to the trials before."""

from __future__ import annotations

import hyperopt.base
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minopt.base import JOB_STATE_ERROR, Trials, trials_from_docs


def test_ids_of_a_fresh_search_are_hyperopts():
    ours, theirs = Trials(), hyperopt.base.Trials()
    for n in (1, 3, 0, 2):
        assert ours.new_trial_ids(n) == theirs.new_trial_ids(n)
    assert ours._ids == theirs._ids == set(range(6))


def test_reserved_ids_are_not_given_again():
    trials = Trials()
    assert [trials.new_trial_ids(2), trials.new_trial_ids(1)] == [[0, 1], [2]]


def test_ids_after_filtering_are_new(make, trials_of):
    trials = trials_of(*map(make, range(5)))
    kept = trials_from_docs(trials.trials[3:])
    assert kept.new_trial_ids(2) == [5, 6]


def test_ids_after_assigning_documents_are_new_even_without_refresh(make):
    trials = Trials()
    trials._dynamic_trials = [make(8), make(3)]
    assert trials.new_trial_ids(1) == [9]


def test_ids_after_merging_are_new(make, trials_of):
    trials = trials_of(make(0), make(1))
    trials.insert_trial_docs([make(1), make(7)])
    assert trials.new_trial_ids(1) == [8]


def test_ids_of_trials_that_raised_are_not_given_again(make):
    trials = Trials()
    trials._dynamic_trials.append(make(4, state=JOB_STATE_ERROR))
    trials.refresh()
    assert trials.new_trial_ids(1) == [5]


def test_ids_of_other_searches_in_the_same_documents_are_not_given_again(make):
    trials = Trials("a")
    trials._dynamic_trials.append(make(4, exp_key="b"))
    assert trials.new_trial_ids(1) == [5]


@pytest.mark.parametrize("taken", [["a", "007"], [0.5, 2.5], [-3], [True]])
def test_ids_that_are_no_whole_numbers_are_not_in_the_way(make, taken):
    trials = Trials()
    trials.insert_trial_docs([make(tid) for tid in taken])
    trials.refresh()
    [new] = trials.new_trial_ids(1)
    assert type(new) is int
    assert new not in taken
    assert new >= 0


def test_ids_added_by_hand_are_not_given_again():
    trials = Trials()
    trials.new_trial_ids(1)
    trials._ids.update([5, 6])
    assert trials.new_trial_ids(1) == [7]


def test_ids_replaced_by_hand_count_as_they_are_now():
    trials = Trials()
    trials.new_trial_ids(3)
    trials._ids = {10}
    assert trials.new_trial_ids(1) == [11]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 3)),
        st.tuples(st.just("insert"), st.integers(-2, 30)),
        st.tuples(st.just("assign"), st.integers(0, 30)),
        st.tuples(st.just("view"), st.integers(1, 2)),
        st.tuples(st.just("refresh"), st.just(0)),
    ),
    max_size=15,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_no_id_is_given_twice_whatever_is_done(steps, document_of):
    trials, given_out = Trials(), set()
    for name, n in steps:
        if name in ("reserve", "view"):
            new = (trials if name == "reserve" else trials.view("v")).new_trial_ids(n)
            held = {doc["tid"] for doc in trials._dynamic_trials}
            assert len(new) == n
            assert not given_out & set(new)
            assert not held & set(new)
            given_out.update(new)
        elif name == "insert":
            trials.insert_trial_doc(document_of(n))
        elif name == "assign":
            trials._dynamic_trials = [document_of(tid) for tid in (n, n + 7)]
        else:
            trials.refresh()


@pytest.fixture(scope="module")
def document_of():
    def document_of(tid):
        misc = {"tid": tid, "cmd": None, "idxs": {}, "vals": {}}
        return Trials().new_trial_docs([tid], [None], [{"status": "new"}], [misc])[0]

    return document_of
