"""A search that is going to be killed: python program.py SETTINGS, which are JSON.

It tells in a ledger of each trial that its store has acknowledged. The ledger is appended to by
single writes: they outlive the process, which is what dies here, not the machine. What the program
itself writes, it writes with writev, which is left alone when other calls are made to fail.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import minopt
from minopt import hp, rand, tpe
from minopt.base import JOB_STATE_DONE, STATUS_OK


def objective(point, seconds=0.0, n_bytes=0):
    time.sleep(seconds)
    loss = (point["x"] - 1) ** 2 + (point["z"] if point["c"] == "on" else 0.5)
    return {
        "loss": loss,
        "status": STATUS_OK,
        "payload": "x" * n_bytes,
        "attachments": {"log": repr(loss).encode()} if point["n"] == 0 else {},
    }


def space():
    return {
        "x": hp.uniform("x", -5, 5),
        "n": hp.randint("n", 3),
        "c": hp.choice("c", ["on", "off"]),
        "z": hp.lognormal("z", 0, 1),
    }


class Ledger:
    """Where acknowledged trials are told, and where the search stands."""

    def __init__(self, path, store):
        self._store = store
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._told = set()

    def write(self, entry):
        os.writev(self._handle, [(json.dumps(entry) + "\n").encode()])

    def acknowledge(self, trial):
        if trial["state"] == JOB_STATE_DONE and trial["tid"] not in self._told:
            self._told.add(trial["tid"])
            result = trial["result"]
            told = result.get("loss", result.get("status_fail"))
            journal = Path(f"{self._store}-wal")
            n_bytes = journal.stat().st_size if journal.exists() else 0
            self.write([trial["tid"], told, trial["misc"]["vals"], n_bytes])

    def after_each_trial(self, trials, *args):
        for trial in trials._dynamic_trials:
            self.acknowledge(trial)
        return False, []


def tell_of_records(ledger):
    """Acknowledge what a store says it has recorded, at the very moment."""
    from minopt.trials.stored import StoredTrials

    record = StoredTrials._record

    @functools.wraps(record)
    def telling(trials, trial):
        record(trials, trial)
        ledger.acknowledge(trial)

    StoredTrials._record = telling


def die_at(calls, number):
    """Kill this process instead of the `number`-th of all calls of some functions of os."""
    n_calls = 0

    def counted(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            nonlocal n_calls
            n_calls += 1
            if n_calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    for name in calls:
        setattr(os, name, counted(getattr(os, name)))


def search(settings, ledger):
    """Search; in a queue for workers if told so."""
    if settings["store"] == "pickle":
        where = {"trials_save_file": settings["path"]}
    elif settings["role"] == "asks":
        where = {"trials": minopt.SQLTrials(settings["path"], asynchronous=True)}
    else:
        where = {"trials": settings["path"]}
    minopt.fmin(
        functools.partial(objective, seconds=settings["seconds"], n_bytes=settings["n_bytes"]),
        space(),
        tpe.suggest if settings["algo"] == "tpe" else rand.suggest,
        settings["max_evals"],
        rstate=settings["seed"],
        verbose=False,
        early_stop_fn=ledger.after_each_trial,
        max_queue_len=settings["max_queue_len"],
        n_jobs=settings["n_jobs"],
        return_argmin=False,
        **where,
    )


def tell_of_error(*error):
    os.writev(2, ["".join(traceback.format_exception(*error)).encode()])


def main(settings):
    sys.excepthook = tell_of_error
    ledger = Ledger(settings["ledger"], settings["path"])
    if settings["store"] == "sqlite":
        tell_of_records(ledger)
    if settings.get("die_at"):
        die_at(*settings["die_at"])
    ledger.write("begins")
    if settings["role"] == "works":
        from minopt.cli import main as command

        sys.exit(command(["worker", settings["path"], "--quiet"]))
    search(settings, ledger)
    ledger.write("ends")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
