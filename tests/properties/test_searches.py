"""What holds for every search, over random spaces."""

from __future__ import annotations

import functools
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minopt import STATUS_FAIL, Domain, Trials, anneal, fmin, mix, rand, space_eval, tpe
from minopt.base import spec_from_misc, trials_from_docs
from minopt.fmin import generate_trials_to_calculate
from minopt.testing.spaces import loss_of, random_space

EVALS = 32  # a dozen after the start-up trials
SEEDS = st.integers(0, 2**31)
MIXED = functools.partial(
    mix.suggest,
    p_suggest=[(0.2, rand.suggest), (0.4, anneal.suggest), (0.4, tpe.suggest)],
)
ALGOS = {"rand": rand.suggest, "tpe": tpe.suggest, "anneal": anneal.suggest, "mix": MIXED}

every_algo = pytest.mark.parametrize("algo", ALGOS.values(), ids=ALGOS)


def some_examples(count):
    return settings(max_examples=2 * count, deadline=None, derandomize=True, print_blob=True)


def search(space, algo, seed, evals=EVALS, fn=loss_of, trials=None, **options):
    trials = Trials() if trials is None else trials
    fmin(
        fn,
        space,
        algo,
        evals,
        trials=trials,
        rstate=seed,
        verbose=False,
        return_argmin=False,
        **options,
    )
    return trials


def same_vals(first, second):
    return [m["vals"] for m in first.miscs] == [m["vals"] for m in second.miscs]


@every_algo
@given(seed=SEEDS)
@some_examples(12)
def test_every_proposed_value_lies_within_its_law_and_every_active_label_has_one(algo, seed):
    space = random_space(seed)
    table = Domain(None, space).table
    for trial in search(space, algo, seed).trials:
        point = spec_from_misc(trial["misc"])
        assert table.check_point(point, "the point") == point
        for parameter in table.parameters:
            assert (parameter.label in point) == table.is_active(parameter, point)


@every_algo
@given(seed=SEEDS)
@some_examples(8)
def test_what_leaves_a_search_is_plain_python_and_json(algo, seed):
    received = []
    trials = search(
        random_space(seed), algo, seed, 24, fn=lambda p: received.append(p) or loss_of(p)
    )
    best = [trials.argmin, trials.best_trial["misc"], trials.results, trials.tids, received]
    assert json.loads(json.dumps(best)) == json.loads(json.dumps(best, default=refuse))
    assert all(type(tid) is int for tid in trials.tids)
    assert all(type(loss) is float for loss in trials.losses())


def refuse(thing):
    raise AssertionError(f"{thing!r} is not plain Python")


@every_algo
@given(seed=SEEDS)
@some_examples(8)
def test_the_best_point_decodes_to_what_the_objective_received(algo, seed):
    received = []
    space = random_space(seed)
    trials = search(space, algo, seed, fn=lambda p: received.append(p) or loss_of(p))
    for trial, point in zip(trials.trials, received, strict=True):
        assert space_eval(space, spec_from_misc(trial["misc"])) == point
        assert space_eval(space, trial["misc"]["vals"]) == point
    assert loss_of(space_eval(space, trials.argmin)) == min(trials.losses())


@every_algo
@given(seed=SEEDS, stop=st.integers(1, EVALS - 1))
@some_examples(8)
def test_a_resumed_search_is_the_uninterrupted_one(algo, seed, stop):
    space = random_space(seed)
    whole = search(space, algo, seed)
    parts = search(space, algo, seed, stop)
    parts = pickle.loads(pickle.dumps(parts))
    parts = search(random_space(seed), algo, seed, trials=parts)
    assert same_vals(parts, whole)


@every_algo
@given(seed=SEEDS)
@some_examples(6)
def test_the_same_history_and_seed_give_the_same_proposal(algo, seed):
    space = random_space(seed)
    trials = search(space, algo, seed)
    # another process would see documents only: no columns, nothing kept from the search
    copied = trials_from_docs(json.loads(json.dumps(trials.trials, default=str)))
    first, second = (
        algo([1000], Domain(None, random_space(seed)), history, 7)[0]["misc"]["vals"]
        for history in (trials, copied)
    )
    assert first == second


@given(seed=SEEDS, order=st.permutations(range(24)))
@some_examples(15)
def test_tpe_reads_what_documents_say_now(seed, order):
    """Documents are live: losses written into them later count, as if they had been there."""
    space, domain = random_space(seed), Domain(None, random_space(seed))
    trials = search(space, rand.suggest, seed, 24)
    tpe.suggest([99], domain, trials, 0)  # fills whatever is kept between calls
    for trial, loss in zip(trials.trials, order, strict=True):
        trial["result"]["loss"] = float(loss)
    trials.refresh()
    fresh = trials_from_docs(trials.trials)
    assert (
        tpe.suggest([99], domain, trials, 0)[0]["misc"]["vals"]
        == tpe.suggest([99], domain, fresh, 0)[0]["misc"]["vals"]
    )


