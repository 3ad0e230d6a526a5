"""The benchmark's problems: optima known and attained, spaces legal, tables exact."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from benchmarks.problems import HELD_OUT, TRAINING, build, names, names_of, yardstick
from benchmarks.problems.analytic import LANDSCAPES, analytic
from benchmarks.problems.conditional import CONDITIONAL, Bowls, assignments, forest_of_choices
from benchmarks.problems.forest import Forest, flatten
from benchmarks.problems.make_yardsticks import check_points
from benchmarks.problems.space import (
    Categorical,
    Float,
    Int,
    branch,
    check,
    coordinates,
    depth,
    parameters,
    prune,
    sample,
)
from benchmarks.problems.table_spaces import TABLES
from benchmarks.problems.tables import FOLDER, grid_of, table, values_of

WITH_OPTIMUM = [name for name in names() if name not in {one.name for one in TABLES}]
GRIDS = [one for one in TABLES if not one.draws]
DRAWN = [one for one in TABLES if one.draws]
SPACE = (
    Float("x", 0.0, 1.0),
    branch("way", left=(Int("n", 1, 4),), right=(Categorical("c", ("p", "q")),)),
)


def drawn(name, count=200):
    rng = np.random.default_rng(11)
    return [sample(build(name).space, rng) for _ in range(count)]


def test_there_are_at_least_36_problems():
    assert len(names()) >= 36


@pytest.mark.parametrize("name", WITH_OPTIMUM)
def test_the_optimum_lies_in_the_space_and_attains_the_best_loss(name):
    problem = build(name)
    check(problem.space, problem.optimum)
    assert problem.loss(problem.optimum) == pytest.approx(0.0, abs=1e-9)
    assert yardstick(name).best == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("name", names())
def test_no_random_point_is_better_than_the_best_known(name):
    losses = [build(name).loss(config) for config in drawn(name)]
    assert min(losses) >= yardstick(name).best - 1e-12
    assert yardstick(name).median > yardstick(name).best


@pytest.mark.parametrize("name", names())
def test_a_problem_has_not_changed_since_its_yardstick_was_made(name):
    assert check_points(build(name)) == pytest.approx(yardstick(name).check, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", names())
def test_drawn_configurations_are_legal_and_hold_the_active_parameters_alone(name):
    space = build(name).space
    for config in drawn(name, 50):
        check(space, config)
        assert prune(space, config) == config
        assert len(coordinates(space, config)) == len(list(parameters(space)))


@pytest.mark.parametrize("name", names())
def test_names_of_parameters_are_unique_within_a_problem(name):
    labels = [parameter.name for parameter in parameters(build(name).space)]
    assert len(labels) == len(set(labels))


def test_every_family_is_either_trained_on_or_held_out():
    families = {build(name).family for name in names()}
    assert not TRAINING & HELD_OUT
    assert families == TRAINING | HELD_OUT
    assert {*names_of(TRAINING), *names_of(HELD_OUT)} == set(names())


@pytest.mark.parametrize("side", [TRAINING, HELD_OUT])
def test_each_side_has_classical_trained_and_conditional_problems(side):
    kinds = {
        "conditional" if depth(build(name).space) > 1 else build(name).family in LANDSCAPES
        for name in names()
        if build(name).family in side
    }
    assert kinds == {"conditional", True, False}


@pytest.mark.parametrize("name", ["tree_a", "tree_b", "optimiser", "layers", "pipeline_digits"])
def test_hierarchical_problems_are_three_levels_deep(name):
    assert depth(build(name).space) >= 3


@pytest.mark.parametrize("family", sorted(LANDSCAPES))
def test_a_test_function_is_least_where_it_says(family):
    landscape = LANDSCAPES[family].of(6 if family == "hartmann6" else 2)
    assert landscape.function(landscape.least) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_other_seeds_make_other_problems_with_known_optima(seed):
    problem = analytic("other", "ackley", "rlisc", seed=seed)
    check(problem.space, problem.optimum)
    assert problem.loss(problem.optimum) == pytest.approx(0.0, abs=1e-9)
    bowls = Bowls(forest_of_choices(seed), seed)
    assert bowls(bowls.optimum) == 0.0


def test_the_best_arms_of_a_hierarchical_problem_are_its_optimum_s():
    bowls = CONDITIONAL[0].loss
    space = bowls.space
    losses = [bowls(prune(space, bowls.best | choice)) for choice in assignments(space)]
    assert min(losses) == bowls(bowls.optimum)
    assert sorted(losses)[1] > 0


@pytest.mark.parametrize("recipe", GRIDS, ids=lambda one: one.name)
def test_a_grid_is_looked_up_exactly(recipe):
    stored = table(recipe.name)["losses"]
    problem = build(recipe.name)
    shape = [len(values_of(parameter)) for parameter in recipe.space]
    assert stored.size == np.prod(shape)
    for place, config in itertools.islice(enumerate(grid_of(recipe.space)), 0, None, 7):
        assert problem.loss(config) == stored[place]
        corner = [values_of(one).index(config[one.name]) for one in recipe.space]
        assert stored.reshape(shape)[tuple(corner)] == stored[place]


@pytest.mark.parametrize("recipe", DRAWN, ids=lambda one: one.name)
def test_a_forest_follows_the_losses_that_were_trained(recipe):
    stored = table(recipe.name)
    forest = Forest(stored)
    read = np.array([forest(point) for point in stored["points"][:300].tolist()])
    assert np.corrcoef(read, stored["losses"][:300])[0, 1] > 0.9


@pytest.mark.parametrize("recipe", TABLES, ids=lambda one: one.name)
def test_a_table_says_what_it_was_trained_on(recipe):
    facts = table(recipe.name)["facts"]
    assert (facts["data"], facts["rows"]) == (recipe.data, recipe.rows)
    assert 1000 <= facts["configurations"] <= 3000


def test_the_tables_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.npz")) <= 5_000_000


def test_a_flattened_forest_predicts_what_scikit_learn_does():
    ensemble = pytest.importorskip("sklearn.ensemble")
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 3)).astype(np.float32)
    target = points[:, 0] * points[:, 1] + points[:, 2]
    model = ensemble.RandomForestRegressor(5, random_state=0).fit(points, target)
    forest = Forest(flatten(model.estimators_))
    assert [forest(point) for point in points.tolist()] == pytest.approx(
        model.predict(points).tolist(), abs=1e-5
    )


@pytest.mark.parametrize("name", ["knn_wine_grid", "svc_noisy_digits_grid"])
def test_training_a_configuration_again_gives_the_stored_loss(name):
    sklearn = pytest.importorskip("sklearn")
    from benchmarks.problems.training import load, train

    if table(name)["facts"]["sklearn"] != sklearn.__version__:
        pytest.skip("another scikit-learn made the table")
    recipe = next(one for one in TABLES if one.name == name)
    problem = build(name)
    for config in drawn(name, 3):
        assert train(recipe, config, *load(recipe)) == pytest.approx(problem.loss(config), abs=5e-3)


def test_yardsticks_are_stored_for_exactly_the_problems():
    from benchmarks.problems.catalogue import YARDSTICKS

    assert set(json.loads(YARDSTICKS.read_text(encoding="utf-8"))) == set(names())


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"x": 2.0, "way": "left", "n": 1}, "x=2.0"),
        ({"x": 0.5, "way": "left", "n": 1.0}, "n=1.0"),
        ({"x": 0.5, "way": "left", "c": "p"}, "active"),
        ({"x": 0.5, "way": "left"}, "active"),
        ({"x": 0.5, "way": "right", "c": "r"}, "c='r'"),
    ],
)
def test_a_configuration_outside_the_space_is_refused(config, word):
    with pytest.raises(ValueError, match=word):
        check(SPACE, config)


def test_what_stands_under_other_arms_is_pruned():
    whole = {"x": 0.5, "way": "right", "n": 3, "c": "q"}
    assert prune(SPACE, whole) == {"x": 0.5, "way": "right", "c": "q"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Float("x", 1.0, 1.0),
        lambda: Float("x", 0.0, 1.0, log=True),
        lambda: Int("n", 3, 2),
        lambda: Categorical("c", ("a", "a")),
    ],
)
def test_a_parameter_in_a_wrong_state_cannot_exist(make):
    with pytest.raises(ValueError, match="needs"):
        make()
