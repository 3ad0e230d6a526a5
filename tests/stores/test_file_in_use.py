"""An SQLite file while it is used: looked into, forked over, removed, with odd neighbours."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, copy_trials, fmin, hp, load_trials, rand, read_jsonl
from minopt.exceptions import MinoptError, StoreError
from minopt.trials.sql import recover, sqlite_file

HANDLES = Path("/proc/self/fd")
PROGRAM = "import sys; from minopt import SQLTrials; print(len(SQLTrials(sys.argv[1])))"


def search(trials, most, objective=abs):
    fmin(objective, hp.uniform("x", -1, 1), rand.suggest, most, trials=trials, rstate=0,
         verbose=False)  # fmt: skip


def seen_by_others(path):
    """Have another process open the database, and close it as its last user if it is that."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], check=True, capture_output=True, timeout=120
    )
    return int(done.stdout)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.db"


@pytest.fixture
def trials(path):
    trials = SQLTrials(path)
    yield trials
    trials.close()


@pytest.mark.parametrize(
    "look",
    [load_trials, SQLTrials, recover.salvage, read_jsonl, copy.deepcopy]
    + [lambda place: copy_trials(place, place)],
    ids=["load_trials", "SQLTrials", "salvage", "read_jsonl", "deepcopy", "copy_trials"],
)
def test_a_look_into_the_file_of_a_search_loses_none_of_its_trials(trials, path, look):
    search(trials, 3)
    with suppress(MinoptError):
        look(trials if look is copy.deepcopy else path)
    assert seen_by_others(path) == 3
    search(trials, 6)
    assert seen_by_others(path) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_a_fork_loses_no_trials_when_its_parent_closes_the_file(trials, path):
    search(trials, 2)
    go_on, is_closed = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork
        child = os.fork()
    if child == 0:
        try:
            search(trials, 4)
            os.read(go_on, 1)
            search(trials, 6)
        finally:
            os._exit(0)
    while len(load_trials(path)) < 4:
        pass
    trials.close()
    os.write(is_closed, b"!")
    os.waitpid(child, 0)
    os.close(go_on)
    os.close(is_closed)
    assert seen_by_others(path) == 6


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_goes_away_ends_the_search_by_name(trials, path, tmp_path, how):
    other = tmp_path / "other.db"
    SQLTrials(other).close()

    def objective(x):
        if len(trials) == 3:
            path.unlink() if how == "removed" else other.replace(path)
        return x

    with pytest.raises(StoreError, match="was removed or replaced while it was in use") as refusal:
        search(trials, 6, objective)
    assert str(path) in str(refusal.value)


def test_a_file_that_is_moved_and_put_back_is_gone_on_with(trials, path):
    search(trials, 3)
    path.rename(f"{path}.away")
    with pytest.raises(StoreError, match="put that back"):
        search(trials, 6)
    path.with_name("search.db.away").rename(path)
    search(trials, 6)
    assert seen_by_others(path) == 6


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_no_database_is_made_beside_the_log_of_one_that_is_gone(path, suffix):
    beside = path.with_name(path.name + suffix)
    beside.write_bytes(b"trials")
    with pytest.raises(StoreError, match=f"search.db{suffix} of one that is gone"):
        SQLTrials(path)
    assert not path.exists()
    assert beside.read_bytes() == b"trials"


@pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
def test_a_log_that_is_a_link_is_not_followed(path, suffix, tmp_path):
    SQLTrials(path).close()
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path.with_name(path.name + suffix).symlink_to(victim)
    link = tmp_path / "link.db"  # the log lies beside the file, not beside the link
    link.symlink_to(path)
    for place in (path, link):
        with pytest.raises(StoreError, match=f"search.db{suffix}' is a symbolic link"):
            SQLTrials(place)
    assert victim.read_bytes() == b"precious"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_log_that_is_a_pipe_is_refused(path):
    SQLTrials(path).close()
    os.mkfifo(f"{path}-wal")
    with pytest.raises(StoreError, match=r"search\.db-wal' is no regular file"):
        SQLTrials(path)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can give away")
def test_a_log_of_somebody_who_may_not_write_the_database_is_not_read(path):
    SQLTrials(path).close()
    path.chmod(0o644)
    os.chown(path, 1234, 1234)
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(b"")
    os.chown(log, 4321, 4321)
    with pytest.raises(StoreError, match="of another user, who may not write the database"):
        SQLTrials(path)
    path.chmod(0o664)  # users share it
    SQLTrials(path).close()


@pytest.mark.skipif(not HANDLES.exists(), reason="this system does not tell its open files")
def test_a_look_keeps_no_handles(path):
    SQLTrials(path).close()
    before = len(list(HANDLES.iterdir()))
    for _ in range(5):
        trials = load_trials(path)
        load_trials(path)
        trials.close()
    del trials
    assert len(list(HANDLES.iterdir())) <= before


def test_companions_are_those_that_sqlite_makes(trials, path):
    search(trials, 1)
    there = {f"{path}{suffix}" for suffix in ("-wal", "-shm")}
    assert there <= set(map(str, sqlite_file._companions(path)))
