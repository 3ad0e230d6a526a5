"""Trials in an SQLite file behave as Trials do, and outlive their process."""

from __future__ import annotations

import copy
import itertools
import json
import math
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("sqlalchemy")

from minopt import Domain, SQLTrials, Trials, copy_trials, fmin, hp, rand, tpe
from minopt._resume import SeedStream
from minopt.base import JOB_STATE_DONE, JOB_STATE_NEW, JOB_STATE_RUNNING, Ctrl, trials_from_docs
from minopt.exceptions import (
    DamagedStore,
    InvalidArgument,
    InvalidArgumentType,
    InvalidTrial,
    StoreError,
    StoreTooNew,
)
from minopt.execute.futures import Futures
from minopt.fmin import FMinIter
from minopt.trials import owners
from minopt.trials.open import open_trials
from minopt.trials.sql import schema
from minopt.trials.stock import insert
from minopt.trials.tagged_json import Withheld

SPACE = {"x": hp.uniform("x", -1, 1), "c": hp.choice("c", [0, hp.normal("n", 0, 1)])}


def objective(point):
    return point["x"] ** 2 + point["c"]


def search(trials, n, algo=rand.suggest, fn=objective, **options):
    options = {"rstate": 0, "verbose": False} | options
    return fmin(fn, SPACE, algo, n, trials=trials, **options)


def points(trials):
    return [doc["misc"]["vals"] for doc in trials.trials]


def goes_on_as_in_memory(trials, again, n):
    """Go on with a search, and see that it ends as one that was never stopped."""
    search(trials, n)
    memory = Trials()
    search(memory, n)
    assert told(again()) == told(memory)


def told(trials):
    """What a search has found, apart from when and by whom."""
    return [(doc["tid"], doc["state"], doc["result"], doc["misc"]["vals"]) for doc in trials.trials]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.db"


@pytest.fixture
def trials(path):
    trials = SQLTrials(path)
    yield trials
    trials.close()


@pytest.fixture
def again(path):
    """Opens the same trials once more, as another process would."""
    opened = []

    def open_again(exp_key=None, **options):
        opened.append(SQLTrials(path, exp_key, **options))
        return opened[-1]

    yield open_again
    for one in opened:
        one.close()


def in_process(program, *arguments, check=True):
    """Run a program in a process of its own."""
    program = "from minopt import *\n" + textwrap.dedent(program)
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=check,
        timeout=120,
    )


# ---- searches


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_a_search_finds_what_it_finds_in_memory(trials, algo):
    memory = Trials()
    assert search(trials, 30, algo) == search(memory, 30, algo)
    assert told(trials) == told(memory)
    assert trials.argmin == memory.argmin
    assert trials.losses() == memory.losses()


def test_a_path_or_a_url_is_enough_to_search_and_to_resume(path, again):
    search(str(path), 10)
    search(path, 15)
    search(f"sqlite:///{path}", 20)
    memory = Trials()
    search(memory, 20)
    assert told(again()) == told(memory)


