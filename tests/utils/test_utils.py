"""The small tools of hyperopt's utils."""

from __future__ import annotations

import datetime
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import hyperopt.utils
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minopt import hp, utils
from minopt.base import Ctrl, validate_loss_threshold, validate_timeout
from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.pyll import Literal, as_apply, rec_eval, scope


def test_the_time_is_utc_in_whole_milliseconds():
    now = utils.coarse_utcnow()
    assert now.tzinfo is None
    assert now.microsecond % 1000 == 0
    offset = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - now
    assert abs(offset) < datetime.timedelta(minutes=1)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(X=st.lists(st.integers(-9, 9)), Y=st.lists(st.integers(-9, 9)))
def test_membership_is_told_element_by_element(X, Y):
    assert utils.fast_isin(np.array(X, int), np.array(Y, int)).tolist() == [x in Y for x in X]


def test_zero_is_not_found_among_negative_numbers_as_hyperopt_does():
    assert utils.fast_isin(np.array([0]), np.array([-2, -1])).tolist() == [False]
    assert hyperopt.utils.fast_isin(np.array([0]), np.array([-2, -1])).tolist() == [True]


VERSIONS = st.lists(st.tuples(st.integers(-2, 4), st.integers(0, 5)), min_size=1, unique=True)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(versions=VERSIONS)
def test_the_latest_version_of_each_record_is_hyperopts(versions):
    records = [{"_id": key, "version": version} for key, version in versions]
    ours, theirs = utils.get_most_recent_inds(records), hyperopt.utils.get_most_recent_inds(records)
    assert ours.tolist() == theirs.tolist()


def test_of_equal_versions_the_last_counts_and_none_are_fine():
    assert utils.get_most_recent_inds([{"_id": 0, "version": 2}] * 2).tolist() == [1]
    assert utils.get_most_recent_inds([]).tolist() == []


# ---- names


def test_a_dotted_name_is_split_where_modules_end():
    assert utils.import_tokens(["os", "path", "join"]) == (os.path, ["join"])
    assert utils.import_tokens(["os", "path"]) == (os.path, [])
    assert utils.import_tokens(["no_such_module", "x"]) == (None, ["no_such_module", "x"])


def test_a_module_that_misses_another_shows_that(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        utils.import_tokens(["half_installed", "x"])


def test_a_dotted_name_leads_to_its_object():
    assert utils.json_lookup("os.path.join") is os.path.join
    assert utils.load_tokens(["json", "JSONDecoder", "decode"]) is json.JSONDecoder.decode


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("no_such_module.x", ImportError, "there is no module 'no_such_module'"),
        ("os.path.nothing", AttributeError, "cannot find 'os.path.nothing': .* 'nothing'"),
        ("__import__('os').getcwd", ImportError, "cannot import"),
    ],
)
def test_a_name_that_leads_nowhere_is_told(name, error, sentence):
    with pytest.raises(error, match=sentence):
        utils.json_lookup(name)


def test_a_named_function_is_called():
    assert utils.json_call("os.path.join", args=("a", "b")) == str(Path("a", "b"))
    assert utils.json_call(b"builtins.dict", kwargs={"a": 1}) == {"a": 1}


@pytest.mark.parametrize("thing", [{"a": 1}, ["os"], ("os",)])
def test_calls_of_containers_have_no_meaning(thing):
    with pytest.raises(NotImplementedError, match="has no meaning here"):
        utils.json_call(thing)


def test_calls_of_other_things_are_refused():
    with pytest.raises(InvalidArgumentType, match=r"takes a dotted name .* got 3"):
        utils.json_call(3)


def test_arguments_come_out_of_a_pickle_after_the_given_ones(tmp_path):
    more = pickle.dumps({"args": ("b",), "kwargs": {"sep": "-"}})
    file = tmp_path / "arguments.pkl"
    file.write_bytes(more)
    for where in ({"argstr": more}, {"argfile": str(file)}):
        call = utils.get_obj("tests_of_get_obj.gather", args=("a",), kwargs={"sep": "+"}, **where)
        assert call == (("a", "b"), {"sep": "-"})


