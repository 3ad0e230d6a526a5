"""`trials_save_file`: complete after every trial, never half a file, gone on with."""

from __future__ import annotations

import os
import pickle
import stat

import hyperopt
import numpy as np
import pytest

from minopt import Trials, hp, rand, tpe
from minopt.base import JOB_STATE_DONE, JOB_STATE_RUNNING
from minopt.exceptions import InvalidArgument


@pytest.fixture
def file(tmp_path):
    return tmp_path / "trials.pkl"


def saved(file):
    return pickle.loads(file.read_bytes())


def test_the_file_is_complete_after_every_trial(search, file):
    lengths = []

    def objective(x):
        lengths.append(len(saved(file)) if file.exists() else 0)
        return x

    search(objective, trials_save_file=str(file))
    assert lengths == list(range(10))
    assert type(saved(file)) is Trials
    assert saved(file).tids == list(range(10))


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_search_goes_on_with_the_file(search, drawn, file, kind):
    whole = Trials()
    search(trials=whole, max_evals=30, algo=tpe.suggest)
    for n in (5, 25, 30):
        search(trials_save_file=kind(file), max_evals=n, algo=tpe.suggest)
    assert drawn(saved(file)) == drawn(whole)


def test_initial_points_are_not_tried_again_on_resuming(search, drawn, file):
    for n in (5, 10):
        search(trials_save_file=file, max_evals=n, points_to_evaluate=[{"x": 1.0}])
    assert len(saved(file)) == 10
    assert drawn(saved(file)).count(1.0) == 1


@pytest.mark.parametrize("none", ["", None])
def test_no_file_is_written_without_a_name(search, tmp_path, monkeypatch, none):
    monkeypatch.chdir(tmp_path)
    search(trials_save_file=none)
    assert list(tmp_path.iterdir()) == []


def test_a_relative_name_is_fixed_at_the_start(search, tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)

    def objective(x):
        os.chdir(there)
        return x

    search(objective, trials_save_file="trials.pkl")
    assert len(saved(here / "trials.pkl")) == 10
    assert list(there.iterdir()) == []


def test_a_file_of_a_missing_directory_is_refused(search, tmp_path):
    with pytest.raises(InvalidArgument, match=r"directory of .*missing.* does not exist"):
        search(trials_save_file=tmp_path / "missing" / "trials.pkl")


def test_a_directory_is_refused(search, tmp_path):
    with pytest.raises(InvalidArgument, match="is a directory"):
        search(trials_save_file=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x80\x05no pickle", b"text"])
def test_a_damaged_file_is_named_and_kept(search, file, content):
    file.write_bytes(content)
    with pytest.raises(InvalidArgument, match=r"trials_save_file .*trials\.pkl' cannot be read"):
        search(trials_save_file=file)
    assert file.read_bytes() == content


def test_a_file_of_something_else_is_refused(search, file):
    file.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InvalidArgument, match="holds a list, not Trials"):
        search(trials_save_file=file)


def test_the_old_file_stays_when_a_result_cannot_be_pickled(search, file):
    search(trials_save_file=file, max_evals=3)

    def objective(x):
        return {"loss": x, "status": "ok", "generator": (i for i in range(3))}

    with pytest.raises(InvalidArgument, match=r"trials\.pkl': the trials cannot be pickled"):
        search(objective, trials_save_file=file, max_evals=6)
    assert len(saved(file)) == 3
    assert [path.name for path in file.parent.iterdir()] == ["trials.pkl"]


def test_the_old_file_stays_when_writing_fails(search, file, monkeypatch):
    search(trials_save_file=file, max_evals=3)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        search(trials_save_file=file, max_evals=6)
    monkeypatch.undo()
    assert len(saved(file)) == 3
    assert [path.name for path in file.parent.iterdir()] == ["trials.pkl"]
    search(trials_save_file=file, max_evals=6)
    assert len(saved(file)) == 6


def test_functions_of_a_script_can_be_saved(search, file):
    search(lambda x: {"loss": x, "status": "ok", "model": lambda y: x + y}, trials_save_file=file)
    assert saved(file).results[0]["model"](0.0) == saved(file).losses()[0]


def test_a_trial_that_ended_the_search_is_in_the_file(search, file):
    def objective(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        search(objective, trials_save_file=file)
    assert "ZeroDivisionError" in saved(file)._dynamic_trials[0]["misc"]["error"][0]


def test_an_interrupted_search_goes_on_with_its_file(search, drawn, file):
    calls = []

    def objective(x):
        calls.append(x)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        search(objective, trials_save_file=file)
    search(objective, trials_save_file=file)
    whole = Trials()
    search(trials=whole)
    assert drawn(saved(file)) == drawn(whole)
    assert {doc["state"] for doc in saved(file).trials} == {JOB_STATE_DONE}


def test_a_trial_that_nobody_runs_any_more_is_run_again(search, file):
    trials = Trials()
    search(trials=trials, max_evals=3)
    trials.trials[1]["state"] = JOB_STATE_RUNNING
    trials.refresh()
    file.write_bytes(pickle.dumps(trials))
    search(trials_save_file=file, max_evals=5)
    assert [doc["state"] for doc in saved(file).trials] == [JOB_STATE_DONE] * 5


def test_a_file_of_hyperopt_is_gone_on_with(search, file):
    theirs = hyperopt.Trials()
    hyperopt.fmin(
        lambda x: x**2,
        hyperopt.hp.uniform("x", -5, 5),
        hyperopt.rand.suggest,
        4,
        trials=theirs,
        rstate=np.random.default_rng(1),
        verbose=False,
    )
    file.write_bytes(pickle.dumps(theirs))
    search(trials_save_file=file, max_evals=6)
    assert type(saved(file)) is Trials
    assert saved(file).losses()[:4] == theirs.losses()
    assert len(saved(file)) == 6


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_replaced_file_keeps_its_mode(search, file):
    search(trials_save_file=file, max_evals=1)
    file.chmod(0o640)
    search(trials_save_file=file, max_evals=2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_stays_a_link(search, tmp_path, file):
    link = tmp_path / "link.pkl"
    link.symlink_to(file)
    search(trials_save_file=link, max_evals=2)
    assert link.is_symlink()
    assert len(saved(file)) == 2


def test_saving_is_looked_after_at_every_trial_of_a_queue(search, file):
    finished = []

    def objective(x):
        docs = saved(file).trials if file.exists() else []
        finished.append(sum(doc["state"] == JOB_STATE_DONE for doc in docs))
        return x

    search(
        objective,
        where=hp.uniform("x", 0, 1),
        algo=rand.suggest,
        max_queue_len=4,
        trials_save_file=file,
    )
    assert finished == list(range(10))
