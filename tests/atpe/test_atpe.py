"""Adaptive TPE: any space, any history, its own seed; and the model that it carries."""

from __future__ import annotations

import numpy as np
import pytest

from minopt import Trials, atpe, fmin, hp
from minopt.algo.atpe.features import NAMES, features_of
from minopt.algo.atpe.knobs import Knobs
from minopt.algo.atpe.model import Model, load
from minopt.algo.atpe.propose import Proposer
from minopt.base import STATUS_FAIL, STATUS_OK, Domain
from minopt.testing.spaces import loss_of, random_space
from minopt.trials.columns import history_of


def search(space, fn=loss_of, max_evals=40, seed=0, **settings):
    trials = Trials()
    fmin(
        fn,
        space,
        atpe.suggest,
        max_evals,
        trials=trials,
        rstate=seed,
        verbose=False,
        return_argmin=False,
        **settings,
    )
    return trials


@pytest.mark.parametrize("seed", range(12))
def test_any_space_is_searched(seed):
    trials = search(random_space(seed))
    domain = Domain(loss_of, random_space(seed))
    for number, misc in enumerate(trials.miscs):
        point = {label: value[0] for label, value in misc["vals"].items() if value}
        domain.table.check_point(point, f"trial {number}")
    assert len(trials) == 40


def test_the_same_seed_gives_the_same_trials_and_another_others():
    space = {"x": hp.uniform("x", -5, 5), "n": hp.lognormal("n", 0, 1)}

    def vals(seed):
        return search(space, seed=seed).vals

    assert vals(1) == vals(1)
    assert vals(1) != vals(2)


def test_it_finds_the_least_of_a_bowl():
    space = [hp.uniform(f"x{i}", -5, 5) for i in range(5)]
    trials = search(space, lambda x: sum((value - 1) ** 2 for value in x), 150)
    assert min(trials.losses()) < 1.0


@pytest.mark.parametrize("bad", [float("nan"), None, "raises"])
def test_bad_trials_do_not_disturb_it(bad):
    def loss(x):
        if x > 0:
            return (x - 2) ** 2
        if bad == "raises":
            raise RuntimeError("not here")
        if bad is None:
            return {"status": STATUS_FAIL}
        return {"status": STATUS_OK, "loss": bad}

    space = hp.uniform("x", -5, 5)
    trials = search(space, loss, 60, catch_eval_exceptions=True)
    assert min(value for value in trials.losses() if value is not None) < 0.5


def test_n_ids_give_n_distinct_documents():
    space = {"x": hp.uniform("x", -5, 5), "c": hp.choice("c", [0, hp.normal("y", 0, 1)])}
    trials = search(space)
    docs = atpe.suggest(list(range(100, 108)), Domain(loss_of, space), trials, 1)
    assert [doc["tid"] for doc in docs] == list(range(100, 108))
    assert len({str(doc["misc"]["vals"]) for doc in docs}) == 8


def test_a_small_space_is_tried_out_before_anything_is_repeated():
    trials = search(hp.choice("c", list(range(12))), float, 12)
    assert len({misc["vals"]["c"][0] for misc in trials.miscs[10:]}) == 2


def test_a_locked_parameter_takes_the_value_of_a_good_trial():
    space = {"x": hp.uniform("x", -5, 5), "y": hp.uniform("y", -5, 5)}
    trials = search(space, lambda p: p["x"] ** 2 + p["y"] ** 2, 30)
    best = trials.argmin
    proposer = Proposer(history_of(trials), Knobs(lock=1.0))
    rng = np.random.default_rng(0)
    points = [proposer.propose(Domain(loss_of, space).table, rng) for _ in range(20)]
    shared = [sum(point[label] == best[label] for label in point) for point in points]
    assert set(shared) == {1}  # one of the two is always new


def test_the_model_was_trained_on_the_features_of_now():
    model = load()
    assert model.as_json()["features"] == list(NAMES)
    assert model.weights.shape == (len(model.settings), 1 + len(NAMES))
    assert np.isfinite(model.weights).all()


def test_the_better_settings_are_chosen_more_often():
    model = Model([Knobs(), Knobs(lock=0.5)], np.array([[0.0] * 10, [-1.0] + [0.0] * 9]), 6.0)
    rng = np.random.default_rng(0)
    chosen = [model.choose(np.zeros(9), rng).lock for _ in range(200)]
    assert chosen.count(0.5) > 180


def test_features_are_finite_for_any_history():
    table = Domain(loss_of, random_space(3)).table
    for trials in (Trials(), search(random_space(3), lambda _: {"status": STATUS_FAIL}, 5)):
        assert np.isfinite(features_of(table, history_of(trials))).all()
