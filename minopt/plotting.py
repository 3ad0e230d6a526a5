"""Door to the pictures of a search: hyperopt's import path ``plotting``."""

from __future__ import annotations

from minopt.report.attachments import main_plot_1D_attachment
from minopt.report.losses import default_status_colors, main_plot_histogram, main_plot_history
from minopt.report.variables import main_plot_vars

__all__ = [
    "default_status_colors",
    "main_plot_1D_attachment",
    "main_plot_histogram",
    "main_plot_history",
    "main_plot_vars",
]
