"""The pictures of a search, asked what they show; they were also looked at."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from minopt import Trials, plotting
from minopt.exceptions import InvalidArgument

DRAWINGS = [
    plotting.main_plot_history,
    plotting.main_plot_histogram,
    plotting.main_plot_vars,
    lambda trials, **options: plotting.main_plot_1D_attachment(trials, "curve", **options),
]


def texts_of(axes):
    return axes.get_legend_handles_labels()[1]


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("empty", [False, True])
def test_every_picture_can_be_drawn_and_returns_its_axes(draw, empty, searched, figures):
    axes = draw(Trials() if empty else searched, do_show=False)
    first = axes[0] if isinstance(axes, list) else axes
    first.figure.canvas.draw()
    assert first.figure in map(figures.figure, figures.get_fignums())


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_picture_is_shown_unless_told_not_to(draw, searched, figures, monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "show", lambda: shown.append(True))
    draw(searched, do_show=False)
    assert not shown
    draw(searched)
    assert shown


def test_the_history_shows_every_trial_that_ended(searched, figures):
    axes = plotting.main_plot_history(searched, do_show=False)
    points = {c.get_label(): len(c.get_offsets()) for c in axes.collections}
    assert points == {"ok": 36, "fail": 1, "no loss (3)": 3}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("trial", "loss")
    best = searched.average_best_error()
    assert f"average best error: {best:.4g}" in texts_of(axes)


def test_the_best_so_far_never_rises_and_ignores_failures(searched, figures):
    axes = plotting.main_plot_history(searched, do_show=False)
    (line,) = [line for line in axes.lines if line.get_label() == "best so far"]
    assert np.all(np.diff(line.get_ydata()) <= 0)
    assert line.get_ydata()[-1] == searched.best_trial["result"]["loss"]


def test_colors_of_statuses_can_be_given(searched, figures):
    axes = plotting.main_plot_history(searched, do_show=False, status_colors={"ok": "magenta"})
    assert axes.collections[0].get_facecolor()[0][:3].tolist() == [1.0, 0.0, 1.0]


def test_the_histogram_counts_usable_losses(searched, figures):
    axes = plotting.main_plot_histogram(searched, do_show=False)
    assert sum(bar.get_height() for bar in axes.patches) == 36
    assert texts_of(axes) == ["36 trials (4 without a usable loss not shown)"]


def test_titles_can_be_given_and_are_no_formulas(searched, figures):
    for draw in DRAWINGS[:2]:
        axes = draw(searched, do_show=False, title="$5 or $6")
        assert axes.get_title() == r"\$5 or \$6"
        axes.figure.canvas.draw()


def test_each_parameter_gets_axes_in_alphabetical_order(searched, figures):
    all_axes = plotting.main_plot_vars(searched, do_show=False, columns=2)
    assert [axes.get_title() for axes in all_axes] == [r"a \$C\$", "k", "kind", "x"]
    assert all_axes[0].get_yscale() == "log"
    assert all_axes[3].get_yscale() == "linear"


def test_a_conditional_parameter_is_shown_where_it_was_active(searched, figures):
    axes = plotting.main_plot_vars(searched, do_show=False)[1]
    shown = sum(len(points.get_offsets()) for points in axes.collections)
    assert shown == len(searched.vals["k"]) + sum(
        1 for t in searched._dynamic_trials if t["state"] == 3 and t["misc"]["vals"]["k"]
    )


def test_parameters_can_be_arranged_by_loss(searched, figures):
    axes = plotting.main_plot_vars(searched, do_show=False, arrange_by_loss=True)[3]
    across = np.concatenate([points.get_offsets()[:, 0] for points in axes.collections])
    assert set(np.round(across, 9)) == {
        round(loss, 9) for loss in searched.losses() if loss is not None and loss == loss
    }
    assert axes.get_xlabel() == "loss"


def test_the_best_trials_can_be_pointed_out(searched, figures):
    axes = plotting.main_plot_vars(searched, do_show=False, colorize_best=3)[3]
    assert len(axes.collections[-1].get_offsets()) == 3
    bar = axes.figure.axes[-1]
    assert bar.get_ylabel() == "loss (red: the 3 best, ×: failed)"


def test_labels_and_numbers_do_not_overlap(searched, figures):
    all_axes = plotting.main_plot_vars(searched, do_show=False, columns=3)
    figure = all_axes[0].figure
    figure.canvas.draw()
    boxes = [axes.get_tightbbox().shrunk(0.99, 0.99) for axes in all_axes]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_parameters_are_drawn_beside_an_earlier_picture_not_over_it(searched, figures):
    history = plotting.main_plot_history(searched, do_show=False)
    variables = plotting.main_plot_vars(searched, do_show=False)
    assert variables[0].figure is not history.figure


@pytest.mark.parametrize("options", [{"columns": 0}, {"colorize_best": -1}])
def test_impossible_arrangements_are_refused(options, searched, figures):
    (name,) = options
    with pytest.raises(InvalidArgument, match=name):
        plotting.main_plot_vars(searched, do_show=False, **options)


def test_curves_are_the_darker_the_better(searched, figures):
    axes = plotting.main_plot_1D_attachment(searched, "curve", do_show=False)
    assert len(axes.lines) == 36
    ranked = sorted(axes.lines, key=lambda line: abs(line.get_ydata()[-1]))  # loss = x ** 2
    darkness = [line.get_color()[3] for line in ranked]
    assert darkness == sorted(darkness, reverse=True)
    assert darkness[0] == 0.5
    assert axes.get_legend() is None


def test_a_few_curves_get_a_legend(searched, figures):
    axes = plotting.main_plot_1D_attachment(
        searched, "curve", do_show=False, num_trails=4, colorize_by_loss=False, line_width=2
    )
    assert len(axes.lines) == 4
    best = searched.best_trial["result"]["loss"]
    assert texts_of(axes)[0] == f"loss: {best:.5}"


def test_curves_can_be_prepared(searched, figures):
    axes = plotting.main_plot_1D_attachment(
        searched, "curve", do_show=False, preprocessing_fn=lambda curve: curve * 0 + 7
    )
    assert set(axes.lines[0].get_ydata()) == {7.0}


class Harmful:
    """Pickles to a call."""

    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize(
    "attached, message",
    [
        (pickle.dumps(Harmful()), r"trial 1: the attachment 'bad'.*names builtins.print"),
        (b"no pickle at all", r"trial 1: the attachment 'bad' cannot be read"),
    ],
)
def test_an_attachment_cannot_run_code(attached, message, searched, figures, capsys):
    trials = pickle.loads(pickle.dumps(searched))
    trials.trial_attachments(trials.trials[1])["bad"] = attached
    with pytest.raises(InvalidArgument, match=message):
        plotting.main_plot_1D_attachment(trials, "bad", do_show=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "series", [[1, 2, 3], np.arange(3), np.float32([[1, 2, 3]]), (np.float64(1), 2)]
)
def test_series_of_every_kind_are_read(protocol, series, searched, figures):
    trials = pickle.loads(pickle.dumps(searched))
    trials.trial_attachments(trials.trials[1])["s"] = pickle.dumps(series, protocol)
    axes = plotting.main_plot_1D_attachment(trials, "s", do_show=False)
    assert axes.lines[0].get_ydata().tolist() == np.squeeze(series).tolist()


def test_an_attachment_that_is_no_series_is_left_out(searched, figures):
    trials = pickle.loads(pickle.dumps(searched))
    trials.trial_attachments(trials.trials[1])["s"] = np.eye(3)
    assert not plotting.main_plot_1D_attachment(trials, "s", do_show=False).lines


def test_matplotlib_is_imported_when_something_is_drawn():
    code = "import sys, minopt.plotting, minopt.graph_viz; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
