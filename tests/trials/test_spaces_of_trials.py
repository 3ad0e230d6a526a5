"""Trials know their space after a search, and after they were saved; else it can be told."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from minopt import Trials, copy_trials, fmin, hp, load_trials, rand, trials_from_docs
from minopt.cli import main
from minopt.exceptions import BadSearchSpace, InvalidArgument
from minopt.pyll import scope


def space():
    return {
        "model": hp.choice("model", ["svc", {"k": hp.randint("k", 1, 9)}]),
        "n": 2 * scope.int(hp.quniform("n", 1, 9, 1)),
        "layers": [1, (2, hp.pchoice("p", [(0.5, None), (0.5, np.float64(1.5))]))],
    }


def searched(of):
    trials = Trials()
    fmin(lambda point: 0.0, of, rand.suggest, 5, trials=trials, rstate=0, verbose=False)
    return trials


@pytest.fixture
def trials():
    return searched(space())


def test_unpickled_trials_know_their_space(trials):
    loaded = pickle.loads(pickle.dumps(trials))
    assert loaded.params == trials.params
    assert loaded.best_params == trials.best_params
    assert loaded.to_records() == trials.to_records()


def test_a_space_outlives_several_pickles_and_copies(trials):
    loaded = pickle.loads(pickle.dumps(copy.deepcopy(pickle.loads(pickle.dumps(trials)))))
    assert loaded.view(None).params == trials.params
    assert copy.copy(loaded).params == trials.params


@pytest.mark.parametrize(
    "parameter",
    [
        hp.choice("p", ["a", "b"]),
        hp.pchoice("p", [(0.5, "a"), (0.5, "b")]),
        hp.randint("p", 5),
        hp.uniform("p", 0, 9),
        hp.uniformint("p", 0, 9),
        hp.quniform("p", 0, 9, 2),
        hp.loguniform("p", 0, 3),
        hp.qloguniform("p", 0, 3, 1),
        hp.normal("p", 0, 1),
        hp.qnormal("p", 0, 9, 1),
        hp.lognormal("p", 0, 1),
        hp.qlognormal("p", 0, 3, 1),
    ],
    ids=lambda node: node.name,
)
def test_every_kind_of_parameter_travels(parameter):
    trials = searched({"p": parameter, "twice": [parameter, 1]})
    loaded = pickle.loads(pickle.dumps(trials))
    assert loaded.params == trials.params
    assert repr(loaded.params) == repr(trials.params)  # ints are still ints


def test_a_file_read_without_trust_tells_the_space(trials, tmp_path):
    (tmp_path / "trials.pkl").write_bytes(pickle.dumps(trials))
    assert load_trials(tmp_path / "trials.pkl").params == trials.params


def test_a_save_file_tells_the_space(tmp_path):
    path = tmp_path / "trials.pkl"
    fmin(
        lambda point: 0.0, space(), rand.suggest, 3, rstate=0, verbose=False, trials_save_file=path
    )
    assert set(load_trials(path).best_params) == {"model", "n", "layers"}


def test_options_that_are_no_data_do_not_travel_and_the_error_says_what_to_do():
    of = {"f": hp.choice("f", [len, max])}
    loaded = pickle.loads(pickle.dumps(searched(of)))
    assert "params.f" not in loaded.to_records()[0]
    with pytest.raises(InvalidArgument, match=r"objects or functions.*trials\.set_space\(space\)"):
        loaded.best_params  # noqa: B018
    loaded.set_space(of)
    assert loaded.best_params["f"] in (len, max)


def test_a_function_of_the_users_own_does_not_travel():
    @scope.define
    def doubled_for_this_test(x):
        return 2 * x

    of = scope.doubled_for_this_test(hp.randint("x", 5))
    trials = searched(of)
    loaded = pickle.loads(pickle.dumps(trials))
    with pytest.raises(InvalidArgument, match="set_space"):
        loaded.params  # noqa: B018
    loaded.set_space(of)
    assert loaded.params == trials.params


def test_a_space_can_be_told_to_trials_made_by_hand(trials):
    made = trials_from_docs(copy.deepcopy(trials.trials))
    with pytest.raises(InvalidArgument, match="do not know their space"):
        made.params_of(made.trials[0])
    made.set_space(space())
    assert made.params == trials.params
    assert pickle.loads(pickle.dumps(made)).params == trials.params


def test_what_is_no_space_is_refused(trials):
    with pytest.raises(BadSearchSpace, match="hp expressions"):
        trials.set_space(None)
    assert trials.best_params


@pytest.mark.parametrize(
    "forged",
    [
        [["literal", "x"], ["getattr", [0, 0], {}]],
        [["call", [], {}]],
        [["literal", len]],
        [["add", [0, 0], {}]],
        [["literal", 1], ["add", [-1, 0], {}]],
        [["dict", [], {"a": 7}]],
        [5],
        [],
        {"a": 1},
        "space",
        [["uniform"]],
    ],
)
def test_a_saved_space_that_is_none_is_refused_and_the_trials_stay_readable(trials, forged):
    state = {**trials.__getstate__(), "_space": forged}
    loaded = Trials.__new__(Trials)
    loaded.__setstate__(state)
    with pytest.raises(BadSearchSpace, match=r"damaged.*set_space"):
        loaded.best_params  # noqa: B018
    assert loaded.argmin == trials.argmin
    assert len(loaded.to_records()) == 5
    loaded.set_space(space())
    assert loaded.params == trials.params


def test_a_deep_space_travels():
    deep = hp.uniform("x", 0, 1)
    for _ in range(2000):
        deep = deep + 1
    trials = searched({"deep": deep})
    assert pickle.loads(pickle.dumps(trials)).params == trials.params


def test_copies_know_the_space_too(trials, tmp_path):
    assert copy_trials(trials, Trials()).params == trials.params
    copy_trials(trials, tmp_path / "copy.pkl")
    assert load_trials(tmp_path / "copy.pkl").params == trials.params
    of_another = Trials()
    of_another.set_space(hp.uniform("y", 0, 1))
    assert copy_trials(trials, of_another)._decoder({"y": 0.5}) == 0.5


@pytest.fixture
def database(tmp_path):
    pytest.importorskip("sqlalchemy")
    return tmp_path / "search.db"


def test_a_database_keeps_the_space_of_its_search(trials, database):
    fmin(lambda _: 0.0, space(), rand.suggest, 5, trials=database, rstate=0, verbose=False)
    assert load_trials(database).params == trials.params
    assert pickle.loads(pickle.dumps(load_trials(database))).params == trials.params


def test_a_copy_of_trials_in_a_database_keeps_the_space(trials, database, tmp_path):
    copy_trials(pickle.loads(pickle.dumps(trials)), database)
    assert load_trials(database).params == trials.params
    copy_trials(database, tmp_path / "again.pkl")
    assert load_trials(tmp_path / "again.pkl").params == trials.params


def test_what_is_recovered_of_a_database_keeps_the_space(trials, database, tmp_path):
    copy_trials(trials, database).close()
    assert main(["recover", str(database), "-o", str(tmp_path / "new.db")]) == 0
    assert load_trials(tmp_path / "new.db").params == trials.params


def test_a_database_is_told_a_space_once(trials, database):
    copy_trials(trials_from_docs(trials.trials), database)
    loaded = load_trials(database)
    with pytest.raises(InvalidArgument, match="set_space"):
        loaded.best_params  # noqa: B018
    loaded.set_space(space())
    assert load_trials(database).params == trials.params


def test_a_space_that_cannot_be_kept_takes_the_place_of_an_older_one(trials, database):
    stored = copy_trials(trials, database)
    stored.set_space(hp.choice("p", [object(), object()]))
    with pytest.raises(InvalidArgument, match="set_space"):
        load_trials(database).best_params  # noqa: B018


@pytest.mark.parametrize("forged", ["[", "7", "[]", '[["call",[],{}]]'])
def test_a_space_in_a_database_that_nobody_wrote_runs_nothing(trials, database, forged):
    stored = copy_trials(trials, database)
    stored.attachments.space = forged
    with pytest.raises((InvalidArgument, BadSearchSpace), match="set_space"):
        load_trials(database).best_params  # noqa: B018
