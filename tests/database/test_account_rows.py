"""Accounts with their plan, what is used and left, and until when it lasts: the same as SQL on the raw tables."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine

from data.account_rows import AccountRow, account_rows
from data.constants import UNATTRIBUTED
from data.usage import nav_usages
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_run, add_thread, add_user, fold, uid

MEMBER = Viewer("alice", accounts=frozenset({uid("alice")}))
RATE = Decimal(100)


def now() -> datetime:
    """Of the call, not of the import: a whole run of the tests takes minutes, and may cross midnight."""
    return datetime.now(UTC)


def subscribe(
    writer: Writer,
    account: UUID,
    included: str | None = "1000",
    *,
    begins: timedelta = timedelta(days=-10),
    ends: timedelta = timedelta(days=20),
    plan: str = "Pro",
    status: str = "active",
) -> None:
    writer.execute(
        "INSERT INTO creditpulse.subscriptions VALUES (%s, %s, %s, %s, %s, %s)",
        (account, plan, status, included, now() + begins, now() + ends),
    )


def spend(writer: Writer, account: UUID | None, cost: str, days_ago: float, thread: UUID | None = None) -> None:
    at = now() - timedelta(days=days_ago)
    add_call(writer, thread or uid("t"), account, cost=cost, at=at.isoformat())


def rows(engine: Engine, *accounts: UUID, viewer: Viewer = SYSTEM) -> tuple[AccountRow, ...]:
    with engine.connect() as connection:
        return account_rows(connection, viewer, accounts, RATE)


def row(engine: Engine, account: UUID) -> AccountRow:
    [found] = rows(engine, account)
    return found


def raw_cost(writer: Writer, account: UUID, period: tuple[datetime, datetime]) -> Decimal:
    [cost] = writer.execute(
        "SELECT coalesce(sum(estimated_cost), 0) FROM usage_logs WHERE coalesce(user_id, %s) = %s"
        " AND created_at >= %s AND created_at < %s",
        (UNATTRIBUTED, account, *period),
    ).fetchone() or (None,)
    return Decimal(str(cost))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_used_in_any_period_is_the_sum_of_the_raw_rows(engine: Engine, connection: Writer, seed: int) -> None:
    rng = random.Random(seed)
    accounts = [uid("alice"), uid("bob"), UNATTRIBUTED]
    for account in accounts:
        begins, ends = timedelta(days=rng.uniform(-40, -0.001)), timedelta(days=rng.uniform(0.001, 2))
        subscribe(connection, account, begins=begins, ends=ends)
    for _ in range(300):
        account = rng.choice([uid("alice"), uid("bob"), None])
        days = rng.choice([rng.uniform(-3, 45), rng.uniform(-0.01, 0.03)])
        spend(connection, account, f"{rng.uniform(-0.2, 1):.6f}", days)
        if rng.random() < 0.01:
            fold(connection)
    for found in rows(engine, *accounts):
        period = found.period
        assert found.used == raw_cost(connection, found.account_id, (period.start, period.end))
        with engine.connect() as reader:
            assert nav_usages(reader, SYSTEM, [str(found.account_id)])[str(found.account_id)].cost == found.used


def test_an_account_without_a_plan_counts_by_the_month(engine: Engine, connection: Writer) -> None:
    spend(connection, uid("alice"), "2", 0)
    found = row(engine, uid("alice"))
    assert (found.plan, found.allowance, found.left, found.forecast) == (None, None, None, None)
    assert found.used == 2
    assert found.period.start == now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("folded", [False, True])
def test_a_plan_has_an_allowance_and_what_is_left_of_it(engine: Engine, connection: Writer, folded: bool) -> None:
    subscribe(connection, uid("alice"), "1250")
    spend(connection, uid("alice"), "2.5", 3)
    spend(connection, uid("alice"), "99", 11)  # before the period
    if folded:
        fold(connection)
    found = row(engine, uid("alice"))
    assert (found.plan, found.status, found.current) == ("Pro", "active", True)
    assert (found.allowance, found.used, found.left) == (Decimal("12.5"), Decimal("2.5"), Decimal(10))
    assert found.share == Decimal("0.2")


@pytest.mark.parametrize(
    ("status", "ends"), [("canceled", timedelta(days=20)), ("active", timedelta(days=-1))], ids=["status", "over"]
)
def test_a_plan_that_is_not_current_is_named_and_counts_nothing(
    engine: Engine, connection: Writer, status: str, ends: timedelta
) -> None:
    subscribe(connection, uid("alice"), status=status, ends=ends)
    found = row(engine, uid("alice"))
    assert (found.plan, found.current, found.allowance) == ("Pro", False, None)
    assert found.period.label.endswith("UTC")


def test_a_plan_without_a_limit_has_nothing_left_to_run_out(engine: Engine, connection: Writer) -> None:
    subscribe(connection, uid("alice"), None)
    subscribe(connection, uid("bob"), "NaN")
    assert [(found.current, found.allowance) for found in rows(engine, uid("alice"), uid("bob"))] == [(True, None)] * 2


def test_the_pace_is_that_of_whole_days_in_the_database(engine: Engine, connection: Writer) -> None:
    subscribe(connection, uid("alice"), "2000")
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(1, 29):
        for _ in range(2):
            at = (midnight - timedelta(hours=24 * day - 12)).isoformat()
            add_call(connection, uid("t"), uid("alice"), cost="0.5", at=at)
    fold(connection)
    spend(connection, uid("alice"), "5", 0)  # today: it is not over
    found = row(engine, uid("alice"))
    assert found.pace is not None
    assert found.pace.level == pytest.approx(1)
    assert found.forecast is not None
    assert found.left is not None
    assert found.forecast.at == pytest.approx(found.as_of + timedelta(days=float(found.left)), abs=timedelta(minutes=1))


def test_what_is_used_up_is_said_to_be(engine: Engine, connection: Writer) -> None:
    subscribe(connection, uid("alice"), "100")
    spend(connection, uid("alice"), "1.5", 1)
    found = row(engine, uid("alice"))
    assert found.left == Decimal("-0.5")
    assert found.forecast is not None
    assert found.forecast.at == found.as_of


def test_rate_agents_and_latest_call_are_the_accounts_own(engine: Engine, connection: Writer) -> None:
    add_user(connection, "alice", shown="Alice")
    thread = add_thread(connection, "t", uid("alice"))
    add_run(connection, thread)
    add_run(connection, thread)
    for account, cost, minutes in ((uid("alice"), "1", 1), (uid("bob"), "5", 1), (uid("alice"), "3", 11)):
        spend(connection, account, cost, minutes / 1440, thread)
    alice, bob = rows(engine, uid("alice"), uid("bob"))
    assert (alice.label, alice.rate_per_minute, alice.agents_running) == ("Alice", Decimal("0.1"), 1)
    assert (bob.rate_per_minute, bob.agents_running) == (Decimal("0.5"), 0)
    assert alice.last_at == pytest.approx(now() - timedelta(minutes=1), abs=timedelta(seconds=30))


def test_calls_without_a_user_are_those_of_unattributed(engine: Engine, connection: Writer) -> None:
    spend(connection, None, "1", 0)
    found = row(engine, UNATTRIBUTED)
    assert (found.label, found.used, found.rate_per_minute) == ("Unattributed", 1, Decimal("0.1"))


def test_a_truncated_table_leaves_nothing_used(engine: Engine, connection: Writer) -> None:
    spend(connection, uid("alice"), "1", 0)
    fold(connection)
    connection.execute("TRUNCATE usage_logs")
    spend(connection, uid("alice"), "2", 0)
    assert row(engine, uid("alice")).used == 2


def test_a_member_gets_their_own_only_and_in_the_order_asked_for(engine: Engine, connection: Writer) -> None:
    asked = (uid("bob"), uid("alice"), uid("nobody"))
    assert [found.account_id for found in rows(engine, *asked)] == list(asked)
    assert [found.account_id for found in rows(engine, *asked, viewer=MEMBER)] == [uid("alice")]
    assert rows(engine, uid("bob"), viewer=MEMBER) == ()
