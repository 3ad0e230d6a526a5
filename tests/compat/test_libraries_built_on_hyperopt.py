"""Ask and tell, subclasses and users' own algorithms, on each of the two libraries."""

from __future__ import annotations

import datetime
import functools
import json
import multiprocessing.dummy

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow.*:DeprecationWarning")


def square(x):
    return x**2


def two(lib):
    return {"x": lib.hp.uniform("x", -5, 5), "n": lib.hp.quniform("n", 1, 9, 1)}


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


def test_a_tuner_asks_and_tells_through_fminiter(lib):
    """The way of NNI's tuner: ids, suggest, documents; later the loss."""
    domain = lib.Domain(None, two(lib), pass_expr_memo_ctrl=None)
    rval = lib.FMinIter(
        lib.tpe.suggest,
        domain,
        lib.Trials(),
        max_evals=-1,
        rstate=np.random.default_rng(0),
        verbose=0,
    )
    rval.catch_eval_exceptions = False
    for _ in range(25):
        new_ids = rval.trials.new_trial_ids(1)
        rval.trials.refresh()
        seed = rval.rstate.integers(2**31 - 1)
        new_trials = rval.algo(new_ids, rval.domain, rval.trials, seed)
        rval.trials.refresh()
        vals = new_trials[0]["misc"]["vals"]
        params = {label: value[0] for label, value in vals.items()}
        miscs = [{"tid": new_ids[0], "cmd": rval.domain.cmd, "workdir": rval.domain.workdir}]
        idxs = dict.fromkeys(vals, new_ids)
        lib.base.miscs_update_idxs_vals(
            miscs, idxs, vals, assert_all_vals_used=False, idxs_map={new_ids[0]: new_ids[0]}
        )
        result = {"loss": params["x"] ** 2, "status": lib.base.STATUS_OK}
        docs = rval.trials.new_trial_docs(new_ids, [None], [result], miscs)
        docs[0]["state"] = lib.base.JOB_STATE_DONE
        rval.trials.insert_trial_docs(docs)
        rval.trials.refresh()
    assert len(rval.trials) == 25
    assert abs(rval.trials.argmin["x"]) < 2


def test_an_old_random_state_in_fminiter_keeps_its_methods(lib):
    domain = lib.Domain(None, two(lib))
    rstate = np.random.RandomState(3)
    iterator = lib.FMinIter(lib.rand.suggest, domain, lib.Trials(), rstate=rstate, max_evals=1)
    assert iterator.rstate.randint(2**31 - 1) >= 0


def test_a_scheduler_asks_and_tells_through_the_trials(lib):
    """The way of Ray Tune's searcher: a document by the algorithm, then its result in place."""
    domain = lib.Domain(lambda spec: spec, two(lib))
    trials, rng = lib.Trials(), np.random.default_rng(5)
    for step in range(24):
        new_ids = trials.new_trial_ids(1)
        trials.refresh()
        new = lib.tpe.suggest(new_ids, domain, trials, rng.integers(2**31 - 1))
        trials.insert_trial_docs(new)
        trials.refresh()
        trial = new[0]
        config = lib.base.spec_from_misc(trial["misc"])
        ctrl = lib.base.Ctrl(trials, current_trial=trial)
        memo = domain.memo_from_config(config)
        lib.package.utils.use_obj_for_literal_in_memo(domain.expr, ctrl, lib.base.Ctrl, memo)
        point = lib.pyll.rec_eval(
            domain.expr, memo=memo, print_node_on_error=domain.rec_eval_print_node_on_error
        )
        assert set(point) == {"x", "n"}
        live = next(t for t in trials._trials if t["tid"] == trial["tid"])
        now = lib.package.utils.coarse_utcnow()
        live["book_time"] = live["refresh_time"] = now
        if step % 6 == 5:
            live["state"] = lib.base.JOB_STATE_ERROR
            live["misc"]["error"] = "died"
        else:
            live["state"] = lib.base.JOB_STATE_DONE
            live["result"] = {"loss": point["x"] ** 2, "status": "ok"}
        trials.refresh()
    assert len(trials.trials) == 20
    assert len(trials._dynamic_trials) == 24
    assert None not in trials.losses()


