"""What scripts do with trials, during a search and afterwards, on each of the two libraries."""

from __future__ import annotations

import copy
import json
import operator
import pickle

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow.*:DeprecationWarning")


def square(x):
    return x**2


def two(lib):
    return {"x": lib.hp.uniform("x", -5, 5), "n": lib.hp.quniform("n", 1, 9, 1)}


def test_tables_and_plots_are_made_from_vals_and_losses(lib):
    trials = lib.Trials()
    lib.search(lambda p: p["x"] ** 2, two(lib), 15, trials=trials)
    xs = [t["misc"]["vals"]["x"][0] for t in trials.trials]
    ys = [t["result"]["loss"] for t in trials.trials]
    tids = [t["tid"] for t in trials.trials]
    assert xs == trials.vals["x"]
    assert ys == trials.losses()
    assert tids == trials.tids == trials.idxs["x"]
    rows = [
        dict(result, **{k: v[0] for k, v in misc["vals"].items() if v})
        for result, misc in zip(trials.results, trials.miscs, strict=True)
    ]
    best = min(rows, key=operator.itemgetter("loss"))
    assert best["x"] == trials.argmin["x"]


def test_the_ten_best_are_taken_by_sorting_trials_by_their_loss(lib):
    trials = lib.Trials()
    lib.search(lambda p: p["x"] ** 2, two(lib), 15, trials=trials)
    ranked = sorted(trials.results, key=lambda result: result["loss"])
    order = np.argsort([r["loss"] for r in trials.results])
    assert ranked[0] == trials.trials[order[0]]["result"] == trials.best_trial["result"]


def test_space_eval_takes_the_vals_of_a_trial_unpacked(lib):
    space = {"x": lib.hp.uniform("x", -5, 5), "k": lib.hp.choice("k", ["a", "b"])}
    trials = lib.Trials()
    lib.search(lambda p: p["x"] ** 2, space, 5, trials=trials)
    vals = trials.best_trial["misc"]["vals"]
    unpacked = {label: value[0] for label, value in vals.items() if value}
    assert lib.package.space_eval(space, unpacked)["k"] in ("a", "b")


def test_trials_are_a_list_of_documents(lib):
    trials = lib.Trials()
    lib.search(lambda p: p["x"], two(lib), 4, trials=trials)
    assert len(trials) == 4
    assert [t["tid"] for t in trials] == [0, 1, 2, 3]
    with pytest.raises(NotImplementedError):
        trials[2]
    assert trials.best_trial in list(trials)


def test_trials_are_pickled_and_the_search_goes_on(lib, tmp_path):
    path = tmp_path / "trials.p"
    trials = lib.Trials()
    lib.search(square, lib.hp.uniform("x", -5, 5), 10, trials=trials)
    path.write_bytes(pickle.dumps(trials))
    for evals in (15, 20):
        trials = pickle.loads(path.read_bytes())
        lib.search(square, lib.hp.uniform("x", -5, 5), evals, trials=trials, algo=lib.tpe.suggest)
        path.write_bytes(pickle.dumps(trials))
    assert trials.tids == list(range(20))


def test_a_search_runs_in_steps_with_one_more_trial_each(lib):
    trials = lib.Trials()
    rng = np.random.default_rng(0)
    for step in range(1, 6):
        lib.search(square, lib.hp.uniform("x", -5, 5), step, trials=trials, rstate=rng)
        assert len(trials.trials) == step
    assert len(set(trials.vals["x"])) == 5


def test_two_sets_of_trials_are_merged_by_their_documents(lib):
    parts = []
    for seed in (1, 2):
        trials = lib.Trials()
        rng = np.random.default_rng(seed)
        lib.search(square, lib.hp.uniform("x", -5, 5), 6, trials=trials, rstate=rng)
        parts.append(trials)
    merged = lib.package.trials_from_docs(list(parts[0]) + list(parts[1]))
    assert len(merged) == 12
    assert merged.best_trial["result"]["loss"] == min(t.best_trial["result"]["loss"] for t in parts)
    lib.search(square, lib.hp.uniform("x", -5, 5), 14, trials=merged, algo=lib.tpe.suggest)
    assert len(merged) == 14


def test_trials_are_filtered_and_searched_on(lib):
    trials = lib.Trials()
    lib.search(square, lib.hp.uniform("x", -5, 5), 10, trials=trials)
    kept = lib.package.trials_from_docs([t for t in trials.trials if t["result"]["loss"] < 9])
    before = len(kept)
    lib.search(square, lib.hp.uniform("x", -5, 5), before + 3, trials=kept)
    assert len(kept) == before + 3


def finished(lib, tid, vals, loss):
    return {
        "tid": tid,
        "spec": None,
        "state": lib.base.JOB_STATE_DONE,
        "result": {"loss": loss, "status": lib.base.STATUS_OK},
        "misc": {
            "tid": tid,
            "cmd": ("domain_attachment", "FMinIter_Domain"),
            "workdir": None,
            "idxs": {label: [tid] for label in vals},
            "vals": {label: [value] for label, value in vals.items()},
        },
        "exp_key": None,
        "owner": None,
        "book_time": None,
        "refresh_time": None,
    }


def test_known_results_are_put_in_by_hand(lib):
    trials = lib.Trials()
    for tid, x in enumerate([-4.0, 0.5, 3.0]):
        trials.insert_trial_doc(finished(lib, tid, {"x": x}, x**2))
    trials.refresh()
    assert trials.argmin == {"x": 0.5}
    lib.search(square, lib.hp.uniform("x", -5, 5), 25, trials=trials, algo=lib.tpe.suggest)
    assert len(trials) == 25
    assert trials.tids == list(range(25))


