"""Of all tests: those marked slow are left out unless `-m` speaks of them, notes come last."""

from __future__ import annotations

import signal
import sys
import threading

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


@pytest.fixture
def interrupted(monkeypatch):
    """Run something, ending it by KeyboardInterrupt after some seconds if it takes longer."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not (in_main_thread and hasattr(signal, "setitimer")):
        pytest.skip("needs a timer that interrupts the main thread")

    def interrupt(*args):
        raise KeyboardInterrupt

    def press_again(unraised, otherwise=sys.unraisablehook):
        """Python drops what is raised within callbacks of weak references and of its collector."""
        if unraised.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
        else:
            otherwise(unraised)

    monkeypatch.setattr(sys, "unraisablehook", press_again)
    before = signal.signal(signal.SIGALRM, interrupt)

    def run(seconds, work):
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            work()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            return True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return False

    yield run
    signal.signal(signal.SIGALRM, before)


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
