"""Door to drawings of a space: hyperopt's import path ``graph_viz``."""

from __future__ import annotations

from minopt.report.dot import dot_hyperparameters

__all__ = ["dot_hyperparameters"]
