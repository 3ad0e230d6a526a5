"""kill -9 among several processes: of the search, of its workers, of searches side by side."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from minopt.base import STATUS_FAIL

pytestmark = pytest.mark.timeout(600)

some_and_many = pytest.mark.parametrize(
    "n_kills", [10, pytest.param(30, marks=pytest.mark.faults_long)]
)


@some_and_many
@pytest.mark.parametrize("store", ["pickle", "sqlite"])
def test_search_with_4_workers_killed_at_random_times(new_study, chance, store, n_kills):
    kills = 0
    while kills < n_kills:
        study = new_study(store, n_jobs=4, max_evals=60, seconds=0.01)
        while not study.is_finished:
            if kills < n_kills:
                kills += study.run_and_kill(chance.uniform(0, 2.0))
            else:
                study.run()
            study.check_acknowledged()
        study.check_finished()


@some_and_many
def test_search_with_4_workers_killed_at_random_calls(new_study, strace, chance, n_kills):
    kills, calls = 0, strace.count(new_study("sqlite", n_jobs=4, max_evals=40))
    while kills < n_kills:
        study = new_study("sqlite", n_jobs=4, max_evals=40)
        while not study.is_finished:
            if kills < n_kills:
                kills += study.run(*strace("signal=KILL", *strace.moment(chance, study, calls)))
            else:
                study.run()
            study.check_acknowledged()
        study.check_finished()


@some_and_many
@pytest.mark.parametrize("store", ["pickle", "sqlite"])
def test_workers_killed_at_random_times(new_study, account, chance, store, n_kills):
    while account.kills < n_kills:
        study = new_study(store, n_jobs=4, max_evals=100, seconds=0.05)
        process = study.start()
        study.wait_for_trials(1, process)
        here = account.kills
        while process.poll() is None and account.kills < n_kills and account.kills < here + 5:
            # once between two trials: a worker that is killed three times as it starts is given up
            study.wait_for_trials(len(study.acknowledged) + 1, process)
            time.sleep(chance.uniform(0, 0.3))
            others = set(study.members(process)) - {process.pid}
            if others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(sorted(others)), signal.SIGKILL)
                    account.kills += 1
        printed = process.communicate(timeout=60)[0].decode()
        assert process.returncode == 0, printed
        study.leave()
        trials = study.check_finished()
        failed = [result for result in trials.results if result["status"] == STATUS_FAIL]
        assert all("its process died: SIGKILL" in result["status_fail"] for result in failed)
        assert len(failed) <= account.kills - here


@some_and_many
def test_4_searches_on_one_database_killed_at_random_times(new_study, account, chance, n_kills):
    while account.kills < n_kills:
        study = new_study("sqlite", max_evals=200, seconds=0.01)
        running = [study.start(seed=seed) for seed in range(4)]
        while not study.is_finished and account.kills < n_kills:
            time.sleep(chance.uniform(0, 0.5))
            place = chance.randrange(4)
            if running[place].poll() is None:
                running[place].kill()
                account.kills += 1
            running[place].wait()
            study.check_acknowledged()
            running[place] = study.start(seed=place)
        for process in running:
            printed = process.communicate(timeout=60)[0].decode()
            assert process.returncode == 0, printed
        study.check_finished(overshoot=3)


@some_and_many
def test_search_and_its_4_workers_killed_at_random_times(new_study, account, chance, n_kills):
    while account.kills < n_kills:
        study = new_study("sqlite", max_evals=150, seconds=0.01, max_queue_len=4)
        roles = ["asks", *["works"] * 4]
        running = [study.start(role=role) for role in roles]
        while not study.is_finished and account.kills < n_kills:
            time.sleep(chance.uniform(0, 0.5))
            place = chance.randrange(len(roles))
            if running[place].poll() is None:
                running[place].kill()
                account.kills += 1
            running[place].wait()
            study.check_acknowledged()
            if not study.is_finished:
                running[place] = study.start(role=roles[place])
        printed = running[0].communicate(timeout=60)[0].decode()
        assert running[0].returncode in (0, -signal.SIGKILL), printed
        for process in running[1:]:
            process.terminate()
            printed = process.communicate(timeout=60)[0].decode()
            assert process.returncode in (143, -signal.SIGTERM, -signal.SIGKILL), printed
        study.check_finished()
