"""A process that is forked while other threads search can search, too."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback

import numpy as np
import pytest

from minopt import Trials, fmin, hp, rand, tpe
from minopt._interrupts import uninterrupted

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]

SECONDS = 20.0


def search(trials=None, rstate=0):
    trials = Trials() if trials is None else trials
    settings = {"algo": tpe.suggest, "max_evals": 25, "rstate": rstate, "verbose": False}
    fmin(lambda x: x * x, hp.uniform("x", -1, 1), trials=trials, **settings)
    return trials


def status_of_a_child(work):
    """Return the exit status of a forked process that does `work`; it is killed if it hangs."""
    child = os.fork()
    if not child:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "it hung"


@pytest.fixture
def amid():
    """Let a call in another thread last until the test is over, and tell when it has begun."""
    begun, over = threading.Event(), threading.Event()

    def wait():
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            over.wait(SECONDS)

    threads = []

    def start(work):
        threads.append(threading.Thread(target=work))
        threads[0].start()
        assert begun.wait(SECONDS)

    yield start, wait
    over.set()
    for thread in threads:
        thread.join()


def slow_insert(wait):
    class SlowTrials(Trials):
        def _insert_trial_docs(self, docs):
            wait()
            return super()._insert_trial_docs(docs)

    return {"trials": SlowTrials()}


def slow_history(wait):
    class SlowTrials(Trials):
        @property
        def trials(self):
            if any(frame.name == "history_of" for frame in traceback.extract_stack()):
                wait()
            return super().trials

    return {"trials": SlowTrials()}


def slow_seed(wait):
    class Slow(np.random.Generator):
        def integers(self, *args):
            wait()
            return super().integers(*args)

    return {"rstate": Slow(np.random.PCG64(0))}


@pytest.mark.parametrize("slow", [slow_insert, slow_history, slow_seed])
def test_a_forked_process_searches_whatever_a_thread_was_amid(amid, slow):
    start, wait = amid
    start(lambda: search(**slow(wait)))
    assert status_of_a_child(lambda: len(search()) == 25) == 0


def test_ctrl_c_is_heard_in_a_process_forked_while_the_main_thread_wrote():
    def is_heard():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            pass
        else:
            return False
        trials = Trials()
        fmin(lambda x: x, hp.uniform("x", 0, 1), rand.suggest, 3, trials=trials, verbose=False)
        return len(trials) == 3

    found = []
    with uninterrupted:
        thread = threading.Thread(target=lambda: found.append(status_of_a_child(is_heard)))
        thread.start()
        thread.join()
    assert found == [0]
