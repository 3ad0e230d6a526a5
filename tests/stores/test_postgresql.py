"""Searches on a PostgreSQL server."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

import sqlalchemy

from minopt import SQLTrials, Trials, fmin, hp, rand, tpe
from minopt.exceptions import DamagedStore, StoreError
from minopt.trials.sql.url import url_of

SPACE = {"x": hp.uniform("x", -1, 1), "c": hp.choice("c", [0, hp.normal("n", 0, 1)])}


def objective(point):
    return point["x"] ** 2 + point["c"]


def search(trials, n, algo=rand.suggest, fn=objective, **options):
    return fmin(fn, SPACE, algo, n, trials=trials, rstate=0, verbose=False, **options)


def told(trials):
    return [(doc["tid"], doc["state"], doc["result"], doc["misc"]["vals"]) for doc in trials.trials]


@pytest.fixture
def url(empty_postgresql):
    return empty_postgresql


@pytest.fixture
def again(url):
    opened = []

    def open_again(*arguments, **options):
        opened.append(SQLTrials(url, *arguments, **options))
        return opened[-1]

    yield open_again
    for one in opened:
        one.close()


@pytest.fixture
def engine(url):
    engine = sqlalchemy.create_engine(url_of(url))
    yield engine
    engine.dispose()


def start(program, *arguments):
    program = "from minopt import *\n" + textwrap.dedent(program)
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)])


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_a_search_finds_what_it_finds_in_memory_and_is_resumed(url, again, algo):
    search(url, 15, algo)
    search(url, 30, algo)
    memory = Trials()
    search(memory, 30, algo)
    assert told(again()) == told(memory)


def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(url, again):
    program = """
    import os, signal, sys
    space = {"x": hp.uniform("x", -1, 1), "c": hp.choice("c", [0, hp.normal("n", 0, 1)])}
    def objective(point):
        if point["x"] > 0.9:
            os.kill(os.getpid(), signal.SIGKILL)
        return point["x"] ** 2 + point["c"]
    fmin(objective, space, tpe.suggest, 40, trials=sys.argv[1], rstate=0, verbose=False)
    """
    assert start(program, url).wait(timeout=120) == -signal.SIGKILL
    assert 0 < len(again()) < 40
    search(url, 40, tpe.suggest)
    memory = Trials()
    search(memory, 40, tpe.suggest)
    assert told(again()) == told(memory)


def test_processes_that_search_together_share_the_trials_out(url, again):
    program = """
    import sys
    fmin(lambda x: x**2, hp.uniform("x", -1, 1), rand.suggest, 60, trials=sys.argv[1], rstate=0,
         verbose=False)
    """
    processes = [start(program, url) for _ in range(3)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    docs = again().trials
    assert len(docs) == len({doc["tid"] for doc in docs}) == 60
    assert len({doc["misc"]["vals"]["x"][0] for doc in docs}) == 60


def test_workers_run_the_trials_of_a_search(url, again):
    trials = again(asynchronous=True)
    command = [sys.executable, "-m", "minopt", "worker", url, "--trust", "--max-trials", "5"]
    workers = [
        subprocess.Popen([*command, "--idle-timeout", "60"], stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    search(trials, 10, max_queue_len=4)
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0]
    assert sorted(trials.tids) == list(range(10))


def test_a_pickled_objective_on_a_server_is_not_run_without_trust(url, again):
    trials = again()
    trials.attachments["FMinIter_Domain"] = b"not even a pickle"
    trials.insert_trial_docs(
        trials.new_trial_docs([0], [None], [{}], [{"tid": 0, "cmd": None, "idxs": {}, "vals": {}}])
    )
    ended = subprocess.run(
        [sys.executable, "-m", "minopt", "worker", url, "--idle-timeout", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "say --trust" in ended.stderr


def test_four_processes_may_make_the_tables_at_once(url, again):
    processes = [
        start("import sys; SQLTrials(sys.argv[1]).new_trial_ids(1)", url) for _ in range(4)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert again().new_trial_ids(1) == [4]


def test_threads_may_search_on_the_same_trials(again):
    trials = again()
    threads = [threading.Thread(target=search, args=(trials, 30)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trials.refresh()
    assert len(trials) == len(set(trials.tids)) == 30


def test_odd_values_and_attachments_come_back(again):
    returned = {"status": "ok", "loss": 1.0, "nul": "a\0b", "lone": "\ud800", "a": np.arange(3)}
    trials = again()
    search(trials, 1, fn=lambda point: {**returned, "attachments": {"log": "x" * 100_000}})
    (result,) = again().results
    np.testing.assert_array_equal(result.pop("a"), np.arange(3))
    assert result == {key: value for key, value in returned.items() if key != "a"}
    (doc,) = again().trials
    assert again().trial_attachments(doc)["log"] == "x" * 100_000


def test_a_trial_edited_by_hand_is_found_out(url, again, engine):
    search(url, 3)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE minopt_trials SET result = '{\"loss\":-9}' WHERE tid = 1"
        )
    with pytest.raises(DamagedStore, match="trial 1 is not what was written"):
        again()


def test_results_are_json_that_sql_can_ask(url, engine):
    search(url, 3)
    with engine.begin() as connection:
        losses = connection.exec_driver_sql(
            "SELECT (result->>'loss')::float FROM minopt_trials ORDER BY tid"
        ).scalars()
        memory = Trials()
        search(memory, 3)
        assert list(losses) == memory.losses()


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda trials: pickle.loads(pickle.dumps(trials))]
)
def test_a_copy_leads_to_the_same_database(again, copied):
    trials = again("mine")
    twin = copied(trials)
    search(trials, 3)
    twin.refresh()
    assert told(twin) == told(trials)
    twin.close()


def test_a_connection_that_the_server_ended_is_opened_again(again, engine):
    trials = again()
    search(trials, 2)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
    search(trials, 4)
    assert len(trials) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # threads and fork
def test_a_child_of_a_fork_uses_connections_of_its_own(again):
    trials = again()
    search(trials, 2)
    child = os.fork()
    if child == 0:
        try:
            search(trials, 4)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    search(trials, 6)
    assert len(again()) == 6


def test_a_server_that_is_not_there_is_named_without_its_password():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StoreError, match="the server cannot be reached") as refusal:
        SQLTrials(f"postgresql://somebody:secret@127.0.0.1:{port}/name")
    assert f"somebody:***@127.0.0.1:{port}" in str(refusal.value)
    assert "secret" not in str(refusal.value)
