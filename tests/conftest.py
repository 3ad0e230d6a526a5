"""Of all tests: those marked slow are left out unless `-m` speaks of them, notes come last."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config, items):
    if "slow" in config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)


@pytest.fixture(autouse=True)
def _no_seed_from_outside(monkeypatch):
    monkeypatch.delenv("HYPEROPT_FMIN_SEED", raising=False)


def pytest_terminal_summary(terminalreporter):
    """Print what tests have noted of themselves, also those that ran in another process."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    notes: dict[str, list[str]] = {}
    for report in reports:
        if getattr(report, "when", None) == "teardown":
            for title, note in report.user_properties:
                notes.setdefault(title, []).append(note)
    for title, lines in notes.items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
