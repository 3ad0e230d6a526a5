"""The line that a search shows, and callbacks in its place."""

# ruff: noqa: T201
from __future__ import annotations

import contextlib
import io
import re
import sys
import threading

import pytest

import minopt
from minopt import Trials, fmin, hp, progress, rand
from minopt.fmin import FMinIter


@pytest.fixture
def shown(capfd):
    """Run a search and return the last state of its bar on stderr, and what stdout got."""

    def run(fn=lambda x: x**2, **changed):
        settings = {"algo": rand.suggest, "max_evals": 20, "rstate": 0, "return_argmin": False}
        minopt.fmin(fn, hp.uniform("x", -5, 5), **(settings | changed))
        out, err = capfd.readouterr()
        return err.rstrip().rpartition("\r")[2].strip(), out

    return run


def test_the_line_is_hyperopts(shown):
    trials = Trials()
    line, out = shown(trials=trials)
    best = re.escape(str(min(trials.losses())))
    assert re.fullmatch(
        rf"100%\|█+\| 20/20 \[\d\d:\d\d<\d\d:\d\d, [\d. ]+trial/s, best loss: {best}\]", line
    )
    assert out == ""


def test_trials_held_before_are_shown_as_done(shown):
    trials = Trials()
    shown(trials=trials, max_evals=5, show_progressbar=False)
    line, _ = shown(trials=trials)
    assert "20/20" in line


def test_failed_trials_move_the_bar(shown):
    def raises(x):
        raise ValueError

    line, _ = shown(raises, catch_eval_exceptions=True, verbose=True)
    assert "20/20" in line
    assert "best loss" in line


def test_a_failed_trials_loss_is_not_the_best(shown):
    results = iter([{"loss": -9.0, "status": "fail"}, 2.0, float("nan"), 3.0] * 5)
    line, _ = shown(lambda x: next(results))
    assert "best loss: 2.0]" in line


def test_without_a_limit_no_total_is_shown(shown):
    line, _ = shown(max_evals=None, early_stop_fn=minopt.early_stop.no_progress_loss(3))
    assert re.match(r"\d+trial \[", line)
    assert str(sys.maxsize) not in line


@pytest.mark.parametrize("total", [None, sys.maxsize])
def test_a_bar_of_unknown_length_has_no_total(total, capfd):
    with progress.tqdm_progress_callback(initial=2, total=total) as bar:
        bar.update(3)
    assert re.search(r"5trial \[", capfd.readouterr().err)


@pytest.mark.parametrize("quiet", [{"verbose": False}, {"show_progressbar": False}])
def test_nothing_is_shown_if_it_is_not_wanted(shown, quiet):
    assert shown(**quiet) == ("", "")


def test_verbose_false_silences_a_callback_too(shown):
    calls = []

    @contextlib.contextmanager
    def callback(initial, total):
        calls.append(total)
        yield None

    shown(show_progressbar=callback, verbose=False)
    assert calls == []


def test_what_the_objective_prints_comes_out_on_stdout(shown):
    line, out = shown(lambda x: print("hello") or x, max_evals=3)
    assert out == "hello\n" * 3
    assert "3/3" in line


class Recorder:
    def __init__(self):
        self.opened = []
        self.updates = []
        self.postfixes = []
        self.closed = []

    @contextlib.contextmanager
    def __call__(self, initial, total):
        self.opened.append((initial, total))
        try:
            yield self
        finally:
            self.closed.append(True)

    def update(self, n):
        self.updates.append(n)

    def __setattr__(self, name, value):
        if name == "postfix":
            self.postfixes.append(value)
        super().__setattr__(name, value)


def test_a_callback_is_told_of_every_trial(shown):
    told, trials = Recorder(), Trials()
    shown(show_progressbar=told, trials=trials, max_evals=4)
    shown(show_progressbar=told, trials=trials, max_evals=6)
    assert told.opened == [(0, 4), (4, 6)]
    assert told.updates == [1] * 6
    assert told.closed == [True] * 2
    losses = trials.losses()
    assert told.postfixes == [f"best loss: {min(losses[: n + 1])}" for n in range(6)]


