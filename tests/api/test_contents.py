"""What belongs to a thread or an account, row by row: whole, in order, each once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from data.content_listing import CallListing, PurchaseListing, RunListing
from data.listing import Key, Listing, Page
from tests.api.conftest import STAFF, table
from tests.database.workload import add_call, add_run, add_user, uid

Connection = psycopg.Connection[tuple[object, ...]]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rows_of(engine: Engine, listing: Listing, limit: int, **parameters: str) -> list[tuple[object, ...]]:
    """Page by page."""
    query = listing.query(STAFF, parameters, NOW)
    rows: list[tuple[object, ...]] = []
    after: Key | None = None
    with engine.connect() as connection:
        while True:
            page: Page = listing.page(connection, STAFF, query, after, limit)
            assert len(page.rows) <= limit
            rows += page.rows
            after = page.after
            if after is None:
                return rows


def add_purchase(connection: Connection, user: UUID | None, dollars: str, at: str, thread: UUID | None = None) -> None:
    connection.execute(
        "INSERT INTO credit_usage (user_id, amount_dollars, created_at, thread_id) VALUES (%s, %s, %s, %s)",
        (user, dollars, at, thread),
    )


@pytest.fixture
def calls(connection: Connection) -> None:
    """Seven calls of a thread: three of the same microsecond, two without a usable time."""
    for number, at in enumerate(
        ["2026-11-02", "2026-11-01", "2026-11-01", "2026-11-01", "infinity", "0001-01-01", "2026-11-03"]
    ):
        add_call(
            connection,
            uid("thread"),
            uid("ann"),
            cost=f"0.{number + 1}",
            at=at if at == "infinity" else f"{at} 00:00+00",
        )
    add_call(connection, uid("other"), uid("ann"), cost="99")


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 8])
def test_every_call_is_listed_once_whatever_its_time(engine: Engine, limit: int) -> None:
    rows = rows_of(engine, CallListing(Decimal(100)), limit, thread=str(uid("thread")))
    times = [row[1] for row in rows]
    assert len({row[0] for row in rows}) == 7
    assert sum((row[4] for row in rows), Decimal(0)) == Decimal("2.8")  # type: ignore[misc]
    assert times[:5] == sorted(times[:5])  # type: ignore[type-var]
    assert times[5:] == [None, None]


@pytest.mark.usefixtures("calls")
def test_times_are_those_of_the_zone(client: TestClient) -> None:
    fields = {"thread": str(uid("thread")), "zone": "Asia/Kathmandu"}
    rows = table(client.get("/export/calls.csv", params=fields).text)
    assert rows[0]["at"] == "2026-11-01T05:45:00+05:45"
    assert rows[-1]["at"] == ""


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_runs_are_listed_in_the_order_in_which_they_began(connection: Connection, engine: Engine, limit: int) -> None:
    add_call(connection, uid("thread"))
    for status, start in (("failed", "2026-11-02"), ("completed", "2026-11-01"), ("running", "2026-11-02")):
        add_run(connection, uid("thread"), status, f"{start} 10:00+00")
    rows = rows_of(engine, RunListing(), limit, thread=str(uid("thread")))
    assert rows[0][1] == "completed"
    assert {row[1] for row in rows[1:]} == {"failed", "running"}


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_debits_of_a_range_are_listed_once_with_those_of_nobody(
    connection: Connection, engine: Engine, limit: int
) -> None:
    connection.execute("ALTER TABLE credit_usage ALTER user_id DROP NOT NULL")
    for user, dollars, at in (
        (uid("ann"), "1", "2026-11-01 00:00+00"),
        (uid("bob"), "2", "2026-11-01 00:00+00"),
        (uid("ann"), "4", "2026-11-01 00:00+00"),
        (None, "8", "2026-11-02 00:00+00"),
        (None, "16", "2026-11-02 00:00+00"),
        (uid("ann"), "32", "2026-10-31 23:59:59.999999+00"),
        (uid("ann"), "64", "2026-11-03 00:00+00"),
    ):
        add_purchase(connection, user, dollars, at)
    days = {"from": "2026-11-01", "to": "2026-11-02"}

    def dollars(scope: str) -> Decimal:
        rows = rows_of(engine, PurchaseListing(Decimal(100)), limit, scope=scope, **days)
        return sum((row[4] for row in rows), Decimal(0))  # type: ignore[misc]

    assert dollars("all") == 31
    assert dollars(str(uid("ann"))) == 5
    assert dollars(str(UUID(int=0))) == 24


def test_a_thread_s_debits_are_listed_whenever_they_were(connection: Connection, client: TestClient) -> None:
    add_user(connection, "ann")
    add_call(connection, uid("thread"), uid("ann"))
    for at in ("2001-01-01", "infinity"):
        add_purchase(connection, uid("ann"), "1.25", at, uid("thread"))
    rows = table(client.get("/export/purchases.csv", params={"thread": str(uid("thread"))}).text)
    assert sorted((row["at"], row["purchased_credits"]) for row in rows) == [
        ("", "125"),
        ("2001-01-01T00:00:00Z", "125"),
    ]
