"""A top list finds what cost most in the range, however much others have cost before it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from data import figures
from data.ranges import CUSTOM, range_of
from data.usage_query import UsageQuery
from data.viewer import Viewer
from tests.database.workload import Writer, add_call, fold, uid

NOW = datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC)
DAY = range_of(CUSTOM, "UTC", NOW, "2026-11-21", "2026-11-21")
STAFF = Viewer("s", staff=True)


@pytest.fixture
def log(connection: Writer) -> Writer:
    """Many that were dear the day before and are cheap now, and one that is dear now alone."""
    for number in range(25):
        add_call(connection, uid(f"old {number}"), uid(f"user {number}"), cost="90", at="2026-11-20 12:00+00")
        add_call(connection, uid(f"old {number}"), uid(f"user {number}"), cost="0.01", at="2026-11-21 12:00+00")
    add_call(connection, uid("new"), uid("newcomer"), cost="0.05", at="2026-11-21 12:00+00")
    fold(connection)
    return connection


def test_the_dearest_of_the_range_comes_first(log: Writer, engine: Engine) -> None:
    query = UsageQuery("all", DAY)
    with engine.connect() as connection:
        assert [entry.key for entry in figures.top_threads(connection, STAFF, query, 1)] == [str(uid("new"))]
        assert [entry.key for entry in figures.top_accounts(connection, STAFF, query, 1)] == [str(uid("newcomer"))]
