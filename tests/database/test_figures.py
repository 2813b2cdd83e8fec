"""Every figure of a range equals plain SQL on the raw table, to the micro-dollar, whatever is queued or has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine

from data import figures
from data.constants import UNATTRIBUTED
from data.figures import OTHER, Figures
from data.ranges import CUSTOM, range_of
from data.ranges import edges as edges_of
from data.usage_query import NO_MODEL, UsageQuery
from data.viewer import Viewer
from tests.database.usage_log import ACCOUNT, LOCAL, MODEL, THREADS, USERS, change_calls, raw, raw_rows, write_calls
from tests.database.workload import Writer, fold

NOW = datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC)
# Each lies over a change of clocks; the last one's edges cut quarter hours.
RANGES = (("30d", None, None), ("last-month", None, None), (CUSTOM, "2026-10-23T10:07", "2026-11-03T23:59"))
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
NARROWED = (
    ("all", None),
    ("all", "gpt-5"),
    ("all", ""),
    (str(USERS[0]), None),
    (str(USERS[2]), "gpt-5"),
    (str(UNATTRIBUTED), None),
)
MOST = 3
GROUPS = {None: "'total'", "model": MODEL, "account": ACCOUNT}
STAFF = Viewer("staff", staff=True)


def write_log(writer: Writer) -> None:
    """Calls of 70 days, and a few hours ahead; most are folded, the latest, and the latest changes, queued."""
    moments = [NOW - timedelta(hours=n) for n in range(-6, 70 * 24)]
    write_calls(writer, 1, 1200, moments)
    fold(writer)
    change_calls(writer, 1, 40)
    fold(writer)
    write_calls(writer, 2, 200, moments)
    change_calls(writer, 2, 10)


@pytest.fixture
def log(connection: Writer) -> Writer:
    write_log(connection)
    return connection


def every_range(scope: str, model: str | None) -> list[UsageQuery]:
    return [
        UsageQuery(scope, range_of(name, zone, NOW, first, last), model)
        for name, first, last in RANGES
        for zone in ZONES
    ]


@pytest.mark.parametrize(("scope", "model"), NARROWED)
def test_totals_and_heat_equal_the_raw_rows(log: Writer, engine: Engine, scope: str, model: str | None) -> None:
    with engine.connect() as connection:
        for query in every_range(scope, model):
            assert figures.totals(connection, STAFF, query) == raw(log, query)[()]
            cells = raw(log, query, f"extract(isodow FROM {LOCAL})::int", f"extract(hour FROM {LOCAL})::int")
            heat = figures.heat(connection, STAFF, query)
            assert {
                (day + 1, hour): cell for day, row in enumerate(heat) for hour, cell in enumerate(row) if cell.calls
            } == cells


@pytest.mark.parametrize(("scope", "model"), NARROWED)
def test_lines_equal_the_raw_rows(log: Writer, engine: Engine, scope: str, model: str | None) -> None:
    with engine.connect() as connection:
        for query in every_range(scope, model):
            for step, (by, expression) in product(("hour", "day"), GROUPS.items()):
                # An hour that the clock shows twice is two.
                twice = f"({LOCAL}) - (u.created_at AT TIME ZONE 'UTC')" if step == "hour" else "interval '0'"
                rows = raw(log, query, expression, f"date_trunc('{step}', {LOCAL})", twice)
                assert lines(connection, query, step, by) == summed(rows, raw(log, query, expression))


def lines(connection: Connection, query: UsageQuery, step: str, by: str | None) -> dict[Any, Figures]:
    """By key, local time and, of hours, distance from UTC."""
    series = figures.series(connection, STAFF, query, step, by, most=MOST)
    found = {}
    for line in series.lines:
        for edge, cell in zip(series.edges, line.figures, strict=False):
            at = edge.astimezone(ZoneInfo(query.range.zone))
            offset = at.utcoffset() if step == "hour" else timedelta(0)
            local = at.replace(tzinfo=None, minute=0, second=0, microsecond=0)
            key = "" if line.key == NO_MODEL else line.key
            found[key, local if step == "hour" else local.replace(hour=0), offset] = cell
    return {key: cell for key, cell in found.items() if cell.calls}


def summed(rows: dict[Any, Figures], wholes: dict[Any, Figures]) -> dict[Any, Figures]:
    """The rows of the dearest keys as they are, the others' added up."""
    dearest = sorted(wholes, key=lambda key: (-wholes[key].cost, str(key[0])))[:MOST]
    cells: dict[Any, Figures] = {}
    for (key, *when), cell in rows.items():
        place = (str(key) if (key,) in dearest else OTHER, *when)
        cells[place] = cells.get(place, Figures()) + cell
    return cells


@pytest.mark.parametrize(("scope", "model"), NARROWED)
def test_activity_equals_the_raw_rows(log: Writer, engine: Engine, scope: str, model: str | None) -> None:
    with engine.connect() as connection:
        for query in every_range(scope, model):
            found = figures.activity(connection, STAFF, query)
            expected = raw_rows(log, query, f"count(DISTINCT u.thread_id), count(DISTINCT {ACCOUNT})")[0]
            assert (found.threads, found.accounts) == expected


@pytest.mark.parametrize(("scope", "model"), NARROWED)
def test_top_lists_equal_the_raw_rows(log: Writer, engine: Engine, scope: str, model: str | None) -> None:
    with engine.connect() as connection:
        for query, limit in product(every_range(scope, model), (2, 50)):
            for top, expression in (
                (figures.top_threads, "u.thread_id"),
                (figures.top_accounts, ACCOUNT),
                (figures.top_models, MODEL),
            ):
                found = [(entry.key, entry.figures) for entry in top(connection, STAFF, query, limit)]
                assert found == dearest(raw(log, query, expression), limit)


def dearest(sums: dict[tuple[Any, ...], Figures], limit: int) -> list[tuple[str, Figures]]:
    positive = [(str(key) or NO_MODEL, sum) for (key,), sum in sums.items() if key is not None and sum.cost > 0]
    return sorted(positive, key=lambda entry: (-entry[1].cost, entry[0]))[:limit]


def test_figures_of_given_threads_and_accounts_are_their_own(log: Writer, engine: Engine) -> None:
    with engine.connect() as connection:
        for query in [query for scope, model in NARROWED for query in every_range(scope, model)]:
            threads = {key: sum for (key,), sum in raw(log, query, "u.thread_id").items() if key is not None}
            assert figures.figures_of_threads(connection, STAFF, query, THREADS) == threads
            edges = edges_of(query.range, "week")
            found = figures.figures_of_accounts(connection, STAFF, query, USERS, edges)
            accounts = {key: sum for (key,), sum in raw(log, query, ACCOUNT).items() if key != UNATTRIBUTED}
            assert {
                id: sum((cell for (of, _number), cell in found.items() if of == id), Figures()) for id, _number in found
            } == accounts


def test_shares_are_parts_of_the_whole_cost(log: Writer, engine: Engine) -> None:
    with engine.connect() as connection:
        query = UsageQuery("all", range_of("30d", "UTC", NOW))
        whole = figures.totals(connection, STAFF, query).cost
        for entry in figures.top_accounts(connection, STAFF, query):
            assert entry.share * whole == pytest.approx(entry.figures.cost)
