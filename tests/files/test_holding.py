"""One search at a time holds a file, and a file never loses trials to another search."""

from __future__ import annotations

import copy
import json
import os
import pickle
import signal
import stat
import threading
import warnings

import pytest

from minopt import FMinIter, Trials, copy_trials, fmin, hp, load_trials, rand
from minopt.base import Domain
from minopt.exceptions import DamagedFile, FileInUse, InvalidArgument, StoreError, UntrustedPickle
from minopt.trials import save_file
from minopt.trials.lock import FileLock

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")

HOLD = """
import sys, time
from minopt import fmin, hp, rand

def objective(x):
    print("held", flush=True)
    time.sleep(60)
    return x

fmin(objective, hp.uniform("x", 0, 1), rand.suggest, 3, trials_save_file=sys.argv[1], verbose=False)
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "trials.pkl"


def saved(file):
    return pickle.loads(file.read_bytes())


# ---- the lock


def test_a_second_process_is_refused_and_told_who_holds_the_file(python, search, file):
    holder = python(HOLD, file)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(FileInUse, match=rf"{file.name}.* process {holder.pid} on .*SQLTrials"):
        search(trials_save_file=file)


@posix
def test_the_system_frees_the_file_when_its_owner_is_killed(python, search, file):
    holder = python(HOLD, file)
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    search(trials_save_file=file)
    assert len(saved(file)) == 10
    assert [path.name for path in file.parent.glob("trials*")] == ["trials.pkl"]


@posix
def test_a_child_of_a_fork_does_not_hold_the_file_on(search, file):
    reading, writing = os.pipe()

    def objective(config):
        if not children:
            child = os.fork()
            if child == 0:
                os.close(writing)
                os.read(reading, 1)  # until the parent closes its end
                os._exit(0)
            children.append(child)
        return config["x"]

    children = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
        search(objective, trials_save_file=file, max_evals=2)
    search(trials_save_file=file, max_evals=4)
    os.close(writing)
    os.close(reading)
    os.waitpid(children[0], 0)
    assert len(saved(file)) == 4


def test_a_second_thread_is_refused(search, file):
    refused = []

    def other():
        try:
            search(trials_save_file=file)
        except FileInUse as error:
            refused.append(str(error))

    def objective(config):
        if not refused:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        return config["x"]

    search(objective, trials_save_file=file)
    assert f"process {os.getpid()}" in refused[0]
    assert len(saved(file)) == 10


def test_a_search_within_the_objective_is_refused_the_file(search, file):
    def objective(config):
        with pytest.raises(FileInUse):
            search(trials_save_file=file)
        return config["x"]

    search(objective, trials_save_file=file, max_evals=2)


@posix
def test_another_name_of_the_same_file_is_the_same_file(search, file):
    link = file.with_name("link.pkl")
    link.symlink_to(file)

    def objective(config):
        with pytest.raises(FileInUse):
            search(trials_save_file=link)
        return config["x"]

    search(objective, trials_save_file=file, max_evals=2)


def test_nothing_is_left_beside_the_file(search, file):
    search(trials_save_file=file)
    assert [path.name for path in file.parent.iterdir()] == ["trials.pkl"]


def test_an_old_lock_file_is_no_lock(search, file):
    (file.parent / "trials.pkl.lock").write_text('[1, "elsewhere", "MainThread"]')
    search(trials_save_file=file)
    assert len(saved(file)) == 10


@pytest.mark.parametrize("content", ["", "[", "[12", '[12, "hos'])
def test_a_lock_whose_text_found_no_room_is_no_lock(search, file, content):
    (file.parent / "trials.pkl.lock").write_text(content)
    search(trials_save_file=file)
    assert len(saved(file)) == 10


@pytest.mark.parametrize("content", ["[[package]]\n", "# by hand", "{}", "precious"])
def test_somebody_s_file_is_not_taken_for_a_lock(search, file, content):
    theirs = file.parent / "trials.pkl.lock"
    theirs.write_text(content)
    with pytest.raises(StoreError, match=r"trials\.pkl\.lock' is somebody's file"):
        search(trials_save_file=file)
    assert theirs.read_text() == content
    assert not file.exists()


@posix
def test_a_lock_is_never_made_through_a_link(search, file):
    target = file.with_name("precious")
    target.write_text("content")
    (file.parent / "trials.pkl.lock").symlink_to(target)
    with pytest.raises(StoreError, match="symbolic link"):
        search(trials_save_file=file)
    assert target.read_text() == "content"


def test_a_lock_says_who_has_it(file):
    with FileLock(file, "it"):
        pid, host, thread = json.loads((file.parent / "trials.pkl.lock").read_text())
    assert (pid, thread) == (os.getpid(), threading.current_thread().name)
    assert host


def test_a_lock_can_be_taken_again_and_again(file):
    lock = FileLock(file, "it")
    for _ in range(3):
        with lock, pytest.raises(FileInUse):
            FileLock(file, "it").acquire()
    lock.release()


def test_where_the_system_knows_no_locks_the_search_warns_and_goes_on(search, file, monkeypatch):
    def unknown(*args):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("minopt.trials.lock._lock", unknown)
    with pytest.warns(RuntimeWarning, match="file system without locks"):
        search(trials_save_file=file)
    assert len(saved(file)) == 10


def test_a_search_made_by_hand_holds_its_file_while_it_runs(search, file):
    def objective(x):
        with pytest.raises(FileInUse):
            search(trials_save_file=file)
        return x

    domain = Domain(objective, hp.uniform("x", 0, 1))
    made = FMinIter(rand.suggest, domain, Trials(), 0, max_evals=3, trials_save_file=file)
    made.exhaust()
    assert len(saved(file)) == 3
    twin = copy.deepcopy(made)
    twin.max_evals = 5
    twin.run(2)
    assert len(saved(file)) == 5


# ---- going on with a file


def test_a_file_is_extended_by_the_trials_that_it_was_saved_from(search, file):
    trials = Trials()
    for n in (3, 6):
        search(trials=trials, trials_save_file=file, max_evals=n)
    assert len(saved(file)) == 6


def test_a_file_is_extended_by_a_copy_of_its_trials(search, file):
    search(trials_save_file=file, max_evals=3)
    search(trials=saved(file), trials_save_file=file, max_evals=6)
    assert len(saved(file)) == 6


def test_a_file_with_other_trials_is_refused_naming_file_and_argument(search, file):
    search(trials_save_file=file, max_evals=7)
    before = file.read_bytes()
    with pytest.raises(InvalidArgument, match=r"trials\.pkl' holds 7 trials .* trials= .*0, 1, 2"):
        search(trials=Trials(), trials_save_file=file)
    assert file.read_bytes() == before


def test_a_file_whose_trial_came_out_otherwise_is_refused(search, file):
    search(trials_save_file=file, max_evals=3)
    trials = saved(file)
    trials.trials[1]["result"]["loss"] += 1
    with pytest.raises(InvalidArgument, match=r"holds 1 trials .*\(ids 1\)"):
        search(trials=trials, trials_save_file=file)


def test_a_file_with_a_waiting_trial_is_extended_by_its_result(search, file):
    trials = Trials()
    search(trials=trials, max_evals=3)
    waiting = copy.deepcopy(trials)
    waiting.trials[2]["state"] = 0
    file.write_bytes(pickle.dumps(waiting))
    search(trials=trials, trials_save_file=file, max_evals=4)
    assert len(saved(file)) == 4


class Model:
    """Something that only trust reads."""


def test_objects_in_results_ask_for_trust_on_resuming(search, file):
    def objective(config):
        return {"loss": config["x"], "status": "ok", "model": Model()}

    search(objective, trials_save_file=file, max_evals=2)
    with pytest.raises(UntrustedPickle, match=r"Model.*fmin\(\.\.\., trials_save_file=.*trusted"):
        search(objective, trials_save_file=file, max_evals=4)
    assert len(saved(file)) == 2
    search(objective, trials_save_file=file, max_evals=4, trusted=True)
    assert len(saved(file)) == 4


def test_the_same_trials_need_no_trust(search, file):
    def objective(config):
        return {"loss": config["x"], "status": "ok", "model": Model()}

    trials = Trials()
    for n in (2, 4):
        search(objective, trials=trials, trials_save_file=file, max_evals=n)
    assert len(saved(file)) == 4


def test_trials_of_a_scripts_own_class_are_gone_on_with(python, file):
    code = """
