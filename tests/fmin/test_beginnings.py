"""What `fmin` says before the first trial: unknown arguments, spaces that can hardly be meant."""

from __future__ import annotations

import inspect
import pickle
import warnings

import pytest

from minopt import Trials, anneal, atpe, fmin, hp, rand, tpe
from minopt.exceptions import InvalidArgument
from minopt.fmin import generate_trials_to_calculate


def space(*labels):
    return {label: hp.uniform(label, 0, 1) for label in labels}


def search(labels, max_evals, **more):
    return fmin(lambda p: p["x"], space(*labels), rand.suggest, max_evals, verbose=False, **more)


@pytest.mark.parametrize(
    "name, meant",
    [
        ("max_eval", "max_evals"),
        ("maxevals", "max_evals"),
        ("n_trials", "max_evals"),
        ("seed", "rstate"),
        ("random_state", "rstate"),
        ("trial", "trials"),
        ("search_space", "space"),
        ("early_stop", "early_stop_fn"),
        ("point_to_evaluate", "points_to_evaluate"),
    ],
)
def test_an_unknown_argument_is_answered_with_the_one_that_may_be_meant(name, meant):
    tried = []
    with pytest.raises(
        TypeError, match=rf"fmin\(\) got an unexpected .*'{name}'; did you mean '{meant}'\?"
    ):
        fmin(tried.append, hp.uniform("x", 0, 1), **{name: 3})
    assert not tried


def test_an_argument_like_no_other_is_refused_without_a_guess():
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'qqq'$"):
        fmin(abs, hp.uniform("x", 0, 1), qqq=3)


def test_trials_refuse_an_unknown_argument_too():
    with pytest.raises(TypeError, match="did you mean 'points_to_evaluate'"):
        Trials().fmin(abs, hp.uniform("x", 0, 1), max_evals=1, initial_points=[])


def test_the_signature_stays_readable():
    assert list(inspect.signature(fmin).parameters)[:4] == ["fn", "space", "algo", "max_evals"]


@pytest.mark.parametrize("algo", [rand.suggest, tpe.suggest])
def test_a_space_without_parameters_is_searched_as_on_hyperopt_with_a_warning(algo):
    trials = Trials()
    with pytest.warns(UserWarning, match=r"no hp parameter.*same point") as told:
        best = fmin(lambda p: p["a"], {"a": 1}, algo, 2, trials=trials, verbose=False)
    assert best == {}
    assert trials.losses() == [1.0, 1.0]
    assert told[0].filename == __file__


def test_a_save_file_of_another_space_is_told_with_the_labels(tmp_path):
    path = tmp_path / "trials.pkl"
    search(["x", "old"], 2, trials_save_file=path)
    with pytest.warns(UserWarning, match=r"have 'old', which.*lack 'new'.*another file") as told:
        search(["x", "new"], 3, trials_save_file=path)
    assert (told[0].filename, told[0].lineno) == (__file__, search.__code__.co_firstlineno + 1)


def test_a_save_file_of_fewer_parameters_is_told(tmp_path):
    path = tmp_path / "trials.pkl"
    search(["x"], 2, trials_save_file=path)
    with pytest.warns(UserWarning, match=r"of another space: they lack 'y', which the space has;"):
        search(["x", "y"], 3, trials_save_file=path)


@pytest.fixture(params=["pickle", "database"])
def kept(request, tmp_path):
    """Where a search is kept, as arguments of `fmin`."""
    if request.param == "pickle":
        return {"trials_save_file": tmp_path / "trials.pkl"}
    pytest.importorskip("sqlalchemy")
    return {"trials": str(tmp_path / "trials.db")}


def go_on(of, max_evals, kept):
    fmin(lambda p: 0.0, of, rand.suggest, max_evals, rstate=0, verbose=False, **kept)


def test_trials_of_other_labels_are_told_wherever_they_are_kept(kept):
    go_on(space("x", "old"), 2, kept)
    with pytest.warns(UserWarning, match=r"have 'old', which.*lack 'new'.*another"):
        go_on(space("x", "new"), 3, kept)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (["adam", "sgd"], ["lion", "adam", "sgd"], "option 0 of 'c' was 'adam' and is 'lion'"),
        ([1, {"n": 1}], [1, {"n": 2}], r"option 1 of 'c' was dict\('n': 1\) and is dict"),
        ([1, 2], [1, hp.normal("y", 0, 1)], "option 1 of 'c' was 2 and is"),
    ],
)
def test_options_that_are_counted_otherwise_are_told(kept, before, after, told):
    go_on(hp.choice("c", before), 3, kept)
    with pytest.warns(UserWarning, match=told):
        go_on(hp.choice("c", after), 4, kept)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (hp.uniform("x", -1, 1), hp.choice("x", [1, 2, 3])),
        (hp.choice("x", list(range(9))), hp.choice("x", [0])),
        (hp.uniform("x", -1, 1), hp.uniform("x", 5, 6)),
        (hp.uniform("x", -1, -0.5), hp.loguniform("x", 0, 1)),
    ],
)
def test_values_that_the_space_does_not_give_are_told(kept, before, after):
    go_on(before, 3, kept)
    with pytest.warns(UserWarning, match=r"another space: 'x' is -?[\d.]+ in one of them, which"):
        go_on(after, 4, kept)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (hp.choice("c", ["a", "b"]), hp.choice("c", ["a", "b", "c"])),
        (hp.uniform("x", 0, 1), hp.uniform("x", -1, 2)),
        (hp.choice("c", [hp.uniform("x", 0, 1)]), hp.choice("c", [hp.uniform("x", -1, 2)])),
        (hp.quniform("x", 0.5, 9.5, 1), hp.quniform("x", 0.5, 9.5, 1)),
        (hp.qloguniform("x", 0, 3, 2), hp.qloguniform("x", 0, 3, 2)),
        (hp.choice("c", [[object()], len]), hp.choice("c", [[object()], len])),
    ],
)
def test_a_space_that_has_grown_is_gone_on_with_in_silence(kept, before, after):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        go_on(before, 8, kept)
        go_on(after, 9, kept)


