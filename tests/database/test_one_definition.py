"""One definition of each figure: over random calls and ranges, pages, downloads, API and plain SQL say the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, Engine
from starlette.testclient import TestClient

from data.cache import QueryCache, make_cache
from data.constants import UNATTRIBUTED
from data.exports import listings
from data.figures import activity, heat, series, top_accounts, top_models, top_threads, totals
from data.listing import Key, Listing
from data.metrics import NOTHING, Figures
from data.overview_queries import OverviewQueries
from data.queries import Queries
from data.usage import nav_usages, thread_usages
from data.usage_query import UsageQuery, usage_query
from data.viewer import SYSTEM
from tests.api.conftest import Seen, make_app, table
from tests.database.workload import fold, uid

NOW = datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
RANGES = (
    {"range": "30d"}, {"range": "24h"}, {"range": "last-month"}, {"from": "2026-10-25T10:07", "to": "2026-11-02T03:11"},
)  # fmt: skip
USERS = (uid("ann"), uid("bob"), uid("cid"), None)
LISTED = listings(Decimal(100))
EXACT = """
    SELECT coalesce(sum(estimated_cost), 0), coalesce(sum(total_prompt_tokens), 0),
        coalesce(sum(total_completion_tokens), 0), coalesce(sum(total_tokens), 0), count(*)
    FROM usage_logs WHERE created_at >= %(start)s AND created_at < %(end)s
        AND (%(user)s::uuid IS NULL OR coalesce(user_id, %(nil)s) = %(user)s)
        AND (%(model)s::text IS NULL OR content->>'model' = %(model)s)
