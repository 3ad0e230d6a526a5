"""Pipes, links and what else is no file of its own: never read for ever, never replaced."""

from __future__ import annotations

import os
import stat

import pytest

from minopt import Trials, copy_trials, load_trials, read_jsonl
from minopt.cli import main
from minopt.exceptions import DamagedFile, StoreError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    yield tmp_path / "pipe"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.fixture
def link(pipe, tmp_path):
    (tmp_path / "link").symlink_to(pipe)
    return tmp_path / "link"


@pytest.mark.parametrize("through_link", [False, True])
def test_a_pipe_is_not_read(pipe, link, search, through_link):
    place = link if through_link else pipe
    for read in (load_trials, read_jsonl, lambda path: search(trials_save_file=str(path))):
        with pytest.raises(StoreError, match=r"cannot be read .it is no regular file"):
            read(place)
    assert main(["recover", str(place)]) == 1


@pytest.mark.parametrize("through_link", [False, True])
def test_a_pipe_is_not_replaced(pipe, link, trials, through_link):
    place = link if through_link else pipe
    with pytest.raises(StoreError, match="it is no regular file"):
        trials.to_jsonl(place)
    with pytest.raises(StoreError, match="it is no regular file"):
        copy_trials(trials, place)
    assert link.is_symlink()


def test_json_lines_are_written_to_where_a_link_points(trials, tmp_path):
    link, target = tmp_path / "link.jsonl", tmp_path / "target.jsonl"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    trials.to_jsonl(link)
    assert link.is_symlink()
    assert len(read_jsonl(target)._dynamic_trials) == 10
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_database_is_no_json_lines(tmp_path):
    pytest.importorskip("sqlalchemy")
    copy_trials(Trials(), tmp_path / "one.db").close()
    with pytest.raises(DamagedFile, match=r"a database, not JSON lines: use minopt\.load_trials"):
        read_jsonl(tmp_path / "one.db")
