"""Every figure of a range equals plain SQL on the raw table, to the micro-dollar, whatever is queued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from data.figures import Figures, heat, series, totals
from data.ranges import CUSTOM, range_of
from data.usage_query import UsageQuery
from data.viewer import Viewer
from tests.database.usage_log import raw, write_calls
from tests.database.workload import Writer, fold

NOW = datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC)
RANGES = {
    "30d": ("30d", None, None),
    "12mo": ("12mo", None, None),
    "change": (CUSTOM, "2026-10-23T10:07", "2026-11-03T23:59"),
}
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
STAFF = Viewer("staff", staff=True)


@pytest.fixture
def log(connection: Writer) -> Writer:
    """Calls of 13 months, most of them folded, the latest queued."""
    write_calls(connection, 1, 1500, [NOW - timedelta(hours=9 * n) for n in range(1000)])
    fold(connection)
    write_calls(connection, 2, 300, [NOW - timedelta(hours=9 * n) for n in range(1000)])
    return connection


def every_query(scope: str = "all") -> list[UsageQuery]:
    return [
        UsageQuery(scope, range_of(*RANGES[name][:1], zone, NOW, *RANGES[name][1:]))
        for name in RANGES
        for zone in ZONES
    ]


def test_totals_lines_and_cells_add_up_to_the_raw_rows(log: Writer, engine: Engine) -> None:
    with engine.connect() as connection:
        for query in every_query():
            whole = raw(log, query)[()]
            assert totals(connection, STAFF, query) == whole
            for by in (None, "model", "account"):
                lines = series(connection, STAFF, query, by=by, most=3).lines
                assert sum((figures for line in lines for figures in line.figures), Figures()) == whole
            assert sum((cell for day in heat(connection, STAFF, query) for cell in day), Figures()) == whole
