"""Several processes on one database, at the worst moment."""

from __future__ import annotations

import pytest

from minopt import Domain, hp, rand

pytest.importorskip("sqlalchemy")
from minopt.trials.sql import SQLTrials


def test_a_trial_that_another_claims_at_once_is_there_once(tmp_path, monkeypatch):
    mine, theirs = SQLTrials(tmp_path / "search.db"), SQLTrials(tmp_path / "search.db")
    insert = mine._store.insert

    def insert_and_lose(*arguments):
        n_inserted = insert(*arguments)
        theirs._claim_next()
        return n_inserted

    monkeypatch.setattr(mine._store, "insert", insert_and_lose)
    domain = Domain(abs, hp.uniform("x", -1, 1))
    mine.insert_trial_docs(rand.suggest(mine.new_trial_ids(1), domain, mine, 0))
    mine.refresh()
    assert [doc["owner"] for doc in mine._dynamic_trials] == [theirs._owner]
    assert [doc["tid"] for doc in mine.trials] == [0]
