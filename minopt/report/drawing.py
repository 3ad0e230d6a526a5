"""What all pictures share: matplotlib, asked for late, and text that is shown as it is."""

from __future__ import annotations

import re
from typing import Any

from minopt._optional import need

BLUE, RED, GREEN, GREY = "#1f5fa8", "#c8372d", "#2a8a4a", "#8a8a8a"

_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")

MANY = 2000  # of more points a legend is not asked to find the emptiest corner


def pyplot() -> Any:
    """Return matplotlib.pyplot; imported late, so that a backend can be chosen before."""
    return need("matplotlib.pyplot", extra="plot", what="drawing a picture of a search")


def literally(text: Any) -> str:
    """Return a text in which matplotlib finds no formula, and nothing that fonts cannot show."""
    return _UNSEEN.sub(" ", str(text)).replace("$", r"\$")


def shortened(text: str, length: int) -> str:
    """Return a text of at most `length` characters, its middle left out if need be."""
    if len(text) <= length:
        return text
    half = max((length - 1) // 2, 1)
    return f"{text[:half]}…{text[-half:]}"


def whole_ticks(axis: Any) -> None:
    """Let an axis be labelled at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))


def say_nothing_to_see(axes: Any) -> None:
    """Write into empty axes why they are."""
    axes.text(
        0.5,
        0.5,
        "no trial has a finite loss yet",
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=GREY,
    )


def put_legend(axes: Any, n_points: int) -> None:
    """Put a legend where it hides little."""
    axes.legend(
        loc="best" if n_points <= MANY else "upper right", fontsize="small", framealpha=0.85
    )
