"""kill -9 at any moment: what was acknowledged is there, and the search goes on."""

from __future__ import annotations

import pytest

from minopt.base import JOB_STATE_DONE

pytestmark = pytest.mark.timeout(600)

some_and_many = pytest.mark.parametrize(
    "n_kills", [10, pytest.param(30, marks=pytest.mark.faults_long)]
)
both_stores = pytest.mark.parametrize("store", ["pickle", "sqlite"])


def points_before_a_lost_trial(trials):
    """All points, unless both processes that ran a trial were killed: it failed, and so on."""
    docs = trials._dynamic_trials
    failed = [place for place, doc in enumerate(docs) if doc["state"] != JOB_STATE_DONE]
    assert {docs[place]["misc"]["error"][0] for place in failed} <= {"LostWorker"}
    return [doc["misc"]["vals"] for doc in docs[: min(failed, default=len(docs))]]


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
        points = points_before_a_lost_trial(trials)
        assert points == uninterrupted(study)[: len(points)]


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
        points = points_before_a_lost_trial(trials)
        assert points == uninterrupted(study)[: len(points)]
