"""Searches in processes that are killed, and the account of what that has cost."""

from __future__ import annotations

import functools
import json
import math
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import minopt
from minopt import Trials, rand, tpe
from minopt.base import JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_RUNNING

HERE = Path(__file__).parent
PROGRAM = HERE / "program.py"
CALLS = (
    "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate"
)
DEFAULTS = {
    "algo": "rand",
    "max_evals": 100,
    "max_queue_len": 1,
    "seconds": 0.0,
    "n_bytes": 0,
    "role": "searches",
}
LONG = 60.0  # seconds; for what must come, and comes soon


@dataclass
class Account:
    """What happened to the searches of one mode."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    changed: int = 0
    twice: int = 0
    zombies: int = 0
    unreadable: int = 0
    searches: int = 0
    longest_end: float = 0.0

    def __str__(self):
        told = [f"{count} {name}" for name, count in vars(self).items() if name != "longest_end"]
        if self.longest_end:
            told.append(f"ended within {self.longest_end:.2f} s")
        return ", ".join(told)


@dataclass
class Study:
    """A search in a process of its own, on a store of its own."""

    path: Path
    ledger: Path
    account: Account
    settings: dict
    processes: list = field(default_factory=list)

    @property
    def kind(self):
        return self.settings["store"]

    # ---- running

    def start(self, *before, preexec_fn=None, **changed):
        """Start the search in a session of its own; `before`: a command that runs it."""
        settings = {**self.settings, **changed, "path": str(self.path), "ledger": str(self.ledger)}
        process = subprocess.Popen(
            [*before, sys.executable, str(PROGRAM), json.dumps(settings)],
            env={
                **os.environ,
                "PYTHONPATH": str(Path(minopt.__file__).parents[1]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.ledger.parent,
            start_new_session=True,
            preexec_fn=preexec_fn,
        )
        self.processes.append(process)
        return process

    def wait_for(self, happened, process=None):
        """Wait until something has happened, or the process has ended."""
        give_up = time.monotonic() + LONG
        while not happened() and (process is None or process.poll() is None):
            if time.monotonic() > give_up:
                raise TimeoutError(f"waited in vain for {happened}")
            time.sleep(0.002)

    def run(self, *before, **changed):
        """Run the search to its end; return whether it was killed."""
        process = self.start(*before, **changed)
        printed = process.communicate(timeout=LONG)[0].decode()
        if process.returncode == -signal.SIGKILL:
            self.leave()
            self.account.kills += 1
            return True
        assert process.returncode == 0, printed
        return False

    def fail(self, *before, **changed):
        """Run the search; return what it printed if it failed, None if it came to its end."""
        process = self.start(*before, **changed)
        printed = process.communicate(timeout=LONG)[0].decode()
        assert process.returncode in (0, 1), printed
        self.account.kills += process.returncode
        return printed if process.returncode else None

    def run_and_kill(self, seconds, **changed):
        """Kill the search so long after its beginning; return whether it came to that."""
        n_begun = self.told().count("begins")
        process = self.start(**changed)
        self.wait_for(lambda: self.told().count("begins") > n_begun, process)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        printed = process.communicate(timeout=LONG)[0].decode()
        self.leave()
        assert process.returncode in (0, -signal.SIGKILL), printed
        killed = process.returncode != 0
        self.account.kills += killed
        return killed

    def members(self, process):
        """Return the processes of a search: itself, its workers and their helpers."""
        return session(process.pid)

    def wait_for_trials(self, n_trials, process):
        """Wait until so many trials are acknowledged, or the process has ended."""
        self.wait_for(lambda: len(self.acknowledged) >= n_trials, process)

    def leave(self):
        """See that nothing is left of the search's processes."""
        for process in self.processes:
            self.wait_for(functools.partial(is_over, process.pid))

    # ---- looking

    def told(self):
        """Return what the ledger tells; its last line may be torn."""
        if not self.ledger.exists():
            return []
        return [json.loads(line) for line in self.ledger.read_text().splitlines(True)
                if line.endswith("\n")]  # fmt: skip

    @property
    def acknowledged(self):
        return [entry for entry in self.told() if isinstance(entry, list)]

    @staticmethod
    def zombies(trials):
        return [trial["state"] for trial in trials._dynamic_trials].count(JOB_STATE_RUNNING)

    @property
    def is_finished(self):
        return "ends" in self.told()

    def open(self):
        """Return the trials in the store, as somebody else sees them."""
        if self.kind == "pickle":
            return pickle.loads(self.path.read_bytes()) if self.path.exists() else Trials()
        from minopt.trials.sql import SQLTrials

        return SQLTrials(self.path)

    def check_acknowledged(self):
        """Count what was acknowledged and is not there exactly once, as it was acknowledged."""
        acknowledged = self.acknowledged  # before the look into the store: others may be at work
        try:
            trials = self.open()
        except Exception:
            self.account.unreadable += 1
            raise
        found = {trial["tid"]: trial for trial in trials._dynamic_trials}
        self.account.twice += len(trials._dynamic_trials) - len(found)
        for tid, loss, vals, _ in acknowledged:
            trial = found.get(tid)
            if trial is None or trial["state"] != JOB_STATE_DONE:
                self.account.lost += 1
                continue
            result = trial["result"]
            there = result.get("loss", result.get("status_fail"))
            log = trials.trial_attachments(trial).get("log", repr(loss).encode())
            as_told = (there, trial["misc"]["vals"], log) == (loss, vals, repr(loss).encode())
            self.account.changed += not as_told
        if hasattr(trials, "close"):
            trials.close()
        self.check_account()

    def check_finished(self, overshoot=0):
        """See that the search came to its full number and left nothing undone."""
        self.check_acknowledged()
        trials = self.open()
        states = Counter(trial["state"] for trial in trials._dynamic_trials)
        self.account.zombies += states[JOB_STATE_RUNNING]
        self.account.searches += 1
        told = {entry[0] for entry in self.acknowledged}
        self.account.acknowledged += len(told)
        self.check_account()
        n_wanted = self.settings["max_evals"]
        assert set(states) <= {JOB_STATE_DONE, JOB_STATE_ERROR}
        assert n_wanted <= sum(states.values()) <= n_wanted + overshoot
        return trials

    def check_account(self):
        account = self.account
        bad = account.lost + account.changed + account.twice + account.zombies + account.unreadable
        assert bad == 0, f"{account}; {self.path}"


