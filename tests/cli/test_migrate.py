"""``minopt migrate``: scripts, folders and saved trials."""

from __future__ import annotations

import os
import pickle

import hyperopt
import numpy as np
import pytest

import minopt
from minopt.cli import main
from minopt.trials.load import kind_of


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("import hyperopt\nhyperopt.nope\nhyperopt.hp.uniform('x', 0, 1)\n")
    return path


@pytest.fixture
def theirs():
    """Trials of hyperopt itself."""
    trials = hyperopt.Trials()
    hyperopt.fmin(
        lambda x: x**2,
        hyperopt.hp.uniform("x", -5, 5),
        hyperopt.rand.suggest,
        6,
        trials=trials,
        rstate=np.random.default_rng(1),
        verbose=False,
    )
    return trials


def test_a_script_is_shown_as_a_diff_and_not_changed(script, capsys):
    before = script.read_bytes()
    assert main(["migrate", str(script)]) == 0
    shown = capsys.readouterr()
    assert "-import hyperopt\n" in shown.out
    assert "+import minopt\n" in shown.out
    assert f"{script}:2: minopt lacks `minopt.nope`" in shown.err
    assert "files to change (--write does it): 1; to look at: 1" in shown.err
    assert script.read_bytes() == before


def test_a_script_is_changed_when_told_to(script, capsys):
    assert main(["migrate", "--write", str(script)]) == 0
    assert script.read_text() == "import minopt\nminopt.nope\nminopt.hp.uniform('x', 0, 1)\n"
    assert f"changed {script}" in capsys.readouterr().out
    assert [path.name for path in script.parent.iterdir()] == ["script.py"]


def test_a_folder_is_taken_as_a_whole(script, capsys):
    (script.parent / "requirements.txt").write_text("hyperopt\n")
    assert main(["migrate", str(script.parent)]) == 0
    assert "requirements.txt:1: a list of requirements is not changed" in capsys.readouterr().err


def test_a_pickle_of_hyperopt_is_saved_as_minopts_beside_it(theirs, tmp_path, capsys):
    old = tmp_path / "old.pkl"
    old.write_bytes(pickle.dumps(theirs))
    before = old.read_bytes()
    assert main(["migrate", str(old)]) == 0
    new = pickle.loads((tmp_path / "old.minopt.pkl").read_bytes())
    assert type(new) is minopt.Trials
    assert new.losses() == theirs.losses()
    assert new.tids == theirs.tids
    assert old.read_bytes() == before
    assert f"6 trials saved as minopt's in {tmp_path / 'old.minopt.pkl'}" in capsys.readouterr().out


def test_the_new_file_can_be_named(theirs, tmp_path):
    (tmp_path / "old").write_bytes(pickle.dumps(theirs))
    assert main(["migrate", str(tmp_path / "old"), "-o", str(tmp_path / "new")]) == 0
    assert len(minopt.load_trials(tmp_path / "new")) == 6


def test_the_old_file_is_replaced_when_told_to(theirs, tmp_path):
    old = tmp_path / "old.pkl"
    old.write_bytes(pickle.dumps(theirs))
    old.chmod(0o600)
    assert main(["migrate", "--write", str(old)]) == 0
    assert type(pickle.loads(old.read_bytes())) is minopt.Trials
    assert old.stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_not_overwritten(theirs, tmp_path, capsys):
    (tmp_path / "old.pkl").write_bytes(pickle.dumps(theirs))
    (tmp_path / "old.minopt.pkl").write_bytes(b"precious")
    assert main(["migrate", str(tmp_path / "old.pkl")]) == 1
    assert "old.minopt.pkl' exists" in capsys.readouterr().err
    assert (tmp_path / "old.minopt.pkl").read_bytes() == b"precious"


class Model:
    """Something that only trust reads."""


def test_other_objects_ask_for_trust(theirs, tmp_path, capsys):
    theirs.trials[0]["result"]["model"] = slice(1)
    old = tmp_path / "old.pkl"
    old.write_bytes(pickle.dumps(theirs))
    assert main(["migrate", str(old)]) == 1
    assert "slice" in capsys.readouterr().err
    assert main(["migrate", "--trusted", str(old)]) == 0


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_what_is_neither_is_named(tmp_path, content, capsys):
    file = tmp_path / "some.thing"
    file.write_bytes(content)
    assert main(["migrate", str(file)]) == 1
    assert "some.thing" in capsys.readouterr().err


@pytest.mark.parametrize("write", [[], ["--write"]], ids=["beside", "in its place"])
@pytest.mark.parametrize("name", ["search.db", "search.jsonl"])
def test_what_is_minopts_already_is_left_as_it_is(theirs, tmp_path, capsys, name, write):
    file = tmp_path / name
    if name.endswith(".db"):
        pytest.importorskip("sqlalchemy")
        for key in ("one", "other"):
            search = minopt.SQLTrials(file, exp_key=key)
            minopt.copy_trials(theirs, search)
            search.close()
    else:
        minopt.copy_trials(theirs, file)
    before = file.read_bytes()
    assert main(["migrate", *write, str(file)]) == 1
    assert "there is nothing to migrate; minopt.copy_trials" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "name, kind", [("new.db", "sqlite"), ("new.jsonl", "jsonl"), ("new.pkl", "pickle")]
)
def test_the_name_of_the_new_file_tells_its_kind(theirs, tmp_path, name, kind):
    if name.endswith(".db"):
        pytest.importorskip("sqlalchemy")
    (tmp_path / "old.pkl").write_bytes(pickle.dumps(theirs))
    assert main(["migrate", str(tmp_path / "old.pkl"), "-o", str(tmp_path / name)]) == 0
    assert kind_of((tmp_path / name).read_bytes()) == kind
    assert minopt.load_trials(tmp_path / name).losses() == theirs.losses()


def test_a_file_that_a_search_holds_is_not_replaced(tmp_path, capsys):
    file = tmp_path / "held.pkl"
    seen = []
    minopt.fmin(
        lambda x: seen.append(main(["migrate", "--write", str(file)])) or x,
        minopt.hp.uniform("x", 0, 1),
        minopt.rand.suggest,
        3,
        trials_save_file=str(file),
        verbose=False,
        rstate=0,
    )
    assert seen == [1, 1, 1]
    assert "is in use" in capsys.readouterr().err
    assert len(minopt.load_trials(file)) == 3


def test_an_empty_path_is_not_taken_for_the_working_directory(script, monkeypatch, capsys):
    monkeypatch.chdir(script.parent)
    before = script.read_bytes()
    with pytest.raises(SystemExit):
        main(["migrate", "--write", ""])
    assert "a path is needed, got ''" in capsys.readouterr().err
    assert script.read_bytes() == before


def test_a_missing_path_is_named_before_anything_is_done(script, tmp_path, capsys):
    before = script.read_bytes()
    assert main(["migrate", "--write", str(script), str(tmp_path / "none")]) == 1
    assert "there is no" in capsys.readouterr().err
    assert script.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_what_is_no_file_is_named(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["migrate", str(pipe)]) == 1
    assert "pipe' is neither a file nor a directory" in capsys.readouterr().err
