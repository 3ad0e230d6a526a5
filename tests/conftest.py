"""Of all tests: those marked slow are left out unless `-m` speaks of them."""

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
