"""The same search on both: documents, counts and ends agree, where nothing is on D2's list."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest


def raise_above_zero(p):
    if p["x"] > 0:
        raise ValueError(f"x was {p['x']}")
    return {"loss": p["x"], "status": "ok", "extra": [1, {"a": 2}]}


def fail_above_zero(p):
    if p["x"] > 0:
        return {"status": "fail"}
    return {"loss": p["x"], "status": "ok", "attachments": {"raw": b"1"}}


def square(p):
    return p["x"] ** 2 + p["c"]


def stop_after(n):
    def stop(trials, count=0):
        return count + 1 >= n, [count + 1]

    return stop


# name -> what differs from 30 random trials of `square`
CASES = {
    "random": {},
    "tpe": {"algo": "tpe", "max_evals": 40},
    "random in a queue": {"max_evals": 41, "max_queue_len": 4},
    "tpe's first trials in a queue": {"algo": "tpe", "max_evals": 19, "max_queue_len": 4},
    "the point itself": {"return_argmin": False},
    "a threshold": {"max_evals": 400, "loss_threshold": 0.5},
    "no progress": {"max_evals": 400, "progress": (15,)},
    "hardly any progress": {"max_evals": 400, "progress": (15, 50.0)},
    "an own stop function": {"early_stop_fn": stop_after(7)},
    "errors caught": {"fn": raise_above_zero, "catch_eval_exceptions": True},
    "errors raised": {"fn": raise_above_zero},
    "failures": {"algo": "tpe", "fn": fail_above_zero, "max_evals": 15},
    "memo": {"pass_expr_memo_ctrl": True, "fn": None},
}


def plain(value):
    return json.loads(
        json.dumps(value, default=lambda o: o.item() if hasattr(o, "item") else repr(o))
    )


def outcome(library, case):
    lib = importlib.import_module(library)
    settings = {"algo": "rand", "max_evals": 30, "fn": square} | case
    space = {
        "x": lib.hp.uniform("x", -5, 5),
        "c": lib.hp.choice("c", [1, lib.hp.normal("n", 0, 1)]),
        "q": lib.hp.quniform("q", 0, 10, 2),
    }
    settings["algo"] = getattr(lib, settings["algo"]).suggest
    if "progress" in settings:
        early_stop = importlib.import_module(f"{library}.early_stop")
        settings["early_stop_fn"] = early_stop.no_progress_loss(*settings.pop("progress"))
    if settings["fn"] is None:
        settings["fn"] = lambda expr, memo, ctrl: lib.pyll.rec_eval(expr, memo=memo)["x"]
    trials = lib.Trials()
    try:
        best = lib.fmin(
            space=space,
            trials=trials,
            rstate=np.random.default_rng(3),
            verbose=False,
            **settings,
        )
    except ValueError as error:
        best = str(error)
    documents = [dict(doc, misc=dict(doc["misc"])) for doc in trials._dynamic_trials]
    for doc in documents:
        doc["misc"].pop("traceback", None)  # ours to keep
    for doc in documents:
        assert (doc.pop("book_time") is None) == (doc.pop("refresh_time") is None)
    attachments = dict(trials.attachments)
    return plain([best, documents, trials.tids, trials.losses(), attachments])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_search_gives_the_same_documents(case):
    assert outcome("minopt", case) == outcome("hyperopt", case)


def test_a_search_in_steps_gives_the_same_documents():
    results = []
    for library in ("minopt", "hyperopt"):
        lib = importlib.import_module(library)
        trials = lib.Trials()
        for seed in range(3):
            lib.fmin(
                lambda x: x**2,
                lib.hp.uniform("x", -5, 5),
                lib.tpe.suggest,
                10 * (seed + 1),
                trials=trials,
                rstate=np.random.default_rng(seed),
                verbose=False,
            )
        results.append(plain([doc["misc"] for doc in trials.trials]))
    assert results[0] == results[1]


@pytest.mark.parametrize("way", ["points_to_evaluate", "generate_trials_to_calculate"])
def test_initial_points_give_the_same_documents(way):
    results = []
    points = [{"x": 1.0, "y": -1.0}, {"x": 0.5, "y": 2}]
    for library in ("minopt", "hyperopt"):
        lib = importlib.import_module(library)
        module = importlib.import_module(f"{library}.fmin")
        given = {"points_to_evaluate": points}
        if way == "generate_trials_to_calculate":
            given = {"trials": module.generate_trials_to_calculate(points)}
        seen = []

        def objective(p, seen=seen):
            seen.append(p)
            return p["x"] ** 2 + p["y"]

        space = {"x": lib.hp.uniform("x", -5, 5), "y": lib.hp.quniform("y", -4, 4, 1)}
        best = lib.fmin(
            objective,
            space,
            lib.tpe.suggest,
            30,
            rstate=np.random.default_rng(0),
            verbose=False,
            **given,
        )
        results.append(plain([best, seen]))
    assert results[0] == results[1]
    assert len(results[0][1]) == 32