import sys
from minopt import Trials, fmin, hp, rand

class Mine(Trials):
    pass

trials = Mine() if sys.argv[2] == "new" else None
fmin(lambda x: x, hp.uniform("x", 0, 1), rand.suggest, int(sys.argv[3]), trials=trials,
     trials_save_file=sys.argv[1], verbose=False)
"""
    for kind, n in (("new", 3), ("old", 5)):
        run = python(code, file, kind, n)
        assert run.wait() == 0, run.stderr.read()
    check = python(
        code.split("trials =")[0]
        + "import pickle\nprint(len(pickle.load(open(sys.argv[1], 'rb'))), Mine.__name__)",
        file,
    )
    assert check.communicate()[0] == "5 Mine\n"


def test_a_directory_that_vanished_is_named(search, file, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()

    def objective(config):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        return config["x"]

    with pytest.raises(StoreError, match=r"folder.*trials\.pkl' cannot be written"):
        search(objective, trials_save_file=folder / "trials.pkl")


@pytest.mark.parametrize("kind", ["db", "jsonl"])
def test_a_file_of_another_kind_is_not_written_over(search, tmp_path, trials, kind):
    pytest.importorskip("sqlalchemy")
    file = tmp_path / f"trials.{kind}"
    made = copy_trials(trials, file)
    getattr(made, "close", lambda: None)()
    before = file.read_bytes()
    with pytest.raises(InvalidArgument, match="is no pickle"):
        search(trials_save_file=file)
    with pytest.raises(InvalidArgument, match="is no pickle"):
        search(trials=trials, trials_save_file=file)
    assert file.read_bytes() == before


def test_trials_in_a_database_are_saved_as_plain_trials(search, tmp_path, file):
    pytest.importorskip("sqlalchemy")
    for n in (3, 5):
        search(trials=str(tmp_path / "search.db"), trials_save_file=file, max_evals=n)
    assert type(saved(file)) is Trials
    assert len(saved(file)) == 5
    assert b"search.db" not in file.read_bytes()


def test_an_unreadable_file_is_no_empty_one(search, file):
    file.write_bytes(b"")
    with pytest.raises(DamagedFile, match="is empty"):
        search(trials_save_file=file)
    assert file.read_bytes() == b""


# ---- writing


@posix
def test_a_file_with_a_strict_mode_is_never_open_to_others(search, file, monkeypatch):
    search(trials_save_file=file, max_evals=1)
    file.chmod(0o600)
    modes = []
    original = os.fsync

    def fsync(handle):
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return original(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    search(trials_save_file=file, max_evals=2)
    assert modes[0] == 0o600
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_a_killed_search_left_beside_is_removed_by_the_next(search, file):
    search(trials_save_file=file, max_evals=2)
    stray = file.with_name("trials.pkl.0123456789abcdef.tmp")
    stray.write_bytes(b"half")
    mine = file.with_name("trials.pkl.mine.tmp")
    mine.write_bytes(b"whole")
    search(trials_save_file=file, max_evals=4)
    assert not stray.exists()
    assert mine.exists()


def test_the_error_names_the_trial_and_the_part_that_cannot_be_pickled(search, file):
    def objective(config):
        return {"loss": config["x"], "status": "ok", "stream": (i for i in range(3))}

    with pytest.raises(InvalidArgument, match=r"trial 0 has result\['stream'\]"):
        search(objective, trials_save_file=file)
    assert not file.exists()


def test_a_large_file_that_is_saved_slowly_is_told_of_once(search, file, monkeypatch):
    monkeypatch.setattr(save_file, "SLOW", 0.0)
    monkeypatch.setattr(save_file, "LARGE", 5_000)
    monkeypatch.setattr(save_file, "SHARE", 0.0)
    with pytest.warns(UserWarning, match="SQLTrials") as warned:
        search(trials_save_file=file, max_evals=60)
    assert len(warned) == 1
    assert str(file) in str(warned[0].message)


def test_a_small_file_is_never_told_of(search, file, monkeypatch):
    monkeypatch.setattr(save_file, "SLOW", 0.0)
    search(trials_save_file=file, max_evals=60)


def kept_in(path, fn, max_evals, rstate=0):
    x = hp.uniform("x", 0, 1)
    fmin(fn, x, rand.suggest, max_evals, rstate=rstate, verbose=False, trials_save_file=path)


@posix
@pytest.mark.parametrize("moment", [0, 3], ids=["before the first save", "later"])
@pytest.mark.parametrize("kind", ["other trials", "no trials"])
def test_what_others_put_in_place_of_the_file_is_not_overwritten(tmp_path, moment, kind):
    path, other = tmp_path / "trials.pkl", tmp_path / "other.pkl"
    kept_in(other, abs, 9, rstate=1)
    if kind == "no trials":
        other.write_text("a letter")
    content, tried = other.read_bytes(), []

    def objective(x):
        tried.append(x)
        if len(tried) == moment + 1:
            other.replace(path)
        return x

    with pytest.raises((InvalidArgument, DamagedFile), match=r"trials\.pkl"):
        kept_in(path, objective, 6)
    assert len(tried) == moment + 1
    assert path.read_bytes() == content


def test_a_file_that_was_only_touched_is_gone_on_with(tmp_path):
    path = tmp_path / "trials.pkl"

    def objective(x):
        if path.exists():
            path.touch()
            path.chmod(0o600)
        return x

    kept_in(path, objective, 6)
    assert len(load_trials(path)) == 6


@pytest.mark.parametrize("name", ["n" * 240, "n" * 300, "a\0b"], ids=["240", "300", "NUL"])
def test_a_name_that_no_file_can_have_is_refused_before_the_first_trial(tmp_path, name):
    tried = []
    with pytest.raises(InvalidArgument, match="trials_save_file"):
        fmin(
            tried.append,
            hp.uniform("x", 0, 1),
            rand.suggest,
            1,
            trials_save_file=str(tmp_path / name),
        )
    assert tried == []
