"""Trials beside hyperopt's: the same calls show the same things."""

from __future__ import annotations

import copy

import hyperopt.base
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minopt.base
from minopt.base import (
    JOB_STATE_CANCEL,
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    JOB_STATES,
    JOB_VALID_STATES,
    Trials,
    trials_from_docs,
)
from minopt.exceptions import InvalidArgument, InvalidArgumentType

STATES = st.sampled_from(JOB_STATES)
KEYS = st.sampled_from([None, None, "a"])
LOSSES = st.one_of(st.none(), st.floats(-5, 5), st.just(float("nan")))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(1, 3)),
        st.tuples(st.just("change"), st.integers(0, 20), STATES, LOSSES),
        st.tuples(st.just("refresh")),
        st.tuples(st.just("hand-built"), st.integers(30, 40), STATES),
        st.tuples(st.just("delete_all")),
        st.tuples(st.just("drop"), st.integers(0, 20)),
    ),
    max_size=15,
)


def take(trials, step, make):
    """Do one thing that users do to their trials."""
    name, *args = step
    if name == "insert":
        for tid in range(len(trials._dynamic_trials), len(trials._dynamic_trials) + args[0]):
            trials.insert_trial_doc(make(tid, x=0.5 * tid, y=None, exp_key=trials._exp_key))
    elif name == "change" and trials._dynamic_trials:
        doc = trials._dynamic_trials[args[0] % len(trials._dynamic_trials)]
        doc["state"] = args[1]
        doc["result"] = {"status": "ok", "loss": args[2]}
    elif name == "hand-built":
        trials._dynamic_trials.append(make(args[0], state=args[1], x=1.0, y=2))
    elif name == "drop":
        trials._dynamic_trials = [
            doc for doc in trials._dynamic_trials if doc["tid"] % 3 != args[0] % 3
        ]
    elif name in ("refresh", "delete_all"):
        getattr(trials, name)()


def seen(trials):
    """What a user can see of trials."""
    names = ("trials", "tids", "specs", "results", "miscs")
    shown = {name: getattr(trials, name) for name in names}
    if trials.tids:
        shown["idxs"], shown["vals"] = trials.idxs, trials.vals
    counts = [
        (trials.count_by_state_synced(state), trials.count_by_state_unsynced(state))
        for state in [*JOB_STATES, [0, 1], JOB_VALID_STATES]
    ]
    every = [len(trials), list(trials), trials._ids, trials.losses(), trials.statuses()]
    return repr([shown, counts, every])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(steps=STEPS, exp_key=KEYS)
def test_any_sequence_of_calls_shows_what_hyperopt_shows(steps, exp_key, document_maker):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hyperopt.base, "have_bson", False)  # without pymongo it keeps documents too
        ours, theirs = Trials(exp_key), hyperopt.base.Trials(exp_key)
        for step in steps:
            take(ours, step, document_maker)
            take(theirs, step, document_maker)
            assert seen(ours) == seen(theirs)


@pytest.fixture(scope="module")
def document_maker():
    def make(tid, *, state=JOB_STATE_NEW, exp_key=None, **vals):
        idxs = {label: [tid] * (value is not None) for label, value in vals.items()}
        held = {label: [value] * (value is not None) for label, value in vals.items()}
        misc = {"tid": tid, "cmd": None, "idxs": idxs, "vals": held}
        [doc] = minopt.base.Trials(exp_key).new_trial_docs(
            [tid], [None], [{"status": "new"}], [misc]
        )
        return {**doc, "state": state}

    return make


def test_new_documents_are_seen_after_refresh_only(make):
    trials = Trials()
    trials.insert_trial_doc(make(0))
    assert len(trials) == 0
    trials.refresh()
    assert len(trials) == 1


def test_refresh_makes_a_new_list_and_leaves_the_old_one(make, trials_of):
    trials = trials_of(make(0))
    before = trials.trials
    trials.insert_trial_doc(make(1))
    trials.refresh()
    assert [doc["tid"] for doc in before] == [0]
    assert trials.tids == [0, 1]


def test_a_list_that_somebody_holds_does_not_grow(make, trials_of):
    trials = trials_of(make(0))
    trials._sync()
    before, walking = trials.trials, iter(trials)
    trials.insert_trial_doc(make(1))
    trials._sync()
    assert len(before) == len(list(walking)) == 1
    assert len(trials) == 2


def test_documents_handed_out_are_live(make, trials_of):
    trials = trials_of(make(0))
    trials.trials[0]["state"] = JOB_STATE_DONE
    trials.trials[0]["result"] = {"status": "ok", "loss": 1.0}
    assert trials.losses() == [1.0]
    assert trials._dynamic_trials[0]["state"] == JOB_STATE_DONE


@pytest.mark.parametrize("state", [JOB_STATE_ERROR, JOB_STATE_CANCEL])
def test_failed_and_cancelled_trials_are_hidden_but_kept(make, trials_of, state):
    trials = trials_of(make(0), make(1))
    trials.trials[0]["state"] = state
    trials.refresh()
    assert trials.tids == [1]
    assert len(trials._dynamic_trials) == 2


def test_an_exp_key_hides_the_documents_of_others(make, trials_of):
    everything = trials_of(make(0))
    everything._dynamic_trials += [make(1, exp_key="a"), make(2, exp_key="b")]
    assert everything.view(exp_key="a").tids == [1]
    assert everything.view().tids == [0, 1, 2]