def session(leader):
    """Return the processes of a session that are still there."""
    alive = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[3]) == leader and parts[0] not in "ZX":
            alive.append(int(status.parent.name))
    return alive


def is_over(leader):
    return not session(leader)


@pytest.fixture
def account(request):
    """The account of the mode that a test is about, printed when all tests have ended."""
    account = Account()
    yield account
    if account.kills:
        name = request.node.name.removeprefix("test_").replace("_", " ")
        request.node.user_properties.append(("what faults have cost", f"{name}: {account}"))


@pytest.fixture
def new_study(tmp_path, account):
    """Make a search to be killed."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("these tests look for left processes in /proc")
    studies = []

    def make(store, n_jobs=1, folder=tmp_path, **settings):
        place = folder / f"{store}-{len(studies)}"
        place.mkdir()
        settings = DEFAULTS | {"seed": len(studies), "store": store, "n_jobs": n_jobs} | settings
        name = {"pickle": "trials.pkl", "sqlite": "search.db"}[store]
        studies.append(Study(place / name, tmp_path / f"ledger-{len(studies)}", account, settings))
        return studies[-1]

    yield make
    for study in studies:
        for process in study.processes:
            for pid in session(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()


@pytest.fixture
def uninterrupted():
    """Return the parameters of all trials of a search as if nobody had killed it."""
    program = {}
    exec(compile(PROGRAM.read_text(), PROGRAM, "exec"), program)  # noqa: S102 - our own file

    @functools.cache
    def run(algo, seed, max_evals):
        trials = Trials()
        minopt.fmin(
            program["objective"],
            program["space"](),
            {"rand": rand, "tpe": tpe}[algo].suggest,
            max_evals,
            trials=trials,
            rstate=seed,
            verbose=False,
        )
        return [trial["misc"]["vals"] for trial in trials.trials]

    return lambda study: run(*(study.settings[name] for name in ("algo", "seed", "max_evals")))


@pytest.fixture
def chance(request):
    """Random moments, the same in each run as far as a clock allows."""
    return random.Random(request.node.name)


@pytest.fixture
def strace(tmp_path):
    """Make the command that does something at the n-th of the calls of one name."""
    program = shutil.which("strace")
    works = program and subprocess.run([program, "-o", "/dev/null", "true"]).returncode == 0
    if not works:
        pytest.skip("needs strace, and the right to trace (apt-get install strace)")

    def command(what, call, when):
        return (
            *(program, "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}"),
            *("-e", f"inject={call}:{what}:when={when}"),
        )

    def count(study):
        """Count the calls that a search makes from its beginning to its end, by their names."""
        log = tmp_path / "calls"
        study.run(program, "-f", "-qqq", "-o", str(log), "-e", f"trace={CALLS}")
        return Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))

    def moment(chance, study, calls):
        """Choose one of the calls that are still to come."""
        names = list(calls)
        (call,) = chance.choices(names, [math.sqrt(calls[name]) for name in names])
        left = 1 - len(study.acknowledged) / study.settings["max_evals"]
        return call, chance.randint(1, max(1, round(calls[call] * left)))

    command.count = count
    command.moment = moment
    return command


def pytest_collection_modifyitems(config, items):
    """Leave out the long runs unless they are asked for."""
    if "faults_long" in config.getoption("-m"):
        return
    for item in items:
        if item.get_closest_marker("faults_long"):
            item.add_marker(pytest.mark.skip(reason="asked for with -m faults_long"))