@pytest.fixture(autouse=True)
def gather(monkeypatch):
    module = type(sys)("tests_of_get_obj")
    module.gather = lambda *args, **kwargs: (args, kwargs)
    monkeypatch.setitem(sys.modules, "tests_of_get_obj", module)


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("ran",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_arguments_runs_no_code(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgument, match=r"mkdir, which could run code.*trusted=True"):
        utils.get_obj("tests_of_get_obj.gather", argstr=pickle.dumps({"args": (Bomb(),)}, protocol))
    assert not Path("ran").exists()


def test_a_trusted_pickle_may_hold_anything():
    argstr = pickle.dumps({"args": (np.arange(2),)})
    args, _ = utils.get_obj("tests_of_get_obj.gather", argstr=argstr, trusted=True)
    assert args[0].tolist() == [0, 1]


def test_a_pickle_of_something_else_is_refused():
    with pytest.raises(InvalidArgument, match="must hold a dict with 'args' and 'kwargs', got 3"):
        utils.get_obj("tests_of_get_obj.gather", argstr=pickle.dumps(3))


# ---- directories


def test_working_elsewhere_ends_where_it_began(tmp_path):
    before = Path.cwd()
    with utils.working_dir(tmp_path):
        assert Path.cwd() == tmp_path
    assert Path.cwd() == before


def test_working_elsewhere_ends_after_an_exception_too(tmp_path):
    before = Path.cwd()
    with pytest.raises(ZeroDivisionError), utils.working_dir(tmp_path):
        1 / 0  # noqa: B018
    assert Path.cwd() == before


@pytest.mark.parametrize("path", ["a/b/c", "a", "", "/a/b"])
def test_paths_are_split_as_hyperopt_does(path):
    assert list(utils.path_split_all(path)) == list(hyperopt.utils.path_split_all(path))


def test_a_path_that_ends_in_a_slash_has_parts_too():
    assert list(utils.path_split_all("a/b/")) == ["a", "b"]


def test_the_closest_directory_is_the_deepest_that_exists(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    for path in ("a/b/c", "b/c"):
        assert utils.get_closest_dir(path) == hyperopt.utils.get_closest_dir(path)
    assert utils.get_closest_dir(tmp_path / "a" / "b" / "c") == (str(tmp_path / "a"), "b")


def test_a_path_that_exists_has_no_closest_directory(tmp_path):
    with pytest.raises(InvalidArgument, match="exists already"):
        utils.get_closest_dir(tmp_path)


def test_a_temporary_directory_stays_unless_asked_otherwise(tmp_path):
    with utils.temp_dir(tmp_path / "a"):
        assert (tmp_path / "a").is_dir()
    assert (tmp_path / "a").is_dir()


def test_a_temporary_directory_is_erased_with_its_empty_parents(tmp_path):
    (tmp_path / "base").mkdir()
    with utils.temp_dir(tmp_path / "base" / "a" / "b", erase_after=True):
        assert (tmp_path / "base" / "a.inuse").exists()
        (tmp_path / "base" / "a" / "b" / "file").write_text("")
    assert list((tmp_path / "base").iterdir()) == []


def test_a_temporary_directory_is_erased_after_an_exception_too(tmp_path):
    with pytest.raises(ZeroDivisionError), utils.temp_dir(tmp_path / "a", erase_after=True):
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_parents_that_hold_something_else_stay(tmp_path):
    with utils.temp_dir(tmp_path / "a" / "b", erase_after=True):
        (tmp_path / "a" / "file").write_text("")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "file"]


def test_without_a_sentinel_parents_stay(tmp_path):
    with utils.temp_dir(tmp_path / "a" / "b", erase_after=True, with_sentinel=False):
        assert not (tmp_path / "a.inuse").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]


def test_a_directory_that_was_there_is_never_erased(tmp_path):
    with utils.temp_dir(tmp_path, erase_after=True):
        pass
    assert tmp_path.is_dir()


def test_paths_upwards_and_files_are_refused(tmp_path):
    with pytest.raises(RuntimeError, match="must not contain"), utils.temp_dir("../no_such_place"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidArgument, match="is a file"), utils.temp_dir(tmp_path / "file"):
        pass


def test_two_dots_within_a_name_do_no_harm(tmp_path):
    with utils.temp_dir(tmp_path / "a..b"):
        assert (tmp_path / "a..b").is_dir()


# ---- graphs


def test_a_literal_that_stands_for_an_object_evaluates_to_it():
    expr = as_apply(
        {"ctrl": Literal(Ctrl), "x": 1, "array": np.arange(3), "u": hp.uniform("u", 0, 1)}
    )
    ctrl = Ctrl(None)
    memo = utils.use_obj_for_literal_in_memo(expr, ctrl, Ctrl, {})
    assert list(memo.values()) == [ctrl]
    assert rec_eval(as_apply([Literal(Ctrl), 2]), memo=dict(memo)) == (Ctrl, 2)


def test_literals_are_found_by_equality_as_hyperopt_does():
    expr = scope.add(Literal("a"), Literal("b"))
    memo = utils.use_obj_for_literal_in_memo(expr, "c", "a", {})
    assert rec_eval(expr, memo=memo) == "cb"


# ---- limits


@pytest.mark.parametrize("timeout", [None, 1, 0.5, np.float64(2), float("inf")])
def test_a_timeout_is_none_or_positive(timeout):
    assert validate_timeout(timeout) is None


@pytest.mark.parametrize("timeout", [0, -1, True, "1", float("nan"), 1j, [1]])
def test_other_timeouts_are_refused_in_the_promised_words(timeout):
    with pytest.raises(InvalidArgument) as caught:
        validate_timeout(timeout)
    promised = "The timeout argument should be None or a positive value. Given value: "
    assert str(caught.value) == f"{promised}{timeout}"


@pytest.mark.parametrize("threshold", [None, 0, -1.5, np.float32(1), float("-inf")])
def test_a_loss_threshold_is_none_or_a_number(threshold):
    assert validate_loss_threshold(threshold) is None


@pytest.mark.parametrize("threshold", [True, "1", float("nan"), 1j, [1]])
def test_other_loss_thresholds_are_refused_in_the_promised_words(threshold):
    with pytest.raises(InvalidArgument) as caught:
        validate_loss_threshold(threshold)
    promised = "The loss_threshold argument should be None or a numeric value. Given value: "
    assert str(caught.value) == f"{promised}{threshold}"


def test_importing_utils_adds_no_log_handlers():
    code = "import logging, minopt.utils, minopt.base; print(len(logging.root.handlers))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("0", "")
