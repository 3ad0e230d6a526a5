"""`fmin` hands over to trials that have their own `fmin`."""

from __future__ import annotations

import pytest

import minopt
from minopt import Trials

ALWAYS_PASSED = {
    *("algo", "max_evals", "timeout", "loss_threshold", "max_queue_len", "rstate"),
    *("pass_expr_memo_ctrl", "verbose", "catch_eval_exceptions", "return_argmin"),
    *("show_progressbar", "early_stop_fn", "trials_save_file"),
}


class Own(Trials):
    """As subclasses are written against hyperopt: without `points_to_evaluate`."""

    received = None

    def fmin(
        self,
        fn,
        space,
        algo=None,
        max_evals=None,
        timeout=None,
        loss_threshold=None,
        max_queue_len=1,
        rstate=None,
        verbose=False,
        pass_expr_memo_ctrl=None,
        catch_eval_exceptions=False,
        return_argmin=True,
        show_progressbar=True,
        early_stop_fn=None,
        trials_save_file="",
    ):
        self.received = locals().copy()
        return minopt.fmin(
            fn,
            space,
            algo=algo,
            max_evals=max_evals,
            trials=self,
            rstate=rstate,
            verbose=verbose,
            allow_trials_fmin=False,
        )


def test_trials_with_their_own_fmin_are_handed_the_search(search, drawn):
    own, plain = Own(), Trials()
    assert search(trials=own) == search(trials=plain)
    assert drawn(own) == drawn(plain)
    assert set(own.received) > ALWAYS_PASSED


def test_they_are_not_if_it_is_not_allowed(search):
    own = Own()
    search(trials=own, allow_trials_fmin=False)
    assert own.received is None
    assert len(own) == 10


def test_initial_points_survive_the_hand_over(search, drawn):
    own = Own()
    search(trials=own, points_to_evaluate=[{"x": 1.0}, {"x": 2.0}])
    assert drawn(own)[:2] == [1.0, 2.0]
    assert len(own) == 12


def test_an_fmin_of_the_object_itself_is_handed_the_search(search):
    trials = Trials()
    trials.fmin = lambda fn, space, **settings: "mine"
    assert search(trials=trials) == "mine"


def test_the_fmin_of_trials_searches_on_them(space):
    trials = Trials()
    best = trials.fmin(lambda x: x**2, space, minopt.rand.suggest, 10, rstate=0)
    assert best == trials.argmin
    assert len(trials) == 10


def test_the_fmin_of_trials_takes_initial_points(space, drawn):
    trials = Trials()
    trials.fmin(
        lambda x: x**2, space, minopt.rand.suggest, 3, points_to_evaluate=[{"x": 2.0}], rstate=0
    )
    assert drawn(trials)[0] == 2.0
    assert len(trials) == 4


def test_wrong_arguments_are_refused_before_the_hand_over(search):
    own = Own()
    with pytest.raises(minopt.exceptions.InvalidArgument, match="max_evals"):
        search(trials=own, max_evals=-1)
    assert own.received is None


def test_trials_that_extend_the_fmin_of_trials_work(search):
    class Extended(Trials):
        def fmin(self, *args, **kwargs):
            return super().fmin(*args, **kwargs), "extended"

    best, word = search(trials=Extended())
    assert word == "extended"
    assert set(best) == {"x"}
