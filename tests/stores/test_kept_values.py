"""Values that JSON cannot hold: each is kept as itself, and nobody's attachment is in its way."""

from __future__ import annotations

import os
import pickle
import sqlite3

import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, Trials, copy_trials, fmin, hp, rand
from minopt.exceptions import DamagedStore
from minopt.trials import tagged_json
from minopt.trials.sql import recover


class Model:
    """An object of no kind that JSON can hold; all look alike."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "a model"

    def __eq__(self, other):
        return isinstance(other, Model) and other.name == self.name

    def __hash__(self):
        return 1


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.db"


def search(trials, n, **result):
    def objective(_):
        return {"status": "ok", "loss": 1.0, **result}

    fmin(objective, hp.uniform("x", 0, 1), rand.suggest, n, trials=trials, rstate=0, verbose=False)


ALIKE = [
    {"model": {"best": Model(1)}, "model.best": Model(2)},
    {"per": {(1, 2, 3, 4, 5, 6, 7): Model(1), (1, 2, 3, 4, 5, 6, 8): Model(2)}},
    {"per": {0: 0, f"{'a' * 30}1{'b' * 30}": Model(1), f"{'a' * 30}2{'b' * 30}": Model(2)}},
    {"per": {Model(1): Model(2), Model(3): Model(4), "[key a model]": Model(5)}},
    {"a": {"b": Model(1)}, "a.b": Model(2), "a.b#2": Model(3)},
    {"a.b#2": Model(3), "a": {"b": Model(1)}, "a.b": Model(2)},
    {"key \ud800 of half a pair": Model(1), "\0": Model(2), "long" * 2000: Model(3)},
]


@pytest.mark.parametrize("result", ALIKE)
def test_values_whose_places_read_alike_are_kept_apart(path, tmp_path, result):
    search(SQLTrials(path), 1, **result)
    expected = {"status": "ok", "loss": 1.0, **result}
    for _ in range(2):
        again = SQLTrials(path, trusted=True)
        assert again.results == [expected]
        again.trials[0]["misc"]["note"] = "changed"
        again.refresh()
    assert copy_trials(path, tmp_path / "copy.db", trusted=True).results == [expected]
    without_trust = SQLTrials(path)
    without_trust.trials[0]["misc"]["note"] = "changed without reading"
    without_trust.refresh()
    assert SQLTrials(path, trusted=True).results == [expected]


@pytest.mark.parametrize("result", ALIKE)
def test_trials_from_memory_keep_such_values_apart_too(path, result):
    memory = Trials()
    search(memory, 2, **result)
    copy_trials(memory, path)
    assert SQLTrials(path, trusted=True).results == memory.results


@pytest.mark.parametrize("result", ALIKE)
def test_a_server_keeps_them_apart_too(empty_postgresql, result):
    search(SQLTrials(empty_postgresql), 1, **result)
    assert SQLTrials(empty_postgresql, trusted=True).results[0].items() >= result.items()


def test_nothing_is_written_anew_while_nothing_changes(path):
    search(SQLTrials(path), 1, **ALIKE[0], **ALIKE[3])
    for trusted in (False, True):
        again = SQLTrials(path, trusted=trusted)
        assert not any(map(again._store.is_changed, again.trials))


def test_a_value_that_was_not_read_can_be_moved(path):
    search(SQLTrials(path), 1, model=Model(1), other=Model(2))
    without_trust = SQLTrials(path)
    result = without_trust.trials[0]["result"]
    before = result["model"]
    result["model"], result["moved"] = Model(3), before
    del result["other"]
    without_trust.refresh()
    (result,) = SQLTrials(path, trusted=True).results
    assert (result["model"], result["moved"]) == (Model(3), Model(1))
    assert "other" not in result


def test_what_earlier_versions_wrote_is_found(path):
    search(SQLTrials(path), 1, model=Model(1), parts=[Model(2)])
    with sqlite3.connect(path) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM minopt_attachments")}
    connection.close()
    assert names >= {"VALUE::0::result.model", "VALUE::0::result.parts[0]"}


# ---- attachments of the names that inner values have


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("bang",)


RESERVED = ["VALUE::0::result.model", "VALUE::", "minopt_space", "NAME::minopt_space"]


@pytest.mark.parametrize("name", RESERVED)
def test_an_attachment_of_any_name_leaves_values_and_space_alone(path, name):
    trials = SQLTrials(path)
    search(trials, 1, model=Model(1))
    trials.attachments[name] = "mine"
    assert dict(SQLTrials(path).attachments) == {name: "mine"}
    again = SQLTrials(path, trusted=True)
    assert again.results[0]["model"] == Model(1)
    assert again.best_params == trials.best_params
    del again.attachments[name]
    assert name not in again.attachments
    assert SQLTrials(path, trusted=True).results[0]["model"] == Model(1)


@pytest.mark.parametrize("value", [pickle.dumps(Bomb()), "text"], ids=["pickle", "text"])
def test_lines_of_somebody_else_cannot_plant_a_value(path, tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    search(SQLTrials(path), 1, model=Model(1))
    lines = [
        {"minopt": "trials", "version": 1, "exp_key": None, "streams": []},
        *({"attachment": name, "value": value} for name in RESERVED),
    ]
    text = "".join(f"{tagged_json.dumps(line)}\n" for line in lines)
    (tmp_path / "theirs.jsonl").write_text(text)
    copy_trials(tmp_path / "theirs.jsonl", path)
    mine = SQLTrials(path, trusted=True)
    assert mine.results[0]["model"] == Model(1)
    assert 0 < mine.best_params < 1
    assert dict(mine.attachments) == dict.fromkeys(RESERVED, value)
    assert not (tmp_path / "bang").exists()


def rename(path, name, new_name):
    with sqlite3.connect(path) as connection:
        asked = "UPDATE minopt_attachments SET name = ? WHERE name = ?"
        assert connection.execute(asked, (new_name, name)).rowcount == 1
    connection.close()


def test_an_attachment_that_an_earlier_version_put_under_such_a_name_is_found(path):
    trials = SQLTrials(path)
    trials.attachments["plain"] = b"1"
    rename(path, "plain", "VALUE::note")
    assert dict(trials.attachments) == {"VALUE::note": b"1"}
    trials.attachments["VALUE::note"] = b"2"
    assert dict(trials.attachments) == {"VALUE::note": b"2"}
    del trials.attachments["VALUE::note"]
    assert list(trials.attachments) == []


def test_an_attachment_is_never_read_as_a_value(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trials = SQLTrials(path)
    search(trials, 1, model=Model(1))
    trials.attachments["plain"] = pickle.dumps(Bomb())
    rename(path, "VALUE::0::result.model", "elsewhere")
    rename(path, "plain", "VALUE::0::result.model")
    with pytest.raises(DamagedStore, match=r"'VALUE::0::result\.model' of a trial is missing"):
        SQLTrials(path, trusted=True)
    assert not (tmp_path / "bang").exists()


def test_values_and_attachments_that_share_a_name_are_recovered_each(path, tmp_path):
    trials = SQLTrials(path)
    search(trials, 1, **ALIKE[0])
    trials.attachments["VALUE::0::result.model.best"] = "mine"
    trials.attachments["minopt_space"] = "mine as well"
    trials.close()
    recover.recover(path, tmp_path / "new.db")
    again = SQLTrials(tmp_path / "new.db", trusted=True)
    assert again.results == SQLTrials(path, trusted=True).results
    assert dict(again.attachments) == dict(trials.attachments)
    assert again.best_params == trials.best_params