@given(seed=SEEDS, n_ids=st.integers(1, 6))
@some_examples(10)
def test_n_ids_give_n_documents_with_these_ids(seed, n_ids):
    space = random_space(seed)
    trials = search(space, tpe.suggest, seed)
    ids = list(range(200, 200 + n_ids))
    docs = tpe.suggest(ids, Domain(None, space), trials, 3)
    assert [doc["tid"] for doc in docs] == ids
    assert [doc["misc"]["tid"] for doc in docs] == ids


@given(seed=SEEDS)
@some_examples(10)
def test_n_proposals_differ_where_the_space_is_continuous(seed):
    space = random_space(seed, laws=["uniform", "normal", "lognormal"])
    trials = search(space, tpe.suggest, seed)
    docs = tpe.suggest(list(range(200, 206)), Domain(None, space), trials, 3)
    points = [json.dumps(doc["misc"]["vals"]) for doc in docs]
    assert len(set(points)) == 6


@every_algo
@given(seed=SEEDS, failing=st.integers(2, 5))
@some_examples(6)
def test_failed_trials_are_learnt_from_and_never_the_best(algo, seed, failing):
    calls = []

    def objective(point):
        calls.append(point)
        if len(calls) % failing == 0:
            return {"status": STATUS_FAIL, "loss": -1e9}
        return loss_of(point)

    trials = search(random_space(seed), algo, seed, fn=objective)
    assert len(trials) == EVALS
    assert trials.best_trial["result"]["status"] == "ok"


@every_algo
@given(seed=SEEDS)
@some_examples(6)
def test_nan_and_infinite_losses_are_survived(algo, seed):
    losses = np.random.default_rng(seed).choice([np.nan, np.inf, -1.0, 0.0, 1e300], EVALS).tolist()
    losses[0] = 0.5
    pending = iter(losses)
    trials = search(random_space(seed), algo, seed, fn=lambda p: next(pending))
    assert trials.best_trial["result"]["loss"] == min(x for x in losses if x == x)


@given(seed=SEEDS, data=st.data())
@some_examples(15)
def test_points_of_one_search_can_be_asked_of_another(seed, data):
    space = random_space(seed)
    first = search(space, rand.suggest, seed, 8)
    points = [spec_from_misc(misc) for misc in first.miscs]
    wanted = data.draw(st.lists(st.sampled_from(points), max_size=4))
    received = []
    fmin(
        lambda p: received.append(p) or loss_of(p),
        space,
        rand.suggest,
        3,
        points_to_evaluate=wanted,
        rstate=1,
        verbose=False,
    )
    assert len(received) == len(wanted) + 3
    assert received[: len(wanted)] == [space_eval(space, point) for point in wanted]


@given(seed=SEEDS)
@some_examples(10)
def test_generated_trials_are_evaluated_in_their_order(seed):
    space = random_space(seed)
    points = [spec_from_misc(misc) for misc in search(space, rand.suggest, seed, 4).miscs]
    trials = search(space, rand.suggest, seed, 6, trials=generate_trials_to_calculate(points))
    assert [spec_from_misc(misc) for misc in trials.miscs][:4] == points
    assert len(trials) == 4 + 6  # nobody has seen them yet: they come on top


@given(seed=SEEDS, cuts=st.lists(st.booleans(), min_size=10, max_size=10))
@some_examples(15)
def test_tids_stay_unique_whatever_was_filtered_or_merged(seed, cuts):
    space = random_space(seed, max_parameters=4)
    first, second = search(space, rand.suggest, 1, 10), search(space, rand.suggest, 2, 10)
    kept = [trial for trial, keep in zip(first.trials, cuts, strict=True) if keep]
    merged = trials_from_docs(kept)
    search(space, tpe.suggest, 3, len(kept) + 5, trials=merged)
    assert len(set(merged.tids)) == len(merged) == len(kept) + 5
    both = trials_from_docs(kept + second.trials)
    search(space, tpe.suggest, 3, len(both) + 3, trials=both)
    assert len(set(both.tids[-3:]) - set(both.tids[:-3])) == 3


@given(seed=SEEDS, queue=st.integers(1, 5), evals=st.integers(1, 30))
@some_examples(15)
def test_exactly_max_evals_trials_run_with_any_queue(seed, queue, evals):
    space = random_space(seed, max_parameters=5)
    trials = search(space, tpe.suggest, seed, evals, max_queue_len=queue)
    assert trials.tids == list(range(evals))
    assert None not in trials.losses()
