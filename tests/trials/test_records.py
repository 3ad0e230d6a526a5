"""The history as a table."""

from __future__ import annotations

import json
import sys
import warnings
from datetime import datetime

import numpy as np
import pytest

from minopt import fmin, hp, rand
from minopt.base import JOB_STATE_CANCEL, Trials
from minopt.exceptions import InvalidArgument


def decode(vals):
    if "c" not in vals:
        raise InvalidArgument("the point needs a value for parameter 'c'")
    model = {"name": "knn", "layers": [5, vals["k"]]} if vals["c"] else {"name": "svc", "extra": {}}
    return {"model": model, "lr": vals["lr"]}


@pytest.fixture
def searched(done, failed, make, trials_of):
    first = done(0, 2.0, c=1, k=3, lr=0.1, extra={"train_time": 1.5})
    first["book_time"] = first["refresh_time"] = datetime(2024, 1, 1)
    trials = trials_of(
        first,
        done(1, None, status="fail", c=0, k=None, lr=0.2),
        failed(2),
        make(3, state=JOB_STATE_CANCEL, c=0, k=None, lr=0.3),
    )
    trials._decoder = decode
    return trials


def test_a_record_is_flat_and_names_where_each_value_comes_from(searched):
    assert searched.to_records()[0] == {
        "tid": 0,
        "state": "done",
        "status": "ok",
        "loss": 2.0,
        "error": None,
        "book_time": datetime(2024, 1, 1),
        "refresh_time": datetime(2024, 1, 1),
        "vals.c": 1,
        "vals.k": 3,
        "vals.lr": 0.1,
        "vals.x": None,
        "params.model.name": "knn",
        "params.model.layers.0": 5,
        "params.model.layers.1": 3,
        "params.model.extra": None,
        "params.lr": 0.1,
        "result.train_time": 1.5,
    }


def test_all_records_have_the_same_columns_in_the_same_order(searched):
    assert len({tuple(record) for record in searched.to_records()}) == 1


def test_trials_that_raised_and_cancelled_ones_have_their_rows(searched):
    rows = searched.to_records()
    assert [row["state"] for row in rows] == ["done", "done", "error", "cancelled"]
    assert [row["error"] for row in rows] == [None, None, "ValueError: too big", None]


def test_a_trial_of_another_space_has_no_decoded_parameters(searched):
    row = searched.to_records()[2]
    assert row["vals.x"] == 1.0
    assert row["params.lr"] is None


def test_a_trial_whose_point_cannot_be_made_has_its_row_all_the_same():
    trials = Trials()
    settings = {"catch_eval_exceptions": True, "return_argmin": False, "verbose": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fmin(float, 1 / hp.randint("i", 2), rand.suggest, 5, trials=trials, rstate=1, **settings)
    rows = trials.to_records()
    assert {(row["state"], row["vals.i"], row["params"]) for row in rows} == {
        ("error", 0, None),
        ("done", 1, 1.0),
    }


def test_without_a_space_the_parameters_stand_as_drawn(searched):
    searched._decoder = None
    row = searched.to_records()[0]
    assert [name for name in row if name.startswith("params")] == []
    assert row["vals.c"] == 1


def test_a_space_that_is_one_parameter_has_one_column(done, trials_of):
    trials = trials_of(done(0, 1.0, x=0.5))
    trials._decoder = lambda vals: vals["x"]
    assert trials.to_records()[0]["params"] == 0.5


def test_records_are_of_one_search(make):
    trials = Trials("a")
    trials._dynamic_trials += [make(0, exp_key="a"), make(1, exp_key="b")]
    assert [row["tid"] for row in trials.to_records()] == [0]


def test_no_trials_have_no_records():
    assert Trials().to_records() == []


def test_records_without_times_can_be_written_as_json(searched):
    for row in searched.to_records():
        json.dumps({name: value for name, value in row.items() if not name.endswith("_time")})


def test_the_table_is_one_of_pandas(searched):
    pandas = pytest.importorskip("pandas")
    table = searched.to_dataframe()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns) == list(searched.to_records()[0])
    assert table["loss"].min() == 2.0
    assert len(table) == 4


def test_the_table_is_one_of_polars_without_pandas(searched, monkeypatch):
    polars = pytest.importorskip("polars")
    without(monkeypatch, "pandas")
    table = searched.to_dataframe()
    assert isinstance(table, polars.DataFrame)
    assert table["loss"].to_list() == [2.0, None, None, None]
    assert table.columns == list(searched.to_records()[0])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_may_hold_models_and_mixed_kinds(done, trials_of, monkeypatch, library):
    pytest.importorskip(library)
    if library == "polars":
        without(monkeypatch, "pandas")
    model = object()
    trials = trials_of(
        done(0, 1.0, extra={"model": model, "kind": 1, "history": [1, 2]}, x=1),
        done(1, 2.0, extra={"model": None, "kind": "two", "history": np.zeros(2)}, x=0.5),
    )
    table = trials.to_dataframe()
    assert table["result.model"][0] is model
    assert table["vals.x"].to_list() == [1.0, 0.5]
    assert list(table["result.kind"])[1] == "two"


def test_without_either_library_the_error_names_the_way_out(searched, monkeypatch):
    without(monkeypatch, "pandas", "polars")
    with pytest.raises(ImportError, match=r"pip install pandas; .*trials\.to_records\(\)"):
        searched.to_dataframe()


def test_a_library_that_is_broken_shows_its_own_error(searched, monkeypatch):
    def broken(name, *args, **kwargs):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pytz'", name="pytz")
        return real(name, *args, **kwargs)

    real = sys.modules["importlib"].import_module
    monkeypatch.setattr("minopt.trials.records.import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="pytz"):
        searched.to_dataframe()


def without(monkeypatch, *libraries):
    """Let some libraries be missing."""
    for library in libraries:
        monkeypatch.setitem(sys.modules, library, None)


def test_a_trial_with_two_values_of_a_parameter_does_not_spoil_the_table(searched):
    searched.trials[0]["misc"]["vals"]["k"] = [3, 4]
    rows = searched.to_records()
    assert len(rows) == 4
    assert rows[0]["vals.k"] == [3, 4]
    assert rows[0]["loss"] == 2.0