def test_a_relative_path_is_fixed_at_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trials = SQLTrials("search.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    search(trials, 2)
    assert len(SQLTrials(tmp_path / "search.db")) == 2


def test_initial_points_come_first_and_on_top(path, again):
    search(str(path), 3, points_to_evaluate=[{"x": 0.5, "c": 0}])
    assert again().vals["x"][0] == 0.5
    assert len(again()) == 4


KILLED = """
    import os, signal, sys
    path, at, where = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    space = {"x": hp.uniform("x", -1, 1), "c": hp.choice("c", [0, hp.normal("n", 0, 1)])}
    count = 0
    def die(place):
        global count
        if place == where:
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
    def objective(point):
        die("objective")
        return point["x"] ** 2 + point["c"]
    def algo(*arguments):
        die("before")
        documents = tpe.suggest(*arguments)
        die("after")
        return documents
    fmin(objective, space, algo, 40, trials=path, rstate=0, verbose=False)
"""


@pytest.mark.parametrize("where", ["objective", "before", "after"])
def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(path, again, where):
    for at in (3, 25):
        assert in_process(KILLED, path, at, where, check=False).returncode == -9
    search(str(path), 40, tpe.suggest)
    memory = Trials()
    search(memory, 40, tpe.suggest)
    assert told(again()) == told(memory)


def test_a_trial_whose_process_was_killed_twice_has_failed_and_says_why(path, again):
    for _ in range(2):
        in_process(KILLED.replace('die("objective")', "os._exit(9)"), path, 1, "-", check=False)
    search(str(path), 3)
    failed = again()._dynamic_trials[0]
    assert failed["state"] == 3
    assert "gone, for the second time" in failed["misc"]["error"][1]
    assert len(again()) == 2


def test_an_interrupted_trial_waits_again(trials, again):
    def interrupted(point):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(trials, 3, fn=interrupted)
    (doc,) = again().trials
    assert (doc["state"], doc["owner"]) == (JOB_STATE_NEW, None)
    goes_on_as_in_memory(trials, again, 3)


def test_a_search_interrupted_before_its_new_trial_began_leaves_it_waiting(
    trials, again, monkeypatch
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FMinIter, "_advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            search(trials, 3)
    (doc,) = again().trials
    assert (doc["state"], doc["owner"]) == (JOB_STATE_NEW, None)
    goes_on_as_in_memory(trials, again, 3)


@pytest.mark.parametrize("method", [SeedStream.draw, SeedStream.draw_for])
def test_a_ctrl_c_while_a_seed_is_drawn_costs_no_point(trials, again, monkeypatch, method):
    n_calls = itertools.count(1)

    def with_ctrl_c(self, *args):
        if next(n_calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return method(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(SeedStream, method.__name__, with_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            search(trials, 6)
    goes_on_as_in_memory(trials, again, 6)


def test_an_interrupted_algorithm_costs_no_point_though_others_draw_from_its_seed(trials, again):
    n_calls = itertools.count(1)

    def algo(*args):
        if next(n_calls) == 2:
            raise KeyboardInterrupt
        return rand.suggest(*args)

    def fn(_):
        if len(again()) == 1:
            other = FMinIter(rand.suggest, Domain(lambda _: 0.0, SPACE), again(), rstate=0)
            other.run(1, block_until_done=False)
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        search(trials, 6, algo, fn)
    assert len(again()) == 2
    search(trials, 6, algo, fn)
    memory = Trials()
    search(memory, 6, fn=lambda _: 0.0)
    assert points(again()) == points(memory)


@pytest.mark.parametrize("make_trials", [lambda _: Trials(), lambda again: again()])
def test_an_algorithm_may_return_trials_that_are_done(again, make_trials):
    def algo(new_ids, domain, seen, seed):
        (document,) = rand.suggest(new_ids, domain, seen, seed)
        if document["tid"] % 2:
            document.update(state=JOB_STATE_DONE, result={"status": "ok", "loss": -5.0})
        return [document]

    trials = make_trials(again)
    search(trials, 4, algo, fn=lambda _: 1.0)
    assert trials.losses() == [1.0, -5.0, 1.0, -5.0]


def test_a_search_goes_on_when_somebody_deletes_all_while_it_proposes(trials, again):
    def algo(new_ids, domain, seen, seed):
        if 2 in new_ids:
            again().delete_all()
        return rand.suggest(new_ids, domain, seen, seed)

    search(trials, 4, algo)
    assert {doc["state"] for doc in trials} == {doc["state"] for doc in again()} == {JOB_STATE_DONE}


@pytest.mark.parametrize("make_trials", [lambda _: Trials(), lambda again: again()])
def test_threads_that_share_a_search_run_each_trial_once(again, make_trials):
    calls = []
    domain = Domain(lambda point: calls.append(point["x"]) or 0.0, SPACE)
    shared = FMinIter(rand.suggest, domain, make_trials(again), rstate=0, max_evals=100)
    with ThreadPoolExecutor(2) as pool:
        for end in [pool.submit(shared.run, 20) for _ in range(2)]:
            end.result()
    assert shared.trials.statuses() == ["ok"] * len(calls)
    assert len(set(calls)) == len(calls) == 40


def test_a_second_ctrl_c_while_processes_end_leaves_trials_waiting(trials, again, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool:
        with monkeypatch.context() as patched:
            patched.setattr(Futures, "wait", interrupted)
            patched.setattr(Futures, "close", interrupted)
            with pytest.raises(KeyboardInterrupt):
                search(trials, 3, executor=pool)
        assert [(doc["state"], doc["owner"]) for doc in again().trials] == [(JOB_STATE_NEW, None)]
        search(trials, 3, executor=pool)
    assert again().statuses() == ["ok"] * 3


def test_a_trial_that_is_about_to_begin_is_taken_back_from_nobody(trials, again):
    claimed = []
    documents = rand.suggest(trials.new_trial_ids(2), Domain(abs, SPACE), trials, 0)
    insert(trials, documents, 9, claimed)
    trials._looked_for_lost = -math.inf
    trials._release_lost()
    assert [doc["tid"] for doc in claimed] == [0]
    assert again()._claim_next()["tid"] == 1
    assert trials._claim_next() is None


@pytest.mark.parametrize("name", ["new_trial_ids", "insert_trial_docs"])
def test_methods_of_a_users_own_are_used(path, name):
    class Mine(SQLTrials):
        pass

    def method(self, given):
        called.append(self.attachments.get("note"))
        return getattr(SQLTrials, name)(self, given)

    called = []
    setattr(Mine, name, method)
    trials = Mine(path)
    trials.attachments["note"] = b"mine"
    search(trials, 3)
    assert called == [b"mine"] * 3
    memory = Trials()
    search(memory, 3)
    assert told(trials) == told(memory)


def test_an_objective_that_raises_is_recorded_before_it_ends_the_search(trials, again):
    with pytest.raises(ZeroDivisionError):
        search(trials, 3, fn=lambda point: 1 / 0)
    (doc,) = again()._dynamic_trials
    assert doc["misc"]["error"] == ("<class 'ZeroDivisionError'>", "division by zero")


def test_processes_that_search_together_share_the_trials_out(path, again):
    program = """
    import os, sys, time
    from pathlib import Path
    started = Path(sys.argv[1]).parent
    (started / f"{os.getpid()}.started").touch()
    while len(list(started.glob("*.started"))) < 3:  # else one may have run all before the others
        time.sleep(0.001)
    def objective(x):
        time.sleep(0.01)
        return x**2
    fmin(objective, hp.uniform("x", -1, 1), rand.suggest, 60, trials=sys.argv[1], rstate=0,
         verbose=False)
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", "from minopt import *\n" + textwrap.dedent(program), str(path)]
        )
        for _ in range(3)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    docs = again().trials
    assert len(docs) == len({doc["tid"] for doc in docs}) == 60
    assert {doc["state"] for doc in docs} == {JOB_STATE_DONE}
    assert len({doc["misc"]["vals"]["x"][0] for doc in docs}) == 60  # no seed is drawn twice
    assert len({doc["owner"] for doc in docs}) > 1


def test_four_processes_may_make_the_same_database_at_once(path, again):
    program = "import sys; SQLTrials(sys.argv[1]).new_trial_ids(1)"
    processes = [
        subprocess.Popen([sys.executable, "-c", f"from minopt import *\n{program}", str(path)])
        for _ in range(4)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert again().new_trial_ids(1) == [4]
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "search.db",
        "search.db-shm",
        "search.db-wal",
    ]


@pytest.mark.parametrize("max_queue_len", [1, 3])
def test_threads_may_search_on_the_same_trials(trials, max_queue_len):
    options = {"max_queue_len": max_queue_len}
    threads = [threading.Thread(target=search, args=(trials, 20), kwargs=options) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trials.refresh()
    assert len(trials) == len(set(trials.tids)) == 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_a_fork_uses_connections_of_its_own(trials, again):
    search(trials, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork
        child = os.fork()
    if child == 0:
        try:
            search(trials, 4)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    search(trials, 6)
    assert len(again()) == 6
    assert len({doc["owner"] for doc in again().trials}) == 2


# ---- documents


def test_a_change_by_hand_is_stored_by_refresh(trials, again):
    search(trials, 3)
    trials.trials[1]["result"]["note"] = "mine"
    trials.trials[2]["misc"]["vals"]["x"][0] = 0.25
    trials.refresh()
    assert again().results[1]["note"] == "mine"
    assert again().vals["x"][2] == 0.25


def test_a_document_changed_elsewhere_is_changed_in_place(trials, again):
    search(trials, 3)
    held, other = trials.trials[0], again()
    other.trials[0]["result"] = {"status": "ok", "loss": -5.0}
    other.refresh()
    trials.refresh()
    assert held is trials.trials[0]
    assert held["result"]["loss"] == -5.0
    assert trials.best_trial is held


def test_of_two_changes_of_one_trial_the_first_to_be_stored_stays(trials, again):
    search(trials, 3)
    other = again()
    other.trials[0]["result"]["note"] = "theirs"
    other.refresh()
    trials.trials[0]["result"]["note"] = "mine"
    with pytest.warns(RuntimeWarning, match=r"trials \[0\] were changed here and by another"):
        trials.refresh()
    assert trials.results[0]["note"] == "theirs"


def test_a_library_that_runs_the_trials_itself_is_served(trials, again):
    docs = trials.new_trial_docs([0], [None], [{"status": "new"}], [misc(0)])
    trials.insert_trial_docs(docs)
    trials.refresh()
    for doc in trials._dynamic_trials:
        doc["state"] = JOB_STATE_DONE
        doc["result"] = {"status": "ok", "loss": 1.0}
    trials.refresh()
    assert again().losses() == [1.0]


def test_a_document_put_into_the_list_by_hand_is_stored(trials, again):
    (doc,) = trials.new_trial_docs([0], [None], [{"status": "ok", "loss": 1.0}], [misc(0)])
    doc["state"] = JOB_STATE_DONE
    trials._dynamic_trials.append(doc)
    trials.refresh()
    assert again().losses() == [1.0]


def misc(tid):
    return {"tid": tid, "cmd": None, "idxs": {"x": [tid]}, "vals": {"x": [0.5]}}


def test_what_is_not_a_trial_is_refused(trials):
    with pytest.raises(InvalidTrial, match="lacks the key"):
        trials.insert_trial_doc({"tid": 0})


@pytest.mark.parametrize("tid", [2**62, 2**63 - 1, -(2**62) - 1])
def test_an_id_that_leaves_no_room_for_others_is_refused(trials, path, tid):
    docs = Trials().new_trial_docs([tid], [None], [{"status": "ok", "loss": 1.0}], [misc(tid)])
    with pytest.raises(InvalidTrial, match=r"a whole number between -2\*\*62 and 2\*\*62, got"):
        trials.insert_trial_docs(copy.deepcopy(docs))
    with pytest.raises(InvalidTrial, match="a whole number between"):
        copy_trials(trials_from_docs(docs), path)
    search(trials, 2)


def test_the_cheap_look_shows_what_others_have_done(trials, again):
    other = again()
    search(other, 5)
    trials._sync()
    assert told(trials) == told(other)
    assert trials._tally.done == 5


def test_two_views_of_one_database_see_each_other(trials):
    twin = trials.view()
    search(trials, 3)
    twin._sync()
    assert told(twin) == told(trials)


def test_everything_deleted_is_deleted_for_everybody(trials, again):
    search(trials, 3)
    other = again()
    trials.delete_all()
    other.refresh()
    assert len(other) == len(trials) == 0
    assert trials.new_trial_ids(1) == [3]


def test_a_preliminary_result_is_seen_by_others(trials, again):
    trials.insert_trial_docs(trials.new_trial_docs([0], [None], [{"status": "new"}], [misc(0)]))
    trials.refresh()
    claimed = trials._claim_next()
    Ctrl(trials, current_trial=claimed).checkpoint({"status": "running", "epoch": 3})
    assert again().results[0]["epoch"] == 3
    assert again().trials[0]["state"] == JOB_STATE_RUNNING


def test_attachments_of_trials_are_stored(trials, again):
    def fn(expr, memo, ctrl):
        ctrl.attachments["log"] = f"of {ctrl.current_trial['tid']}"
        return {"status": "ok", "loss": 0.0, "attachments": {"blob": b"\x00"}}

    search(trials, 1, fn=fn, pass_expr_memo_ctrl=True)
    (doc,) = again().trials
    assert dict(again().trial_attachments(doc)) == {"log": "of 0", "blob": b"\x00"}


def test_results_found_on_the_way_are_stored(trials, again):
    def fn(expr, memo, ctrl):
        found = {"tid": 100, "cmd": None, "idxs": {"x": [100]}, "vals": {"x": [0.5]}}
        ctrl.inject_results([None], [{"status": "ok", "loss": -1.0}], [found], new_tids=[100])
        return 0.0

    search(trials, 1, fn=fn, pass_expr_memo_ctrl=True)
    assert sorted(again().losses()) == [-1.0, 0.0]


def test_opening_trials_once_more_leaves_their_attachments(trials, again):
    trials.attachments["name"] = b"data"
    again()
    assert trials.attachments["name"] == b"data"
    assert copy.deepcopy(trials).attachments["name"] == b"data"


def test_attachments_can_be_replaced_as_a_whole(trials, again):
    trials.attachments["old"] = b"1"
    trials.attachments = {"new": "2"}
    assert dict(again().attachments) == {"new": "2"}


# ---- values that JSON cannot hold


class Model:
    def __init__(self, weight):
        self.weight = weight


class Unpicklable:
    def __reduce__(self):
        raise TypeError("no way")


def returning(**result):
    return lambda point: {"status": "ok", "loss": 1.0, **result}


def test_arrays_and_the_like_come_back(trials, again):
    search(trials, 1, fn=returning(curve=np.arange(3.0), shape=(1, 2), raw=b"\x00"))
    (result,) = again().results
    np.testing.assert_array_equal(result["curve"], np.arange(3.0))
    assert (result["shape"], result["raw"]) == ((1, 2), b"\x00")


def test_another_object_is_read_by_those_only_who_trust(trials, again):
    model = Model(3)
    search(trials, 1, fn=returning(model=model, parts=[model]))
    assert trials.results[0]["model"] is model
    withheld = again().results[0]["model"]
    assert isinstance(withheld, Withheld)
    assert "trusted=True" in repr(withheld)
    trusted = again(trusted=True).results[0]
    assert (trusted["model"].weight, trusted["parts"][0].weight) == (3, 3)
    assert "model" not in " ".join(trials.attachments)


def test_a_withheld_value_survives_changes_of_its_trial(trials, again):
    search(trials, 1, fn=returning(model=Model(3)))
    other = again()
    other.trials[0]["result"]["note"] = "mine"
    other.refresh()
    result = again(trusted=True).results[0]
    assert (result["model"].weight, result["note"]) == (3, "mine")


def test_what_cannot_even_be_pickled_is_left_out_with_a_warning(trials, again):
    with pytest.warns(RuntimeWarning, match=r"trial 0: result\.odd \(TypeError: no way\)"):
        search(trials, 1, fn=returning(odd=Unpicklable(), good=1))
    assert again().results[0] == {"status": "ok", "loss": 1.0, "good": 1}


def test_the_loss_is_stored_even_if_the_warning_is_an_error(trials, again):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            search(trials, 1, fn=returning(odd=Unpicklable()))
    assert again().losses() == [1.0]


def test_no_pickle_is_stored_without_need(trials, path):
    search(trials, 3, fn=returning(curve=np.arange(3), when=None))
    trials.attachments["a"] = b"1"
    with sqlite3.connect(path) as connection:
        kept = dict(connection.execute("SELECT name, data FROM minopt_attachments"))
    connection.close()
    assert kept.pop("a") == b"1"
    assert [json.loads(data)[0][0] for data in kept.values()] == ["literal"]  # the space, no more


def test_a_pickled_attachment_is_read_by_those_only_who_trust(trials, again):
    trials.attachments["model"] = Model(3)
    with pytest.raises(InvalidArgument, match="reading it can run code"):
        again().attachments["model"]
    assert again(trusted=True).attachments["model"].weight == 3


# ---- several searches, copies


def test_each_search_sees_its_own_trials(again):
    one, other = again("one"), again("other")
    search(one, 3)
    search(other, 5, rstate=1)
    assert [len(again("one")), len(again("other")), len(again())] == [3, 5, 0]
    assert told(again("one").view("other")) == told(other)
    assert [doc["exp_key"] for doc in again("one").trials] == ["one"] * 3


@pytest.mark.parametrize("exp_key", ["", 3, b"a", "a\0b"])
def test_a_search_is_named_by_a_string(path, exp_key):
    with pytest.raises(InvalidArgumentType, match="exp_key must be the name of a search"):
        SQLTrials(path, exp_key)


@pytest.mark.parametrize("switch", ["asynchronous", "trusted"])
def test_a_word_is_no_switch(path, switch):
    with pytest.raises(InvalidArgumentType, match=f"{switch} must be True or False, got 'no'"):
        SQLTrials(path, **{switch: "no"})
    assert not path.exists()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(dumps(t))])
def test_a_copy_leads_to_the_same_database(path, copied):
    trials = SQLTrials(path, "mine", asynchronous=True)
    twin = copied(trials)
    trials.insert_trial_docs(trials.new_trial_docs([7], [None], [{}], [misc(7)]))
    twin.refresh()
    assert twin.tids == [7]
    assert (twin._exp_key, twin.asynchronous) == ("mine", True)


def dumps(trials):
    return pickle.dumps(trials)


def test_a_pickle_holds_no_documents(trials):
    search(trials, 3)
    assert len(dumps(trials)) < 500


def test_a_pickle_of_a_database_that_is_gone_says_so(trials, path):
    data = dumps(trials)
    trials.close()
    path.unlink()
    with pytest.raises(StoreError, match="there is no such database"):
        pickle.loads(data)
    assert not path.exists()


def test_trials_of_documents_can_be_put_in(trials, again):
    memory = Trials()
    search(memory, 5)
    trials.insert_trial_docs(copy.deepcopy(memory.trials))
    assert told(again()) == told(memory)
    assert told(trials_from_docs(again().trials)) == told(memory)


# ---- who runs what


def test_signs_of_life_are_sent_while_a_trial_runs(path, again):
    trials = SQLTrials(path, heartbeat_timeout=0.06)
    beats = []

    def slow(point):
        beats.append(beat(path))
        deadline = time.monotonic() + 30
        while beat(path) == beats[0] and time.monotonic() < deadline:
            time.sleep(0.01)
        beats.append(beat(path))
        return 0.0

    search(trials, 1, fn=slow)
    assert beats[1] > beats[0]
    trials.close()


@pytest.mark.parametrize("timeout", [math.inf, 1e300, 10**12])
def test_signs_of_life_may_be_seldom(path, timeout):
    trials = SQLTrials(path, heartbeat_timeout=timeout)
    search(trials, 1, fn=lambda _: float(trials._heart._thread.is_alive()))
    assert trials.losses() == [1.0]
    trials.close()


@pytest.mark.parametrize("timeout", [0, -1.0, math.nan, True, "60", None, 10**400])
def test_a_heartbeat_timeout_is_a_number_of_seconds(path, timeout):
    with pytest.raises(InvalidArgument, match="heartbeat_timeout must be a number of seconds"):
        SQLTrials(path, heartbeat_timeout=timeout)
    assert not path.exists()


def beat(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT heartbeat FROM minopt_trials").fetchone()[0]
    finally:
        connection.close()


def test_a_result_that_comes_after_the_trial_was_given_away_is_dropped(trials, again):
    def late(point):
        other = again()  # somebody took it, and finished it
        (doc,) = other.trials
        doc.update(owner="elsewhere:1:a.b.c", state=JOB_STATE_DONE)
        doc["result"] = {"status": "ok", "loss": 3.0}
        other.refresh()
        return 7.0

    with pytest.warns(RuntimeWarning, match="given to another worker"):
        search(trials, 1, fn=late)
    assert trials.losses() == again().losses() == [3.0]


def test_a_search_ends_though_a_trial_was_running_when_it_was_put_in(path, again):
    old = Trials()
    search(old, 3)
    old._dynamic_trials[2].update(state=JOB_STATE_RUNNING, result={"status": "new"})
    old.refresh()
    trials = again(heartbeat_timeout=0.05)
    trials.insert_trial_docs(old.trials)
    search(trials, 5)
    assert again().statuses() == ["ok"] * 5


def test_owners_are_told_apart():
    mine = owners.new_owner()
    assert owners.is_here(mine)
    assert not owners.is_gone(mine)
    host, pid, token = mine.rsplit(":", 2)
    assert owners.is_gone(f"{host}:{pid}:{token.replace(token.split('.')[1], '1')}")
    assert not owners.is_here(f"elsewhere:{pid}:{token}")
    assert not owners.is_gone(f"elsewhere:{pid}:{token}")
    assert not owners.is_here("what else")


# ---- what can be wrong from the start


@pytest.mark.parametrize(
    "place, error, message",
    [
        ("mysql://user:secret@host/name", InvalidArgument, "SQLite and PostgreSQL, not in 'mysql'"),
        ("://", InvalidArgument, "this is no URL of a database"),
        ("sqlite://", InvalidArgument, r"whose path must be given.*Trials\(\)"),
        ("sqlite:///:memory:", InvalidArgument, r"for trials in memory use Trials\(\)"),
        ("sqlite:///file:x?mode=memory&uri=true", InvalidArgument, "path must be given"),
        ("sqlite:///search.db?mode=ro", InvalidArgument, r"options behind a .\?. are not known"),
        (3, InvalidArgumentType, "named by a path or a URL"),
        ("a\0b", InvalidArgument, "must not hold a NUL"),
        ("no/such/directory/search.db", StoreError, "its directory does not exist"),
    ],
)
def test_a_place_that_is_none_is_refused(place, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message) as refusal:
        SQLTrials(place)
    assert "secret" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_s_name_is_refused_as_a_database(tmp_path):
    with pytest.raises(InvalidArgument, match="use trials_save_file="):
        open_trials(tmp_path / "trials.pkl")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_later_version_is_refused(trials, path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_meta SET value = '99' WHERE name = 'version'")
    connection.close()
    with pytest.raises(StoreTooNew, match=r"version 99.*update minopt"):
        SQLTrials(path)


def test_a_database_of_an_earlier_version_is_brought_forward(trials, path, monkeypatch):
    search(trials, 2)

    def add_column(connection):
        connection.exec_driver_sql("ALTER TABLE minopt_trials ADD COLUMN fresh INTEGER")

    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setitem(schema.MIGRATIONS, 1, add_column)
    assert len(SQLTrials(path)) == 2
    with sqlite3.connect(path) as connection:
        told = connection.execute("SELECT value FROM minopt_meta").fetchall()
        assert connection.execute("SELECT fresh FROM minopt_trials").fetchall() == [(None,)] * 2
    connection.close()
    assert told == [("2",)]
    assert len(SQLTrials(path)) == 2


def test_a_later_version_is_told_even_if_it_has_other_tables(trials, path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_meta SET value = '2' WHERE name = 'version'")
        connection.execute("ALTER TABLE minopt_attachments RENAME TO minopt_files")
    connection.close()
    with pytest.raises(StoreTooNew, match=r"version 2.*update minopt"):
        SQLTrials(path)


def test_an_earlier_version_may_lack_tables(trials, path, monkeypatch):
    search(trials, 2)
    trials.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_meta SET value = '0' WHERE name = 'version'")
        connection.execute("DROP TABLE minopt_attachments")
    connection.close()
    monkeypatch.setitem(schema.MIGRATIONS, 0, schema.attachments.create)
    forward = SQLTrials(path)
    forward.attachments["a"] = b"1"
    assert len(forward) == 2


def test_a_version_from_which_no_way_leads_is_refused(trials, path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minopt_meta SET value = '0' WHERE name = 'version'")
    connection.close()
    with pytest.raises(DamagedStore, match="version 0, from which no way leads to 1"):
        SQLTrials(path)


def test_without_sqlalchemy_the_message_is_what_to_type(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(ImportError, match=r"pip install 'minopt\[sql\]'"):
        SQLTrials(path)
