"""Values that only trust reads: carried from store to store unread, and never in the way."""

from __future__ import annotations

import sqlite3
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, Trials, copy_trials, hp, load_trials, rand
from minopt.cli import main
from minopt.trials.documents import JOB_STATE_DONE
from minopt.trials.tagged_json import Withheld

KINDS = ["trials.db", "trials.jsonl", "trials.pkl"]
THIRD = Fraction(1, 3)
ODD = {
    "plain": THIRD,
    "in a list": [1, (THIRD,)],
    "in a set": {THIRD, 1},
    "as a key": {THIRD: "x", 2: "y"},
    "in an array": np.array([None, THIRD], dtype=object),
}


@pytest.fixture
def odd(search):
    """Trials whose results and attachments JSON cannot hold."""
    made = Trials()
    search(lambda c: {"loss": c["x"], "status": "ok", **ODD}, trials=made, max_evals=2)
    made.trial_attachments(made.trials[1])["exact"] = THIRD
    made.attachments["all"] = {"exact": THIRD}
    return made


def is_whole(trials):
    for result in trials.results[:2]:
        np.testing.assert_equal({key: result[key] for key in ODD}, ODD)
    assert trials.trial_attachments(trials.trials[1])["exact"] == THIRD
    assert trials.attachments["all"] == {"exact": THIRD}
    return True


@pytest.mark.parametrize("last", KINDS)
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", ["trials.db", "trials.jsonl"])
def test_what_is_not_trusted_is_carried_through_any_stores(odd, tmp_path, first, second, last):
    places = [tmp_path / f"{i}.{kind}" for i, kind in enumerate((first, second, last))]
    copy_trials(odd, places[0])
    for place, following in pairwise(places):
        unread = copy_trials(place, following)
        assert isinstance(unread.results[0]["plain"], Withheld)
    unread = load_trials(places[-1])
    assert all(isinstance(result["in a list"][1][0], Withheld) for result in unread.results)
    assert is_whole(load_trials(places[-1], trusted=True))


@pytest.mark.parametrize("kind", KINDS[:2])
def test_what_holds_values_that_are_not_trusted_is_read(odd, tmp_path, kind):
    copy_trials(odd, tmp_path / kind)
    result = load_trials(tmp_path / kind).results[0]
    assert len(result["in a set"]) == len(result["as a key"]) == 2
    assert [type(value) for value in result["in an array"]] == [type(None), Withheld]


def test_a_search_without_trust_goes_on_in_a_copy_and_loses_nothing(odd, search, tmp_path):
    copy_trials(odd, tmp_path / "one.db")
    copy_trials(tmp_path / "one.db", tmp_path / "other.db")
    search(trials=str(tmp_path / "other.db"), max_evals=5)
    trials = load_trials(tmp_path / "other.db", trusted=True)
    assert len(trials) == 5
    assert all(result["plain"] == THIRD for result in trials.results[:2])


def test_trials_of_a_database_are_saved_and_exported_with_what_was_not_read(odd, search, tmp_path):
    copy_trials(odd, tmp_path / "one.db")
    trials = load_trials(tmp_path / "one.db")
    trials.to_jsonl(tmp_path / "one.jsonl")
    search(trials=trials, max_evals=3, trials_save_file=str(tmp_path / "one.pkl"))
    for name in ("one.jsonl", "one.pkl"):
        assert is_whole(load_trials(tmp_path / name, trusted=True))


def test_what_is_nowhere_any_more_is_told_and_is_in_nobodys_way(odd, tmp_path):
    copy_trials(odd, tmp_path / "one.db")
    trials = load_trials(tmp_path / "one.db")
    memory = Trials()
    memory.insert_trial_docs([dict(doc) for doc in trials.trials])  # by hand: no pickle comes along
    memory.refresh()
    with pytest.warns(UserWarning, match=r"values of trials \[0, 1\] .* are not copied"):
        copy_trials(memory, tmp_path / "other.db")
    trusted = load_trials(tmp_path / "other.db", trusted=True)
    assert isinstance(trusted.results[0]["plain"], Withheld)