def test_points_made_by_hand_name_the_active_parameters_alone_and_are_of_the_space(tmp_path):
    path = tmp_path / "trials.pkl"
    points = generate_trials_to_calculate([{"c": 0, "x": 0.5}])
    of = hp.choice("c", [hp.uniform("x", 0, 1), hp.normal("n", 0, 1)])
    path.write_bytes(pickle.dumps(points))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fmin(float, of, rand.suggest, 2, verbose=False, trials_save_file=path)
    path.write_bytes(pickle.dumps(points))
    other = [of, hp.uniform("y", 0, 1)]
    told = pytest.warns(UserWarning, match=r"1 trial of another space: they lack 'y', which")
    with told, pytest.raises(InvalidArgument, match="needs a value for parameter 'y'"):
        fmin(sum, other, rand.suggest, 1, verbose=False, trials_save_file=path)


def test_many_foreign_labels_are_cut(tmp_path):
    path = tmp_path / "trials.pkl"
    search(["x", *(f"y{i}" for i in range(9))], 1, trials_save_file=path)
    with pytest.warns(UserWarning, match=r"'y3', 'y4' and 4 more, which the space lacks"):
        search(["x"], 2, trials_save_file=path)


def test_a_save_file_of_the_same_space_is_gone_on_with_in_silence(tmp_path):
    path = tmp_path / "trials.pkl"
    of = hp.choice("c", [hp.uniform("x", 0, 1), hp.normal("n", 0, 1)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for max_evals in (1, 2, 3):
            fmin(float, of, rand.suggest, max_evals, verbose=False, trials_save_file=path)


def test_points_keep_the_order_of_labels_in_which_they_are_given():
    of = {"c": hp.choice("c", ["a", "b"]), **space("x", "y")}
    trials = Trials()
    point = {"y": 0.5, "x": 0.0, "c": 1}
    best = fmin(
        lambda p: p["x"] ** 2,
        *(of, rand.suggest, 3),
        trials=trials,
        rstate=0,
        verbose=False,
        points_to_evaluate=[point],
    )
    assert list(best.items()) == list(point.items())
    assert list(trials.trials[0]["misc"]["idxs"]) == list(point)


def test_inactive_labels_follow_those_that_a_conditional_point_gives():
    of = hp.choice("c", [space("a", "b"), space("z")])
    trials = Trials()
    fmin(
        lambda p: 0.0,
        *(of, rand.suggest, 1),
        trials=trials,
        verbose=False,
        points_to_evaluate=[{"z": 0.5, "c": 1}],
    )
    vals = trials.trials[0]["misc"]["vals"]
    assert list(vals)[:2] == ["z", "c"]
    assert (vals["a"], vals["b"]) == ([], [])


@pytest.mark.parametrize("algo", [rand, tpe, anneal, atpe])
def test_a_point_between_the_steps_of_a_parameter_is_tried(algo):
    trials, n = Trials(), 25
    fmin(
        lambda p: abs(p["q"] - 15) + p["l"],
        {"q": hp.quniform("q", 5, 50, 10), "l": hp.qloguniform("l", 0, 3, 5)},
        algo.suggest,
        n,
        trials=trials,
        points_to_evaluate=[{"q": 15, "l": 1.5}, {"q": 5, "l": 20}],
        verbose=False,
        rstate=0,
    )
    assert [trials.vals[label][:2] for label in ("q", "l")] == [[15, 5], [1.5, 20]]
    assert len(trials) == n + 2


@pytest.mark.parametrize(
    "point", [{"q": -0.1, "w": 2}, {"q": 51, "w": 2}, {"q": 15, "w": 2.5}, {"q": 15, "w": 7}]
)
def test_a_point_beyond_the_bounds_or_between_whole_numbers_is_refused(point):
    with pytest.raises(InvalidArgument, match=r"cannot be .*; its law is"):
        fmin(
            lambda p: p["q"],
            {"q": hp.quniform("q", 5, 50, 10), "w": hp.uniformint("w", 1, 6)},
            rand.suggest,
            3,
            points_to_evaluate=[point],
            verbose=False,
        )
