"""What is got out of damaged files: every complete trial, and never a wrong one."""

from __future__ import annotations

import pickle

import cloudpickle
import numpy as np
import pytest

from minopt import Trials
from minopt.trials.salvage import salvage, salvage_lines
from minopt.trials.salvage_pickle import salvage_pickle

PROTOCOLS = [0, 2, 4, 5]


@pytest.fixture
def many(search):
    trials = Trials()
    search(
        lambda c: {"loss": c["x"], "status": "ok", "array": np.ones(2) * c["x"], "name": "trial"},
        trials=trials,
        max_evals=100,
    )
    return trials


def truth(trials):
    return {doc["tid"]: doc for doc in trials._dynamic_trials}


def n_wrong(salvaged, trials):
    """How many of the documents differ from those that were written."""
    right = truth(trials)
    wrong = 0
    for doc in salvaged.documents:
        try:
            np.testing.assert_equal(doc, right[doc["tid"]])
        except (AssertionError, KeyError):
            wrong += 1
    return wrong


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_all_is_got_out_of_a_whole_pickle(trials, same, protocol):
    salvaged = salvage_pickle(pickle.dumps(trials, protocol))
    assert salvaged.notes == []
    assert salvaged.lost() == []
    assert same(salvaged.trials(), trials)
    assert salvaged.streams == trials._streams


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_what_comes_before_a_cut_is_got_out(many, protocol, share):
    data = pickle.dumps(many, protocol)
    salvaged = salvage_pickle(data[: int(share * len(data))])
    assert len(salvaged.documents) >= int(100 * share) - 5
    assert n_wrong(salvaged, many) == 0
    assert salvaged.notes


def test_the_ids_that_are_lost_are_told(many):
    data = pickle.dumps(many)
    salvaged = salvage_pickle(data[: len(data) // 2])
    there = {doc["tid"] for doc in salvaged.documents}
    assert there | set(salvaged.lost()) == set(range(100))
    assert not there & set(salvaged.lost())


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_reading_goes_on_behind_a_damaged_place(many, protocol):
    data = pickle.dumps(many, protocol)
    for place in range(len(data) // 3, len(data) // 3 + 60, 7):
        broken = bytearray(data)
        broken[place] = 0xFF  # no operation
        salvaged = salvage_pickle(bytes(broken))
        assert len(salvaged.documents) >= 85
        assert n_wrong(salvaged, many) <= 1  # a byte within a number is as good as another


def test_a_flipped_bit_costs_few_trials_and_spoils_at_most_one(many):
    data = cloudpickle.dumps(many)
    rng = np.random.default_rng(0)
    numbers = []
    for place, bit in zip(rng.integers(len(data) // 20, len(data), 40), rng.integers(0, 8, 40)):
        broken = bytearray(data)
        broken[place] ^= 1 << int(bit)
        salvaged = salvage_pickle(bytes(broken))
        assert n_wrong(salvaged, many) <= 1
        numbers.append(len(salvaged.documents))
    assert min(numbers) >= 85
    assert np.mean(numbers) >= 97


class Model:
    """Something that could run code."""

    n_made = 0

    def __reduce__(self):
        return Model.made, (1,), {"state": 1}

    @staticmethod
    def made(*args):
        Model.n_made += 1
        return Model()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_objects_that_could_run_code_are_left_out_and_named(trials, protocol):
    trials.trials[1]["result"]["model"] = Model()
    trials.trials[2]["result"]["models"] = [1, Model()]
    trials.attachments["model"] = Model()
    salvaged = salvage_pickle(pickle.dumps(trials, protocol))
    assert Model.n_made == 0
    results = {doc["tid"]: doc["result"] for doc in salvaged.documents}
    assert "model" not in results[1]
    assert results[2]["models"] == [1, None]
    assert "model" not in salvaged.attachments
    assert len(salvaged.notes) == 3
    assert any("trial 1: left out: result.model" in note for note in salvaged.notes)
    pickle.loads(pickle.dumps(salvaged.trials()))


@pytest.mark.parametrize("data", [b"", b"\x80\x05", b"no pickle at all", b"\0" * 1000, b"]" * 1000])
def test_nothing_is_got_out_of_what_is_no_pickle(data):
    assert salvage_pickle(data).documents == []


def test_random_bytes_neither_hang_nor_run_anything():
    rng = np.random.default_rng(0)
    for _ in range(200):
        salvage_pickle(rng.integers(0, 256, 2000, dtype=np.uint8).tobytes())


def test_all_whole_lines_are_got_out_of_json_lines(trials, tmp_path):
    trials.to_jsonl(tmp_path / "trials.jsonl")
    lines = (tmp_path / "trials.jsonl").read_bytes().splitlines(keepends=True)
    lines[3] = b"#" + lines[3]
    salvaged = salvage_lines(b"".join(lines)[:-5])
    assert len(salvaged.documents) == 9
    assert [note.partition(":")[0] for note in salvaged.notes] == ["line 4", "line 13"]


def test_json_lines_without_their_first_line_are_got_out(trials, tmp_path):
    trials.to_jsonl(tmp_path / "trials.jsonl")
    data = (tmp_path / "trials.jsonl").read_bytes().partition(b"\n")[2]
    assert len(salvage_lines(data).documents) == 10


def test_what_a_killed_search_left_beside_is_looked_at_too(many, tmp_path):
    file = tmp_path / "trials.pkl"
    data = pickle.dumps(many)
    file.write_bytes(data[: len(data) // 2])
    (tmp_path / "trials.pkl.0123456789abcdef.tmp").write_bytes(data[: len(data) * 3 // 4])
    salvaged = salvage(file)
    assert 70 <= len(salvaged.documents) <= 80
    assert n_wrong(salvaged, many) == 0


def test_only_what_was_left_beside_is_there(many, tmp_path):
    (tmp_path / "trials.pkl.0123456789abcdef.tmp").write_bytes(pickle.dumps(many))
    assert len(salvage(tmp_path / "trials.pkl").documents) == 100


def test_of_two_versions_of_a_trial_the_finished_one_is_kept(trials, tmp_path):
    import copy

    older = copy.deepcopy(trials)
    older.trials[0].update(state=1, result={"status": "new"})
    (tmp_path / "trials.pkl").write_bytes(pickle.dumps(older))
    (tmp_path / "trials.pkl.0123456789abcdef.tmp").write_bytes(pickle.dumps(trials))
    assert salvage(tmp_path / "trials.pkl").trials().losses() == trials.losses()


def test_lists_that_double_are_looked_through_once(trials):
    doubled = [object]
    for _ in range(60):
        doubled = [doubled, doubled]
    trials._dynamic_trials[3]["result"]["doubled"] = doubled
    salvaged = salvage_pickle(pickle.dumps(trials))
    assert len(salvaged.documents) == 10
    assert [note[:18] for note in salvaged.notes] == ["trial 3: left out:"]
    assert "doubled" not in salvaged.documents[3]["result"]


def test_a_whole_file_of_a_search_is_not_called_damaged(search, tmp_path):
    search(trials_save_file=str(tmp_path / "trials.pkl"))
    salvaged = salvage(tmp_path / "trials.pkl")
    assert len(salvaged.documents) == 10
    assert salvaged.notes == []
