"""Values that JSON cannot hold: each is kept as itself."""

from __future__ import annotations

import sqlite3

import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, Trials, copy_trials, fmin, hp, rand


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