def test_one_point_is_asked_for_by_a_search_of_one_trial(lib):
    """A known answer: fmin with a dummy objective proposes, the caller scores elsewhere."""
    known, space = lib.Trials(), lib.hp.uniform("x", -5, 5)
    for step in range(4):
        asked = lib.Trials()
        for doc in known.trials:
            asked.insert_trial_doc(doc)
        asked.refresh()
        lib.search(
            lambda x: {"loss": 0.0, "status": "ok"},
            space,
            len(asked) + 1,
            trials=asked,
            rstate=np.random.default_rng(step),
            return_argmin=False,
        )
        doc = asked.trials[-1]
        doc["result"]["loss"] = doc["misc"]["vals"]["x"][0] ** 2
        doc["refresh_time"] = datetime.datetime(2024, 1, 1)
        known.insert_trial_doc(doc)
        known.refresh()
    assert len(known) == 4
    assert known.argmin["x"] ** 2 == min(known.losses())


def test_an_optimizer_steps_through_next(lib):
    """The way of black-box wrappers: `next` of an FMinIter runs one trial."""
    current = {}

    def remember(values):
        current.update(values)
        return {"status": lib.base.STATUS_OK, "loss": values["x"] ** 2}

    domain = lib.Domain(remember, lib.pyll.as_apply(two(lib)))
    trials = lib.Trials()
    trials.insert_trial_docs([finished(lib, 0, {"x": 1.0, "n": 2.0}, 1.0)])
    iterator = lib.FMinIter(
        lib.tpe.suggest, domain, trials, np.random.default_rng(1), show_progressbar=False
    )
    next(iterator)
    next(iterator)
    assert set(current) == {"x", "n"}
    assert len(trials) == 3


def test_an_objective_may_answer_that_it_is_still_running(lib):
    domain = lib.Domain(lambda p: {"status": lib.base.STATUS_RUNNING}, two(lib))
    trials = lib.Trials()
    iterator = lib.FMinIter(lib.rand.suggest, domain, trials, np.random.default_rng(1))
    next(iterator)
    assert trials.results == [{"status": "running"}]


def test_exhaust_continues_to_a_raised_limit(lib):
    trials = lib.Trials()
    domain = lib.Domain(square, lib.hp.uniform("x", -5, 5))
    iterator = lib.FMinIter(lib.rand.suggest, domain, trials, np.random.default_rng(0), max_evals=3)
    iterator.exhaust()
    iterator.max_evals = 7
    iterator.exhaust()
    assert len(trials) == 7


def test_a_subclass_replaces_the_evaluation(lib):
    """The way of parallel back ends: documents are scored by the subclass in one go."""

    class Batches(lib.FMinIter):
        def serial_evaluate(self, N=-1):
            for trial in self.trials._dynamic_trials:
                if trial["state"] == lib.base.JOB_STATE_NEW:
                    spec = lib.base.spec_from_misc(trial["misc"])
                    trial["result"] = {"loss": spec["x"] ** 2, "status": "ok"}
                    trial["state"] = lib.base.JOB_STATE_DONE
            self.trials.refresh()

    domain = lib.Domain(None, two(lib))
    trials = lib.Trials()
    iterator = Batches(
        lib.rand.suggest, domain, trials, np.random.default_rng(0), max_evals=6, max_queue_len=3
    )
    iterator.exhaust()
    assert len(trials) == 6
    assert None not in trials.losses()


def test_a_subclass_of_trials_writes_a_file_at_every_refresh(lib, tmp_path):
    class FileTrials(lib.Trials):
        def __init__(self, path, exp_key=None, refresh=True):
            self.path = path
            super().__init__(exp_key=exp_key, refresh=refresh)

        def refresh(self):
            super().refresh()
            self.path.write_text(json.dumps([t["tid"] for t in self._dynamic_trials]))

    trials = FileTrials(tmp_path / "tids.json")
    lib.search(square, lib.hp.uniform("x", -5, 5), 4, trials=trials)
    assert json.loads(trials.path.read_text()) == [0, 1, 2, 3]


def test_a_subclass_of_trials_starts_with_documents_of_its_own(lib):
    class Kept(lib.Trials):
        def __init__(self, docs, exp_key=None, refresh=True):
            super().__init__(exp_key=exp_key, refresh=False)
            self._dynamic_trials = docs
            self._insert_trial_docs([])
            if refresh:
                self.refresh()

    first = lib.Trials()
    lib.search(square, lib.hp.uniform("x", -5, 5), 4, trials=first)
    trials = Kept(list(first._dynamic_trials))
    assert len(trials) == 4


