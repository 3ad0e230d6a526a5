"""The spaces and objectives that scripts and tutorials write, on each of the two libraries."""

from __future__ import annotations

import functools
import math
import pickle

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow.*:DeprecationWarning")


def square(x):
    return x**2


def two(lib):
    return {"x": lib.hp.uniform("x", -5, 5), "n": lib.hp.quniform("n", 1, 9, 1)}


def test_integers_through_scope_int_reach_a_range(lib):
    space = {"layers": lib.scope.int(lib.hp.quniform("layers", 1, 4, 1))}

    def objective(params):
        return sum(1.0 for _ in range(params["layers"]))

    best = lib.search(objective, space)
    assert best["layers"] in (1.0, 2.0, 3.0, 4.0)


@pytest.mark.parametrize("cast", [int, round])
def test_a_quantised_value_is_cast_by_the_objective(lib, cast):
    best = lib.search(lambda p: 1 / cast(p["n"]), two(lib))
    assert best["n"] == int(best["n"])


def test_options_may_be_functions_classes_none_and_dicts(lib):
    seen = []
    options = [math.sqrt, dict, None, {"loss": "hinge", "penalty": None}, ("a", 1), [], "word"]

    def objective(option):
        seen.append(option)
        return float(len(seen))

    lib.search(objective, lib.hp.choice("what", options), evals=60)
    assert math.sqrt in seen
    assert dict in seen
    assert None in seen
    assert {"loss": "hinge", "penalty": None} in seen
    assert "word" in seen


def test_options_may_be_objects_of_the_user(lib):
    class Model:
        def fit(self):
            return 1.5

    models = [Model(), Model()]
    best = lib.search(lambda model: model.fit(), lib.hp.choice("model", models))
    assert lib.package.space_eval(lib.hp.choice("model", models), best) in models


def test_numpy_options_are_usable_as_numbers(lib):
    space = lib.hp.choice("size", np.arange(5, 26, 5))
    best = lib.search(lambda size: [0] * size and float(size), space)
    assert lib.package.space_eval(space, best) in (5, 10, 15, 20, 25)


def test_a_conditional_space_is_decoded_with_its_branch(lib):
    hp = lib.hp
    space = hp.choice(
        "classifier",
        [
            {"type": "naive_bayes"},
            {
                "type": "svm",
                "C": hp.lognormal("svm_C", 0, 1),
                "kernel": hp.choice(
                    "svm_kernel",
                    [{"ktype": "linear"}, {"ktype": "RBF", "width": hp.lognormal("width", 0, 1)}],
                ),
            },
            {
                "type": "dtree",
                "max_depth": hp.choice("depth", [None, hp.qlognormal("depth_int", 3, 1, 1)]),
            },
        ],
    )
    best = lib.search(lambda p: len(str(p)), space, evals=30)
    decoded = lib.package.space_eval(space, best)
    assert decoded["type"] in ("naive_bayes", "svm", "dtree")
    assert set(best) <= {"classifier", "svm_C", "svm_kernel", "width", "depth", "depth_int"}


def test_the_same_parameter_serves_two_options(lib):
    rate = lib.hp.loguniform("rate", -5, 0)
    space = lib.hp.choice("which", [{"name": "a", "rate": rate}, {"name": "b", "rate": rate}])
    trials = lib.Trials()
    lib.search(lambda p: p["rate"], space, trials=trials)
    assert all(len(trial["misc"]["vals"]["rate"]) == 1 for trial in trials.trials)


def test_a_users_own_graph_function_is_defined_once_and_used_in_a_space(lib):
    name = f"double_it_{lib.name}"

    def double_it(value):
        return 2 * value

    double_it.__name__ = name
    lib.scope.define(double_it)
    try:
        point = lib.sample(
            getattr(lib.scope, name)(lib.hp.randint("r", 5)), np.random.default_rng(1)
        )
    finally:
        lib.scope.undefine(double_it)
    assert point in (0, 2, 4, 6, 8)


def test_expressions_of_parameters_are_a_space(lib):
    hp = lib.hp
    space = {"lr": 10 ** hp.uniform("exponent", -4, -1), "sum": hp.uniform("a", 0, 1) + 3}
    point = lib.sample(space, np.random.default_rng(0))
    assert 1e-4 <= point["lr"] <= 1e-1
    assert 3 <= point["sum"] <= 4


def test_a_space_is_built_by_a_loop_over_a_table(lib):
    table = {"a": ("uniform", 0, 1), "b": ("quniform", 0, 10, 2), "c": ("choice", [1, 2])}
    space = {label: getattr(lib.hp, kind)(label, *args) for label, (kind, *args) in table.items()}
    assert set(lib.search(lambda p: p["a"], space)) == {"a", "b", "c"}


def test_a_list_and_a_tuple_are_spaces(lib):
    hp = lib.hp
    assert isinstance(lib.search(sum, [hp.uniform("a", 0, 1), hp.uniform("b", 0, 1)]), dict)
    assert isinstance(lib.search(lambda pair: pair[0], (hp.uniform("a", 0, 1), 3)), dict)


def test_annotations_are_a_space(lib):
    def objective(x, k):
        return x * k

    objective.__annotations__ = {
        "x": lib.hp.uniform("x", -1, 1),
        "k": lib.hp.choice("k", [1, 2]),
    }
    assert set(lib.search(objective, "annotated")) == {"x", "k"}