def test_a_view_shares_documents_ids_and_attachments(make, trials_of):
    trials = trials_of(make(0))
    view = trials.view(exp_key="a")
    view.insert_trial_doc(make(view.new_trial_ids(1)[0], exp_key="a"))
    view.attachments["k"] = 1
    assert trials.new_trial_ids(1) == [2]
    trials.refresh()
    assert trials.tids == [0, 1]
    assert trials.attachments == {"k": 1}


def test_a_view_of_a_subclass_is_one_of_it(trials_of):
    class MyTrials(Trials):
        pass

    assert type(MyTrials().view(exp_key="a")) is MyTrials


def test_trials_from_docs_keeps_documents_and_takes_an_exp_key(make):
    doc = make(0, exp_key="a")
    trials = trials_from_docs([doc], exp_key="a")
    assert trials.trials[0] is doc


def test_trials_from_docs_can_leave_out_the_checks():
    trials = trials_from_docs([{"tid": 0, "state": JOB_STATE_NEW}], validate=False)
    assert trials.tids == [0]


def test_trials_are_merged_from_their_documents(make, trials_of):
    merged = trials_from_docs([*trials_of(make(0)), *trials_of(make(0), make(1))])
    assert merged.tids == [0, 0, 1]


def test_trials_are_filtered_by_assigning_documents(done, trials_of):
    trials = trials_of(*(done(tid, float(tid)) for tid in range(5)))
    trials._dynamic_trials = [doc for doc in trials._dynamic_trials if doc["tid"] % 2]
    trials.refresh()
    assert trials.tids == [1, 3]
    assert trials.best_trial["tid"] == 1


def test_delete_all_forgets_documents_and_attachments_but_no_ids(make, trials_of):
    trials = trials_of(make(0), make(1))
    trials.attachments["k"] = 1
    trials.delete_all()
    assert (len(trials), trials.attachments) == (0, {})
    assert trials.new_trial_ids(1) == [2]


def test_trials_made_without_refresh_ask_for_it():
    trials = Trials(refresh=False)
    for use in (len, iter, lambda trials: trials.trials, lambda trials: trials.losses()):
        with pytest.raises(AttributeError, match=r"call refresh\(\)"):
            use(trials)


def test_indexing_says_what_to_write_instead():
    with pytest.raises(NotImplementedError, match=r"write trials\.trials\[0\]"):
        Trials()[0]


@pytest.mark.parametrize("arg", [None, 1.5, "new"])
def test_counting_what_is_no_state_is_refused(arg):
    with pytest.raises((InvalidArgumentType, InvalidArgument), match=r"job states?"):
        Trials().count_by_state_synced(arg)


def test_counting_takes_one_state_several_or_other_trials(make, trials_of):
    trials = trials_of(make(0), make(1, state=JOB_STATE_RUNNING))
    assert trials.count_by_state_synced(JOB_STATE_NEW) == 1
    assert trials.count_by_state_synced([JOB_STATE_NEW, JOB_STATE_RUNNING]) == 2
    assert trials.count_by_state_synced(np.int64(1)) == 1
    assert trials.count_by_state_synced(JOB_STATE_NEW, trials=[]) == 0


def test_losses_and_statuses_can_be_asked_of_a_domain(done, trials_of):
    class Bandit:
        def loss(self, result, spec):
            return -result["loss"]

        def status(self, result, spec):
            return result["status"].upper()

    trials = trials_of(done(0, 2.0))
    assert trials.losses(Bandit()) == [-2.0]
    assert trials.statuses(Bandit()) == ["OK"]


def test_parts_of_different_lengths_make_no_documents():
    with pytest.raises(InvalidArgument, match="'tids': 2, 'specs': 1"):
        Trials().new_trial_docs([0, 1], [None], [{}], [{}])


def test_documents_from_a_source_agree_with_hyperopt(make):
    source = {**make(3, exp_key="a", state=JOB_STATE_DONE), "owner": "me"}

    def docs(base):
        misc = {"idxs": {}, "vals": {}}
        return base.Trials().source_trial_docs([7], [None], [{"status": "ok"}], [misc], [source])

    assert docs(minopt.base) == docs(hyperopt.base)


def test_a_misc_of_another_trial_is_refused(make):
    misc = {"tid": 4, "idxs": {}, "vals": {}}
    with pytest.raises(ValueError, match=r"trial 7: misc\['tid'\] must be 7, got 4"):
        Trials().source_trial_docs([7], [None], [{}], [misc], [make(3)])


def test_a_subclass_may_replace_insertion_in_either_direction(make):
    class OneByOne(Trials):
        def insert_trial_docs(self, docs):
            return [self.insert_trial_doc(doc) for doc in docs]

    trials = OneByOne()
    assert trials.insert_trial_docs([make(0), make(1)]) == [0, 1]


def test_a_subclass_may_keep_its_own_state_and_leave_our_constructor_out(make):
    class Bare(Trials):
        def __init__(self):
            self._ids = set()
            self._dynamic_trials = []
            self._trials = []
            self._exp_key = None
            self.attachments = {}

    trials = Bare()
    trials.insert_trial_doc(make(*trials.new_trial_ids(1), x=1.0))
    trials._sync()
    assert trials.tids == [0]
    assert trials._streams == []
    assert copy.deepcopy(trials).tids == [0]
