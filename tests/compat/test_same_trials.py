"""Decision D1: the same seed, space and settings give hyperopt's trials, one for one."""

from __future__ import annotations

import math

import pytest

from minopt.testing.spaces import loss_of, numbers_in, random_space

LAWS = {
    "uniform": lambda lib: lib.hp.uniform("x", -5, 10),
    "uniform, narrow and far from zero": lambda lib: lib.hp.uniform("x", 1000, 1000.5),
    "loguniform": lambda lib: lib.hp.loguniform("x", -9, 2),
    "quniform": lambda lib: lib.hp.quniform("x", 0, 20, 0.5),
    "quniform with bounds off the grid": lambda lib: lib.hp.quniform("x", -4.2, 17.3, 3),
    "qloguniform": lambda lib: lib.hp.qloguniform("x", 0, 5, 1),
    "normal": lambda lib: lib.hp.normal("x", 2, 3),
    "qnormal": lambda lib: lib.hp.qnormal("x", 0, 10, 2),
    "lognormal": lambda lib: lib.hp.lognormal("x", 0, 1),
    "qlognormal": lambda lib: lib.hp.qlognormal("x", 1, 1, 0.5),
    "uniformint": lambda lib: lib.hp.uniformint("x", 1, 30),
    "uniformint around zero": lambda lib: lib.hp.uniformint("x", -3, 3),
    "randint": lambda lib: lib.hp.randint("x", 12),
    "randint with an offset": lambda lib: lib.hp.randint("x", 5, 25),
    "randint below zero": lambda lib: lib.hp.randint("x", -7, 3),
    "randint of 10 000": lambda lib: lib.hp.randint("x", 10_000),
    "choice": lambda lib: lib.hp.choice("x", [1.5, "two", None, (4, 5)]),
    "choice of one": lambda lib: lib.hp.choice("x", ["only"]),
    "pchoice": lambda lib: lib.hp.pchoice("x", [(0.1, 0), (0.7, 5), (0.2, -3)]),
    "scope.int of quniform": lambda lib: lib.scope.int(lib.hp.quniform("x", 1, 30, 1)),
}


def twice_ten(lib):
    """The twenty mixed parameters of the speed benchmark."""
    hp = lib.hp
    space = {}
    for half in "ab":
        space |= {
            f"{half}0": hp.uniform(f"{half}0", -1, 1),
            f"{half}1": hp.loguniform(f"{half}1", -7, 0),
            f"{half}2": hp.uniformint(f"{half}2", 1, 50),
            f"{half}3": hp.quniform(f"{half}3", 0, 10, 0.5),
            f"{half}4": hp.choice(f"{half}4", [0, 1, 2, 3]),
            f"{half}5": hp.normal(f"{half}5", 0, 1),
            f"{half}6": hp.uniform(f"{half}6", 0, 100),
            f"{half}7": hp.qloguniform(f"{half}7", 0, 6, 1),
            f"{half}8": hp.choice(f"{half}8", [False, True]),
            f"{half}9": hp.lognormal(f"{half}9", 0, 1),
        }
    return space


def thirty(lib):
    """Thirty parameters, in a list."""
    hp = lib.hp
    ten = [
        lambda n: hp.uniform(f"p{n}", -n, n + 1),
        lambda n: hp.qnormal(f"p{n}", n, 5, 1),
        lambda n: hp.randint(f"p{n}", n, 3 * n + 4),
        lambda n: hp.pchoice(f"p{n}", [(0.25, n), (0.75, -n)]),
        lambda n: hp.qlognormal(f"p{n}", 1, 0.5, 1),
        lambda n: hp.loguniform(f"p{n}", -3, 3),
    ]
    return [ten[n % 6](n) for n in range(30)]


def nested(lib):
    """Choices three deep, with parameters at every depth."""
    hp = lib.hp
    inner = hp.choice("depth", [{"a": hp.normal("a", 0, 1)}, {"b": hp.randint("b", 3, 9)}])
    return hp.choice(
        "model",
        [
            {"kind": "svm", "c": hp.lognormal("c", 0, 1), "kernel": inner},
            {"kind": "tree", "split": hp.choice("split", [hp.quniform("q", 2, 9, 1), None])},
            {"kind": "knn", "k": hp.uniformint("k", 1, 20)},
        ],
    )


def shared(lib):
    """One node in two options, one used with and without a condition, one choice used twice."""
    hp = lib.hp
    both, also = hp.uniform("both", 0, 1), hp.loguniform("also", -4, 0)
    coin = hp.choice("coin", [both, 2 * both + also])
    return {
        "always": also,
        "first": hp.choice("first", [{"x": both}, {"y": [both, coin]}, coin]),
        "second": hp.pchoice("second", [(0.3, coin), (0.7, hp.normal("z", 0, 1))]),
    }


