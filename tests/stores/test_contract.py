"""The contract of stores, kept by SQLite and by PostgreSQL."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy")

from minopt.testing.stores import StoreContract
from minopt.trials.sql.database import Database
from minopt.trials.sql.store import SQLStore
from minopt.trials.sql.url import url_of


class SQLContract(StoreContract):
    @pytest.fixture
    def open_store(self, place):
        databases = []

        def open_one(exp_key=None, **options):
            databases.append(Database(url_of(place)))
            return SQLStore(databases[-1], exp_key, **options)

        yield open_one
        for database in databases:
            database.close()


class TestSQLite(SQLContract):
    @pytest.fixture
    def place(self, tmp_path):
        return tmp_path / "search.db"


class TestPostgreSQL(SQLContract):
    @pytest.fixture
    def place(self, empty_postgresql):
        return empty_postgresql
