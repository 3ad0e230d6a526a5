"""The command ``minopt``."""

from __future__ import annotations

import sys

import pytest

import minopt
from minopt.cli import main


def test_without_a_command_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit) as leaving:
        main([])
    assert leaving.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_help_names_the_demo(capsys):
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    assert "demo" in capsys.readouterr().out


@pytest.fixture
def demo(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    return lambda *options: main(["demo", *options])


def test_the_demo_shows_the_best_point_its_configuration_and_a_picture(demo, tmp_path, capsys):
    assert demo("--evals", "4") == 0
    shown = capsys.readouterr()
    assert "Best of 4 trials: error rate " in shown.out
    assert "Best point, by label:  {" in shown.out
    assert "Decoded configuration: {" in shown.out
    assert str(tmp_path / "minopt-demo.png") in shown.out
    assert (tmp_path / "minopt-demo.png").stat().st_size > 5000
    assert "4/4" in shown.err


def test_the_demo_finds_the_same_with_the_same_seed(demo, capsys):
    found = []
    for _ in range(2):
        demo("--evals", "3", "--seed", "7")
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]


def test_the_demo_refuses_to_run_no_trial(demo, capsys):
    with pytest.raises(SystemExit) as leaving:
        demo("--evals", "0")
    assert leaving.value.code == 2
    assert "at least one trial is needed, got 0" in capsys.readouterr().err


def test_the_demo_refuses_a_seed_that_is_none(demo, capsys):
    with pytest.raises(SystemExit):
        demo("--seed", "-1")
    assert "a seed is 0 or more, got -1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "picture, why",
    [
        ("none/x.png", "there is no 'none'"),
        (".", "is a directory"),
        ("x.doc", "no kind of picture"),
    ],
)
def test_the_demo_says_before_the_search_that_its_picture_cannot_be_saved(
    demo, picture, why, capsys
):
    assert demo("--picture", picture) == 1
    shown = capsys.readouterr()
    assert why in shown.err
    assert "Searching" not in shown.out


def test_a_missing_guest_is_named_with_the_command_that_brings_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo", "--evals", "1"]) == 2
    assert "pip install 'minopt[demo]'" in capsys.readouterr().err


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as leaving:
        main(["--version"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out == f"minopt {minopt.__version__}\n"
