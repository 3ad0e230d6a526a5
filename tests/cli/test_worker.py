"""``minopt worker`` runs what a search has queued, and nothing that it should not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

pytest.importorskip("sqlalchemy")

from minopt import Domain, SQLTrials, copy_trials, fmin, hp, rand
from minopt.cli import main, worker
from minopt.trials.documents import JOB_STATE_ERROR, JOB_STATE_NEW
from minopt.trials.files import dumps

SPACE = hp.uniform("x", -1, 1)


def search(trials, n, fn=lambda x: x**2, **options):
    return fmin(fn, SPACE, rand.suggest, n, trials=trials, rstate=0, verbose=False, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.db"


@pytest.fixture
def queue(path):
    """Puts trials with their objective where a worker looks for them, and lets nobody run them."""
    trials = SQLTrials(path)

    def put(n, fn=lambda x: x**2):
        domain = Domain(fn, SPACE)
        trials.insert_trial_docs(rand.suggest(trials.new_trial_ids(n), domain, trials, 0))
        trials.attachments["FMinIter_Domain"] = dumps(domain)
        return trials

    yield put
    trials.close()


def start_worker(path, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "minopt", "worker", str(path), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_worker_runs_what_is_queued(queue, path, capsys):
    trials = queue(3)
    assert main(["worker", str(path), "--idle-timeout", "0"]) == 0
    trials.refresh()
    assert trials.losses() == [x**2 for x in trials.vals["x"]]
    assert "3 trials run" in capsys.readouterr().out


def test_a_worker_ends_after_the_trials_it_was_to_run(queue, path):
    trials = queue(3)
    assert main(["worker", str(path), "--max-trials", "2", "--quiet"]) == 0
    trials.refresh()
    assert trials.statuses() == ["ok", "ok", "new"]


def test_a_search_can_leave_its_trials_to_workers(path):
    trials = SQLTrials(path, asynchronous=True)
    workers = [start_worker(path, "--max-trials", "6", "--idle-timeout", "60") for _ in range(2)]
    try:
        search(trials, 12, max_queue_len=3)
    finally:
        outputs = [process.communicate(timeout=60)[0] for process in workers]
    assert [process.returncode for process in workers] == [0, 0], outputs
    assert trials.losses() == [x**2 for x in trials.vals["x"]]
    assert trials.tids == list(range(12))
    assert len({doc["owner"] for doc in trials.trials}) == 2
    trials.close()


def test_an_objective_that_raises_does_not_end_the_worker(queue, path, capsys):
    def fails(x):
        raise SystemExit("no") if x > 1 else GeneratorExit if x < -1 else ValueError("no")

    trials = queue(3, fails)
    assert main(["worker", str(path), "--idle-timeout", "0"]) == 0
    trials.refresh()
    assert [doc["state"] for doc in trials._dynamic_trials] == [JOB_STATE_ERROR] * 3
    assert "failed: ValueError: no" in capsys.readouterr().out


def test_a_worker_uses_the_objective_of_the_search_that_asks_now(queue, path):
    trials = queue(2)
    assert main(["worker", str(path), "--idle-timeout", "0", "--quiet"]) == 0
    queue(2, lambda x: 7.0)
    assert main(["worker", str(path), "--idle-timeout", "0", "--quiet"]) == 0
    trials.refresh()
    assert trials.losses()[2:] == [7.0, 7.0]


def test_a_trial_that_takes_too_long_is_ended(queue, path):
    trials = queue(1, lambda x: time.sleep(60))
    assert main(["worker", str(path), "--idle-timeout", "0", "--trial-timeout", "0.2"]) == 0
    trials.refresh()
    assert "trial_timeout" in trials.results[0]["status_fail"]


def test_a_worker_that_is_asked_to_end_leaves_its_trial_to_others(queue, path):
    trials = queue(1, lambda x: time.sleep(120))
    process = start_worker(path)
    wait_until(lambda: trials.count_by_state_unsynced(1) == 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    trials.refresh()
    assert (trials.trials[0]["state"], trials.trials[0]["owner"]) == (JOB_STATE_NEW, None)


def test_the_trial_of_a_worker_that_was_killed_is_run_by_the_next(path):
    trials = SQLTrials(path, asynchronous=True)
    marker = str(path) + ".once"

    def objective(x):
        if not os.path.exists(marker):  # noqa: PTH110
            with open(marker, "x"):  # noqa: PTH123
                os.kill(os.getpid(), signal.SIGKILL)
        return x**2

    def work():
        for _ in range(2):
            start_worker(path, "--max-trials", "3", "--idle-timeout", "60").communicate(timeout=90)

    working = threading.Thread(target=work)
    working.start()
    search(trials, 3, objective)
    working.join()
    assert trials.losses() == [x**2 for x in trials.vals["x"]]
    assert len(trials) == 3
    trials.close()


def wait_until(happened):
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "nothing happened for a minute"
        time.sleep(0.02)


# ---- whose objective is run


def test_the_objective_of_others_is_run_only_if_they_are_trusted(queue, path, capsys, monkeypatch):
    queue(1)
    monkeypatch.setattr(worker, "_is_mine", lambda _: False)
    assert main(["worker", str(path), "--idle-timeout", "0"]) == 1
    assert "say --trust; or name it" in capsys.readouterr().err
    assert main(["worker", str(path), "--idle-timeout", "0", "--trust"]) == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no users of that kind")
@pytest.mark.parametrize("mode, mine", [(0o644, True), (0o664, False), (0o666, False)])
def test_a_file_that_others_can_write_is_not_mine(tmp_path, mode, mine):
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    assert worker._is_mine(file) is mine
    assert not worker._is_mine(None)


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_search.py").write_text(
        textwrap.dedent(
            """
            from minopt import hp

            space = hp.uniform("x", -1, 1)
            number = 3

            def objective(x):
                return x + 10

            def annotated(x: hp.uniform("x", -1, 1)):
                return x + 20
            """
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)


def test_copying_somebody_s_trials_makes_their_objective_nothing_that_a_worker_runs(
    queue, path, tmp_path, capsys
):
    queue(1).to_jsonl(tmp_path / "from_somebody.jsonl")
    lines = copy_trials(tmp_path / "from_somebody.jsonl", tmp_path / "mine.db")
    recovered = tmp_path / "recovered.db"
    assert main(["recover", str(path), "-o", str(recovered)]) == 0
    for copy in (tmp_path / "mine.db", recovered):
        assert main(["worker", str(copy), "--idle-timeout", "0"]) == 0
        assert "0 trials run" in capsys.readouterr().out
    trusted = copy_trials(path, tmp_path / "trusted.db", trusted=True)
    assert main(["worker", str(tmp_path / "trusted.db"), "--idle-timeout", "0"]) == 0
    trusted.refresh()
    assert trusted.losses() == [x**2 for x in lines.vals["x"]]


def test_an_objective_that_is_named_needs_no_pickle(queue, path, module, monkeypatch):
    trials = queue(2)
    del trials.attachments["FMinIter_Domain"]
    named = ["--objective", "my_search:objective", "--space", "my_search:space"]
    assert main(["worker", str(path), "--idle-timeout", "0", *named]) == 0
    trials.refresh()
    assert trials.losses() == [x + 10 for x in trials.vals["x"]]


def test_the_space_of_a_named_objective_is_found_in_the_database(queue, path, module, capsys):
    trials = queue(2)
    named = ["--objective", "my_search:objective"]
    assert main(["worker", str(path), "--idle-timeout", "0", *named]) == 1
    assert "needs its space, as in --space module:name" in capsys.readouterr().err
    trials.set_space(SPACE)
    assert main(["worker", str(path), "--idle-timeout", "0", *named]) == 0
    trials.refresh()
    assert trials.losses() == [x + 10 for x in trials.vals["x"]]


def test_the_space_may_stand_in_the_objective_s_annotations(queue, path, module):
    trials = queue(1)
    named = ["--objective", "my_search:annotated"]
    assert main(["worker", str(path), "--idle-timeout", "0", *named]) == 0
    trials.refresh()
    assert trials.losses() == [x + 20 for x in trials.vals["x"]]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--objective", "my_search"], "--objective must be module:name"),
        (["--objective", "no_such:thing"], "there is no module 'no_such'"),
        (["--objective", "my_search:missing"], "has no attribute 'missing'"),
        (["--objective", "my_search:number"], "--objective my_search:number: that is no function"),
        (["--space", "my_search:space"], "names the space of an --objective, which is missing"),
        (["--exp-key", ""], "exp_key must be the name of a search"),
    ],
)
def test_wrong_names_are_refused(path, module, capsys, arguments, message):
    assert main(["worker", str(path), "--idle-timeout", "0", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_a_database_that_cannot_be_used_is_named(tmp_path, capsys):
    (tmp_path / "search.db").write_bytes(b"")
    assert main(["worker", str(tmp_path / "search.db"), "--idle-timeout", "0"]) == 1
    assert "this file is empty" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--max-trials", "--idle-timeout", "--poll", "--trial-timeout"])
def test_numbers_must_be_ones(path, capsys, option):
    with pytest.raises(SystemExit):
        main(["worker", str(path), option, "-1"])
    assert "must be" in capsys.readouterr().err


def test_a_number_that_is_none_is_named(path, capsys):
    with pytest.raises(SystemExit):
        main(["worker", str(path), "--max-trials", "many"])
    assert "invalid int value: 'many'" in capsys.readouterr().err


def test_a_worker_that_finds_no_search_says_what_it_waits_for(path, capsys):
    assert main(["worker", str(path), "--idle-timeout", "0"]) == 0
    assert "no search has begun here yet: waiting for one" in capsys.readouterr().out


def test_an_objective_whose_module_is_not_here_is_an_error_that_says_so(queue, path, tmp_path):
    (tmp_path / "elsewhere.py").write_text("def objective(x):\n    return x\n")
    sys.path.insert(0, str(tmp_path))
    try:
        import elsewhere

        trials = queue(2, elsewhere.objective)
    finally:
        sys.path.remove(str(tmp_path))
    process = start_worker(path, "--idle-timeout", "0")
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "No module named 'elsewhere'); its modules must be installed for this worker" in printed
    trials.refresh()
    assert trials.statuses() == ["new", "new"]


def test_a_search_that_is_over_does_not_wait_for_trials_that_nobody_has_begun(path):
    trials = SQLTrials(path, asynchronous=True)
    search(trials, 5, max_queue_len=5, timeout=1, return_argmin=False)
    assert trials.statuses() == ["new"] * 5
    trials.close()


def test_a_search_that_is_over_waits_for_trials_that_have_begun(path, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"

    def objective(x):
        try:
            first.touch(exist_ok=False)
        except FileExistsError:
            second.touch()
            time.sleep(0.5)
            return 0.0
        while not second.exists():
            time.sleep(0.01)
        return -10.0  # reaches the threshold while the second is running

    trials = SQLTrials(path, asynchronous=True)
    workers = [start_worker(path, "--max-trials", "1", "--idle-timeout", "60") for _ in range(2)]
    search(trials, 2, objective, max_queue_len=2, loss_threshold=-5.0)
    assert trials.statuses() == ["ok", "ok"]
    for process in workers:
        process.communicate(timeout=60)
    trials.close()


MODULES = {
    "def f(:\n": "SyntaxError",
    "raise ValueError('x')\n": r"ValueError: x \(.*broken\.py, line 1\)",
    "import sys\nsys.exit(3)\n": r"SystemExit: 3 \(.*broken\.py, line 2\)",
}


@pytest.mark.parametrize("text", MODULES)
@pytest.mark.parametrize("option", ["--objective", "--space"])
def test_a_module_that_cannot_be_imported_is_named(path, tmp_path, text, option):
    SQLTrials(path).close()
    (tmp_path / "broken.py").write_text(text)
    (tmp_path / "right.py").write_text("def f(x):\n    return x\n")
    names = {"--objective": "right:f", option: "broken:f"}
    options = [part for pair in names.items() for part in pair]
    ended = subprocess.run(
        [sys.executable, "-m", "minopt", "worker", str(path), "--idle-timeout", "0", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert re.search(f"{option} broken:f: importing broken raised {MODULES[text]}", ended.stderr)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["..:f", ":f", "m:", "m", "m:.f", ".m:f"])
def test_what_names_no_objective_is_refused(path, name, capsys):
    SQLTrials(path).close()
    assert main(["worker", str(path), "--objective", name]) == 1
    assert f"--objective must be module:name, got {name!r}" in capsys.readouterr().err
