"""Trials after real searches, and what users and libraries then do with them."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from minopt import fmin, hp, rand, space_eval, tpe
from minopt.base import (
    JOB_STATE_DONE,
    Ctrl,
    Domain,
    Trials,
    spec_from_misc,
    trials_from_docs,
)
from minopt.exceptions import AllTrialsFailed
from minopt.utils import coarse_utcnow, use_obj_for_literal_in_memo

SPACE = {
    "model": hp.choice(
        "model",
        [
            {"name": "svc", "C": hp.loguniform("C", -3, 3)},
            {"name": "knn", "k": 1 + hp.randint("k", 9)},
        ],
    ),
    "units": hp.choice("units", np.arange(5, 26, 5)),
}


def loss(point):
    model = point["model"]
    return model.get("C", 0.5) + model.get("k", 0) + point["units"] / 100


def search(trials, max_evals=20, fn=loss, algo=rand.suggest, **options):
    return fmin(fn, SPACE, algo, max_evals, trials=trials, rstate=0, verbose=False, **options)


@pytest.fixture
def searched():
    trials = Trials()
    search(trials)
    return trials


def test_the_best_parameters_are_values_not_indices(searched):
    best = searched.best_params
    assert best == space_eval(SPACE, searched.argmin)
    assert best["units"] == 5 * (1 + searched.argmin["units"])
    assert loss(best) == searched.best_trial["result"]["loss"]


def test_the_parameters_of_every_trial_are_those_the_objective_saw(searched):
    assert [loss(point) for point in searched.params] == searched.losses()


def test_ids_parameters_and_losses_are_plain_json(searched):
    for doc in searched:
        parts = [doc["tid"], doc["misc"], doc["result"]]
        assert json.loads(json.dumps(parts))[0] == doc["tid"]
        assert {type(held[0]) for held in doc["misc"]["vals"].values() if held} <= {int, float}


def test_the_table_shows_what_was_tried(searched):
    rows = searched.to_records()
    assert [row["loss"] for row in rows] == searched.losses()
    assert {row["params.model.name"] for row in rows} == {"svc", "knn"}
    assert {row["params.units"] for row in rows} <= set(range(5, 26, 5))


def test_loaded_trials_know_their_space_again_after_a_search(searched):
    loaded = pickle.loads(pickle.dumps(searched))
    search(loaded, max_evals=22)
    assert loaded.best_params == space_eval(SPACE, loaded.argmin)
    assert len(loaded) == 22


def test_a_search_goes_on_after_filtering_and_merging(searched):
    half = trials_from_docs([copy.deepcopy(doc) for doc in searched if doc["tid"] % 2])
    search(half, max_evals=15, algo=tpe.suggest)
    assert len(set(half.tids)) == len(half) == 15
    merged = trials_from_docs([*searched.trials, *half.trials])
    search(merged, max_evals=40)
    assert len(merged) == 40
    known = {*searched.tids, *half.tids}
    assert len(set(merged.tids) - known) == 5


def test_trials_written_by_hand_and_done_are_learned_from():
    trials = Trials()
    for x in range(5):
        [tid] = trials.new_trial_ids(1)
        misc = {"tid": tid, "cmd": None, "idxs": {"x": [tid]}, "vals": {"x": [float(x)]}}
        [doc] = trials.new_trial_docs([tid], [None], [{"status": "ok", "loss": float(x)}], [misc])
        trials.insert_trial_doc({**doc, "state": JOB_STATE_DONE})
    trials.refresh()
    best = fmin(
        lambda x: x + 10,
        hp.uniform("x", 0, 5),
        tpe.suggest,
        8,
        trials=trials,
        rstate=0,
        verbose=False,
    )
    assert best == {"x": 0.0}
    assert trials.tids == list(range(8))


def test_an_objective_that_uses_its_dict_again_does_not_rewrite_history():
    log = {"status": "ok", "loss": 0.0, "steps": []}

    def objective(point):
        log["loss"] = loss(point)
        log["steps"].append(1)
        return log

    trials = Trials()
    search(trials, max_evals=4, fn=objective)
    assert [len(result["steps"]) for result in trials.results] == [1, 2, 3, 4]
    assert len(set(trials.losses())) == 4


def test_models_in_results_are_the_objectives_own():
    models = []

    def objective(point):
        models.append(object())
        return {"status": "ok", "loss": loss(point), "model": models[-1]}

    trials = Trials()
    search(trials, max_evals=3, fn=objective)
    assert all(
        result["model"] is model for result, model in zip(trials.results, models, strict=True)
    )


def test_a_search_that_only_fails_shows_the_first_error():
    def objective(point):
        raise ValueError(f"no {point['model']['name']} here")

    trials = Trials()
    with pytest.raises(
        AllTrialsFailed, match=r"first error: trial 0: ValueError: no (svc|knn) here"
    ):
        search(trials, max_evals=3, fn=objective, catch_eval_exceptions=True)
    assert [row["state"] for row in trials.to_records()] == ["error"] * 3


def test_attachments_of_an_objective_are_found_by_trial():
    trials = Trials()
    search(
        trials,
        max_evals=2,
        fn=lambda point: {"status": "ok", "loss": 1.0, "attachments": {"log": repr(point)}},
    )
    for doc, point in zip(trials, trials.params, strict=True):
        assert dict(trials.trial_attachments(doc)) == {"log": repr(point)}
        assert "attachments" not in doc["result"]


def test_trials_have_fmin_too():
    trials = Trials()
    best = trials.fmin(loss, SPACE, rand.suggest, 5, rstate=0)
    assert best == trials.argmin
    assert len(trials) == 5


def test_two_threads_may_search_on_the_same_trials():
    trials = Trials()

    def run(seed):
        fmin(loss, SPACE, rand.suggest, 60, trials=trials, rstate=seed, verbose=False)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(run, seed) for seed in range(2)]:
            future.result()
    assert len(set(trials.tids)) == len(trials) >= 60
    assert all(doc["state"] == JOB_STATE_DONE for doc in trials._dynamic_trials)


def test_a_library_that_runs_the_trials_itself_is_served():
    """As Ray Tune's HyperOptSearch does: ask, look the trial up again, write, refresh."""
    domain, trials = Domain(lambda point: point, SPACE), Trials()
    rng = np.random.default_rng(0)
    for _ in range(30):
        new_ids = trials.new_trial_ids(1)
        trials.refresh()
        new = tpe.suggest(new_ids, domain, trials, rng.integers(2**31 - 1))
        trials.insert_trial_docs(new)
        trials.refresh()
        config = spec_from_misc(new[0]["misc"])
        ctrl = Ctrl(trials, current_trial=new[0])
        memo = domain.memo_from_config(config)
        use_obj_for_literal_in_memo(domain.expr, ctrl, Ctrl, memo)
        found = next(doc for doc in trials.trials if doc["tid"] == new[0]["tid"])
        found["refresh_time"] = coarse_utcnow()
        found["state"] = JOB_STATE_DONE
        found["result"] = {"status": "ok", "loss": loss(domain.point(config))}
        trials.refresh()
    assert len(trials) == 30
    assert trials.best_trial["result"]["loss"] == min(trials.losses())
