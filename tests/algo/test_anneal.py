"""Annealing: the same trials as hyperopt's, and what it promises where hyperopt gives up."""

from __future__ import annotations

from functools import partial

import hyperopt
import numpy as np
import pytest

import minopt
from minopt import anneal, hp
from minopt.base import JOB_STATE_ERROR, STATUS_FAIL, STATUS_OK, Domain, Trials
from minopt.exceptions import InvalidArgument
from minopt.fmin import FMinIter
from minopt.testing.spaces import loss_of, random_space

# hyperopt takes the logarithm of a quantised value that may be zero
pytestmark = pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning:hyperopt")


def suggest_by_graph(new_ids, domain, trials, seed):
    algo = anneal.AnnealingAlgo(domain, trials, seed)
    return [document for new_id in new_ids for document in algo(new_id)]


def searched(library, algo, space, *, loss=loss_of, evals=60, seed=0):
    trials = library.Trials()
    library.fmin(
        loss,
        space,
        algo=algo,
        max_evals=evals,
        trials=trials,
        rstate=np.random.default_rng(seed),
        verbose=False,
        show_progressbar=False,
    )
    return [
        {label: list(held) for label, held in trial["misc"]["vals"].items()}
        for trial in trials.trials
    ]


def tried(space, losses, seed=0):
    """Return a domain and trials with these losses at points of the prior."""
    domain = Domain(loss_of, space)
    trials = Trials()
    for loss in losses:
        (tid,) = trials.new_trial_ids(1)
        (doc,) = minopt.rand.suggest([tid], domain, trials, seed + tid)
        if isinstance(loss, str):
            doc["state"], doc["result"] = JOB_STATE_ERROR, {"status": "new"}
        else:
            doc["state"], doc["result"] = 2, {"status": STATUS_OK, "loss": loss}
        trials.insert_trial_doc(doc)
    trials.refresh()
    return domain, trials


@pytest.mark.parametrize("seed", range(12))
def test_random_spaces_are_searched_point_for_point_as_by_hyperopt(seed):
    hyperopt = pytest.importorskip("hyperopt")
    rounded = lambda point: round(loss_of(point))  # noqa: E731 - ties, too
    loss = rounded if seed % 2 else loss_of
    theirs = searched(
        hyperopt, hyperopt.anneal.suggest, random_space(seed, hp=hyperopt.hp), loss=loss, seed=seed
    )
    ours = searched(minopt, anneal.suggest, random_space(seed), loss=loss, seed=seed)
    assert ours == theirs


@pytest.mark.parametrize("settings", [{"avg_best_idx": 1.0}, {"avg_best_idx": 5, "shrink_coef": 1}])
def test_changed_settings_give_hyperopt_s_points_too(settings):
    hyperopt = pytest.importorskip("hyperopt")
    theirs = searched(
        hyperopt, partial(hyperopt.anneal.suggest, **settings), random_space(7, hp=hyperopt.hp)
    )
    assert searched(minopt, partial(anneal.suggest, **settings), random_space(7)) == theirs


@pytest.mark.parametrize("seed", range(12, 18))
def test_the_visitor_of_the_graph_proposes_what_the_table_does(seed):
    space = random_space(seed)
    assert searched(minopt, suggest_by_graph, space) == searched(minopt, anneal.suggest, space)


def test_a_batch_is_hyperopt_s_batch():
    hyperopt = pytest.importorskip("hyperopt")
    columns = []
    for library in (hyperopt, minopt):
        space = {
            "c": library.hp.choice("c", [0, library.hp.uniform("x", 0, 1)]),
            "n": library.hp.randint("n", 3, 9),
            "l": library.hp.qloguniform("l", 0, 3, 1),
        }
        domain, trials = library.base.Domain(loss_of, space), library.Trials()
        library.fmin(
            loss_of, space, library.rand.suggest, 20, trials=trials, verbose=False,
            rstate=np.random.default_rng(1), show_progressbar=False,
        )  # fmt: skip
        columns.append(library.anneal.suggest_batch(list(range(20, 30)), domain, trials, 5))
    (their_idxs, their_vals), (our_idxs, our_vals) = columns
    for label in ("c", "x", "n", "l"):
        assert list(our_idxs[label]) == list(their_idxs[label])
        assert list(our_vals[label]) == list(their_vals[label])


