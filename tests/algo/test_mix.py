"""Mixtures of algorithms."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import minopt
from minopt import anneal, mix, rand, tpe
from minopt.exceptions import InvalidArgument, InvalidArgumentType
from minopt.testing.spaces import loss_of, random_space

# hyperopt takes the logarithm of a quantised value that may be zero
pytestmark = pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning:hyperopt")


@pytest.mark.parametrize("seed", range(4))
def test_a_mixture_gives_hyperopt_s_points(seed):
    hyperopt = pytest.importorskip("hyperopt")
    found = []
    for library in (hyperopt, minopt):
        arms = [
            (0.3, library.rand.suggest),
            (0.5, library.anneal.suggest),
            (0.2, library.tpe.suggest),
        ]
        trials = library.Trials()
        library.fmin(
            loss_of,
            random_space(seed, hp=library.hp),
            algo=partial(library.mix.suggest, p_suggest=arms),
            max_evals=60,
            trials=trials,
            rstate=np.random.default_rng(seed),
            verbose=False,
            show_progressbar=False,
        )
        found.append([{k: list(v) for k, v in misc["vals"].items()} for misc in trials.miscs])
    assert found[0] == found[1]


def test_arms_are_drawn_with_their_chances():
    asked = []
    arms = [
        (0.25, lambda *args, seed: asked.append("a")),
        (0.75, lambda *args, seed: asked.append("b")),
    ]
    for seed in range(400):
        mix.suggest([seed], None, None, seed, p_suggest=arms)
    assert 70 < asked.count("a") < 130


@pytest.mark.parametrize(
    "p_suggest, kind, message",
    [
        ([(0.5, rand.suggest)], InvalidArgument, r"must sum to 1, got \[0.5\]"),
        ([(1.5, rand.suggest), (-0.5, tpe.suggest)], InvalidArgument, "must not be negative"),
        ([(float("nan"), rand.suggest)], InvalidArgument, r"must sum to 1, got \[nan\]"),
        ([], InvalidArgument, r"must sum to 1, got \[\]"),
        ([rand.suggest], InvalidArgumentType, r"list of pairs \(probability, suggest\)"),
        (
            [(1.0, "tpe")],
            InvalidArgumentType,
            "an algorithm is a function such as tpe.suggest, got 'tpe'",
        ),
    ],
)
def test_what_is_no_mixture_is_refused(p_suggest, kind, message):
    with pytest.raises(kind, match=message):
        mix.suggest([0], None, None, 0, p_suggest=p_suggest)


def test_anneal_takes_several_ids_within_a_mixture():
    trials = minopt.Trials()
    minopt.fmin(
        loss_of, random_space(1), partial(mix.suggest, p_suggest=[(1.0, anneal.suggest)]), 12,
        trials=trials, max_queue_len=3, verbose=False, rstate=np.random.default_rng(0),
    )  # fmt: skip
    assert len(trials) == 12
