"""The log of an SQLite file that a killed search left: a torn end is mended, damage is named."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("sqlalchemy")

from minopt import SQLTrials, load_trials
from minopt.exceptions import DamagedStore
from minopt.trials.sql import recover
from minopt.trials.sql.log import damaged_at, frames

N = 20
PROGRAM = """
import os, sys
from minopt import SQLTrials, fmin, hp, rand

trials = SQLTrials(sys.argv[1])
fmin(abs, hp.uniform("x", -1, 1), rand.suggest, int(sys.argv[2]), trials=trials, rstate=0,
     verbose=False)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A database whose trials lie in its log: the process was killed after the last."""
    path = tmp_path_factory.mktemp("killed") / "search.db"
    subprocess.run([sys.executable, "-c", PROGRAM, str(path), str(N)], check=False, timeout=120)
    return path


@pytest.fixture
def path(killed, tmp_path):
    for suffix in ("", "-wal"):
        shutil.copy(f"{killed}{suffix}", tmp_path / f"search.db{suffix}")
    return tmp_path / "search.db"


@pytest.fixture
def log(path):
    return path.with_name("search.db-wal")


def n_opened(path):
    trials = SQLTrials(path)
    try:
        return len(trials)
    finally:
        trials.close()


@pytest.mark.parametrize("seed", range(30))
def test_a_bit_that_flipped_is_named_and_costs_nothing(path, log, seed):
    chance, data = random.Random(seed), bytearray(log.read_bytes())
    last = len(data) - 4120 - 4096  # from the checksum of the frame before: a torn end
    data[chance.randrange(last if seed % 3 else 32)] ^= 1 << chance.randrange(8)
    log.write_bytes(data)
    for read in (SQLTrials, load_trials):
        with pytest.raises(DamagedStore, match=r"its log search\.db-wal is damaged") as error:
            read(path)
        assert f"minopt recover {path}" in str(error.value)
    assert log.read_bytes() == data
    assert sorted(doc["tid"] for doc in recover.salvage(path)) == list(range(N))


@pytest.mark.parametrize("part", ["number", "size", "first salt", "second salt", "checksum"])
def test_a_bit_that_flipped_in_the_head_of_any_page_is_named(log, part):
    places = ["number", "size", "first salt", "second salt", "checksum"]
    offset, data = 4 * places.index(part), log.read_bytes()
    for begin in range(32, len(data) - 2 * 4120, 4120):
        wrong = bytearray(data)
        wrong[begin + offset] ^= 8
        assert damaged_at(bytes(wrong)) in (begin, begin + 4120)


def test_many_bits_that_flipped_cost_few_trials(path, log):
    chance, data = random.Random(0), bytearray(log.read_bytes())
    for _ in range(20):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    log.write_bytes(data)
    with pytest.raises(DamagedStore, match="is damaged at byte"):
        SQLTrials(path)
    assert len(recover.salvage(path)) >= N - 3


@pytest.mark.parametrize("seed", range(10))
def test_a_torn_end_is_mended(path, log, seed):
    chance, data = random.Random(seed), log.read_bytes()
    place = chance.randrange(len(data) - 3 * 4120, len(data))
    tail = chance.choice([b"", chance.randbytes(len(data) - place), bytes(9000)])
    log.write_bytes(data[:place] + tail)
    assert n_opened(path) >= N - 1


def test_what_lies_behind_the_end_is_of_no_interest(path, log):
    # as after a checkpoint: frames of before, with other salts
    data = log.read_bytes()
    old = bytearray(data[32:])
    for place in range(8, len(old), 4120):
        old[place] ^= 0xFF
    log.write_bytes(data + bytes(old))
    assert n_opened(path) == N


@pytest.mark.parametrize("data", [b"", b"\0" * 10, bytes(9000)])
def test_a_log_of_nothing_is_none(path, log, data):
    log.write_bytes(data)
    assert damaged_at(data) is None
    assert n_opened(path) <= N


def test_a_log_is_read_as_it_was_written(log):
    found = frames(log.read_bytes(), 4096)
    assert all(frame.is_right and 0 < frame.number < 100 for frame in found)
    assert found[-1].ends
    assert damaged_at(log.read_bytes()) is None


def test_a_log_that_is_being_written_is_not_called_damaged(tmp_path):
    path = tmp_path / "search.db"
    SQLTrials(path).close()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), "150"])
    n_looks = 0
    while process.poll() is None:
        n_opened(path)
        n_looks += 1
    assert n_looks
    assert n_opened(path) == 150
