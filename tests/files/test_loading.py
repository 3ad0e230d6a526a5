"""`load_trials`: what hyperopt and minopt saved, told by what is in the file."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import cloudpickle
import hyperopt
import numpy as np
import pytest

import minopt
from minopt import Trials, load_trials
from minopt.base import JOB_STATE_DONE, JOB_STATE_ERROR
from minopt.exceptions import (
    DamagedFile,
    DamagedStore,
    InvalidArgument,
    InvalidArgumentType,
    StoreError,
    UntrustedPickle,
)

ROOT = Path(minopt.__file__).resolve().parent.parent
OLD = ROOT / ".ci" / "cache" / "hyperopt-0.2.7"
OLD_PACKAGES = ["hyperopt==0.2.7", "numpy==1.23.5", "scipy<1.11", "networkx==2.8.8"]
OLD_PACKAGES += ["setuptools<81"]

# Searches as their users do, with numpy in the results, a failed trial and attachments.
WRITE = """
import json, pickle, sys, warnings
warnings.simplefilter("ignore")
from datetime import datetime
import hyperopt, numpy as np
from hyperopt import hp, fmin, tpe, Trials, STATUS_OK

calls = []
def objective(p):
    calls.append(p)
    if len(calls) == 3:
        raise ValueError("too big")
    return {"loss": np.float64(p["x"] ** 2), "status": STATUS_OK, "array": np.arange(3.0),
            "int": np.int64(7), "flag": np.bool_(True), "when": datetime.now(),
            "attachments": {"log": b"bytes"}}

space = {"x": hp.uniform("x", -5, 5), "n": hp.quniform("n", 1, 9, 1)}
space["c"] = hp.choice("c", ["a", "b"])
trials = Trials()
fmin(objective, space, algo=tpe.suggest, max_evals=25, trials=trials, verbose=False,
     show_progressbar=False, rstate=np.random.default_rng(0), catch_eval_exceptions=True)
for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
    with open("%s.%d.pkl" % (sys.argv[1], protocol), "wb") as file:
        pickle.dump(trials, file, protocol)
