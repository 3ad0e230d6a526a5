"""A wrong document costs no other trial: it is refused where it is made, or named, and left out."""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict, UserDict

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, fmin, hp, load_trials, rand
from minopt.cli import main
from minopt.exceptions import DamagedStore, InvalidTrial
from minopt.trials.sql import recover
from minopt.trials.sql.codec import digest_of

N = 5


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "search.db"
    search(path, N)
    return path


def search(trials, n):
    fmin(abs, hp.uniform("x", 0, 1), rand.suggest, n, trials=trials, rstate=0, verbose=False)


# ---- written


def without_result(doc):
    doc["result"] = None


def without_spec(doc):
    del doc["spec"]


def with_a_number(doc):
    doc["misc"]["vals"]["x"] = 0.5


def with_nothing_in_misc(doc):
    doc["misc"] = {}


def with_a_state_of_its_own(doc):
    doc["state"] = 7


def with_another_id(doc):
    doc["misc"]["tid"] = 9


SPOILERS = [
    (without_result, "trial 0: its 'result' must be a dict, got None"),
    (without_spec, "trial 0 lacks the key spec"),
    (with_a_number, r"trial 0: misc\['vals'\]\['x'\] must be a list, got 0.5"),
    (with_nothing_in_misc, "trial 0: its 'misc' lacks the key"),
    (with_a_state_of_its_own, "trial 0: its 'state' must be one of JOB_STATES"),
    (with_another_id, r"trial 0: its misc\['tid'\] is 9"),
]


@pytest.mark.parametrize("spoil, match", SPOILERS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_document_spoilt_by_hand_is_refused_and_nothing_is_written(path, spoil, match):
    trials = SQLTrials(path)
    spoil(trials.trials[0])
    with pytest.raises(InvalidTrial, match=match):
        trials.refresh()
    assert len(SQLTrials(path).losses()) == N
    search(path, N + 1)


def test_a_document_that_was_mended_is_written(path):
    trials = SQLTrials(path)
    without_result(trials.trials[0])
    with pytest.raises(InvalidTrial):
        trials.refresh()
    trials.trials[0]["result"] = {"status": "ok", "loss": 3.0}
    trials.refresh()
    assert SQLTrials(path).losses()[0] == 3.0


def test_what_is_no_document_among_them_is_refused(path):
    trials = SQLTrials(path)
    trials._dynamic_trials.append(None)
    with pytest.raises(InvalidTrial, match="a trial must be a dict"):
        trials.refresh()
    assert len(SQLTrials(path)) == N


@pytest.mark.parametrize("kind", [OrderedDict, UserDict])
def test_parts_that_are_mappings_are_read_without_trust(path, kind):
    trials = SQLTrials(path)
    doc = trials.trials[0]
    doc["result"] = kind(status="ok", loss=3.0)
    doc["misc"]["vals"] = kind(x=(np.float64(0.5),))
    trials.refresh()
    again = SQLTrials(path)
    assert again.losses()[0] == 3.0
    assert again.vals["x"][0] == 0.5


# ---- read


UPDATE = """
    UPDATE minopt_trials SET tid = :tid, state = :state, result = :result, misc = :misc,
    rest = :rest, digest = :digest WHERE id = :id
"""


def forge(path, tid, /, **columns):
    """Write a row as somebody would who knows how, but not what."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        asked = "SELECT * FROM minopt_trials WHERE tid = ?"
        row = dict(connection.execute(asked, (tid,)).fetchone()) | columns
        row["digest"] = digest_of(row)
        connection.execute(UPDATE, row)
    connection.close()


def misc(**others):
    return json.dumps({"tid": 0, "cmd": None, "idxs": {}, "vals": {}, **others})


FORGED = [
    {"result": "null"},
    {"result": '"abc"'},
    {"misc": "null"},
    {"misc": "{}"},
    {"misc": misc(vals=None)},
    {"misc": misc(vals={"x": 5})},
    {"misc": misc(tid=9)},
    {"rest": "null"},
    {"rest": "[1]"},
    {"rest": '{"tid":[1]}'},
    {"rest": '{"state":2}'},
    {"rest": '{"misc":3}'},
    {"state": 7},
    {"state": -1},
]


@pytest.mark.parametrize("columns", FORGED, ids=str)
def test_a_row_that_holds_no_trial_is_named_and_the_others_come_back(
    path, tmp_path, capsys, columns
):
    losses = SQLTrials(path).losses()
    forge(path, 0, **columns)
    with pytest.raises(DamagedStore, match=r"of trial 0 is no trial.*minopt recover"):
        SQLTrials(path)
    assert main(["recover", str(path)]) == 0
    assert "trial 0: what is stored of trial 0 is no trial" in capsys.readouterr().out
    recovered = load_trials(tmp_path / "search.recovered.db")
    assert recovered.losses() == losses[1:]
    search(recovered, N + 1)


def test_an_id_of_earlier_times_that_leaves_no_room_is_read_and_written(path, tmp_path):
    last = 2**63 - 2
    place = {"x": [last]}
    forge(path, 0, tid=last, misc=misc(tid=last, idxs=place, vals={"x": [0.5]}))
    trials = SQLTrials(path)
    assert trials.tids[0] == last
    trials.trials[0]["result"]["note"] = "mine"
    trials.refresh()
    assert SQLTrials(path).results[0]["note"] == "mine"
    (recovered,) = recover.recover(path, tmp_path / "new.db")
    assert [doc["tid"] for doc in recovered.documents] == [1, 2, 3, 4]


def test_a_document_without_times_is_one_that_nobody_began(path):
    forge(path, 0, rest="{}")
    trials = SQLTrials(path)
    assert trials.trials[0]["book_time"] is None
    search(trials, N + 1)
    assert len(SQLTrials(path).losses()) == N + 1


@pytest.mark.parametrize("version", [b"1", "one", "-1"])
def test_a_version_that_is_none_is_damage(path, version):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_meta SET value = ?", (version,))
    connection.close()
    with pytest.raises(DamagedStore, match="does not tell the version of its tables"):
        SQLTrials(path)


@pytest.mark.parametrize("name", ["{{", "5", "[1]", '{"$":"set","v":[[1]]}'])
def test_a_search_whose_name_is_broken_is_told_with_a_way_out(path, tmp_path, name):
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO minopt_searches VALUES (?, 0, 0, 0, 0, '[]', '[]')", (name,)
        )
    connection.close()
    with pytest.raises(DamagedStore, match=r"search\.db: the name of .* minopt recover"):
        load_trials(path)
    assert len(recover.recover(path, tmp_path / "new.db")[0].documents) == N


def test_a_search_that_runs_says_so_too(path):
    trials = SQLTrials(path)
    forge(path, 0, result="null")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_trials SET seq = seq + 100 WHERE tid = 0")
        connection.execute("UPDATE minopt_searches SET clock = clock + 100")
    connection.close()
    with pytest.raises(DamagedStore, match="trial 0 is no trial"):
        trials.refresh()
