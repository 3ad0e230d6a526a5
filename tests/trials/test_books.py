"""The books of Trials: a cheap look that shows what a complete one would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minopt.base import (
    JOB_STATE_CANCEL,
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    JOB_STATES,
    Trials,
)
from minopt.trials.ledger import Tally
from minopt.trials.stock import sync, tally

NAMES = ("new", "running", "done", "error", "cancel")


def counted(trials):
    """Count trials the long way."""
    key = trials._exp_key
    docs = [doc for doc in trials._dynamic_trials if key in (None, doc["exp_key"])]
    states = [doc["state"] for doc in docs]
    losses = [
        doc["result"]["loss"]
        for doc in docs
        if doc["state"] == JOB_STATE_DONE and doc["result"].get("status") == "ok"
    ]
    usable = [loss for loss in losses if loss is not None and loss == loss]
    unfinished = [doc for doc in docs if doc["state"] in (JOB_STATE_NEW, JOB_STATE_RUNNING)]
    return Tally(*map(states.count, JOB_STATES), min(usable, default=None), unfinished)


def seen_by_refresh(trials):
    twin = trials.view(exp_key=trials._exp_key, refresh=False)
    twin.refresh()
    return twin.trials


FINISHED = st.sampled_from([JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_CANCEL])
LOSSES = st.one_of(st.none(), st.floats(-5, 5), st.just(float("nan")))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(1, 4), st.sampled_from(JOB_STATES)),
        st.tuples(st.just("finish"), st.integers(0, 9), FINISHED, LOSSES),
        st.tuples(st.just("claim")),
        st.tuples(st.just("refresh")),
        st.tuples(st.just("hold")),
        st.tuples(st.just("drop"), st.integers(0, 9)),
        st.tuples(st.just("cut")),
        st.tuples(st.just("tally")),
    ),
    max_size=25,
)


def take(trials, step, make):
    name, *args = step
    docs = trials._dynamic_trials
    if name == "insert":
        for tid in trials.new_trial_ids(args[0]):
            trials.insert_trial_doc(make(tid, state=args[1], exp_key=trials._exp_key))
            docs.append(make(-tid - 1, exp_key="another"))
    elif name == "finish":
        open_docs = [doc for doc in docs if doc["state"] in (JOB_STATE_NEW, JOB_STATE_RUNNING)]
        if open_docs:
            doc = open_docs[args[0] % len(open_docs)]
            doc["state"], doc["result"] = args[1], {"status": "ok", "loss": args[2]}
    elif name == "claim":
        trials._claim_next()
    elif name == "refresh":
        trials.refresh()
    elif name == "hold":
        _ = trials.trials
    elif name == "drop":
        trials._dynamic_trials = [doc for doc in docs if doc["tid"] % 3 != args[0] % 3]
    elif name == "cut":
        del docs[-1:]
    elif name == "tally":
        _ = trials._tally


@settings(max_examples=200, deadline=None, derandomize=True)
@given(steps=STEPS, exp_key=st.sampled_from([None, "a"]))
def test_the_cheap_look_shows_what_refresh_shows(steps, exp_key, document_maker):
    trials = Trials(exp_key)
    for step in steps:
        take(trials, step, document_maker)
        sync(trials)
        assert trials.trials == seen_by_refresh(trials)
        assert tally(trials) == counted(trials)
        assert trials._ids >= set(trials.tids)


@pytest.fixture(scope="module")
def document_maker():
    def make(tid, *, state=JOB_STATE_NEW, exp_key=None):
        misc = {"tid": tid, "cmd": None, "idxs": {}, "vals": {}}
        [doc] = Trials(exp_key).new_trial_docs([tid], [None], [{"status": "ok", "loss": 1}], [misc])
        return {**doc, "state": state}

    return make


def test_a_finished_trial_is_read_once_until_refresh(done, trials_of):
    trials = trials_of(done(0, 1.0))
    trials._sync()
    assert trials._tally.best_loss == 1.0
    trials.trials[0]["result"] = {"status": "ok", "loss": 0.5}
    trials._sync()
    assert trials._tally.best_loss == 1.0
    trials.refresh()
    assert trials._tally.best_loss == 0.5


def test_a_failed_trial_gives_no_best_loss(done, failed, trials_of):
    trials = trials_of(done(0, -9.0, status="fail"), done(1, float("nan")), failed(2))
    assert trials._tally.best_loss is None


def test_counting_alone_shows_nothing_new(make, trials_of):
    trials = trials_of(make(0))
    trials._sync()
    trials.insert_trial_doc(make(1))
    assert trials._tally.new == 2
    assert len(trials) == 1


def test_a_list_changed_by_hand_is_shown_afresh(make, trials_of):
    trials = trials_of(make(0), make(1))
    trials._sync()
    trials._trials.pop()
    trials._sync()
    assert trials.tids == [0, 1]


def test_trials_are_claimed_oldest_first_and_each_once(make, trials_of):
    trials = trials_of(make(0), make(1, state=JOB_STATE_RUNNING), make(2))
    claimed = [trials._claim_next() for _ in range(3)]
    assert [doc and doc["tid"] for doc in claimed] == [0, 2, None]
    assert claimed[0]["state"] == JOB_STATE_RUNNING
    assert claimed[0]["book_time"] == claimed[0]["refresh_time"] is not None


def test_a_search_claims_no_trial_of_another(make):
    trials = Trials("a")
    trials._dynamic_trials.append(make(0, exp_key="b"))
    assert trials._claim_next() is None


def test_a_claim_sees_trials_that_were_not_refreshed(make):
    trials = Trials()
    trials.insert_trial_doc(make(0))
    assert trials._claim_next()["tid"] == 0


def test_an_interrupted_look_loses_nothing(make, trials_of, monkeypatch):
    trials = trials_of(make(0))
    trials._sync()
    trials.insert_trial_doc(make(1))
    with monkeypatch.context() as patch:
        patch.setattr("minopt.trials.ledger.Ledger._close", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            trials._sync()
    trials._sync()
    assert trials.tids == [0, 1]
    assert trials._tally.new == 2


def test_an_interrupted_reservation_gives_no_id_twice(make, trials_of, monkeypatch):
    trials = trials_of(make(0))
    assert trials.new_trial_ids(1) == [1]
    trials.insert_trial_doc(make(5))
    with monkeypatch.context() as patch:
        patch.setattr("minopt.trials.ledger._above", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            trials.new_trial_ids(1)
    assert trials.new_trial_ids(1) == [6]


def _interrupt(*args):
    raise KeyboardInterrupt


class Filtered(Trials):
    """A user's trials whose refresh hides some of them."""

    def refresh(self):
        super().refresh()
        self._trials = [doc for doc in self._trials if doc["tid"] != 1]


