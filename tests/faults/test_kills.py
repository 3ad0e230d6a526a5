"""kill -9 at any moment: what was acknowledged is there, and the search goes on."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(600)

some_and_many = pytest.mark.parametrize(
    "n_kills", [10, pytest.param(30, marks=pytest.mark.faults_long)]
)
both_stores = pytest.mark.parametrize("store", ["pickle", "sqlite"])


@some_and_many
@both_stores
def test_serial_search_killed_at_random_times(new_study, uninterrupted, chance, store, n_kills):
    kills = 0
    while kills < n_kills:
        study = new_study(store, algo="tpe", max_evals=120, seconds=0.005)
        while not study.is_finished:
            if kills < n_kills:
                kills += study.run_and_kill(chance.uniform(0, 0.8))
            else:
                study.run()
            study.check_acknowledged()
        trials = study.check_finished()
        assert [trial["misc"]["vals"] for trial in trials.trials] == uninterrupted(study)


@some_and_many
@both_stores
def test_serial_search_killed_at_random_calls(
    new_study, uninterrupted, strace, chance, store, n_kills
):
    kills, calls = 0, strace.count(new_study(store, max_evals=40))
    while kills < n_kills:
        study = new_study(store, max_evals=40)
        while not study.is_finished:
            if kills < n_kills:
                kills += study.run(*strace("signal=KILL", *strace.moment(chance, study, calls)))
            else:
                study.run()
            study.check_acknowledged()
        trials = study.check_finished()
        assert [trial["misc"]["vals"] for trial in trials.trials] == uninterrupted(study)
