"""What a crash tears is repaired without loss; other damage is named, and nothing is changed."""

from __future__ import annotations

import random

import pytest

from minopt import SQLTrials, fmin, hp, load_trials, rand
from minopt.exceptions import DamagedFile, DamagedStore, StoreError

pytestmark = pytest.mark.timeout(600)

some_and_many = pytest.mark.parametrize(
    "n_kills", [10, pytest.param(30, marks=pytest.mark.faults_long)]
)


@some_and_many
def test_torn_journals(new_study, uninterrupted, account, chance, n_kills):
    while account.kills < n_kills:
        study = new_study("sqlite", max_evals=60, seconds=0.004)
        study.run_and_kill(chance.uniform(0.2, 0.6))
        journal = study.path.with_name(study.path.name + "-wal")
        if journal.exists() and study.acknowledged:
            data = journal.read_bytes()
            safe = study.acknowledged[-1][3]  # so much was on disk when it was acknowledged
            place = chance.randint(safe, len(data))
            tails = [b"", chance.randbytes(len(data) - place), chance.randbytes(5000)]
            journal.write_bytes(data[:place] + chance.choice(tails))
        study.check_acknowledged()
        study.run()
        assert [misc["vals"] for misc in study.check_finished().miscs] == uninterrupted(study)


def test_what_killed_writers_left_beside_a_file_is_cleared_away(tmp_path):
    path = tmp_path / "trials.pkl"
    settings = {"trials_save_file": path, "rstate": 0, "verbose": False}
    fmin(abs, hp.uniform("x", -1, 1), rand.suggest, 3, **settings)
    torn = tmp_path / "trials.pkl.0123456789abcdef.tmp"
    torn.write_bytes(path.read_bytes()[:100])
    other = tmp_path / "trials.pkl.mine.tmp"
    other.write_bytes(b"somebody else's")
    fmin(abs, hp.uniform("x", -1, 1), rand.suggest, 6, **settings)
    assert len(load_trials(path)) == 6
    assert not torn.exists()
    assert other.exists()


def damaged(data, chance):
    """Return the data with a bit flipped, an end cut off, or a block of zeros."""
    place, data = chance.randrange(len(data)), bytearray(data)
    kind = chance.choice(["bit", "end", "block"])
    if kind == "bit":
        data[place] ^= 1 << chance.randrange(8)
    elif kind == "end":
        del data[place:]
    else:
        data[place : place + 64] = bytes(len(data[place : place + 64]))
    return bytes(data)


@pytest.fixture(params=["pickle", "sqlite"])
def whole(request, tmp_path):
    """A file of twenty trials."""
    path = tmp_path / "whole"
    space = {"x": hp.uniform("x", 0, 1), "c": hp.choice("c", ["a", "b"])}
    settings = {"max_evals": 20, "rstate": 0, "verbose": False}
    if request.param == "pickle":
        fmin(lambda p: p["x"], space, rand.suggest, trials_save_file=path, **settings)
    else:
        trials = SQLTrials(path)
        fmin(lambda p: p["x"], space, rand.suggest, trials=trials, **settings)
        trials.close()
    return path


@pytest.mark.parametrize("seed", range(60))
def test_damage_is_named_or_harmless_and_nothing_is_changed(whole, tmp_path, seed):
    path, chance = tmp_path / "hurt", random.Random(seed)
    data = damaged(whole.read_bytes(), chance)
    path.write_bytes(data)
    trials, refusal = None, None
    try:
        trials = load_trials(path)
    except (DamagedFile, DamagedStore, StoreError) as error:
        refusal = str(error)
    if trials is None:
        assert str(path) in refusal
        assert path.read_bytes() == data
    else:
        assert trials._dynamic_trials == load_trials(whole)._dynamic_trials