def test_new_ids_are_asked_for_when_documents_are_made_by_hand(lib):
    trials = lib.Trials()
    tids = trials.new_trial_ids(2)
    docs = trials.new_trial_docs(
        tids,
        [None, None],
        [{"status": "new"}] * 2,
        [finished(lib, tid, {"x": float(tid)}, 0.0)["misc"] for tid in tids],
    )
    trials.insert_trial_docs(docs)
    trials.refresh()
    assert [t["state"] for t in trials.trials] == [lib.base.JOB_STATE_NEW] * 2
    lib.search(square, lib.hp.uniform("x", -5, 5), 4, trials=trials)
    assert trials.losses()[:2] == [0.0, 1.0]


def test_points_known_to_be_good_come_first(lib):
    seen = []
    best = lib.search(
        lambda p: seen.append(p["x"]) or p["x"] ** 2,
        {"x": lib.hp.uniform("x", -5, 5)},
        3,
        points_to_evaluate=[{"x": 0.0}, {"x": 2.0}],
    )
    assert seen[:2] == [0.0, 2.0]
    assert best == {"x": 0.0}


def test_generated_trials_to_calculate_are_handed_in(lib):
    from_points = __import__(f"{lib.name}.fmin", fromlist=["x"]).generate_trials_to_calculate
    trials = from_points([{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}])
    space = {"x": lib.hp.uniform("x", -10, 10), "y": lib.hp.uniform("y", -10, 10)}
    lib.search(lambda p: p["x"] ** 2 + p["y"] ** 2, space, 10, trials=trials)
    assert trials.losses()[:2] == [0.0, 2.0]
    assert len(trials) == 12
    assert trials.argmin == {"x": 0.0, "y": 0.0}


def test_documents_go_to_json_with_a_default(lib):
    trials = lib.Trials()
    lib.search(square, lib.hp.uniform("x", -5, 5), 3, trials=trials)
    text = json.dumps(trials.trials, default=str)
    assert json.loads(text)[0]["result"]["status"] == "ok"


def test_a_view_by_experiment_key_shares_the_documents(lib):
    trials = lib.Trials(exp_key="first")
    lib.search(square, lib.hp.uniform("x", -5, 5), 3, trials=trials)
    assert len(trials.view(exp_key="first", refresh=True)) == 3
    assert len(trials.view(exp_key="other", refresh=True)) == 0


def test_trials_run_the_search_themselves(lib):
    trials = lib.Trials()
    best = trials.fmin(
        square,
        lib.hp.uniform("x", -5, 5),
        algo=lib.rand.suggest,
        max_evals=5,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
    )
    assert best == trials.argmin


def test_a_deep_copy_of_trials_goes_its_own_way(lib):
    trials = lib.Trials()
    lib.search(square, lib.hp.uniform("x", -5, 5), 3, trials=trials)
    twin = copy.deepcopy(trials)
    lib.search(square, lib.hp.uniform("x", -5, 5), 5, trials=twin)
    assert (len(trials), len(twin)) == (3, 5)


def test_a_search_stops_without_progress(lib):
    trials = lib.Trials()
    lib.search(
        lambda p: 1.0,
        two(lib),
        100,
        trials=trials,
        early_stop_fn=lib.early_stop.no_progress_loss(7),
    )
    assert len(trials) < 12


def test_a_users_early_stop_carries_its_own_state(lib):
    def stop(trials, count=0):
        return count >= 4, [count + 1]

    trials = lib.Trials()
    lib.search(lambda p: p["x"], two(lib), 100, trials=trials, early_stop_fn=stop)
    assert len(trials) == 5


def test_a_search_stops_below_a_threshold(lib):
    trials = lib.Trials()
    lib.search(lambda p: p["x"] ** 2, two(lib), 1000, trials=trials, loss_threshold=0.5)
    assert trials.losses()[-1] <= 0.5
    assert all(loss > 0.5 for loss in trials.losses()[:-1])


def test_the_best_point_comes_decoded_when_no_argmin_is_wanted(lib):
    space = {"k": lib.hp.choice("k", ["a", "b"]), "x": lib.hp.uniform("x", 0, 1)}
    best = lib.search(lambda p: p["x"], space, 5, return_argmin=False)
    assert best["k"] in ("a", "b")


def test_a_progress_callback_of_ones_own_is_a_context_manager(lib):
    steps = []

    class Bar:
        postfix = None

        def __init__(self, initial, total):
            self.total = total

        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            return None

        def update(self, n):
            steps.append((n, self.postfix))

    lib.fmin(
        square,
        lib.hp.uniform("x", -5, 5),
        algo=lib.rand.suggest,
        max_evals=3,
        rstate=np.random.default_rng(0),
        show_progressbar=Bar,
    )
    assert [n for n, _ in steps] == [1, 1, 1]
    assert steps[-1][1].startswith("best loss: ")


# hyperopt leaves the file to the garbage collector
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_the_search_is_saved_to_a_file_and_taken_up_again(lib, tmp_path):
    path = str(tmp_path / "saved.pkl")
    for evals in (4, 9):
        lib.search(square, lib.hp.uniform("x", -5, 5), evals, trials_save_file=path)
    with open(path, "rb") as file:  # noqa: PTH123
        assert len(pickle.load(file)) == 9


def test_trials_are_printed_as_scripts_do(lib, capsys):
    trials = lib.Trials()
    best = lib.search(square, lib.hp.uniform("x", -5, 5), 3, trials=trials)
    print("best:", best, trials.best_trial["misc"]["vals"], trials.statuses())  # noqa: T201
    assert capsys.readouterr().out.startswith("best: {'x': ")
