"""Functions of hyperopt that scripts and tests call by themselves give the same answers."""

from __future__ import annotations

import operator

import numpy as np
import pytest

ARRAY = np.array([3.0, 1.0, 2.0])
MIXTURE = {
    "weights": np.array([0.2, 0.5, 0.3]),
    "mus": np.array([-1.0, 0.4, 2.0]),
    "sigmas": np.array([0.5, 1.0, 0.2]),
}

# symbol -> (positional arguments, keyword arguments), evaluated as a graph
CALLS = {
    "add": ((1, 2), {}),
    "sub": ((1, 2.5), {}),
    "mul": (("ab", 3), {}),
    "truediv": ((7, 2), {}),
    "floordiv": ((7, 2), {}),
    "neg": ((4,), {}),
    "pow": ((2, 10), {}),
    "eq": ((1, 1.0), {}),
    "ge": ((1, 2), {}),
    "gt": ((1, 2), {}),
    "le": ((1, 2), {}),
    "lt": ((1, 2), {}),
    "exp": ((1.5,), {}),
    "log": ((1.5,), {}),
    "sqrt": ((2.0,), {}),
    "sin": ((1.5,), {}),
    "cos": ((1.5,), {}),
    "tan": ((1.5,), {}),
    "maximum": ((ARRAY, 2), {}),
    "minimum": ((ARRAY, 2), {}),
    "max": ((3, 5, 4), {}),
    "min": ((3, 5, 4), {}),
    "sum": ((ARRAY,), {}),
    "sum by axis": ((np.ones((2, 3)),), {"axis": 0}),
    "len": (([1, 2, 3],), {}),
    "int": ((3.9,), {}),
    "float": (("2.5",), {}),
    "list": (((1, 2),), {}),
    "range": ((2, 9, 3), {}),
    "dict": ((), {"a": 1, "b": 2}),
    "getattr": ((ARRAY, "shape"), {}),
    "getitem": (([4, 5, 6], 1), {}),
    "identity": ((8,), {}),
    "pos_args": ((1, "b"), {}),
    "asarray": (([1, 2],), {"dtype": "float64"}),
    "str_join": ((", ", ["a", "b"]), {}),
    "switch": ((1, "a", "b"), {}),
    "repeat": ((3, 7), {}),
    "call": ((operator.add, (1, 2)), {}),
    "call_method": ((ARRAY, "mean"), {}),
    "call_method_pure": ((ARRAY, "sum"), {}),
    "copy_call_method_pure": ((ARRAY, "max"), {}),
    "array_union": (([1, 2], [2, 5]), {}),
    "array_union1": (([[1, 2], [2, 5]],), {}),
    "bincount": ((np.array([3, 4, 4]),), {"offset": 3, "minlength": 4}),
    "bincount with weights": ((np.array([0, 2, 2]),), {"weights": ARRAY, "p": np.ones(3)}),
    "linear_forgetting_weights": ((40, 25), {}),
    "linear_forgetting_weights of few": ((3, 25), {}),
    "adaptive_parzen_normal": ((ARRAY, 1.0, 2.0, 4.0), {}),
    "adaptive_parzen_normal of one": ((ARRAY[:1], 1.0, 2.0, 4.0), {}),
    "adaptive_parzen_normal of none": ((ARRAY[:0], 1.0, 2.0, 4.0), {}),
    "adaptive_parzen_normal of many": ((np.cos(np.arange(60.0)), 0.5, 0.0, 1.0), {}),
    "adaptive_parzen_normal_orig": ((ARRAY, 1.0, 2.0, 4.0), {}),
    "ap_split_trials": (
        (np.arange(12), np.arange(12.0), np.arange(12), np.cos(np.arange(12.0)), 0.5),
        {},
    ),
    "broadcast_best": ((ARRAY, np.array([0.1, 0.3, 0.2]), np.array([0.0, 0.4, 0.0])), {}),
    "categorical_lpdf": ((np.array([0, 2]), np.array([0.2, 0.3, 0.5])), {}),
    "randint_via_categorical_lpdf": ((np.array([0, 2]), np.array([0.2, 0.3, 0.5])), {}),
    "tpe_cat_pseudocounts": ((np.array([4.0, 1.0]), 2.0, np.array([0.5, 0.5]), 2), {}),
    "GMM1_lpdf": ((np.linspace(-3, 3, 9),), MIXTURE),
    "GMM1_lpdf within bounds": ((np.linspace(-1, 1, 9),), {**MIXTURE, "low": -1.5, "high": 1.5}),
    "GMM1_lpdf quantised": ((np.arange(-2.0, 3.0),), {**MIXTURE, "q": 1.0}),
    "GMM1_lpdf quantised within bounds": (
        (np.arange(-2.0, 3.0),),
        {**MIXTURE, "q": 1.0, "low": -2.0, "high": 2.0},
    ),
    "LGMM1_lpdf": ((np.linspace(0.1, 3, 9),), MIXTURE),
    "LGMM1_lpdf quantised": ((np.arange(0.0, 4.0),), {**MIXTURE, "q": 1.0}),
    "lognormal_cdf": ((np.array([0.5, 2.0]), 0.3, 0.8), {}),
    "lognormal_lpdf": ((np.array([0.5, 2.0]), 0.3, 0.8), {}),
    "normal_cdf": ((np.array([0.5, 2.0]), 0.3, 0.8), {}),
    "qlognormal_lpdf": ((np.array([1.0, 2.0]), 0.3, 0.8, 1.0), {}),
    "idxs_take": ((np.array([4, 7, 9]), np.array([0.4, 0.7, 0.9]), np.array([9, 4])), {}),
    "uniq": (([3, 1, 3, 2, 1],), {}),
    "vchoice_split": ((np.array([5, 6, 7]), np.array([1, 0, 1]), 2), {}),
}

