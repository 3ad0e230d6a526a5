"""Every entry that is installed here asks only for configurations of the space it was given."""

from __future__ import annotations

import warnings

import pytest

from benchmarks.problems import build, names
from benchmarks.quality.entries import ENTRIES, Entry, Missing
from benchmarks.quality.entries.whole import configuration, flattened
from benchmarks.quality.recorder import Recorder

QUICK = [name for name in ENTRIES if name.startswith(("minopt", "hyperopt", "optuna"))]
SLOW = {"hyperopt-atpe", "optuna-gp"}


def runner_of(name):
    try:
        return ENTRIES[name].prepare()
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("problem", ["hartmann6_mixed", "tree_a", "pipeline_diabetes"])
@pytest.mark.parametrize("name", [name for name in QUICK if name not in SLOW])
def test_an_entry_asks_as_often_as_told_and_within_the_space(name, problem):
    recorder = Recorder(build(problem), seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, not ours
        runner_of(name)(recorder.problem.space, recorder, 25, 3)
    assert recorder.count == 25


@pytest.mark.parametrize("problem", names())
def test_every_space_is_understood_in_hyperopt_s_language(problem):
    recorder = Recorder(build(problem), seed=0)
    runner_of("minopt-rand")(recorder.problem.space, recorder, 6, 0)
    assert recorder.count == 6


@pytest.mark.parametrize("algorithm", ["rand", "tpe"])
def test_minopt_and_hyperopt_run_the_same_trials(algorithm):
    curves = []
    for library in ("minopt", "hyperopt"):
        recorder = Recorder(build("optimiser"), seed=5)
        runner_of(f"{library}-{algorithm}")(recorder.problem.space, recorder, 30, 5)
        curves.append(recorder.curve)
    assert curves[0] == curves[1]


@pytest.mark.parametrize("name", ["minopt-tpe", "hyperopt-tpe", "optuna"])
def test_the_same_seed_gives_the_same_run(name):
    runner = runner_of(name)
    curves = []
    for _ in range(2):
        recorder = Recorder(build("layers"), seed=1)
        runner(recorder.problem.space, recorder, 25, 1)
        curves.append(recorder.curve)
    assert curves[0] == curves[1]


def test_an_entry_whose_library_is_absent_says_so():
    with pytest.raises(Missing, match="'no_such_library' is not installed"):
        Entry("x", "no_such_library", "hyperopt_like").prepare()


def test_an_entry_whose_algorithm_is_not_there_yet_says_so():
    with pytest.raises(Missing, match="no_such_algorithm"):
        Entry("x", "minopt", "hyperopt_like", "no_such_algorithm").prepare()


@pytest.mark.parametrize("problem", ["tree_a", "hartmann6_mixed", "layers"])
def test_a_space_without_hierarchy_is_decoded_to_the_one_with(problem):
    space = build(problem).space
    whole = {one.name: getattr(one, "options", (None,))[0] for one in flattened(space)}
    for one in flattened(space):
        if whole[one.name] is None:
            whole[one.name] = 0 if getattr(one, "step", None) else one.low
    recorder = Recorder(build(problem), seed=0)
    recorder(configuration(space, whole))
    assert recorder.count == 1