def test_a_batch_takes_conditional_pchoice():
    space = hp.pchoice("p", [(0.2, 0), (0.8, hp.pchoice("q", [(0.5, 1), (0.5, 2)]))])
    domain, trials = tried(space, range(20))
    idxs, vals = anneal.suggest_batch(list(range(100, 150)), domain, trials, 0)
    assert len(vals["p"]) == 50
    assert list(idxs["q"]) == [100 + i for i, value in enumerate(vals["p"]) if value == 1]


def test_each_of_several_ids_gets_the_point_it_would_get_alone():
    domain, trials = tried(random_space(3), range(10))
    together = anneal.suggest([10, 11, 12], domain, trials, 4)
    alone = [anneal.suggest([tid], domain, trials, 4)[0] for tid in (10, 11, 12)]
    assert [doc["misc"]["vals"] for doc in together] == [doc["misc"]["vals"] for doc in alone]
    assert [doc["tid"] for doc in together] == [10, 11, 12]


def test_a_queue_of_several_trials_is_filled():
    trials = Trials()
    minopt.fmin(
        lambda x: x * x, hp.uniform("x", -1, 1), anneal.suggest, 20, trials=trials,
        max_queue_len=4, verbose=False, rstate=np.random.default_rng(0),
    )  # fmt: skip
    assert len({trial["misc"]["vals"]["x"][0] for trial in trials.trials}) == 20


@pytest.mark.parametrize("bad", ["raised", float("nan")])
def test_a_point_that_went_wrong_is_the_worst(bad):
    domain, trials = tried(hp.uniform("x", 0, 1), [bad, 1.0, bad])
    algo = anneal.AnnealingAlgo(domain, trials, 0)
    assert algo.losses.tolist() == [np.inf, 1.0, np.inf]
    good = trials._dynamic_trials[1]["misc"]["vals"]["x"][0]
    only_best = partial(anneal.suggest, avg_best_idx=1.0, shrink_coef=1e9)
    (doc,) = only_best([3], domain, trials, 0)
    assert doc["misc"]["vals"]["x"][0] == pytest.approx(good, abs=1e-6)


def test_the_loss_of_a_failed_trial_is_ignored():
    domain, trials = tried(hp.uniform("x", 0, 1), [5.0, 1.0])
    trials.trials[1]["result"]["status"] = STATUS_FAIL
    trials.refresh()
    good = trials.trials[0]["misc"]["vals"]["x"][0]
    (doc,) = anneal.suggest([2], domain, trials, 0, avg_best_idx=1.0, shrink_coef=1e9)
    assert doc["misc"]["vals"]["x"][0] == pytest.approx(good, abs=1e-6)


def test_injected_results_are_trials_of_their_own_as_on_hyperopt():
    hyperopt = pytest.importorskip("hyperopt")
    found = []
    for library in (hyperopt, minopt):

        @library.fmin_pass_expr_memo_ctrl
        def objective(expr, memo, ctrl, base=library.base):
            x = base.pyll.rec_eval(expr, memo=memo)
            tid = ctrl.current_trial["tid"]
            if tid % 5 == 0:
                ids = ctrl.trials.new_trial_ids(1)
                misc = {"tid": ids[0], "cmd": None, "idxs": {"x": ids}, "vals": {"x": [x / 2]}}
                ctrl.inject_results([None], [{"loss": x * x / 4, "status": "ok"}], [misc], ids)
            return {"loss": x * x, "status": "ok"}

        trials = library.Trials()
        library.fmin(
            objective, library.hp.uniform("x", -1, 1), library.anneal.suggest, 20, trials=trials,
            rstate=np.random.default_rng(0), verbose=False, show_progressbar=False,
        )  # fmt: skip
        found.append([(t["tid"], t["misc"]["vals"]["x"]) for t in trials.trials])
    theirs, ours = ([(tid, list(x)) for tid, x in trials[:20]] for trials in found)
    assert ours == theirs