@pytest.mark.parametrize("kind", KINDS)
def test_recovery_gives_values_and_attachments_to_any_kind_of_file(odd, tmp_path, kind):
    odd.attachments |= {"bytes": b"\0", "text": "é", "json": (1, 2)}
    copy_trials(odd, tmp_path / "one.db")
    assert main(["recover", str(tmp_path / "one.db"), "-o", str(tmp_path / f"new.{kind}")]) == 0
    recovered = load_trials(tmp_path / f"new.{kind}", trusted=True)
    assert is_whole(recovered)
    found = [recovered.attachments[name] for name in ("bytes", "text", "json")]
    assert found == [b"\0", "é", (1, 2)]


def test_recovery_tells_of_values_that_are_gone(odd, tmp_path, capsys):
    copy_trials(odd, tmp_path / "one.db")
    with sqlite3.connect(tmp_path / "one.db") as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("DELETE FROM minopt_attachments WHERE name LIKE 'VALUE::1::%plain'")
    connection.close()
    assert main(["recover", str(tmp_path / "one.db"), "-o", str(tmp_path / "new.db")]) == 0
    assert "trial 1: without values of type ['Fraction']" in capsys.readouterr().out
    results = load_trials(tmp_path / "new.db", trusted=True).results
    assert results[0]["plain"] == THIRD
    assert isinstance(results[1]["plain"], Withheld)


# ---- copying


def test_a_copy_that_broke_off_is_completed_by_the_next(odd, tmp_path):
    target = SQLTrials(tmp_path / "one.db")
    copy_trials(odd, target)
    del target.attachments["ATTACH::1::exact"], target.attachments["all"]
    copy_trials(odd, target)
    assert is_whole(load_trials(tmp_path / "one.db", trusted=True))
    target.close()


def test_an_attachment_that_is_there_stays(odd, tmp_path):
    target = copy_trials(odd, tmp_path / "one.db")
    target.attachments["ATTACH::1::exact"] = target.attachments["all"] = b"mine"
    copy_trials(odd, target)
    assert target.attachments["ATTACH::1::exact"] == target.attachments["all"] == b"mine"


def test_searches_of_one_database_are_copied_into_each_other(search, tmp_path):
    one = SQLTrials(tmp_path / "one.db", "one")
    search(trials=one, max_evals=3)
    copy_trials(one, SQLTrials(tmp_path / "one.db", "other"))
    assert SQLTrials(tmp_path / "one.db", "other").vals == one.vals
    one.close()


def test_trials_of_one_id_in_several_searches_are_all_copied(search, tmp_path):
    one, other, both = Trials(), Trials(), Trials()
    search(trials=one, max_evals=2)
    search(trials=other, max_evals=2, rstate=1)
    for name, trials in (("one", one), ("other", other)):
        for doc in trials.trials:
            doc["exp_key"] = name
            both._dynamic_trials.append(doc)
    both.attachments["ATTACH::1::log"] = b"of both"
    both.refresh()
    copy = copy_trials(both, tmp_path / "one.db")
    assert copy.tids == [0, 1, 2, 3]
    assert sorted(copy.losses()) == sorted(both.losses())
    assert {doc["state"] for doc in copy.trials} == {JOB_STATE_DONE}
    assert [copy.attachments[f"ATTACH::{tid}::log"] for tid in (1, 3)] == [b"of both"] * 2


def test_a_result_that_holds_itself_is_copied(search, tmp_path):
    circle = [1]
    circle.append(circle)
    trials = Trials()
    search(lambda c: {"loss": 1.0, "status": "ok", "circle": circle}, trials=trials, max_evals=1)
    for place in KINDS:
        copy = copy_trials(trials, tmp_path / place, trusted=True)
        found = load_trials(tmp_path / place, trusted=True).results[0]["circle"]
        assert (found[0], found[1][0], found[1][1][0]) == (1, 1, 1)
        assert len(copy) == 1


def test_trials_of_hyperopt_itself_are_copied(tmp_path):
    hyperopt = pytest.importorskip("hyperopt")
    theirs = hyperopt.Trials()
    hyperopt.fmin(lambda x: {"loss": x, "status": "ok", "attachments": {"log": b"1"}},
                  hyperopt.hp.uniform("x", 0, 1), hyperopt.rand.suggest, 2, trials=theirs,
                  rstate=np.random.default_rng(0), show_progressbar=False)  # fmt: skip
    copy = copy_trials(theirs, Path(tmp_path / "one.db"))
    assert copy.losses() == theirs.losses()
    assert copy.trial_attachments(copy.trials[1])["log"] == b"1"
    copy.fmin(abs, hp.uniform("x", 0, 1), rand.suggest, 4, rstate=0, verbose=False)
    assert len(copy) == 4
