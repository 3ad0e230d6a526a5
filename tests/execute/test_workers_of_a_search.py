"""The processes of a search: how many there are, what they keep, and what they leave behind."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from minopt import SQLTrials, Trials, fmin, hp, rand
from minopt.base import JOB_STATE_NEW, STATUS_FAIL, STATUS_OK
from minopt.exceptions import InvalidArgument

X = hp.uniform("x", -5, 5)


def search(fn, max_evals=6, trials=None, **settings):
    trials = Trials() if trials is None else trials
    settings = {"rstate": 0, "verbose": False, "return_argmin": False, **settings}
    fmin(fn, X, rand.suggest, max_evals, trials=trials, **settings)
    return trials


def test_no_more_processes_are_started_than_there_are_trials():
    here = {child.pid for child in psutil.Process().children()}  # of tests before

    def objective(x):
        siblings = [one for one in psutil.Process(os.getppid()).children() if one.pid not in here]
        return float(sum("popen_loky" in " ".join(child.cmdline()) for child in siblings))

    assert max(search(objective, 2, n_jobs=64).losses()) <= 2


def test_a_worker_that_dies_between_two_trials_costs_none(tmp_path):
    def objective(x):
        def leave():
            while not may_leave.exists():
                time.sleep(0.001)
            os._exit(3)

        may_leave = tmp_path / str(os.getpid())
        threading.Thread(target=leave).start()
        return {"loss": x, "status": STATUS_OK, "pid": os.getpid()}

    def wait_for_its_death(trials, *args):
        pid = trials.results[-1]["pid"]
        (tmp_path / str(pid)).touch()
        while is_alive(pid):
            time.sleep(0.001)
        time.sleep(0.5)  # until its pool has heard of it
        return False, args

    trials = search(objective, 5, executor="processes", early_stop_fn=wait_for_its_death)
    assert trials.statuses() == [STATUS_OK] * 5
    assert len({result["pid"] for result in trials.results}) == 5


def test_a_worker_keeps_what_its_first_trial_has_loaded():
    def objective(x):
        globals().setdefault("loaded", bytearray(b"x") * 350_000_000)
        time.sleep(1.1)  # a worker's memory is looked at once a second
        return {"loss": x, "status": STATUS_OK, "pid": os.getpid()}

    trials = search(objective, 3, executor="processes")
    assert len({result["pid"] for result in trials.results}) == 1


def test_workers_tidy_up_before_they_leave(tmp_path):
    def objective(x):
        import atexit

        atexit.register((tmp_path / str(os.getpid())).touch)
        return x

    search(objective, 4, n_jobs=2)
    assert len(list(tmp_path.iterdir())) >= 1


def test_a_worker_that_does_not_leave_is_ended():
    def objective(x):
        threading.Thread(target=time.sleep, args=(600,)).start()
        return {"loss": x, "status": STATUS_OK, "pid": os.getpid()}

    trials = search(objective, 4, n_jobs=2)
    assert not any(psutil.pid_exists(result["pid"]) for result in trials.results)


# reads no stdin, which may be at its end
STAYS = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_what_a_trial_has_started_ends_with_it(tmp_path):
    pid = tmp_path / "pid"

    def objective(x):
        pid.write_text(str(subprocess.Popen(STAYS).pid))
        time.sleep(60)

    search(objective, 1, executor="processes", trial_timeout=2)
    assert ends_soon(int(pid.read_text()))


def test_what_a_trial_leaves_behind_ends_with_the_search(tmp_path):
    pid = tmp_path / "pid"

    def objective(x):
        pid.write_text(str(subprocess.Popen(STAYS).pid))
        return x

    search(objective, 1, executor="processes")
    assert ends_soon(int(pid.read_text()))


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends_soon(pid):
    """Tell whether a process ends that was killed: that takes a moment."""
    give_up = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < give_up:
        time.sleep(0.001)
    return not is_alive(pid)


def test_semaphores_of_a_trial_that_is_ended_are_removed(tmp_path):
    note = tmp_path / "pid"
    shared_memory = Path("/dev/shm")
    before = set(shared_memory.iterdir())  # a process that was killed may have had the same id

    def objective(x):
        from joblib import Parallel, delayed

        Parallel(2)(delayed(abs)(x) for _ in range(4))
        note.write_text(str(os.getpid()))
        time.sleep(60)

    search(objective, 1, executor="processes", trial_timeout=5)
    give_up = time.monotonic() + 20
    left = {note}
    while left and time.monotonic() < give_up:
        left = set(shared_memory.glob(f"*[-_]{note.read_text()}[-_]*")) - before
    assert not left


def lock_of_mine():
    lock = threading.Lock()
    return lambda x: lock and x


def closed(kind):
    executor = kind(1)
    executor.shutdown()
    return {"executor": executor}


@pytest.mark.parametrize(
    ("fn", "settings"),
    [
        (lock_of_mine(), {"n_jobs": 2}),
        (lock_of_mine(), {"executor": ProcessPoolExecutor(1)}),
        (abs, closed(ThreadPoolExecutor)),
        (abs, closed(ProcessPoolExecutor)),
    ],
    ids=["not to processes", "not to an executor", "closed threads", "closed processes"],
)
def test_what_cannot_be_run_leaves_no_trial_behind(fn, settings):
    trials = Trials()
    with pytest.raises(InvalidArgument, match=r"cannot be pickled|takes no trials any more"):
        search(fn, trials=trials, **settings)
    assert trials._dynamic_trials == []


def test_an_objective_that_workers_cannot_read_leaves_no_trial_behind():
    class Unreadable:
        def __reduce__(self):
            return int, ("no number",)

        def __call__(self, x):
            return x

    trials = Trials()
    with pytest.raises(InvalidArgument, match="could not be read in a worker process: ValueError"):
        search(Unreadable(), trials=trials, n_jobs=2)
    assert trials._dynamic_trials == []


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_process_without_streams_is_told_what_its_workers_need(monkeypatch, stream):
    monkeypatch.setattr(sys, stream, None)
    with pytest.raises(InvalidArgument, match="need a stdout and a stderr"):
        search(abs, 2, n_jobs=2)


def search_in_a_daemon(answers):
    try:
        search(abs, 2, n_jobs=2)
    except InvalidArgument as wrong:
        answers.put(str(wrong))
    else:
        answers.put("no error")


def test_a_daemon_is_told_that_it_may_not_start_processes():
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=search_in_a_daemon, args=(answers,), daemon=True)
    process.start()
    process.join(60)
    assert "which a daemon of multiprocessing may not" in answers.get()


class Clumsy(Executor):
    """An executor without a `submit` of its own."""


def test_an_executor_that_cancels_what_waits_ends_the_search():
    trials, pool, over = Trials(), ThreadPoolExecutor(1), threading.Event()
    pool.submit(over.wait, 20)
    threading.Timer(1.0, pool.shutdown, kwargs={"wait": False, "cancel_futures": True}).start()
    try:
        with pytest.raises(InvalidArgument, match="it has cancelled some that had not begun"):
            search(abs, trials=trials, executor=pool)
    finally:
        over.set()
    assert {doc["state"] for doc in trials._dynamic_trials} == {JOB_STATE_NEW}


def test_an_executor_that_takes_nothing_is_named():
    with pytest.raises(InvalidArgument, match="the executor takes no trials"):
        search(abs, executor=Clumsy())


def test_a_pool_that_broke_ends_the_search_and_keeps_what_is_known():
    trials = Trials()
    with ProcessPoolExecutor(1) as pool, pytest.raises(InvalidArgument, match="takes no trials"):
        search(lambda x: os._exit(1), trials=trials, executor=pool)
    assert trials.statuses()[0] == STATUS_FAIL


def test_arguments_that_others_would_have_to_obey_are_told(tmp_path):
    trials = SQLTrials(tmp_path / "search.db", asynchronous=True)
    with pytest.warns(RuntimeWarning, match="n_jobs, trial_timeout, retries: not used"):
        search(abs, 0, trials=trials, n_jobs=2, trial_timeout=5, retries=1)
    trials.close()
