"""JSON lines: all comes back, a torn end is told of, and nothing is run."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from minopt import Trials, read_jsonl
from minopt.exceptions import DamagedFile, StoreError
from minopt.trials.tagged_json import Withheld


@pytest.fixture
def file(tmp_path, trials):
    trials.to_jsonl(tmp_path / "trials.jsonl")
    return tmp_path / "trials.jsonl"


def test_all_comes_back_as_it_was(file, trials, same):
    back = read_jsonl(file)
    assert same(back, trials)
    assert [type(value) for value in back.results[0].values()] == [
        type(value) for value in trials.results[0].values()
    ]


def test_every_line_is_json_and_the_first_says_what_it_is(file, trials):
    head, *lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert (head["minopt"], head["version"]) == ("trials", 1)
    assert [line["trial"]["tid"] for line in lines if "trial" in line] == list(range(10))
    assert sum("attachment" in line for line in lines) == 2


def test_a_search_goes_on_with_what_was_read(search, tmp_path):
    whole, half = Trials(), Trials()
    search(trials=whole, max_evals=20)
    search(trials=half, max_evals=8)
    half.to_jsonl(tmp_path / "half.jsonl")
    back = read_jsonl(tmp_path / "half.jsonl")
    search(trials=back, max_evals=20)
    assert back.losses() == whole.losses()


def test_the_name_of_the_search_comes_back(search, tmp_path):
    trials = Trials(exp_key="mine")
    search(trials=trials, max_evals=1)
    trials.to_jsonl(tmp_path / "trials.jsonl")
    assert (read_jsonl(tmp_path / "trials.jsonl")._exp_key, len(trials)) == ("mine", 1)


def test_only_the_search_itself_is_written_not_the_others_beside_it(tmp_path, trials):
    for doc in trials._dynamic_trials[:4]:
        doc["exp_key"] = "mine"
    trials.view("mine").to_jsonl(tmp_path / "mine.jsonl")
    assert len(read_jsonl(tmp_path / "mine.jsonl")._dynamic_trials) == 4


def test_a_torn_last_line_is_left_out_with_a_warning(file, trials):
    lines = file.read_bytes().splitlines(keepends=True)
    trial_lines = [line for line in lines if b'"trial"' in line or b'"minopt"' in line]
    file.write_bytes(b"".join(trial_lines)[:-30])
    with pytest.warns(RuntimeWarning, match=r"trials\.jsonl.* last line was cut off"):
        back = read_jsonl(file)
    assert len(back._dynamic_trials) == len(trials._dynamic_trials) - 1


def test_a_damaged_line_is_named(file):
    lines = file.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:50] + b"#" + lines[3][51:]
    file.write_bytes(b"".join(lines))
    with pytest.raises(DamagedFile, match=r"trials\.jsonl', line 4: .*minopt recover"):
        read_jsonl(file)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", b"[1]\n", b'{"trial":{}}\n', b'{"minopt":"trials","version":99}\n', b"\xff\n"],
)
def test_what_holds_no_trials_is_refused(tmp_path, content):
    file = tmp_path / "file.jsonl"
    file.write_bytes(content)
    with pytest.raises(DamagedFile, match="line 1"):
        read_jsonl(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"none\.jsonl' cannot be read"):
        read_jsonl(tmp_path / "none.jsonl")


class Model:
    """Something that JSON cannot hold."""

    def __reduce__(self):
        return Model.made, ()

    n_made = 0

    @staticmethod
    def made():
        Model.n_made += 1
        return Model()


def test_what_json_cannot_hold_is_read_only_with_trust(tmp_path, trials):
    trials.trials[0]["result"]["model"] = Model()
    trials.to_jsonl(tmp_path / "trials.jsonl")
    before = Model.n_made
    stand_in = read_jsonl(tmp_path / "trials.jsonl").results[0]["model"]
    assert isinstance(stand_in, Withheld)
    assert "Model" in repr(stand_in)
    assert Model.n_made == before
    read = read_jsonl(tmp_path / "trials.jsonl", trusted=True)
    assert type(read.results[0]["model"]).__name__ == "Model"


def test_what_was_withheld_is_kept_when_it_is_saved_again(tmp_path, trials):
    trials.trials[0]["result"]["model"] = Model()
    trials.to_jsonl(tmp_path / "one.jsonl")
    read_jsonl(tmp_path / "one.jsonl").to_jsonl(tmp_path / "two.jsonl")
    read = read_jsonl(tmp_path / "two.jsonl", trusted=True)
    assert type(read.results[0]["model"]).__name__ == "Model"


def test_what_was_withheld_can_be_pickled_and_read_again_without_trust(tmp_path, trials):
    from minopt import load_trials

    trials.trials[0]["result"]["model"] = Model()
    trials.to_jsonl(tmp_path / "one.jsonl")
    (tmp_path / "two.pkl").write_bytes(pickle.dumps(read_jsonl(tmp_path / "one.jsonl")))
    assert isinstance(load_trials(tmp_path / "two.pkl").results[0]["model"], Withheld)


def test_what_cannot_be_pickled_either_is_left_out_with_a_warning(tmp_path, trials):
    trials.trials[0]["result"]["stream"] = (i for i in range(3))
    with pytest.warns(UserWarning, match=r"trial 0: trial\.result\.stream is left out"):
        trials.to_jsonl(tmp_path / "trials.jsonl")
    assert "stream" not in read_jsonl(tmp_path / "trials.jsonl").results[0]


def test_a_file_that_is_replaced_keeps_its_mode(file, trials):
    file.chmod(0o640)
    trials.to_jsonl(file)
    assert file.stat().st_mode & 0o777 == 0o640


def test_special_floats_come_back(tmp_path, trials):
    trials.trials[0]["result"]["loss"] = float("nan")
    trials.trials[1]["result"]["loss"] = float("-inf")
    trials.to_jsonl(tmp_path / "trials.jsonl")
    back = read_jsonl(tmp_path / "trials.jsonl")
    assert np.isnan(back.results[0]["loss"])
    assert back.results[1]["loss"] == float("-inf")