def test_a_graph_is_walked_for_its_parameters_by_node_names(lib):
    space = lib.pyll.as_apply(
        {"c": lib.hp.choice("c", ["a", "b", "z"]), "x": lib.hp.uniform("x", 0, 1)}
    )
    found = {}
    for node in lib.pyll.dfs(space):
        if node.name == "switch":
            label = node.pos_args[0].pos_args[0].obj
            found[label] = [option.obj for option in node.pos_args[1:]]
        elif node.name == "hyperopt_param":
            found.setdefault(node.pos_args[0].obj, node.pos_args[1].name)
    assert found == {"c": ["a", "b", "z"], "x": "float"} or found["c"] == ["a", "b", "z"]


def test_conditions_are_read_through_expr_to_config(lib):
    space = lib.pyll.as_apply(
        lib.hp.choice("c", [{"x": lib.hp.uniform("x", 0, 1)}, {"y": lib.hp.normal("y", 0, 1)}])
    )
    hps = {}
    lib.pyll_utils.expr_to_config(space, (True,), hps)
    assert set(hps) == {"c", "x", "y"}
    assert hps["x"]["conditions"] == {(True, lib.pyll_utils.EQ("c", 0))}
    assert hps["x"]["node"].name == "uniform"


@pytest.mark.parametrize("loss", [1, np.float32(1), np.int64(1), np.float64(1), True])
def test_losses_of_any_number_type_are_taken(lib, loss):
    trials = lib.Trials()
    lib.search(lambda p: {"loss": loss, "status": "ok"}, two(lib), 2, trials=trials)
    assert trials.losses() == [1.0, 1.0]


def test_results_keep_extra_keys_arrays_and_models(lib):
    trials = lib.Trials()
    model = object()

    def objective(p):
        return {
            "loss": p["x"] ** 2,
            "status": lib.package.STATUS_OK,
            "eval_time": 0.1,
            "other_stuff": {"type": None, "value": [0, 1, 2]},
            "scores": np.arange(3.0),
            "model": model,
        }

    lib.search(objective, two(lib), 3, trials=trials)
    assert trials.results[0]["other_stuff"] == {"type": None, "value": [0, 1, 2]}
    assert np.array_equal(trials.best_trial["result"]["scores"], [0, 1, 2])
    assert trials.best_trial["result"]["model"] is model


def test_attachments_are_kept_apart_from_the_result(lib):
    trials = lib.Trials()

    def objective(p):
        return {
            "loss": p["x"],
            "status": "ok",
            "attachments": {"time_module": pickle.dumps(math.pi)},
        }

    lib.search(objective, two(lib), 2, trials=trials)
    message = trials.trial_attachments(trials.trials[1])["time_module"]
    assert pickle.loads(message) == math.pi
    assert "attachments" not in trials.trials[1]["result"]


def test_the_objective_may_ask_for_expr_memo_and_ctrl(lib):
    trials = lib.Trials()

    @lib.package.fmin_pass_expr_memo_ctrl
    def objective(expr, memo, ctrl):
        config = lib.pyll.rec_eval(expr, memo=memo)
        ctrl.attachments["note"] = b"seen"
        return {"loss": config["x"] ** 2, "status": "ok", "tid": ctrl.current_trial["tid"]}

    lib.search(objective, two(lib), 3, trials=trials)
    assert [result["tid"] for result in trials.results] == [0, 1, 2]
    assert trials.trial_attachments(trials.trials[0])["note"] == b"seen"


def test_pass_expr_memo_ctrl_is_also_an_argument(lib):
    def objective(expr, memo, ctrl):
        return lib.pyll.rec_eval(expr, memo=memo)["x"]

    best = lib.search(objective, two(lib), pass_expr_memo_ctrl=True)
    assert set(best) == {"x", "n"}


def test_data_is_bound_to_the_objective_with_partial(lib):
    def objective(params, data):
        return abs(params["x"] - data.mean())

    bound = functools.partial(objective, data=np.ones(3))
    assert set(lib.search(bound, two(lib))) == {"x", "n"}


def test_methods_and_callable_objects_are_objectives(lib):
    class Tuner:
        calls = 0

        def score(self, params):
            self.calls += 1
            return params["x"]

        __call__ = score

    tuner = Tuner()
    lib.search(tuner.score, two(lib), 3)
    lib.search(tuner, two(lib), 3)
    assert tuner.calls == 6


def test_the_objective_may_change_the_point_it_got(lib):
    def objective(params):
        params["n"] = int(params.pop("n"))
        params["extra"] = 1
        return params["n"]

    trials = lib.Trials()
    lib.search(objective, two(lib), 5, trials=trials)
    assert set(trials.trials[0]["misc"]["vals"]) == {"x", "n"}


def test_failed_trials_are_left_out_of_the_best(lib):
    def objective(p):
        if p["x"] < 0:
            return {"status": lib.package.STATUS_FAIL}
        return {"loss": p["x"], "status": lib.package.STATUS_OK}

    trials = lib.Trials()
    best = lib.search(objective, two(lib), 20, trials=trials)
    assert best["x"] >= 0
    assert "fail" in trials.statuses()


def test_exceptions_are_caught_when_asked(lib):
    def objective(p):
        if p["x"] < 0:
            raise RuntimeError("diverged")
        return p["x"]

    trials = lib.Trials()
    lib.search(objective, two(lib), 20, trials=trials, catch_eval_exceptions=True)
    errors = [t for t in trials._dynamic_trials if t["state"] == lib.base.JOB_STATE_ERROR]
    assert errors
    assert "diverged" in errors[0]["misc"]["error"][1]
    assert len(trials.trials) == 20 - len(errors)
