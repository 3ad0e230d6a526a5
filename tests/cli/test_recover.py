"""``minopt recover``: every trial that can still be read, in a new file."""

from __future__ import annotations

import pickle

import pytest

import minopt
from minopt import Trials, copy_trials, hp, load_trials, rand
from minopt.cli import main


@pytest.fixture
def trials():
    made = Trials()
    minopt.fmin(
        lambda x: x**2,
        hp.uniform("x", -5, 5),
        rand.suggest,
        50,
        trials=made,
        rstate=0,
        verbose=False,
    )
    return made


def test_a_cut_pickle_gives_what_comes_before_the_cut(trials, tmp_path, capsys):
    file = tmp_path / "trials.pkl"
    data = pickle.dumps(trials)[: -len(pickle.dumps(trials)) // 2]
    file.write_bytes(data)
    assert main(["recover", str(file)]) == 0
    recovered = load_trials(tmp_path / "trials.recovered.pkl")
    assert 20 <= len(recovered) < 50
    assert recovered.losses() == trials.losses()[: len(recovered)]
    shown = capsys.readouterr().out
    assert f"{len(recovered)} trials recovered, saved in" in shown
    assert f"lost or never begun: {50 - len(recovered)}" in shown
    assert file.read_bytes() == data


def test_the_search_goes_on_with_what_was_recovered(trials, tmp_path):
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials)[:5000])
    main(["recover", str(file), "-o", str(tmp_path / "new.pkl")])
    minopt.fmin(
        lambda x: x**2,
        hp.uniform("x", -5, 5),
        rand.suggest,
        60,
        trials_save_file=tmp_path / "new.pkl",
        verbose=False,
    )
    assert len(load_trials(tmp_path / "new.pkl")) == 60


def test_a_whole_file_loses_nothing(trials, tmp_path, capsys):
    (tmp_path / "trials.pkl").write_bytes(pickle.dumps(trials))
    assert main(["recover", str(tmp_path / "trials.pkl")]) == 0
    assert "50 trials recovered" in (shown := capsys.readouterr().out)
    assert "nothing was lost" in shown


def test_json_lines_give_all_whole_lines(trials, tmp_path, capsys):
    trials.to_jsonl(tmp_path / "trials.jsonl")
    data = (tmp_path / "trials.jsonl").read_bytes()
    (tmp_path / "trials.jsonl").write_bytes(data.replace(b'"tid":7,', b'"tid":#,', 1)[:-9])
    assert main(["recover", str(tmp_path / "trials.jsonl")]) == 0
    assert len(minopt.read_jsonl(tmp_path / "trials.recovered.jsonl")) == 48
    assert "line 9:" in capsys.readouterr().out


def test_a_damaged_database_gives_what_can_be_read(trials, tmp_path, capsys):
    pytest.importorskip("sqlalchemy")
    minopt.copy_trials(trials, tmp_path / "trials.db").close()
    data = bytearray((tmp_path / "trials.db").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 50] = b"\xff" * 50
    (tmp_path / "trials.db").write_bytes(bytes(data))
    assert main(["recover", str(tmp_path / "trials.db")]) == 0
    assert "trials recovered" in capsys.readouterr().out
    recovered = load_trials(tmp_path / "trials.recovered.db")
    assert 35 <= len(recovered) <= 50
    assert set(recovered.losses()) <= set(trials.losses())


def test_another_kind_of_file_can_be_written(trials, tmp_path):
    (tmp_path / "trials.pkl").write_bytes(pickle.dumps(trials))
    main(["recover", str(tmp_path / "trials.pkl"), "-o", str(tmp_path / "new.jsonl")])
    assert minopt.read_jsonl(tmp_path / "new.jsonl").losses() == trials.losses()


def test_the_kind_is_told_by_what_is_found_not_by_the_name(tmp_path, trials):
    pytest.importorskip("sqlalchemy")
    copy_trials(trials, tmp_path / "one.db").close()
    headless = tmp_path / "one.pkl"  # a database without its beginning, of another name
    headless.write_bytes(bytes(100) + (tmp_path / "one.db").read_bytes()[100:])
    assert main(["recover", str(headless), "-o", str(tmp_path / "new.pkl")]) == 0
    assert len(load_trials(tmp_path / "new.pkl")._dynamic_trials) == len(trials._dynamic_trials)
    pickled = tmp_path / "two.db"
    pickled.write_bytes(pickle.dumps(trials)[:-9])
    assert main(["recover", str(pickled), "-o", str(tmp_path / "newer.pkl")]) == 0
    assert len(load_trials(tmp_path / "newer.pkl")._dynamic_trials) == len(trials._dynamic_trials)


def test_an_existing_file_is_not_overwritten(trials, tmp_path, capsys):
    (tmp_path / "trials.pkl").write_bytes(pickle.dumps(trials))
    (tmp_path / "trials.recovered.pkl").write_bytes(b"precious")
    assert main(["recover", str(tmp_path / "trials.pkl")]) == 1
    assert "exists; name another file" in capsys.readouterr().err
    assert (tmp_path / "trials.recovered.pkl").read_bytes() == b"precious"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"{}\n", pickle.dumps([1])])
def test_where_nothing_can_be_read_nothing_is_written(tmp_path, content, capsys):
    file = tmp_path / "trials.pkl"
    file.write_bytes(content)
    assert main(["recover", str(file)]) == 1
    assert "no trial could be read; nothing was written" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["trials.pkl"]


def test_a_missing_file_is_named(tmp_path, capsys):
    assert main(["recover", str(tmp_path / "none.pkl")]) == 1
    assert "none.pkl' cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_a_directory_is_named(name, capsys):
    assert main(["recover", name]) == 1
    assert f"recover: '{name}' is a directory" in capsys.readouterr().err


def test_an_empty_path_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["recover", ""])
    assert "a path is needed, got ''" in capsys.readouterr().err
