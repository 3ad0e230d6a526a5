"""Damaged, foreign and full: an SQLite file is refused with a way out, and never changed."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, fmin, hp, rand
from minopt.cli import main
from minopt.exceptions import DamagedStore, StoreError
from minopt.trials.sql import recover, sqlite_file

N = 120
SPACE = [hp.uniform(f"x{i}", -1, 1) for i in range(8)]


def objective(point):
    return {"status": "ok", "loss": point[0] ** 2, "curve": np.arange(700.0) * point[0]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A database of trials, one page of which nobody has damaged yet; its documents."""
    path = tmp_path_factory.mktemp("whole") / "search.db"
    trials = SQLTrials(path)
    fmin(objective, SPACE, rand.suggest, N, trials=trials, rstate=0, verbose=False)
    trials.attachments["blob"] = b"\x00" * 9000
    trials.close()
    return path, as_text(trials.trials)


def as_text(documents):
    """Documents as strings, by id: arrays have no plain ==."""
    return {doc["tid"]: repr(doc) for doc in documents}


@pytest.fixture
def path(whole, tmp_path):
    return Path(shutil.copy(whole[0], tmp_path / "search.db"))


def is_refused(path, match, error=DamagedStore):
    """Tell whether opening fails with the path and a way out, and the file is left as it is."""
    before = path.read_bytes()
    with pytest.raises(error, match=match) as refusal:
        SQLTrials(path)
    assert str(path) in str(refusal.value)
    if error is DamagedStore:
        assert f"minopt recover {path}" in str(refusal.value)
    assert path.read_bytes() == before
    return True


# ---- what is wrong at once


def test_an_empty_file_is_no_new_database(path):
    path.write_bytes(b"")
    assert is_refused(path, "this file is empty")


