"""What cannot be saved or read is named, whatever its own errors say."""

from __future__ import annotations

import pytest

import minopt
from minopt import Trials
from minopt.exceptions import DamagedFile, InvalidArgument


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "trials.pkl")


@pytest.mark.parametrize("whole", [False, True], ids=["of a trial", "of the search"])
def test_the_error_names_the_attachment_that_cannot_be_pickled(search, file, whole):
    trials = Trials()

    def objective(config):
        if whole:
            trials.attachments["lock"] = (i for i in range(3))
        return {"loss": 1.0, "status": "ok", "attachments": {"stream": (i for i in range(3))}}

    named = "the attachment 'lock'" if whole else "the attachment 'stream' of trial 0"
    with pytest.raises(InvalidArgument, match=f"cannot be pickled: {named} cannot be"):
        search(
            lambda config: objective(config) if not whole else objective(config)["loss"],
            trials=trials,
            trials_save_file=file,
        )


class Mute(Exception):
    """An error that cannot say what it is."""

    def __str__(self):
        raise ValueError("no words")


class Unwilling:
    """Something that does not want to be saved."""

    def __reduce__(self):
        raise Mute


def test_an_error_without_words_does_not_hide_what_cannot_be_pickled(search, file):
    with pytest.raises(InvalidArgument, match=r"trial 0 has result\['it'\] .*\(Mute\)"):
        search(
            lambda _: {"loss": 1.0, "status": "ok", "it": Unwilling()},
            trials_save_file=file,
        )


def raise_mute():
    raise Mute


class Waking:
    """Something that cannot be read back."""

    def __reduce__(self):
        return raise_mute, ()


def test_an_error_without_words_does_not_hide_which_file_is_damaged(tmp_path):
    for name in ("trials.pkl", "trials.jsonl"):
        trials = minopt.trials_from_docs([])
        trials.attachments["it"] = Waking()
        minopt.copy_trials(trials, tmp_path / name)
        with pytest.raises(DamagedFile, match=rf"{name}.*\(Mute\)"):
            minopt.load_trials(tmp_path / name, trusted=True)
