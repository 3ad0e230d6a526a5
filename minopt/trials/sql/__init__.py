"""Trials in a database: SQLite for one machine, PostgreSQL for many."""

from __future__ import annotations

from minopt.trials.sql.trials import SQLTrials

__all__ = ["SQLTrials"]