def test_a_callback_is_closed_when_the_objective_raises(shown):
    told = Recorder()
    with pytest.raises(ZeroDivisionError):
        shown(lambda x: 1 / 0, show_progressbar=told)
    assert told.closed == [True]


def test_a_callback_needs_no_more_than_update(shown):
    class Slotted:
        __slots__ = ("n",)

        def update(self, n):
            self.n = n

    @contextlib.contextmanager
    def callback(initial, total):
        yield Slotted()

    shown(show_progressbar=callback)


def test_a_trial_of_a_queue_moves_the_bar_by_itself(shown):
    told = Recorder()
    shown(show_progressbar=told, max_queue_len=5)
    assert told.updates == [1] * 20


def test_the_callback_of_a_search_can_be_replaced():
    told = Recorder()
    domain = minopt.Domain(lambda x: x, hp.uniform("x", 0, 1))
    search = FMinIter(rand.suggest, domain, Trials(), rstate=0, max_evals=3)
    search.progress_callback = told
    search.exhaust()
    assert told.opened == [(0, 3)]


def test_the_names_are_hyperopts():
    assert progress.default_callback is progress.tqdm_progress_callback
    with progress.no_progress_callback(initial=0, total=5) as nothing:
        assert nothing.update(1) is None


def test_searches_in_searches_print_and_put_stdout_back(monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)

    def inner(x):
        best = minopt.fmin(lambda y: y**2, hp.uniform("y", -1, 1), rand.suggest, 3, rstate=0)
        print(sorted(best))
        return best["y"] ** 2 + x**2

    minopt.fmin(inner, hp.uniform("x", -1, 1), rand.suggest, 3, rstate=0)
    assert out.getvalue() == "['y']\n" * 3
    assert sys.stdout is out
    assert sys.stderr is err


def test_the_bar_is_full_when_another_search_runs_the_last_trial(tmp_path):
    pytest.importorskip("sqlalchemy")
    began, may_end, seen = threading.Event(), threading.Event(), []

    def slow(x):
        began.set()
        may_end.wait(30)
        return x

    class Seen:
        @contextlib.contextmanager
        def __call__(self, initial, total):
            seen.append(initial)
            yield self

        def update(self, n):
            seen.append(n)

    def quick(x):
        if sum(seen) == 1:  # this is the last one here
            threading.Timer(0.1, may_end.set).start()
        return x

    def search(fn, **options):
        space = hp.uniform("x", -1, 1)
        fmin(fn, space, rand.suggest, 3, trials=tmp_path / "search.db", rstate=0, **options)

    other = threading.Thread(target=search, args=(slow,), kwargs={"verbose": False})
    other.start()
    began.wait(30)
    search(quick, show_progressbar=Seen())
    other.join()
    assert sum(seen) == 3


def test_a_bar_that_is_put_in_place_of_the_usual_one_is_shown(monkeypatch):
    shown = []

    class Bar:
        postfix = None

        def update(self, n):
            shown.append(n)

    @contextlib.contextmanager
    def callback(initial, total):
        yield Bar()

    monkeypatch.setattr(progress, "default_callback", callback)
    fmin(abs, hp.uniform("x", -5, 5), rand.suggest, 3)
    assert shown == [1, 1, 1]


class Broken(io.StringIO):
    """A stream on a full disk, or whose reader has gone."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(28, "no space"), BrokenPipeError(), ValueError("I/O on closed file")]
)
def test_a_bar_that_cannot_be_written_does_not_end_the_search(monkeypatch, error):
    monkeypatch.setattr(sys, "stderr", Broken(error))
    trials = Trials()
    fmin(abs, hp.uniform("x", -5, 5), rand.suggest, 20, trials=trials)
    assert len(trials) == 20
