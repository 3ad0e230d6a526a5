"""Attachments of trials."""

from __future__ import annotations

import hyperopt.base
import pytest

from minopt.base import Trials


@pytest.fixture
def trials(make, trials_of):
    trials = trials_of(make(1), make(11))
    trials.trial_attachments(trials.trials[0])["a"] = b"one"
    trials.trial_attachments(trials.trials[1])["a::b"] = b"eleven"
    trials.attachments["FMinIter_Domain"] = b"domain"
    return trials


def test_attachments_are_kept_under_hyperopts_names(trials, make):
    assert set(trials.attachments) == {"ATTACH::1::a", "ATTACH::11::a::b", "FMinIter_Domain"}
    assert trials.aname(make(1), "a") == hyperopt.base.Trials().aname(make(1), "a")


def test_each_trial_sees_its_own(trials):
    first, second = map(trials.trial_attachments, trials.trials)
    assert dict(first) == {"a": b"one"}
    assert list(second.keys()) == ["a::b"]
    assert list(second.items()) == [("a::b", b"eleven")]
    assert (len(first), "a" in first, "a" in second) == (1, True, False)


def test_attachments_can_be_replaced_and_deleted(trials):
    own = trials.trial_attachments(trials.trials[0])
    own["a"] = b"new"
    assert own["a"] == b"new"
    del own["a"]
    assert "a" not in own
    assert len(own) == 0


def test_a_missing_attachment_is_named_with_its_trial(trials):
    own = trials.trial_attachments(trials.trials[0])
    with pytest.raises(KeyError, match="trial 1 has no attachment 'b'"):
        own["b"]
    with pytest.raises(KeyError, match="trial 1 has no attachment 'b'"):
        del own["b"]


def test_a_subclass_may_name_attachments_in_its_own_way(make):
    class Named(Trials):
        def aname(self, trial, name):
            return f"{trial['tid']}/{name}"

    trials = Named()
    own = trials.trial_attachments(make(3))
    own["a"] = 1
    assert trials.attachments == {"3/a": 1}
    assert dict(own) == {"a": 1}


def test_iterating_bears_attachments_that_come_meanwhile(trials):
    own = trials.trial_attachments(trials.trials[0])
    for name in own:
        own[name + "2"] = b""
    assert set(own) == {"a", "a2"}