DRAWS = {
    "GMM1": (MIXTURE, {"size": (9,)}),
    "GMM1 within bounds": ({**MIXTURE, "low": -1.0, "high": 1.0}, {"size": (9,)}),
    "GMM1 quantised": ({**MIXTURE, "q": 0.5}, {"size": (3, 3)}),
    "LGMM1": (MIXTURE, {"size": (9,)}),
    "LGMM1 within bounds": ({**MIXTURE, "low": -1.0, "high": 1.0, "q": 0.1}, {"size": (9,)}),
}


def equal(ours, theirs):
    """Equal to the last bit, whatever containers they stand in."""
    if isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(equal, ours, theirs))
    if isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(equal(ours[key], theirs[key]) for key in theirs)
    return np.array_equal(np.asarray(ours), np.asarray(theirs), equal_nan=False)


def answer(lib, name, arguments, keywords):
    symbol = name.partition(" ")[0]
    node = getattr(lib.scope, symbol)(*arguments, **keywords)
    found = lib.pyll.rec_eval(node)
    return list(found) if isinstance(found, (map, set, range)) else found


@pytest.mark.parametrize("name", CALLS)
def test_a_symbol_evaluates_to_the_reference_s_value(hyperopt, minopt, name):
    theirs, ours = (answer(lib, name, *CALLS[name]) for lib in (hyperopt, minopt))
    assert equal(ours, theirs), f"{ours!r}\n{theirs!r}"


@pytest.mark.parametrize("name", DRAWS)
def test_a_mixture_is_drawn_from_in_the_reference_s_order(hyperopt, minopt, name):
    keywords, size = DRAWS[name]

    def draw(lib):
        function = lib.scope._impls[name.partition(" ")[0]]
        return function(rng=np.random.default_rng(6), **keywords, **size)

    getattr(minopt.scope, name.partition(" ")[0])
    theirs, ours = draw(hyperopt), draw(minopt)
    assert np.shape(ours) == np.shape(theirs)
    assert equal(ours, theirs)


def searched(lib):
    trials = lib.Trials()
    space = {
        "x": lib.hp.uniform("x", -5, 5),
        "c": lib.hp.choice("c", [0, lib.hp.quniform("q", 0, 9, 1)]),
    }

    def objective(point):
        if point["x"] > 4:
            return {"status": "fail"}
        return {"loss": point["x"] ** 2, "status": "ok", "true_loss": 1.0, "loss_variance": 0.25}

    lib.search(objective, space, 30, trials=trials)
    return trials


READINGS = {
    "losses": lambda lib, t: t.losses(),
    "statuses": lambda lib, t: t.statuses(),
    "tids": lambda lib, t: t.tids,
    "vals": lambda lib, t: t.vals,
    "idxs": lambda lib, t: t.idxs,
    "idxs_vals": lambda lib, t: t.idxs_vals,
    "specs": lambda lib, t: t.specs,
    "results": lambda lib, t: t.results,
    "argmin": lambda lib, t: t.argmin,
    "best trial": lambda lib, t: t.best_trial["tid"],
    "average_best_error": lambda lib, t: t.average_best_error(),
    "average_best_error by domain": lambda lib, t: t.average_best_error(lib.Domain(None, [1])),
    "count of done": lambda lib, t: t.count_by_state_synced(lib.base.JOB_STATE_DONE),
    "count of several": lambda lib, t: t.count_by_state_unsynced([0, 1, 2]),
    "aname": lambda lib, t: t.aname(t.trials[3], "note"),
    "length": lambda lib, t: len(t),
    "next ids": lambda lib, t: t.new_trial_ids(3),
    "names in a trial": lambda lib, t: sorted(t.trials[0]),
    "names in misc": lambda lib, t: sorted(t.trials[0]["misc"]),
    "spec_from_misc": lambda lib, t: [lib.base.spec_from_misc(m) for m in t.miscs],
    "columns": lambda lib, t: lib.base.miscs_to_idxs_vals(t.miscs),
    "columns of keys": lambda lib, t: lib.base.miscs_to_idxs_vals(t.miscs, keys=["x"]),
    "pmin_sampled": lambda lib, t: lib.package.utils.pmin_sampled(
        np.array([0.1, 0.2]), np.array([0.1, 0.1]), 50, np.random.default_rng(0)
    ),
    "fast_isin": lambda lib, t: lib.package.utils.fast_isin(np.array([3, 5, 8]), np.array([5, 8])),
    "most recent": lambda lib, t: lib.package.utils.get_most_recent_inds(
        [{"_id": 1, "version": 0}, {"_id": 1, "version": 2}, {"_id": 4, "version": 0}]
    ),
    "SONify": lambda lib, t: lib.base.SONify({"a": np.float64(2), "b": [np.int64(3), (1, None)]}),
}