def test_laws_are_narrowed_with_what_has_been_seen():
    domain, trials = tried(hp.normal("x", 0, 1), range(30))
    algo = anneal.AnnealingAlgo(domain, trials, 0, shrink_coef=0.5)
    assert algo.shrinking("x") == 1 / 16


def test_a_range_too_large_to_count_is_searched():
    space = hp.randint("n", 10, 2**62)
    domain, trials = tried(space, range(200))
    docs = anneal.suggest(range(200, 300), domain, trials, 0)
    proposed = [doc["misc"]["vals"]["n"][0] for doc in docs]
    good = {trial["misc"]["vals"]["n"][0] for trial in trials.trials[:5]}
    assert all(10 <= value < 2**62 for value in proposed)
    near = [value for value in proposed if any(abs(value - g) <= 1024 for g in good)]
    assert len(near) > 80  # fraction left: 1 / 21


def test_bounds_that_depend_on_another_parameter_are_kept():
    n = hp.randint("n", 2, 50)
    space = {"n": n, "k": hp.randint("k", 0, n), "u": hp.uniform("u", 0, n)}
    trials = Trials()
    minopt.fmin(
        lambda p: -p["k"], space, anneal.suggest, 60, trials=trials, verbose=False,
        rstate=np.random.default_rng(2),
    )  # fmt: skip
    for vals in trials.vals["n"], trials.vals["k"], trials.vals["u"]:
        assert len(vals) == 60
    assert all(0 <= k < n for k, n in zip(trials.vals["k"], trials.vals["n"], strict=True))
    assert all(0 <= u <= n for u, n in zip(trials.vals["u"], trials.vals["n"], strict=True))


def test_values_are_plain_python_numbers():
    domain, trials = tried(random_space(5), range(5))
    for suggest in (anneal.suggest, suggest_by_graph):
        (doc,) = suggest([5], domain, trials, 0)
        kinds = {type(value) for held in doc["misc"]["vals"].values() for value in held}
        assert kinds <= {int, float}


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"avg_best_idx": 0.5}, r"avg_best_idx must be a number of 1 or more, got 0.5"),
        ({"avg_best_idx": float("nan")}, r"avg_best_idx must be a number of 1 or more, got nan"),
        ({"shrink_coef": -1}, r"shrink_coef must be a number of 0 or more, got -1"),
        ({"shrink_coef": "much"}, r"shrink_coef must be a number of 0 or more, got 'much'"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    domain, trials = tried(hp.uniform("x", 0, 1), [1.0])
    with pytest.raises(InvalidArgument, match=message):
        anneal.suggest([1], domain, trials, 0, **settings)


@pytest.mark.parametrize("of_class", [True, False])
def test_the_loss_is_what_the_domain_takes_for_it(of_class):
    class Upwards(Domain):
        def loss(self, result, config=None):
            return -result["loss"]

    plain, trials = Domain(abs, hp.uniform("x", -5, 5)), Trials()
    upwards = Upwards(abs, hp.uniform("x", -5, 5)) if of_class else plain
    if not of_class:
        plain.loss = lambda result, config=None: -result["loss"]
    FMinIter(anneal.suggest, upwards, trials, rstate=0, max_evals=60).exhaust()
    theirs = hyperopt.Trials()
    domain = hyperopt.base.Domain(abs, hyperopt.hp.uniform("x", -5, 5))
    domain.loss = lambda result, config=None: -result["loss"]
    hyperopt.fmin.__globals__["FMinIter"](  # the function hides its module
        hyperopt.anneal.suggest,
        domain,
        theirs,
        rstate=np.random.default_rng(0),
        max_evals=60,
        verbose=False,
        show_progressbar=False,
    ).exhaust()
    assert trials.vals == theirs.vals