"""


def random_calls(writer: psycopg.Connection[Any], seed: int) -> None:
    """Three hundred calls of two months, some of them unfolded, moved or taken back."""
    rng = Random(seed)
    for number in range(300):
        at = NOW - timedelta(seconds=rng.uniform(0, 60 * 86_400))
        thread = rng.choice([uid("t1"), uid("t2"), uid("t3"), uid(f"t{number}"), None])
        cost = Decimal(rng.randrange(0, 3_000_000)) / 1_000_000
        model = rng.choice(['{"model": "big"}', '{"model": "small"}', None])
        writer.execute(
            "INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens,"
            " estimated_cost, content, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (rng.choice(USERS), thread, rng.randrange(9000), rng.randrange(900), rng.randrange(9900), cost, model, at),
        )
        if number == 200:
            fold(writer)
    writer.execute("DELETE FROM usage_logs WHERE total_prompt_tokens % 17 = 0")
    writer.execute("UPDATE usage_logs SET user_id = %s WHERE total_tokens %% 13 = 0", (uid("bob"),))


@pytest.fixture(params=[1, 2])
def calls(request: pytest.FixtureRequest, connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    random_calls(connection, request.param)
    return connection


def exact(writer: psycopg.Connection[Any], query: UsageQuery) -> Figures:
    """By SQL on the raw table."""
    user = None if query.scope == "all" else UUID(query.scope)
    values = {"start": query.range.start, "end": query.range.end, "user": user, "model": query.model}
    row = writer.execute(EXACT, {**values, "nil": UNATTRIBUTED}).fetchone()
    assert row is not None
    return Figures(*row)


def rows_of(connection: Connection, name: str, parameters: dict[str, str], limit: int) -> list[dict[str, Any]]:
    """All that a download, or the API, lists, read in pages of that size."""
    listing: Listing = LISTED[name]
    query = listing.query(SYSTEM, parameters, NOW)
    rows: list[Any] = []
    after: Key | None = None
    while True:
        page = listing.page(connection, SYSTEM, query, after, limit)
        rows += page.rows
        after = page.after
        if after is None:
            return [dict(zip(listing.columns(query), row, strict=True)) for row in rows]


def listed(connection: Connection, name: str, parameters: dict[str, str], limit: int) -> Figures:
    names = ("cost", "prompt_tokens", "completion_tokens", "total_tokens", "calls")
    rows = rows_of(connection, name, parameters, limit)
    assert all(row["credits"] == 100 * row["cost"] for row in rows)
    return sum((Figures(*(row[name] for name in names)) for row in rows), NOTHING)


def ways(connection: Connection, query: UsageQuery, parameters: dict[str, str]) -> dict[str, Figures]:
    """The total of the range by everything that can say it."""
    sums = {
        f"series by {by}, at most {most}": summed(
            line.figures for line in series(connection, SYSTEM, query, step, by, most).lines
        )
        for step, by, most in ((None, None, 8), ("day", "model", 1), ("week", "account", 2), ("hour", "account", 8))
    }
    files = {
        f"{name} {more}, {limit} rows a page": listed(connection, name, {**parameters, **more}, limit)
        for name, more, limit in (
            ("usage", {"step": "day"}, 7), ("usage", {"by": "model"}, 5), ("usage", {"by": "account"}, 40),
            ("usage", {"by": "account", "step": "hour"}, 100), ("heat", {}, 1000), ("models", {}, 1000),
            ("top-accounts", {}, 3),
        )
    }  # fmt: skip
    return {
        "totals": totals(connection, SYSTEM, query),
        "heat": summed(heat(connection, SYSTEM, query)),
        "top models": summed([[top.figures for top in top_models(connection, SYSTEM, query, 1000)]]),
        "top accounts": summed([[top.figures for top in top_accounts(connection, SYSTEM, query, 1000)]]),
        **sums,
        **files,
    }


def summed(rows: Iterable[Iterable[Figures]]) -> Figures:
    return sum((figures for row in rows for figures in row), NOTHING)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("bounds", RANGES, ids=lambda bounds: "-".join(bounds.values()))
def test_every_way_to_a_total_has_the_same(
    calls: psycopg.Connection[Any], engine: Engine, zone: str, bounds: dict[str, str]
) -> None:
    for scope, model in (("all", ""), ("all", "small"), (str(uid("ann")), ""), (str(UNATTRIBUTED), "big")):
        parameters = {**bounds, "scope": scope, "zone": zone, "model": model}
        query = usage_query(parameters, NOW)
        expected = exact(calls, query)
        with engine.connect() as connection:
            found = ways(connection, query, parameters)
        assert {name: figures for name, figures in found.items() if figures != expected} == {}, expected


@pytest.mark.parametrize("bounds", RANGES, ids=lambda bounds: "-".join(bounds.values()))
def test_threads_have_the_same_everywhere(
    calls: psycopg.Connection[Any], engine: Engine, bounds: dict[str, str]
) -> None:
    parameters = {**bounds, "scope": "all", "zone": "Asia/Kathmandu"}
    query = usage_query(parameters, NOW)
    counted = calls.execute(
        "SELECT thread_id, sum(estimated_cost) FROM usage_logs WHERE thread_id IS NOT NULL AND created_at >= %s"
        " AND created_at < %s GROUP BY thread_id HAVING sum(estimated_cost) > 0",
        (query.range.start, query.range.end),
    ).fetchall()
    with engine.connect() as connection:
        tops = {UUID(top.key): top.figures.cost for top in top_threads(connection, SYSTEM, query, 1000)}
        rows = rows_of(connection, "top-threads", parameters, 11)
        active = activity(connection, SYSTEM, query)
    expected = dict(counted)
    assert tops == expected
    assert {UUID(row["thread_id"]): row["cost"] for row in rows if row["cost"]} == expected
    assert active.threads == len({row["thread_id"] for row in rows})


def test_a_thread_s_total_is_the_sum_of_its_calls(calls: psycopg.Connection[Any], engine: Engine) -> None:
    for name in ("t1", "t2", "t3"):
        with engine.connect() as connection:
            rows = rows_of(connection, "calls", {"thread": str(uid(name))}, 9)
            usage = thread_usages(connection, SYSTEM, [uid(name)])[uid(name)]
        assert usage.cost == sum(row["cost"] for row in rows)
        assert (usage.calls, usage.total_tokens) == (len(rows), sum(row["total_tokens"] for row in rows))


def test_the_navigation_s_total_is_that_of_its_period(calls: psycopg.Connection[Any], engine: Engine) -> None:
    for scope in ("all", str(uid("bob"))):
        with engine.connect() as connection:
            shown = nav_usages(connection, SYSTEM, [scope])[scope]
            period = {"from": shown.period.start.isoformat(), "to": shown.period.end.isoformat(), "scope": scope}
            total = totals(connection, SYSTEM, usage_query(period, shown.as_of))
        assert (shown.cost, shown.total_tokens) == (total.cost, total.total_tokens)


def test_the_api_and_the_overview_say_the_same(
    calls: psycopg.Connection[Any], engine: Engine, database_url: str
) -> None:
    """By their own clocks, so over a range that is past."""
    parameters = {**RANGES[-1], "scope": "all", "zone": "Australia/Lord_Howe", "model": ""}
    expected = exact(calls, usage_query(parameters, NOW))
    overview = OverviewQueries(Queries(engine, QueryCache(make_cache(Flask("test"), None)), Decimal(100)))
    assert overview.course(SYSTEM, parameters, "model").totals == expected
    assert overview.course(SYSTEM, parameters, "account").totals == expected
    assert summed(overview.heat(SYSTEM, parameters)) == expected
    with TestClient(Seen(make_app(database_url), SYSTEM)) as client:
        answer = client.get("/api/v1/usage", params=parameters).json()
        file = table(client.get("/export/usage.csv", params=parameters).text)
    assert (Decimal(answer["totals"]["cost"]), answer["totals"]["calls"]) == (expected.cost, expected.calls)
    assert sum(Decimal(row["cost"]) for row in file) == expected.cost