@pytest.mark.parametrize("reading", READINGS)
def test_trials_read_as_the_reference_s(hyperopt, minopt, reading):
    theirs, ours = (READINGS[reading](lib, searched(lib)) for lib in (hyperopt, minopt))
    assert equal(ours, theirs) or ours == theirs, f"{ours!r}\n{theirs!r}"


def test_columns_are_written_back_into_miscs_alike(hyperopt, minopt):
    def written(lib):
        miscs = [{"tid": tid, "cmd": None, "workdir": None} for tid in (3, 5)]
        lib.base.miscs_update_idxs_vals(miscs, {"a": [3, 5], "b": [5]}, {"a": [1, 2], "b": [7]})
        return miscs

    assert written(minopt) == written(hyperopt)


@pytest.mark.parametrize("gap", [1, 5, 20])
@pytest.mark.parametrize("percent", [0.0, 5.0])
def test_no_progress_stops_alike(hyperopt, minopt, gap, percent):
    losses = [abs(np.sin(0.7 * n)) / (1 + n / 9) for n in range(60)]

    def stopped_after(lib):
        stop, arguments = lib.early_stop.no_progress_loss(gap, percent), []
        trials = lib.Trials()
        for tid, loss in enumerate(losses):
            (doc,) = trials.new_trial_docs(
                [tid],
                [None],
                [{"status": "ok", "loss": float(loss)}],
                [{"tid": tid, "cmd": None, "idxs": {"x": [tid]}, "vals": {"x": [0.0]}}],
            )
            doc["state"] = lib.base.JOB_STATE_DONE
            trials.insert_trial_doc(doc)
            trials.refresh()
            ends, arguments = stop(trials, *arguments)
            if ends:
                return tid
        return None

    assert stopped_after(minopt) == stopped_after(hyperopt)


@pytest.mark.parametrize(
    "name, arguments",
    {
        "loguniform_gen": (-1.0, 2.0),
        "lognorm_gen": (0.5, 1.5),
        "quniform_gen": (0.0, 9.0, 2.0),
        "qloguniform_gen": (0.0, 3.0, 1.0),
        "qnormal_gen": (1.0, 2.0, 0.5),
        "qlognormal_gen": (0.5, 1.0, 0.5),
    }.items(),
)
def test_laws_of_rdists_have_the_reference_s_densities(name, arguments):
    import hyperopt.rdists

    import minopt.rdists

    theirs, ours = (getattr(m.rdists, name)(*arguments) for m in (hyperopt, minopt))
    points = np.arange(0.5, 9.0, 0.5)
    function = "pdf" if hasattr(theirs, "pdf") else "pmf"
    assert np.allclose(
        getattr(ours, function)(points), getattr(theirs, function)(points), rtol=1e-9
    )


@pytest.mark.parametrize("name", ["EI_empirical", "EI_gaussian", "logEI_gaussian", "UCB"])
def test_criteria_have_the_reference_s_values(name):
    import hyperopt.criteria

    import minopt.criteria

    arguments = {
        "EI_empirical": (np.array([0.1, 0.4, 1.3]), 0.3),
        "EI_gaussian": (0.2, 0.7, 0.5),
        "logEI_gaussian": (0.2, 0.7, 0.5),
        "UCB": (0.2, 0.7, 1.5),
    }[name]
    theirs, ours = (getattr(m.criteria, name)(*arguments) for m in (hyperopt, minopt))
    assert np.allclose(ours, theirs, rtol=1e-9)


def graph(lib):
    x = lib.hp.uniform("x", 0, 1)
    return lib.pyll.as_apply({"a": [x + 1, x], "b": lib.scope.switch(lib.hp.randint("i", 2), x, 2)})


WALKS = {
    "inputs": lambda lib, g: [[i.name for i in n.inputs()] for n in lib.pyll.dfs(g)],
    "clone": lambda lib, g: str(lib.pyll.clone(g)),
    "size": lambda lib, g: len(lib.pyll.dfs(g)),
    "arguments": lambda lib, g: [sorted(n.arg) for n in lib.pyll.dfs(g) if n.name == "uniform"],
    "sorted": lambda lib, g: len(lib.pyll.toposort(g)),
}


@pytest.mark.parametrize("walk", WALKS)
def test_a_graph_is_walked_copied_and_merged_alike(hyperopt, minopt, walk):
    theirs, ours = (WALKS[walk](lib, graph(lib)) for lib in (hyperopt, minopt))
    assert ours == theirs
