"""Spaces in Graphviz's dot language."""

from __future__ import annotations

import pytest

from minopt import hp
from minopt.graph_viz import dot_hyperparameters


def test_a_conditional_parameter_hangs_on_the_value_of_its_choice():
    lines = dot_hyperparameters(hp.choice("c", [0, hp.uniform("x", 0, 1)])).splitlines()
    assert lines[0] == "digraph {"
    assert lines[-1] == "}"
    assert '"c" -> "c=1";' in lines
    assert '"c=1" -> "x";' in lines


def test_several_conditions_meet_in_one_node():
    space = hp.choice("a", [0, hp.choice("b", [0, 1, hp.normal("x", 0, 1)])])
    text = dot_hyperparameters(space)
    assert '"a=1" -> "a=1 & b=2";' in text
    assert '"b=2" -> "a=1 & b=2";' in text
    assert '"a=1 & b=2" -> "x";' in text


def test_a_conditional_pchoice_works():
    space = hp.pchoice(
        "p", [(0.3, 0), (0.7, hp.pchoice("q", [(0.5, 1), (0.5, hp.randint("n", 4))]))]
    )
    text = dot_hyperparameters(space)
    assert '"p=1" -> "q";' in text
    assert '"p=1 & q=1" -> "n";' in text


def test_labels_are_shown_as_they_are_written():
    text = dot_hyperparameters([hp.uniform('a"b', 0, 1), hp.uniform("c\\d\ne", 0, 1)])
    assert r'"a\"b" [ shape=box];' in text
    assert r'"c\\d\ne" [ shape=box];' in text


def test_every_line_stands_once():
    x = hp.uniform("x", 0, 1)
    lines = dot_hyperparameters(hp.choice("c", [x, x + 1, 3])).splitlines()
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("space", [hp.uniform("x", 0, 1), {"x": hp.uniform("x", 0, 1)}])
def test_a_space_may_be_a_node_or_a_container(space):
    assert '"x" [ shape=box];' in dot_hyperparameters(space)