def test_half_a_file_is_damaged(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert is_refused(path, "the file is damaged")


@pytest.mark.parametrize("size", [1, 15, 16, 100, 4096])
def test_a_stump_is_damaged(path, size):
    path.write_bytes(path.read_bytes()[:size])
    assert is_refused(path, "SQLite|damaged")


def test_a_file_of_zeros_is_no_database(path):
    path.write_bytes(b"\0" * path.stat().st_size)
    assert is_refused(path, "this is no SQLite database")


def test_a_pickle_is_told_from_a_database(path):
    path.write_bytes(pickle.dumps([1, 2]))
    assert is_refused(path, r"looks like a pickle.*trials_save_file=")


def test_text_is_told_from_a_database(path):
    path.write_text("tid,loss\n0,0.5\n")
    assert is_refused(path, r"begins with b'tid,loss")


def test_a_database_of_something_else_is_left_alone(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    assert is_refused(path, "SQLite database of something else")


def test_a_database_that_lacks_a_table_is_damaged(path):
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE minopt_attachments")
    connection.close()
    assert is_refused(path, r"lacks the tables \['minopt_attachments'\]")


PROGRAMS = [
    "CREATE TRIGGER z AFTER INSERT ON minopt_trials BEGIN DELETE FROM minopt_attachments; END",
    "CREATE TRIGGER z BEFORE UPDATE ON Minopt_Trials BEGIN SELECT raise(IGNORE); END",
    "CREATE TRIGGER z AFTER UPDATE ON minopt_searches BEGIN SELECT zeroblob(900000000); END",
    "ALTER TABLE minopt_attachments ADD COLUMN z AS (hex(zeroblob(400000000)))",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_file_that_brings_sql_along_is_refused_and_its_trials_come_back(
    path, whole, tmp_path, program
):
    with sqlite3.connect(path) as connection:
        connection.execute(program)
    connection.close()
    assert is_refused(path, r"\['z'\], which")
    recover.recover(path, tmp_path / "new.db")
    trials = SQLTrials(tmp_path / "new.db")
    assert as_text(trials.trials) == whole[1]
    assert list(trials.attachments) == ["blob"]
    trials.close()


def test_tables_of_somebody_else_beside_ours_are_theirs(path, whole):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (x, y AS (x + 1))")
        connection.execute("CREATE TRIGGER z AFTER INSERT ON mine BEGIN DELETE FROM mine; END")
        connection.execute("CREATE INDEX mine_too ON minopt_trials (owner)")
    connection.close()
    trials = SQLTrials(path)
    assert as_text(trials.trials) == whole[1]
    trials.close()


def test_a_trial_that_was_edited_by_hand_is_found_out(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_trials SET result = '{\"loss\":-9.0}' WHERE tid = 7")
    connection.close()
    with pytest.raises(DamagedStore, match="trial 7 is not what was written"):
        SQLTrials(path)


def test_a_trial_that_is_gone_is_found_out(path):
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM minopt_trials WHERE tid = 7")
    connection.close()
    with pytest.raises(DamagedStore, match=f"{N - 1} trials are found where {N} were written"):
        SQLTrials(path)


def test_an_attachment_with_a_flipped_bit_is_found_out_when_it_is_read(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_attachments SET data = x'01' WHERE name = 'blob'")
    connection.close()
    trials = SQLTrials(path)
    with pytest.raises(DamagedStore, match="attachment 'blob' is not what was written"):
        trials.attachments["blob"]
    trials.close()


def test_a_directory_is_no_database(tmp_path):
    with pytest.raises(StoreError, match="this is a directory; name the file"):
        SQLTrials(tmp_path)


def test_a_link_to_nothing_is_not_followed(tmp_path):
    link, target = tmp_path / "search.db", tmp_path / "target.db"
    link.symlink_to(target)
    with pytest.raises(StoreError, match="a link to a file that does not exist"):
        SQLTrials(link)
    assert not target.exists()


def test_a_link_to_a_database_is_followed(path, whole, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(path)
    trials = SQLTrials(link)
    assert as_text(trials.trials) == whole[1]
    trials.close()


def test_a_file_is_made_beside_under_a_name_that_nobody_knows(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_file.secrets, "token_hex", lambda _: "guessed")
    trap = tmp_path / ".search.db.guessed.tmp"
    trap.symlink_to(tmp_path / "target")
    with pytest.raises(StoreError, match="the file cannot be made"):
        SQLTrials(tmp_path / "search.db")
    assert not (tmp_path / "target").exists()


def test_a_file_that_may_not_be_written_is_refused(path, monkeypatch):
    real = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: real(place, mode) and not mode & os.W_OK)
    with pytest.raises(StoreError, match=r"may not be read and written by this user; change its"):
        SQLTrials(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_device_is_no_database():
    with pytest.raises(StoreError, match="no regular file"):
        SQLTrials("/dev/full")


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of that kind")
def test_without_space_the_search_ends_with_the_reason_and_goes_on_later(path, whole):
    program = """
import resource, signal, sys
from minopt import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
trials = SQLTrials(sys.argv[1])
size = max(trials.path.stat().st_size, 1 << 16)
resource.setrlimit(resource.RLIMIT_FSIZE, (size // 4, resource.RLIM_INFINITY))
space = [hp.uniform(f"x{i}", -1, 1) for i in range(8)]
try:
    fmin(lambda p: p[0] ** 2, space, rand.suggest, 1000, trials=trials, rstate=0, verbose=False)
except exceptions.StoreError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert str(path) in ended.stdout, ended.stderr
    assert "space" in ended.stdout or "full" in ended.stdout
    trials = SQLTrials(path)
    assert whole[1].items() <= as_text(trials.trials).items()
    n = len(trials) + 3
    fmin(lambda p: p[0] ** 2, SPACE, rand.suggest, n, trials=trials, rstate=0, verbose=False)
    assert len(trials) == n
    trials.close()


# ---- bits and bytes


@pytest.mark.parametrize("seed", range(60))
def test_damage_anywhere_is_named_or_does_no_harm(path, whole, seed):
    chance = random.Random(seed)
    spoil(path, chance)
    before, error = path.read_bytes(), None
    try:
        trials = SQLTrials(path)
    except StoreError as refusal:
        error = refusal
    if error is None:
        trials.close()
        assert as_text(trials.trials) == whole[1]
    else:
        assert str(path) in str(error)
        assert path.read_bytes() == before


@pytest.mark.parametrize("seed", range(12))
def test_what_is_recovered_of_damage_is_what_was_written(path, whole, seed):
    chance = random.Random(seed)
    spoil(path, chance, ["bit", "bits", "zeros", "noise", "page"])
    salvaged = as_text(recover.salvage(path))
    assert salvaged.items() <= whole[1].items()
    assert len(salvaged) > N - 25


KINDS = ["bit", "bits", "zeros", "noise", "gap", "page"]


def spoil(path, chance, kinds=KINDS):
    """Flip bits, overwrite a stretch, or leave one out."""
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data))
    kind = chance.choice(kinds)
    if kind == "bit":
        data[place] ^= 1 << chance.randrange(8)
    elif kind == "bits":
        for _ in range(20):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == "gap":
        del data[place : place + 512]
    else:
        size = 4096 if kind == "page" else 300
        place = place // 4096 * 4096 if kind == "page" else place
        noise = bytes(size) if kind == "zeros" else chance.randbytes(size)
        data[place : place + size] = noise
    path.write_bytes(bytes(data))


# ---- recovery


def test_all_comes_back_of_a_whole_file(path, whole):
    assert as_text(recover.salvage(path)) == whole[1]


def test_all_comes_back_of_a_file_without_its_head(path, whole):
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    assert as_text(recover.salvage(path)) == whole[1]


def test_what_lies_in_the_log_comes_back_too(whole, tmp_path):
    open_one = SQLTrials(tmp_path / "open.db")
    fmin(objective, SPACE, rand.suggest, 20, trials=open_one, rstate=0, verbose=False)
    for name in ("open.db", "open.db-wal"):  # as a crash would leave them
        shutil.copy(tmp_path / name, tmp_path / f"left-{name}")
    (tmp_path / "left-open.db-wal").rename(tmp_path / "left.db-wal")
    (tmp_path / "left-open.db").rename(tmp_path / "left.db")
    assert as_text(recover.salvage(tmp_path / "left.db")) == as_text(open_one.trials)
    open_one.close()


def test_a_torn_log_is_mended_by_opening(whole, tmp_path):
    open_one = SQLTrials(tmp_path / "open.db")
    fmin(objective, SPACE, rand.suggest, 20, trials=open_one, rstate=0, verbose=False)
    shutil.copy(tmp_path / "open.db", tmp_path / "left.db")
    log = (tmp_path / "open.db-wal").read_bytes()
    (tmp_path / "left.db-wal").write_bytes(log + log[32:3000])
    left = SQLTrials(tmp_path / "left.db")
    assert as_text(left.trials) == as_text(open_one.trials)
    left.close()
    open_one.close()


def test_the_command_writes_what_it_finds_to_a_new_file(path, whole, tmp_path, capsys):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = path.read_bytes()
    assert main(["recover", str(path)]) == 0
    assert "trials recovered, saved in" in capsys.readouterr().out
    assert path.read_bytes() == before
    trials = SQLTrials(tmp_path / "search.recovered.db")
    found = as_text(trials.trials)
    assert found.items() <= whole[1].items()
    assert len(found) > N // 3
    n = len(trials) + 2
    fmin(objective, SPACE, rand.suggest, n, trials=trials, rstate=0, verbose=False)
    assert len(trials) == n
    trials.close()


def test_a_recovered_search_has_its_streams_and_attachments(path, whole, tmp_path):
    recover.recover(path, tmp_path / "new.db")
    trials = SQLTrials(tmp_path / "new.db")
    assert trials.attachments["blob"] == b"\x00" * 9000
    fmin(objective, SPACE, rand.suggest, N + 5, trials=trials, rstate=0, verbose=False)
    other = SQLTrials(path)
    fmin(objective, SPACE, rand.suggest, N + 5, trials=other, rstate=0, verbose=False)
    assert trials.vals == other.vals
    other.close()
    trials.close()


def test_each_search_of_a_file_comes_back_under_its_name(tmp_path):
    for name in ("one", "two"):
        trials = SQLTrials(tmp_path / "search.db", name)
        fmin(objective, SPACE, rand.suggest, 3, trials=trials, rstate=0, verbose=False)
        trials.close()
    found = recover.recover(tmp_path / "search.db", tmp_path / "new.db")
    assert [(one.exp_key, len(one.documents)) for one in found] == [("one", 3), ("two", 3)]
    again = SQLTrials(tmp_path / "new.db", "two")
    assert len(again) == 3
    again.close()


def test_recovery_runs_no_pickle(tmp_path, monkeypatch):
    trials = SQLTrials(tmp_path / "search.db")
    returned = {"status": "ok", "loss": 1.0, "bomb": Bomb()}
    fmin(lambda p: returned, SPACE, rand.suggest, 1, trials=trials, rstate=0, verbose=False)
    trials.close()
    (doc,) = recover.salvage(tmp_path / "search.db")
    assert "trusted=True" in repr(doc["result"]["bomb"])
    assert recover.recover(tmp_path / "search.db", tmp_path / "new.db")
    assert not (tmp_path / "bang").exists()


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("bang"),)


def test_nothing_to_recover_is_said(tmp_path, capsys):
    path = tmp_path / "search.db"
    path.write_bytes(sqlite_file.MAGIC + bytes(5000))
    assert main(["recover", str(path)]) == 1
    assert "no trial could be read" in capsys.readouterr().out
    assert json.dumps(sorted(file.name for file in tmp_path.iterdir())) == '["search.db"]'