def test_a_users_algorithm_draws_from_the_domain_s_graph(lib):
    """A search without repeated points, the way of the well-known grid search answer."""

    def suggest(new_ids, domain, trials, seed):
        seen = {tuple(sorted((k, v[0]) for k, v in m["vals"].items() if v)) for m in trials.miscs}
        rng = np.random.default_rng(seed)
        docs = []
        for new_id in new_ids:
            for _ in range(1000):
                idxs, vals = lib.pyll.rec_eval(
                    domain.s_idxs_vals,
                    memo={domain.s_new_ids: [new_id], domain.s_rng: rng},
                )
                misc = {"tid": new_id, "cmd": domain.cmd, "workdir": domain.workdir}
                lib.base.miscs_update_idxs_vals([misc], idxs, vals)
                key = tuple(sorted((k, v[0]) for k, v in misc["vals"].items() if v))
                if key not in seen:
                    break
            else:
                return []
            docs += trials.new_trial_docs([new_id], [None], [domain.new_result()], [misc])
        return docs

    space = {"a": lib.hp.randint("a", 4), "b": lib.hp.choice("b", ["x", "y", "z"])}
    trials = lib.Trials()
    lib.search(lambda p: p["a"], space, 100, trials=trials, algo=suggest)
    assert len(trials) == 12
    assert len({(m["vals"]["a"][0], m["vals"]["b"][0]) for m in trials.miscs}) == 12


def test_settings_are_given_to_an_algorithm_with_partial(lib):
    algo = functools.partial(lib.tpe.suggest, n_startup_jobs=3, gamma=0.5, n_EI_candidates=8)
    assert set(lib.search(lambda p: p["x"] ** 2, two(lib), 8, algo=algo)) == {"x", "n"}


def test_algorithms_are_mixed(lib):
    algo = functools.partial(
        lib.mix.suggest,
        p_suggest=[(0.1, lib.rand.suggest), (0.2, lib.anneal.suggest), (0.7, lib.tpe.suggest)],
    )
    assert set(lib.search(lambda p: p["x"] ** 2, two(lib), 30, algo=algo)) == {"x", "n"}


def test_an_algorithm_is_wrapped_to_record_its_seeds(lib):
    seeds = []

    def recording(new_ids, domain, trials, seed):
        seeds.append(int(seed))
        return lib.rand.suggest(new_ids, domain, trials, seed)

    lib.search(lambda p: p["x"], two(lib), 5, algo=recording)
    rng = np.random.default_rng(0)
    assert seeds == [int(rng.integers(2**31 - 1)) for _ in range(5)]


def test_an_algorithm_that_returns_nothing_ends_the_search(lib):
    def three(new_ids, domain, trials, seed):
        return lib.rand.suggest(new_ids, domain, trials, seed) if len(trials) < 3 else []

    trials = lib.Trials()
    lib.search(lambda p: p["x"], two(lib), 100, algo=three, trials=trials)
    assert len(trials) == 3


def test_a_visitor_subclass_is_an_algorithm(lib):
    algobase = __import__(f"{lib.name}.algobase", fromlist=["x"])

    class Lowest(algobase.SuggestAlgo):
        def on_node_hyperparameter(self, memo, node, label):
            return [0]

    def suggest(new_ids, domain, trials, seed):
        (new_id,) = new_ids
        return Lowest(domain, trials, seed=seed)(new_id)

    best = lib.search(lambda p: p["x"], {"x": lib.hp.uniform("x", -1, 1)}, 3, algo=suggest)
    assert best == {"x": 0}


def test_trials_that_run_in_a_pool_of_threads(lib):
    """The way of parallel back ends: documents are scored while they are being inserted."""

    class InThreads(lib.Trials):
        def __init__(self, pool):
            super().__init__()
            self.pool = pool

        def _run(self, trial):
            if trial["state"] != lib.base.JOB_STATE_NEW:
                return
            trial["state"] = lib.base.JOB_STATE_RUNNING
            spec = lib.base.spec_from_misc(trial["misc"])
            ctrl = lib.base.Ctrl(self, current_trial=trial)
            trial["result"] = self.attachments["domain"].evaluate(spec, ctrl)
            trial["state"] = lib.base.JOB_STATE_DONE

        def _insert_trial_docs(self, docs):
            tids = super()._insert_trial_docs(docs)
            self.pool.map(self._run, docs)
            self.refresh()
            return tids

        def __getstate__(self):
            state = self.__dict__.copy()
            del state["pool"]
            state["attachments"] = {}
            return state

    with multiprocessing.dummy.Pool(2) as pool:
        trials = InThreads(pool)
        iterator = lib.FMinIter(
            lib.tpe.suggest,
            lib.Domain(lambda p: p["x"] ** 2, two(lib)),
            trials,
            np.random.default_rng(0),
            max_evals=24,
            max_queue_len=4,
            poll_interval_secs=0.001,
        )
        iterator.asynchronous = True
        trials.attachments["domain"] = iterator.domain
        iterator.exhaust()
    assert len(set(trials.tids)) == len(trials) == 24
    assert None not in trials.losses()
    twin = InThreads.__new__(InThreads)
    twin.__dict__.update(trials.__getstate__())
    twin.refresh()
    assert twin.argmin == trials.argmin