def test_sync_asks_a_subclass_that_refreshes_by_itself(make):
    trials = Filtered()
    trials.insert_trial_docs([make(0), make(1), make(2)])
    sync(trials)
    assert trials.tids == [0, 2]


def test_claiming_and_counting_do_not_disturb_such_a_subclass(make):
    trials = Filtered()
    trials.insert_trial_docs([make(0), make(1), make(2)])
    sync(trials)
    assert trials._claim_next()["tid"] == 0
    assert tally(trials).running == 1
    assert trials.tids == [0, 2]


def test_sync_uses_a_refresh_that_was_put_in_later(make, monkeypatch):
    calls = []
    trials = Trials()
    monkeypatch.setattr(Trials, "refresh", lambda self: calls.append("class"))
    sync(trials)
    trials.refresh = lambda: calls.append("instance")
    sync(trials)
    assert calls == ["class", "instance"]


class Foreign:
    """Trials that only look like ours."""

    def __init__(self, docs):
        self._docs = docs
        self.trials = []

    def refresh(self):
        self.trials = [doc for doc in self._docs if doc["state"] < JOB_STATE_ERROR]

    def count_by_state_unsynced(self, state):
        return sum(doc["state"] == state for doc in self._docs)


def test_foreign_trials_are_counted_through_their_public_methods(make, done, failed):
    trials = Foreign([make(0), done(1, 2.0), done(2, float("nan")), failed(3)])
    sync(trials)
    assert tally(trials) == Tally(1, 0, 2, 1, 0, 2.0, [trials._docs[0]])


def test_looks_read_only_what_is_new(make, done, trials_of):
    class Watched(dict):
        reads = 0

        def __getitem__(self, key):
            Watched.reads += 1
            return super().__getitem__(key)

    trials = Trials()
    trials.insert_trial_docs([Watched(done(tid, 1.0)) for tid in range(200)])
    sync(trials)
    trials.new_trial_ids(1)
    Watched.reads = 0
    for _ in range(20):
        trials.insert_trial_doc(done(*trials.new_trial_ids(1), 1.0))
        sync(trials)
        tally(trials)
        trials._claim_next()
    assert Watched.reads == 0