best = {label: float(value) for label, value in trials.argmin.items()}
losses = list(map(float, trials.losses()))
print(json.dumps({"version": hyperopt.__version__, "losses": losses, "best": best}))
"""


def old_python():
    """The Python of an environment with hyperopt 0.2.7, made if that is possible."""
    fcntl = pytest.importorskip("fcntl")
    OLD.parent.mkdir(parents=True, exist_ok=True)
    with OLD.with_name(f"{OLD.name}.lock").open("w") as lock:  # several runs of the tests share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        return made_old_python()


def made_old_python():
    python = OLD / "bin" / "python"
    done = OLD / "complete"
    if done.exists():
        return python
    base = next(
        (path for version in ("3.10", "3.11") for path in pythons(version) if path.exists()), None
    )
    if base is None:
        pytest.skip("hyperopt 0.2.7 needs Python 3.10 or 3.11, and there is none here")
    steps = [
        [base, "-m", "venv", "--clear", OLD],
        [python, "-m", "pip", "install", "-q", *OLD_PACKAGES],
        [python, "-W", "ignore", "-c", "import hyperopt"],
    ]
    for step in steps:
        made = subprocess.run(list(map(str, step)), capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"hyperopt 0.2.7 cannot be installed here: {made.stderr[-300:]}")
    done.touch()
    return python


def pythons(version):
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return [
        *sorted(home.glob(f"versions/{version}.*/bin/python")),
        Path(f"/usr/bin/python{version}"),
    ]


@pytest.fixture(scope="session", params=["0.2.7", "0.3.0"])
def theirs(request, tmp_path_factory):
    """Pickles that the real hyperopt wrote, by protocol, with what it says about them."""
    python = old_python() if request.param == "0.2.7" else sys.executable
    folder = tmp_path_factory.mktemp("theirs")
    done = subprocess.run(
        [str(python), "-c", WRITE, str(folder / "trials")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["version"] == request.param
    files = {int(path.suffixes[0][1:]): path for path in folder.iterdir()}
    return files, told["losses"], told["best"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_of_hyperopt_is_opened_as_minopts_trials(theirs, protocol):
    files, losses, best = theirs
    trials = load_trials(files[protocol])
    assert type(trials) is Trials
    np.testing.assert_allclose(trials.losses(), losses, rtol=0)
    assert trials.argmin == pytest.approx(best)
    assert [doc["state"] for doc in trials._dynamic_trials].count(JOB_STATE_ERROR) == 1
    assert [doc["state"] for doc in trials._dynamic_trials].count(JOB_STATE_DONE) == 24
    result = trials.results[0]
    assert (type(result["loss"]), result["int"], result["flag"]) == (float, 7, True)
    np.testing.assert_array_equal(result["array"], np.arange(3.0))
    assert trials.trial_attachments(trials.trials[0])["log"] == b"bytes"


def test_a_search_goes_on_with_them(theirs, tmp_path):
    files, losses, _ = theirs
    trials = load_trials(files[4])
    space = {
        "x": minopt.hp.uniform("x", -5, 5),
        "n": minopt.hp.quniform("n", 1, 9, 1),
        "c": minopt.hp.choice("c", ["a", "b"]),
    }
    minopt.fmin(lambda p: p["x"] ** 2, space, max_evals=30, trials=trials, verbose=False, rstate=0)
    assert len(trials) == 29
    assert trials.losses()[:24] == pytest.approx(losses)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # it leaves files open
def test_hyperopts_own_save_file_is_opened(tmp_path, space):
    file = tmp_path / "saved.pkl"
    hyperopt.fmin(
        lambda x: x**2,
        hyperopt.hp.uniform("x", -5, 5),
        hyperopt.rand.suggest,
        4,
        rstate=np.random.default_rng(1),
        trials_save_file=str(file),
        verbose=False,
    )
    assert len(load_trials(file)) == 4


def test_minopts_pickle_is_opened(trials, same, tmp_path):
    file = tmp_path / "trials"
    file.write_bytes(pickle.dumps(trials))
    assert same(load_trials(str(file)), trials)


def test_json_lines_are_opened(trials, same, tmp_path):
    trials.to_jsonl(tmp_path / "trials")
    assert same(load_trials(tmp_path / "trials"), trials)


def test_a_database_is_opened(search, tmp_path):
    pytest.importorskip("sqlalchemy")
    file = tmp_path / "trials.db"
    search(trials=str(file))
    trials = load_trials(file)
    assert len(trials) == 10
    assert len(load_trials(f"sqlite:///{file}")) == 10
    trials.close()


def test_a_named_search_that_is_the_only_one_is_found(search, tmp_path):
    pytest.importorskip("sqlalchemy")
    from minopt.trials.sql.trials import SQLTrials

    for name in ("first", "second"):
        search(trials=SQLTrials(tmp_path / "trials.db", exp_key=name))
        if name == "first":
            assert len(load_trials(tmp_path / "trials.db")) == 10
    with pytest.raises(InvalidArgument, match=r"several searches.*\['first', 'second'\]"):
        load_trials(tmp_path / "trials.db")


def test_a_search_whose_name_is_damaged_is_told_with_its_file_and_a_remedy(search, tmp_path):
    pytest.importorskip("sqlalchemy")
    file = tmp_path / "trials.db"
    search(trials=str(file))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE minopt_searches SET exp_key = '{broken'")
        connection.commit()
    with pytest.raises(DamagedStore, match=r"trials\.db.*minopt recover"):
        load_trials(file)


def test_no_database_is_made_by_opening_it(tmp_path):
    pytest.importorskip("sqlalchemy")
    with pytest.raises(StoreError):
        load_trials(f"sqlite:///{tmp_path / 'missing.db'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content, error",
    [
        (b"", "is empty"),
        (b"\x80\x05no pickle", "cannot be read as trials"),
        (b"a,b\n1,2\n", "cannot be read as trials .*neither a pickle nor JSON lines"),
        (b"x = 1\n", "cannot be read as trials .*neither a pickle nor JSON lines"),
        (pickle.dumps([1, 2]), "holds a list, not Trials"),
        (pickle.dumps(None), "holds a NoneType, not Trials"),
        (b"{}\n", "no line"),
        (b"SQLite format 3\0" + b"\0" * 100, "damaged|not a database"),
    ],
    ids=["empty", "half a pickle", "text", "a script", "a list", "None", "JSON", "no database"],
)
def test_what_holds_no_trials_is_named_and_left_as_it_is(tmp_path, content, error):
    if content.startswith(b"SQLite"):
        pytest.importorskip("sqlalchemy")
    file = tmp_path / "their.file"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=error) as refused:
        load_trials(file)
    assert "their.file" in str(refused.value)
    assert file.read_bytes() == content


def test_a_document_that_is_none_is_named_damaged(tmp_path, trials):
    del trials._dynamic_trials[2]["misc"]["tid"]
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    with pytest.raises(DamagedFile, match="lacks the key tid"):
        load_trials(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(OSError, match=r"missing\.pkl' cannot be read \(No such file"):
        load_trials(tmp_path / "missing.pkl")


@pytest.mark.parametrize("state", [2.0, np.float64(2), np.int64(2)])
def test_states_that_came_by_way_of_a_table_are_whole_numbers(tmp_path, trials, search, state):
    for trial in trials._dynamic_trials[:3]:
        trial["state"] = state
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    found = load_trials(file)
    assert [type(trial["state"]) for trial in found._dynamic_trials] == [int] * 10
    search(trials=found, max_evals=12)
    assert len(found.trials) == 11  # and one that raised


@pytest.mark.parametrize("trusted", ["no", None, 2])
def test_trust_is_given_by_true_alone(tmp_path, trials, trusted):
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    with pytest.raises(InvalidArgumentType, match="trusted must be True or False, got"):
        load_trials(file, trusted=trusted)
    with pytest.raises(InvalidArgumentType, match="trusted must be True or False, got"):
        minopt.copy_trials(file, tmp_path / "copy.pkl", trusted=trusted)


@pytest.mark.parametrize("wrong", [None, 3, b"bytes", Trials()])
def test_what_is_no_path_is_refused(wrong):
    with pytest.raises(InvalidArgumentType, match="a path or a URL is needed"):
        load_trials(wrong)


class TheirTrials(hyperopt.Trials):
    """A user's class over hyperopt's."""


def test_a_users_class_over_hyperopts_is_opened_with_trust_and_becomes_trials(tmp_path):
    theirs = TheirTrials()
    hyperopt.fmin(
        lambda x: x,
        hyperopt.hp.uniform("x", 0, 1),
        hyperopt.rand.suggest,
        3,
        trials=theirs,
        verbose=False,
        rstate=np.random.default_rng(0),
    )
    file = tmp_path / "trials.pkl"
    file.write_bytes(cloudpickle.dumps(theirs))
    with pytest.raises(UntrustedPickle, match="TheirTrials"):
        load_trials(file)
    trials = load_trials(file, trusted=True)
    assert isinstance(trials, Trials)
    assert trials.losses() == theirs.losses()