def test_observations_are_put_in_and_several_points_asked_for_at_once(lib):
    """The way of services: history in, n suggestions out, an algorithm by name elsewhere."""
    domain = lib.Domain(None, two(lib), pass_expr_memo_ctrl=None)
    trials = lib.Trials()
    miscs = []
    for tid in range(22):
        vals = {"x": [tid / 4 - 2], "n": [float(tid % 9 + 1)]}
        miscs.append(
            {
                "tid": tid,
                "cmd": domain.cmd,
                "workdir": domain.workdir,
                "idxs": {label: [tid] for label in vals},
                "vals": vals,
            }
        )
    observations = trials.new_trial_docs(
        tids=list(range(22)),
        specs=[None] * 22,
        results=[{"loss": misc["vals"]["x"][0] ** 2, "status": "ok"} for misc in miscs],
        miscs=miscs,
    )
    for observation in observations:
        observation["state"] = lib.base.JOB_STATE_DONE
    trials.insert_trial_docs(observations)
    trials.refresh()
    iterator = lib.FMinIter(
        "tpe", domain, trials, max_evals=-1, rstate=np.random.RandomState(0), verbose=0
    )
    iterator.catch_eval_exceptions = False
    new_ids = iterator.trials.new_trial_ids(3)
    iterator.trials.refresh()
    seed = iterator.rstate.randint(2**31 - 1)
    new = lib.tpe.suggest(new_ids, iterator.domain, trials, seed)
    # hyperopt itself answers with one document for three ids
    assert len(new) in (1, 3)
    assert set(new[0]["misc"]["vals"]) == {"x", "n"}


def test_a_model_of_ones_own_reads_laws_from_the_nodes(lib):
    """The way of Gaussian-process add-ons: bounds by name, prior draws as columns."""
    space = {
        "a": lib.hp.uniform("a", -1, 3),
        "b": lib.hp.quniform("b", 0, 10, 2),
        "c": lib.hp.choice("c", [lib.hp.lognormal("d", 1, 2), 0]),
    }
    domain = lib.Domain(lambda p: 0.0, space)
    config = {}
    lib.pyll_utils.expr_to_config(domain.expr, None, config)
    assert sorted(config) == sorted(domain.params) == ["a", "b", "c", "d"]
    laws = {
        label: (
            config[label]["node"].name,
            {
                name: node.obj
                for name, node in config[label]["node"].arg.items()
                if hasattr(node, "obj")
            },
        )
        for label in config
    }
    assert laws["a"][0] == "uniform"
    assert (laws["a"][1]["low"], laws["a"][1]["high"]) == (-1, 3)
    assert laws["b"][1]["q"] == 2
    assert laws["c"][0] == "randint"
    assert (laws["d"][1]["mu"], laws["d"][1]["sigma"]) == (1, 2)
    idxs, vals = lib.pyll.rec_eval(
        domain.s_idxs_vals,
        memo={domain.s_new_ids: range(50), domain.s_rng: np.random.default_rng(0)},
    )
    column = np.full(50, np.nan)
    column[idxs["d"]] = np.log(vals["d"])
    assert 0 < np.isnan(column).sum() < 50


def test_the_value_of_every_label_is_chosen_by_a_visitor(lib):
    algobase = __import__(f"{lib.name}.algobase", fromlist=["x"])

    class At(algobase.SuggestAlgo):
        def __init__(self, domain, trials, seed, point):
            algobase.SuggestAlgo.__init__(self, domain, trials, seed)
            self.point = point

        def on_node_hyperparameter(self, memo, node, label):
            return [self.point[label]] if label in self.point else []

    space = lib.hp.choice("c", [{"x": lib.hp.uniform("x", 0, 1)}, {"y": lib.hp.uniform("y", 0, 1)}])
    trials = lib.Trials()
    docs = At(lib.Domain(None, space), trials, 5, {"c": 1, "y": 0.25})(7)
    assert docs[0]["misc"]["vals"] == {"c": [1], "x": [], "y": [0.25]}
    assert docs[0]["misc"]["idxs"] == {"c": [7], "x": [], "y": [7]}


def test_a_constructor_is_replaced_on_the_class(lib, monkeypatch):
    original, made = lib.FMinIter.__init__, []

    def remembering(self, *args, **kwargs):
        original(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(lib.FMinIter, "__init__", remembering)
    lib.search(lambda p: p["x"], two(lib), 2)
    assert len(made) == 1
    assert made[0].max_evals == 2
