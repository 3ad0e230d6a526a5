"""minopt in hyperopt's place, in this process."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys

import pytest

import minopt
from minopt import pyll
from minopt.exceptions import InvalidArgument


def test_hyperopt_is_minopts_own_module():
    with minopt.as_hyperopt():
        import hyperopt

        assert hyperopt is minopt


@pytest.mark.parametrize(
    "name", ["base", "fmin", "hp", "pyll", "pyll.base", "pyll.stochastic", "tpe", "utils", "mix"]
)
def test_a_submodule_is_minopts_own_module(name):
    ours = importlib.import_module(f"minopt.{name}")
    with minopt.as_hyperopt():
        theirs = importlib.import_module(f"hyperopt.{name}")
    assert theirs is ours
    assert (ours.__name__, ours.__spec__.name) == (f"minopt.{name}", f"minopt.{name}")


def test_the_function_is_not_hidden_by_the_module_of_its_name():
    with minopt.as_hyperopt():
        import hyperopt
        import hyperopt.fmin
        from hyperopt.fmin import FMinIter

        assert hyperopt.fmin is minopt.fmin
        assert FMinIter is minopt.FMinIter
    assert callable(minopt.fmin)


def test_there_is_one_scope():
    with minopt.as_hyperopt():
        from hyperopt.pyll import scope
        from hyperopt.pyll.base import scope as same

        assert scope is same is pyll.scope


def test_instances_are_of_the_same_classes():
    with minopt.as_hyperopt():
        from hyperopt import Trials
        from hyperopt.pyll.base import Apply

        assert isinstance(minopt.Trials(), Trials)
        assert isinstance(minopt.hp.uniform("x", 0, 1), Apply)


def test_afterwards_hyperopt_is_hyperopt_again():
    import hyperopt as before

    with minopt.as_hyperopt():
        pass
    import hyperopt as after

    assert after is before is sys.modules["hyperopt"]
    assert after is not minopt
    assert not [name for name in sys.modules if "hyperopt.pyll" in name and name not in sys.modules]


def test_an_alias_within_an_alias_does_not_end_it():
    with minopt.as_hyperopt():
        with minopt.as_hyperopt():
            pass
        import hyperopt

        assert hyperopt is minopt


def test_a_missing_module_is_said_to_be_missing_in_minopt():
    with minopt.as_hyperopt(), pytest.raises(ModuleNotFoundError) as missing:
        importlib.import_module("hyperopt.nope")
    assert "minopt, which stands in for hyperopt here, has no module 'minopt.nope'" in str(
        missing.value
    )
    assert missing.value.name == "hyperopt.nope"


def test_a_missing_name_is_said_to_be_missing_in_minopt():
    with minopt.as_hyperopt(), pytest.raises(ImportError, match="'nope' from 'minopt'"):
        from hyperopt import nope  # noqa: F401


def test_other_names_are_not_its_business():
    with minopt.as_hyperopt():
        assert importlib.util.find_spec("hyperopt_like") is None


def test_pickles_of_hyperopt_are_read_by_plain_pickle():
    import pickle

    with minopt.as_hyperopt():
        trials = pickle.loads(b"chyperopt.base\nTrials\n)\x81.")
    assert type(trials) is minopt.Trials


@pytest.mark.parametrize("module", ["spark", "mongoexp"])
def test_what_does_the_work_of_a_missing_module_is_named(module):
    with minopt.as_hyperopt(), pytest.raises(ModuleNotFoundError, match=r"see .*SQLTrials"):
        importlib.import_module(f"hyperopt.{module}")


def test_a_script_may_import_spark_trials_that_it_does_not_use():
    with minopt.as_hyperopt():
        from hyperopt import SparkTrials
    assert not isinstance(minopt.Trials(), SparkTrials)
    with pytest.raises(InvalidArgument, match=r"no SparkTrials: see fmin\(\.\.\., n_jobs="):
        SparkTrials(parallelism=4)


def test_what_is_set_for_hyperopts_loggers_holds_for_ours():
    ours, theirs = logging.getLogger("minopt.tpe"), logging.getLogger("hyperopt")
    before = theirs.level
    try:
        for level in (logging.ERROR, logging.DEBUG):
            with minopt.as_hyperopt():
                theirs.setLevel(level)
                assert ours.getEffectiveLevel() == level
            assert ours.getEffectiveLevel() == logging.getLogger().getEffectiveLevel()
    finally:
        theirs.setLevel(before)
