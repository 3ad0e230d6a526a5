"""JSON lines that nobody's search wrote: each is refused by an error of ours, and runs nothing."""

from __future__ import annotations

import json

import pytest

from minopt import copy_trials, load_trials, read_jsonl
from minopt.exceptions import DamagedFile

VALUES = [
    {"$": "timedelta", "v": [10**20]},
    {"$": "datetime", "v": "2020-01-01", "offset": 1e300},
    {"$": "datetime", "v": "2020-01-01", "zone": "America"},
    {"$": "datetime", "v": "2020-01-01", "zone": "../../etc/passwd"},
    {"$": "datetime", "v": "2020-01-01", "zone": 5},
    {"$": "scalar", "dtype": "i1", "v": 1000},
    {"$": "scalar", "dtype": "f8", "v": 10**400},
    {"$": "scalar", "dtype": "V1", "v": 10**12},
    {"$": "scalar", "dtype": "S99999999999", "v": 1},
    {"$": "scalar", "dtype": "O", "data": "AAAAAAAAAAA="},
    {"$": "array", "dtype": [["a", "O"]], "shape": [1], "order": "C", "data": "AAAAAAAAAAA="},
    {"$": "array", "dtype": "S0", "shape": [10**12], "order": "C", "data": ""},
    {"$": "array", "dtype": "V0", "shape": [10**6, 10**6], "order": "C", "data": ""},
    {"$": "array", "dtype": "<f8", "shape": [10**30, 0], "order": "C", "data": ""},
    {"$": "array", "dtype": "O", "shape": [1, 2], "v": [1]},
    {"$": "array", "dtype": "<f8", "shape": "ab", "order": "C", "data": ""},
    {"$": "set", "v": [[1]]},
    {"$": "dict", "v": [[[1], 2]]},
    {"$": "complex", "v": ["1", "2", "3"]},
    {"$": "bytes", "v": "é"},
    {"$": "int", "v": "zz"},
    {"$": "nobody's"},
    {"$": []},
    {"$": {}},
]
ARRAY = {"$": "array", "dtype": "<i8", "shape": [2], "order": "C", "data": "A" * 22 + "=="}
STREAM = {"first": "PCG64 1 2 ", "last": "PCG64 1 2 ", "n_seeds": 1}
HEADS = [
    {"streams": streams}
    for streams in (5, "x", [1], [{}], [{"first": {}}], {"a": 1}, [STREAM | {"n_seeds": "x"}],
                    [STREAM | {"n_seeds": 10**18}], [STREAM | {"first": 5}])
] + [{"version": version} for version in (2, None, "1", -1, ARRAY)]  # fmt: skip
HEADS += [{"streams": ARRAY}, {"minopt": ARRAY}, {"exp_key": ARRAY}, {"exp_key": ["a"]}]
TRIALS = [
    {"tid": [1]},
    {"state": 99},
    {"state": "2"},
    {"state": ARRAY},
    {"result": 5},
    {"misc": None},
    {"misc": {}},
]
MISCS = [
    {"vals": None},
    {"vals": {"x": 5}},
    {"vals": {"x": "one"}},
    {"idxs": {"x": 5}},
    {"tid": 7},
    {"tid": ARRAY},
]


@pytest.fixture
def lines(search, tmp_path):
    """The lines of a search of one trial: of the search, and of the trial."""
    from minopt import Trials

    trials = Trials()
    search(trials=trials, max_evals=1)
    trials.to_jsonl(tmp_path / "trials.jsonl")
    return [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()]


@pytest.fixture
def is_refused(tmp_path):
    def check(*lines):
        path = tmp_path / "hostile.jsonl"
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        path.write_text(text)
        for read in (read_jsonl, load_trials, lambda path: copy_trials(path, tmp_path / "new")):
            with pytest.raises(DamagedFile, match=r"hostile\.jsonl', line \d"):
                read(path)
        assert path.read_text() == text
        assert not (tmp_path / "new").exists()
        return True

    return check


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_a_value_that_is_none_is_refused(lines, is_refused, value):
    lines[1]["trial"]["result"]["odd"] = value
    assert is_refused(*lines)


@pytest.mark.parametrize("changed", HEADS, ids=json.dumps)
def test_a_search_that_is_none_is_refused(lines, is_refused, changed):
    assert is_refused(lines[0] | changed, lines[1])


@pytest.mark.parametrize("changed", TRIALS, ids=json.dumps)
def test_a_trial_that_is_none_is_refused(lines, is_refused, changed):
    assert is_refused(lines[0], {"trial": lines[1]["trial"] | changed})


@pytest.mark.parametrize("changed", MISCS, ids=json.dumps)
def test_parameters_that_are_none_are_refused(lines, is_refused, changed):
    lines[1]["trial"]["misc"] |= changed
    assert is_refused(*lines)


def test_parameters_that_are_arrays_are_read_as_lists(lines, tmp_path):
    lines[1]["trial"]["misc"]["vals"]["x"] = {**ARRAY, "shape": [1], "data": "AAAAAAAAAAA="}
    path = tmp_path / "arrays.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    trials = read_jsonl(path)
    assert repr(trials.miscs[0]["vals"]["x"]) == "[0]"


@pytest.mark.parametrize("name", [[1], {}])
def test_an_attachment_without_a_name_is_refused(lines, is_refused, name):
    assert is_refused(*lines, {"attachment": name, "value": 1})


def test_a_line_as_deep_as_the_sea_is_refused(lines, tmp_path):
    path = tmp_path / "deep.jsonl"
    path.write_text(json.dumps(lines[0]) + "\n" + "[" * 100_000 + "]" * 100_000 + "\n")
    with pytest.raises(DamagedFile, match="line 2"):
        read_jsonl(path)
