"""The figures of the live cards: whose they are, and of which time, against plain sums of the raw rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine

from data.subscriptions import Subscription, subscription
from data.usage import NavUsage, credits_of, nav_usages
from data.viewer import SYSTEM, Viewer
from data.wire import nav_message, subscription_message
from tests.database.ledger import ANNA, BORIS, Connection, figure, fold, write_call

EVERY = "ffffffff-ffff-ffff-ffff-ffffffffffff"
NIL = "00000000-0000-0000-0000-000000000000"
RATE = Decimal(100)


def nav(engine: Engine, scope: str = ANNA) -> NavUsage:
    with engine.connect() as connection:
        return nav_usages(connection, SYSTEM, [scope])[scope]


def plan_of(engine: Engine, scope: str = ANNA) -> Subscription | None:
    with engine.connect() as connection:
        return subscription(connection, SYSTEM, scope)


def subscribe(connection: Connection, start: str, end: str, status: str = "active", plan: str = "Pro") -> None:
    connection.execute(
        "INSERT INTO creditpulse.subscriptions VALUES (%s, %s, %s, 500, %s, %s)", (ANNA, plan, status, start, end)
    )


@pytest.mark.parametrize("folded", [False, True])
def test_any_period_is_the_sum_of_its_raw_rows(connection: Connection, folded: bool) -> None:
    rng, start = random.Random(7), datetime(2026, 3, 1, tzinfo=UTC)
    for user in (ANNA, BORIS, None):
        connection.execute(
            "INSERT INTO usage_logs (user_id, thread_id, total_tokens, estimated_cost, created_at)"
            " SELECT %s, gen_random_uuid(), n, n * 0.001, %s + n * interval '7 min 13.000001 s'"
            " FROM generate_series(0, 700) n",
            (user, start),
        )
    if folded:
        fold(connection)
    spans = [
        timedelta(0),
        timedelta(seconds=30),
        timedelta(minutes=15),
        timedelta(hours=5),
        timedelta(days=1, minutes=3),
    ]
    for _ in range(60):
        first = start + rng.choice([1, 15 * 60, 86400]) * timedelta(seconds=rng.randrange(300))
        last = first + rng.choice(spans) + rng.choice([timedelta(0), timedelta(microseconds=1)])
        for scope in (ANNA, NIL, EVERY):
            shown = connection.execute(
                "SELECT calls, total_tokens, cost FROM creditpulse.usage_between(%s, %s, %s)", (scope, first, last)
            ).fetchone()
            raw = connection.execute(
                "SELECT count(*), coalesce(sum(total_tokens), 0), coalesce(sum(estimated_cost), 0)"
                " FROM usage_logs WHERE created_at >= %s AND created_at < %s"
                " AND coalesce(user_id, %s) = coalesce(nullif(%s, %s::uuid), user_id, %s)",
                (first, last, NIL, scope, EVERY, NIL),
            ).fetchone()
            assert shown == raw, (scope, first, last)


def test_a_subscription_that_began_inside_a_quarter_hour_counts_from_then(
    connection: Connection, engine: Engine
) -> None:
    subscribe(connection, "2026-01-01 10:07:00+00", "2226-01-01 10:07:00+00")
    write_call(connection, "1", at="2026-01-01 10:06:59.999999+00")
    write_call(connection, "2", at="2026-01-01 10:07:00+00")
    fold(connection)
    write_call(connection, "4", at="2026-01-01 10:14:00+00")
    assert nav(engine).cost == 6
    assert nav(engine).period.label == "1 Jan to 1 Jan"


def test_without_a_current_subscription_it_is_the_month_to_date(connection: Connection, engine: Engine) -> None:
    subscribe(connection, "2020-01-01 00:00:00+00", "2020-02-01 00:00:00+00")
    for since_month, cost in (("-1 microsecond", 1), ("0", 2), ("1 month", 4)):
        connection.execute(
            "INSERT INTO usage_logs (user_id, estimated_cost, created_at)"
            " VALUES (%s, %s, date_trunc('month', now(), 'UTC') + %s::interval)",
            (ANNA, cost, since_month),
        )
    assert (nav(engine).cost, nav(engine, "all").cost) == (2, 2)
    assert nav(engine).period.label.endswith("UTC")


@pytest.mark.parametrize("folded", [False, True])
def test_a_period_without_an_end_counts_from_its_start(connection: Connection, engine: Engine, folded: bool) -> None:
    subscribe(connection, "2026-01-05 00:00:00+00", "infinity")
    write_call(connection, "1", at="2026-01-04 23:59:00+00")
    write_call(connection, "2", at="2026-01-05 00:00:00+00")
    if folded:
        fold(connection)
    assert nav(engine).cost == 2
    assert nav_message(nav(engine), RATE)["period_label"] == "since 5 Jan 2026"
    found = subscription_message(plan_of(engine), ANNA)
    assert (found["plan"], found["current"], found["period_end"]) == ("Pro", True, None)


def test_a_billing_view_may_tell_of_earlier_subscriptions_too(connection: Connection, engine: Engine) -> None:
    connection.execute("ALTER TABLE creditpulse.subscriptions DROP CONSTRAINT subscriptions_pkey")
    subscribe(connection, "2020-01-01 00:00:00+00", "2021-01-01 00:00:00+00", plan="Old")
    subscribe(connection, "2026-01-01 00:00:00+00", "2226-01-01 00:00:00+00", plan="New")
    subscribe(connection, "2026-01-01 00:00:00+00", "2226-01-01 00:00:00+00", "canceled", plan="Gone")
    write_call(connection, "3", at="2026-01-02 00:00:00+00")
    assert nav(engine).cost == 3
    found = plan_of(engine)
    assert found is not None
    assert (found.plan, found.current) == ("New", True)


def test_an_allowance_without_bounds_is_none(connection: Connection, engine: Engine) -> None:
    subscribe(connection, "2026-01-01 00:00:00+00", "2226-01-01 00:00:00+00")
    connection.execute("UPDATE creditpulse.subscriptions SET credits_included = 'NaN'")
    assert subscription_message(plan_of(engine), ANNA)["credits_included"] is None


def test_what_is_set_aside_counts_in_no_part_of_a_period(connection: Connection, engine: Engine) -> None:
    connection.execute("ALTER TABLE usage_logs ALTER COLUMN estimated_cost TYPE numeric")
    subscribe(connection, "2026-01-01 10:07:00+00", "2226-01-01 10:07:00+00")
    write_call(connection, "Infinity", at="2026-01-01 10:08:00+00")
    write_call(connection, "2", at="2026-01-01 10:08:00+00")
    assert nav_message(nav(engine), RATE)["credits"] == 200


def test_purchased_credits_are_those_of_the_same_period(connection: Connection, engine: Engine) -> None:
    subscribe(connection, "2026-01-01 10:07:00+00", "2226-01-01 10:07:00+00")
    for at in ("2026-01-01 10:06:00+00", "2026-01-01 10:08:00+00", "2026-02-01 00:00:00+00"):
        connection.execute(
            "INSERT INTO credit_usage (user_id, amount_dollars, created_at) VALUES (%s, 1.25, %s)", (ANNA, at)
        )
    assert nav(engine).purchased_cost == Decimal("2.50")
    fold(connection)
    assert nav_message(nav(engine), RATE)["purchased_credits"] == 250


def test_a_scope_is_for_its_own_viewers(engine: Engine) -> None:
    anna = Viewer("anna", accounts=frozenset({UUID(ANNA)}))
    with engine.connect() as connection:
        assert nav_usages(connection, anna, [ANNA, BORIS, "all", EVERY]).keys() == {ANNA}
        assert subscription(connection, anna, BORIS) is None


def test_two_spellings_of_a_scope_are_both_answered(engine: Engine) -> None:
    with engine.connect() as connection:
        assert nav_usages(connection, SYSTEM, ["all", EVERY, ANNA, ANNA.upper()]).keys() == {
            "all",
            EVERY,
            ANNA,
            ANNA.upper(),
        }


@pytest.mark.parametrize(
    ("dollars", "expected"),
    [("0.005", 1), ("0.00499999", 0), ("-0.005", -1), ("-0.004", 0), ("12.345", 1235), ("0", 0), ("1e12", 10**14)],
)
def test_credits_are_whole_and_halves_go_up(dollars: str, expected: int) -> None:
    assert credits_of(Decimal(dollars), RATE) == expected


def test_agents_of_an_account_are_those_of_its_threads(connection: Connection, engine: Engine) -> None:
    thread = "00000000-0000-0000-0000-0000000000b7"
    connection.execute("INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)", (thread, ANNA))
    connection.execute("INSERT INTO agent_runs (thread_id) VALUES (%s), (%s)", (thread, thread))
    assert (nav(engine).agents_running, nav(engine, BORIS).agents_running, nav(engine, "all").agents_running) == (
        1,
        0,
        1,
    )
    assert figure(connection, "SELECT creditpulse.agents_running(%s)", NIL) == 0