def arithmetic(lib):
    """Expressions over parameters, some of them in the options of a choice."""
    hp = lib.hp
    x, y = hp.uniform("x", 1, 2), hp.quniform("y", 1, 9, 2)
    return {"sum": x + y, "power": x**2, "either": hp.choice("e", [x - y, y / x, -x, 3 // y])}


MIXES = {
    "twenty": twice_ten,
    "thirty": thirty,
    "nested": nested,
    "shared": shared,
    "arithmetic": arithmetic,
}

SETTINGS = {
    "gamma": {"gamma": 0.6},
    "small gamma": {"gamma": 0.05},
    "candidates": {"n_EI_candidates": 100},
    "one candidate": {"n_EI_candidates": 1},
    "short start": {"n_startup_jobs": 1},
    "long start": {"n_startup_jobs": 45},
    "strong prior": {"prior_weight": 3.5},
    "weak prior": {"prior_weight": 0.1},
    "all": {"gamma": 1, "n_EI_candidates": 7, "n_startup_jobs": 5, "prior_weight": 0.7},
}


def accuracy(point):
    """A loss as an accuracy prints: two digits, so that many trials are equal."""
    return -round(0.5 + 0.5 * math.sin(sum(numbers_in(point))), 2)


def step(point):
    """A loss of three values."""
    return float(round(loss_of(point)) % 3)


def constant(point):
    """Nothing to be learnt."""
    return 0.25


OBJECTIVES = {"plain": loss_of, "accuracy": accuracy, "step": step, "constant": constant}
ALGOS = ["rand", "tpe", "anneal", "mix"]


@pytest.mark.parametrize("algo", ALGOS)
@pytest.mark.parametrize("law", LAWS)
def test_every_law_alone_gives_the_same_trials(assert_same_trials, law, algo):
    assert_same_trials(LAWS[law], algo, seed=1)


@pytest.mark.parametrize("objective", ["accuracy", "constant"])
@pytest.mark.parametrize("law", LAWS)
def test_ties_fall_as_the_reference_s_do_for_every_law(assert_same_trials, law, objective):
    assert_same_trials(LAWS[law], "tpe", seed=2, objective=OBJECTIVES[objective], evals=80)


@pytest.mark.parametrize("algo", ALGOS)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("mix", MIXES)
def test_mixed_and_conditional_spaces_give_the_same_trials(
    assert_same_trials, mix, objective, algo
):
    assert_same_trials(MIXES[mix], algo, seed=3, objective=OBJECTIVES[objective])


@pytest.mark.parametrize("seed", [0, 7, 123456789])
@pytest.mark.parametrize("algo", ["tpe", "anneal"])
def test_several_seeds_give_the_same_trials(assert_same_trials, algo, seed):
    assert_same_trials(nested, algo, seed=seed, evals=90)


@pytest.mark.parametrize("mix", ["twenty", "shared"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_changed_settings_give_the_same_trials(assert_same_trials, settings, mix):
    assert_same_trials(MIXES[mix], "tpe", seed=4, **SETTINGS[settings])


@pytest.mark.parametrize("settings", [{"avg_best_idx": 3.0}, {"shrink_coef": 0.5}])
def test_changed_settings_of_anneal_give_the_same_trials(assert_same_trials, settings):
    assert_same_trials(shared, "anneal", seed=4, **settings)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("algo", ["rand", "tpe"])
def test_random_spaces_give_the_same_trials(assert_same_trials, algo, seed):
    assert_same_trials(lambda lib: random_space(seed, hp=lib.hp), algo, seed)


@pytest.mark.parametrize("seed", range(100, 108))
@pytest.mark.parametrize("algo", ["anneal", "mix"])
def test_random_spaces_give_the_same_trials_with_the_other_algorithms(
    assert_same_trials, algo, seed
):
    assert_same_trials(lambda lib: random_space(seed, hp=lib.hp), algo, seed)


@pytest.mark.parametrize("seed", range(200, 210))
def test_random_spaces_with_ties_give_the_same_trials(assert_same_trials, seed):
    objective = [accuracy, step, constant][seed % 3]
    assert_same_trials(lambda lib: random_space(seed, hp=lib.hp), "tpe", seed, objective=objective)


@pytest.mark.parametrize("mix", ["twenty", "nested"])
def test_long_histories_give_the_same_trials(assert_same_trials, mix):
    assert_same_trials(MIXES[mix], "tpe", seed=5, evals=150)


@pytest.mark.parametrize("algo", ["rand", "tpe"])
def test_points_to_evaluate_come_first_and_the_rest_is_the_same(assert_same_trials, algo):
    points = [{"c": 0, "n": 3, "x": 0.5}, {"c": 2, "n": 1, "x": -4.25}]

    def space(lib):
        hp = lib.hp
        return {
            "x": hp.uniform("x", -5, 5),
            "n": hp.randint("n", 4),
            "c": hp.choice("c", ["a", "b", "c"]),
        }

    ours, _ = assert_same_trials(space, algo, seed=6, options={"points_to_evaluate": points})
    assert len(ours.trials) == 62


def few(lib):
    """Three parameters, one of them conditional."""
    hp = lib.hp
    return {
        "x": hp.uniform("x", -5, 5),
        "c": hp.choice("c", [0, hp.quniform("q", 0, 9, 1)]),
    }


def known_trials(tids):
    """Finished trials of `few` as documents, made by hand."""
    docs = []
    for place, tid in enumerate(tids):
        vals = {"x": [0.4 * place - 5], "c": [place % 2], "q": [float(place % 9)] * (place % 2)}
        misc = {
            "tid": tid,
            "cmd": ("domain_attachment", "FMinIter_Domain"),
            "workdir": None,
            "idxs": {label: [tid] * len(value) for label, value in vals.items()},
            "vals": vals,
        }
        docs.append(
            {
                "tid": tid,
                "spec": None,
                "state": 2,
                "result": {"status": "ok", "loss": round(math.sin(place), 1)},
                "misc": misc,
                "exp_key": None,
                "owner": None,
                "version": 0,
                "book_time": None,
                "refresh_time": None,
            }
        )
    return docs


@pytest.mark.parametrize(
    "tids",
    [range(25), [*range(24, -1, -1)], [*range(0, 25, 2), *range(1, 25, 2)]],
    ids=["in order", "backwards", "out of order"],
)
@pytest.mark.parametrize("algo", ["tpe", "anneal"])
def test_known_trials_put_in_by_hand_are_learnt_from_alike(assert_same_trials, algo, tids):
    options = {"known": known_trials(tids)}
    ours, _ = assert_same_trials(few, algo, seed=9, evals=45, options=options)
    assert len(ours.trials) == 45


@pytest.mark.parametrize("count", [3, 9])
def test_a_queue_of_random_trials_holds_the_same_points(assert_same_trials, count):
    assert_same_trials(few, "rand", seed=10, options={"max_queue_len": count})


def test_a_queue_within_the_start_up_trials_holds_the_same_points(assert_same_trials):
    assert_same_trials(few, "tpe", seed=10, evals=20, options={"max_queue_len": 5})


@pytest.mark.parametrize("algo", ["rand", "tpe"])
def test_a_loss_threshold_stops_after_the_same_trial(assert_same_trials, algo):
    ours, _ = assert_same_trials(
        few, algo, seed=11, objective=lambda p: abs(p["x"]), options={"loss_threshold": 0.3}
    )
    assert len(ours.trials) < 60


def test_an_early_stop_ends_after_the_same_trial(assert_same_trials):
    def stop(trials, best=None, count=0):
        loss = trials.losses()[-1]
        improved = best is None or loss < best
        return count > 8, [loss if improved else best, 0 if improved else count + 1]

    ours, _ = assert_same_trials(few, "tpe", seed=12, options={"early_stop_fn": stop})
    assert len(ours.trials) < 60


def test_the_decoded_best_point_is_the_same(assert_same_trials):
    assert_same_trials(nested, "tpe", seed=13, options={"return_argmin": False})


def test_results_given_as_dicts_make_the_same_trials(assert_same_trials):
    def objective(point):
        return {"loss": loss_of(point), "status": "ok", "loss_variance": 0.1, "more": [1, 2]}

    assert_same_trials(few, "tpe", seed=14, objective=objective)


@pytest.mark.slow
@pytest.mark.parametrize("algo", ALGOS)
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_a_hundred_more_random_spaces_give_the_same_trials(assert_same_trials, algo, seed):
    objective = list(OBJECTIVES.values())[seed % 4]
    assert_same_trials(
        lambda lib: random_space(seed, hp=lib.hp), algo, seed, objective=objective, evals=100
    )


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", range(2000, 2010))
def test_random_spaces_and_settings_give_the_same_trials(assert_same_trials, settings, seed):
    assert_same_trials(
        lambda lib: random_space(seed, hp=lib.hp), "tpe", seed, evals=100, **SETTINGS[settings]
    )
