"""Ctrl-C once stops the search and keeps what finished, twice ends it at once; both can resume."""

from __future__ import annotations

import os
import signal
import time

import pytest

pytestmark = pytest.mark.timeout(600)

every_way = pytest.mark.parametrize(
    "store, n_jobs", [("pickle", 1), ("sqlite", 1), ("pickle", 4), ("sqlite", 4)]
)


@pytest.fixture
def press(account):
    """Press Ctrl-C when the search has some trials; return how long it took to end."""

    def press(study, process, *pauses):
        # more than there were: a Python that is still starting cannot say what Ctrl-C means
        study.wait_for_trials(len(study.acknowledged) + 3, process)
        began = time.monotonic()
        for pause in (0.0, *pauses):
            time.sleep(pause)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers hear it too
        printed = process.communicate(timeout=60)[0].decode()
        account.longest_end = max(account.longest_end, time.monotonic() - began)
        account.kills += 1
        study.leave()
        assert process.returncode == -signal.SIGINT, printed
        return printed

    return press


@every_way
def test_ctrl_c_once(new_study, press, uninterrupted, store, n_jobs):
    study = new_study(store, n_jobs=n_jobs, max_evals=30, seconds=0.3)
    printed = press(study, study.start())
    assert printed.rstrip().endswith("KeyboardInterrupt")
    study.check_acknowledged()
    trials = study.open()
    assert study.zombies(trials) == 0
    assert len(trials) < 30
    study.run(seconds=0.0)
    trials = study.check_finished()
    by_tid = [misc["vals"] for _, misc in sorted(zip(trials.tids, trials.miscs, strict=True))]
    assert by_tid == uninterrupted(study)


@every_way
def test_ctrl_c_twice(new_study, press, chance, store, n_jobs):
    study = new_study(store, n_jobs=n_jobs, max_evals=60, seconds=0.1)
    for _ in range(3):
        press(study, study.start(), chance.uniform(0, 0.05))
        study.check_acknowledged()
    study.run(seconds=0.0)
    study.check_finished()
