"""What no file can be called is refused in words, wherever a path is given."""

from __future__ import annotations

import pytest

import minopt
from minopt import Trials, copy_trials, load_trials, read_jsonl
from minopt.exceptions import InvalidArgument, InvalidArgumentType, MinoptError

CALLS = {
    "load_trials": load_trials,
    "read_jsonl": read_jsonl,
    "to_jsonl": Trials().to_jsonl,
    "copy_trials": lambda path: copy_trials(path, Trials()),
    "copy_trials ": lambda path: copy_trials(Trials(), path),
}


@pytest.mark.parametrize("name", ["a\0b", "\ud800x.db", "x\ud800.jsonl", "sqlite:///\ud800.db"])
@pytest.mark.parametrize("who", CALLS)
def test_a_name_that_no_file_can_have_is_refused(who, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgument, match=f"^{who.strip()}: no file can have the name"):
        CALLS[who](name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a\0b.db", "\ud800x.db"])
def test_a_search_refuses_it_too(name):
    pytest.importorskip("sqlalchemy")
    space = minopt.hp.uniform("x", 0, 1)
    with pytest.raises(InvalidArgument, match=r"trials=.*: no file can have the name"):
        minopt.fmin(lambda x: x, space, max_evals=1, trials=name, verbose=False)


@pytest.mark.parametrize("who", ["read_jsonl", "to_jsonl"])
@pytest.mark.parametrize("wrong", [None, 5, b"x", ["x"]])
def test_what_is_no_path_is_refused(who, wrong):
    with pytest.raises(InvalidArgumentType, match=rf"{who}: a path is needed, got"):
        CALLS[who](wrong)


@pytest.mark.parametrize("suffix", ["", ".jsonl", ".db", ".pkl"])
@pytest.mark.parametrize("who", CALLS)
def test_a_name_that_is_too_long_is_refused(who, suffix, tmp_path, monkeypatch):
    if suffix == ".db":
        pytest.importorskip("sqlalchemy")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MinoptError):
        CALLS[who]("a" * 300 + suffix)
    assert list(tmp_path.iterdir()) == []


def test_a_ring_of_links_is_refused(tmp_path):
    ring = tmp_path / "ring.pkl"
    ring.symlink_to(ring)
    for call in CALLS.values():
        with pytest.raises(MinoptError, match=r"ring\.pkl"):
            call(ring)
