"""How fast agents, threads and accounts spend, and which agents run away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine

from data.burn import RunningAgent, account_rate, is_runaway, running_agents, thread_rate
from data.constants import UNATTRIBUTED
from data.errors import NotFoundError
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_run, add_thread, add_user, fold, uid

MEMBER = Viewer("alice", accounts=frozenset({uid("alice")}))


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def agents(engine: Engine, viewer: Viewer = SYSTEM, scope: str = "all") -> tuple[RunningAgent, ...]:
    with engine.connect() as connection:
        return running_agents(connection, viewer, scope)


def running(writer: Writer, name: str, owner: str | None, started: str | None = None) -> UUID:
    thread = add_thread(writer, name, uid(owner) if owner else None, title=name.title())
    add_run(writer, thread, started=started or ago(20))
    return thread


def spend_usually(writer: Writer, account: UUID, cost: str, quarters: int) -> None:
    """So much in each of so many quarter hours, all more than a day ago."""
    for number in range(quarters):
        add_call(writer, uid("earlier"), account, cost=cost, at=ago(25 * 60 + 15 * number))


@pytest.mark.parametrize("folded", [False, True])
def test_an_agents_rate_is_what_its_last_ten_minutes_cost_a_minute(
    engine: Engine, connection: Writer, folded: bool
) -> None:
    thread = running(connection, "long", "alice")
    for at, cost in ((ago(25), "8"), (ago(15), "4"), (ago(9), "2"), ("now", "1")):
        add_call(connection, thread, uid("alice"), cost=cost, at=at)
    if folded:
        fold(connection)
    [agent] = agents(engine)
    assert (agent.title, agent.account_id) == ("Long", uid("alice"))
    assert (agent.rate_per_minute, agent.run_cost) == (Decimal("0.3"), Decimal(7))


def test_a_young_runs_rate_is_reckoned_from_its_beginning(engine: Engine, connection: Writer) -> None:
    thread = running(connection, "young", "alice", ago(4))
    add_call(connection, thread, uid("alice"), cost="100", at=ago(5))  # of the run before
    add_call(connection, thread, uid("alice"), cost="2", at=ago(1))
    [agent] = agents(engine)
    assert agent.rate_per_minute == pytest.approx(Decimal("0.5"), rel=Decimal("0.02"))
    assert agent.run_cost == 2


def test_a_run_of_seconds_counts_as_a_minute(engine: Engine, connection: Writer) -> None:
    thread = running(connection, "new", "alice", "now")
    add_call(connection, thread, uid("alice"), cost="0.2", at="now")
    assert [agent.rate_per_minute for agent in agents(engine)] == [Decimal("0.2")]


def test_what_is_usual_is_the_dearest_of_twenty_busy_quarter_hours(engine: Engine, connection: Writer) -> None:
    running(connection, "t", "alice")
    spend_usually(connection, uid("alice"), "0.3", 19)
    fold(connection)
    add_call(connection, uid("earlier"), uid("alice"), cost="9", at=ago(28800))
    fold(connection)
    [agent] = agents(engine)
    assert agent.usual_rate == Decimal("0.02")


def test_the_last_day_makes_nothing_usual(engine: Engine, connection: Writer) -> None:
    thread = running(connection, "t", "alice", ago(180))
    spend_usually(connection, uid("alice"), "0.3", 20)
    for number in range(60):
        add_call(connection, thread, uid("alice"), cost="30", at=ago(number * 20))
    fold(connection)
    [agent] = agents(engine)
    assert agent.usual_rate == Decimal("0.02")
    assert agent.runaway


def test_a_week_with_a_day_of_busy_quarter_hours_is_enough(engine: Engine, connection: Writer) -> None:
    running(connection, "t", "alice")
    spend_usually(connection, uid("alice"), "0.3", 96)
    for number in range(50):  # older than that week
        add_call(connection, uid("earlier"), uid("alice"), cost="9", at=ago(10 * 24 * 60 + 15 * number))
    fold(connection)
    [agent] = agents(engine)
    assert agent.usual_rate == Decimal("0.02")


def test_a_young_account_has_no_usual_rate(engine: Engine, connection: Writer) -> None:
    running(connection, "t", "alice")
    spend_usually(connection, uid("alice"), "0.3", 15)
    fold(connection)
    assert [agent.usual_rate for agent in agents(engine)] == [None]


@pytest.mark.parametrize(
    ("spent", "usual", "runaway"),
    [
        ("3.00", "0.10", False),
        ("3.01", "0.10", True),
        ("0.99", "0.001", False),
        ("1.00", "0.001", True),
        ("7.50", None, False),
        ("7.51", None, True),
    ],
)
def test_a_runaway_spends_three_times_ten_busy_minutes_and_a_dollar(
    spent: str, usual: str | None, runaway: bool
) -> None:
    assert is_runaway(Decimal(spent), Decimal(usual) if usual else None) is runaway


def test_what_burns_most_comes_first_and_silent_ones_last(engine: Engine, connection: Writer) -> None:
    for name, cost in (("slow", "1"), ("fast", "2"), ("silent", None)):
        thread = running(connection, name, "alice")
        if cost:
            add_call(connection, thread, uid("alice"), cost=cost, at=ago(2))
    assert [agent.title for agent in agents(engine)] == ["Fast", "Slow", "Silent"]


def test_a_run_without_a_start_has_a_rate_and_no_cost(engine: Engine, connection: Writer) -> None:
    thread = running(connection, "t", "alice", "-infinity")
    add_call(connection, thread, uid("alice"), cost="2", at=ago(2))
    [agent] = agents(engine)
    assert (agent.running_since, agent.run_cost, agent.rate_per_minute) == (None, None, Decimal("0.2"))


def test_finished_runs_are_not_among_them(engine: Engine, connection: Writer) -> None:
    add_run(connection, add_thread(connection, "t", uid("alice")), "completed", ago(60), "now")
    assert agents(engine) == ()


def test_a_member_sees_the_agents_of_their_own_account_only(engine: Engine, connection: Writer) -> None:
    add_user(connection, "alice", shown="Alice")
    running(connection, "hers", "alice")
    running(connection, "his", "bob")
    assert [agent.account for agent in agents(engine, MEMBER, str(uid("alice")))] == ["Alice"]
    for scope in (str(uid("bob")), "all"):
        with pytest.raises(NotFoundError):
            agents(engine, MEMBER, scope)


def test_a_thread_without_a_row_is_its_users_unless_others_wrote_in_it(engine: Engine, connection: Writer) -> None:
    for name in ("own", "shared"):
        add_run(connection, uid(name))
        add_call(connection, uid(name), uid("alice"))
        add_call(connection, uid(name), uid("alice"))
    add_call(connection, uid("shared"), uid("bob"))
    assert [agent.thread_id for agent in agents(engine, MEMBER, str(uid("alice")))] == [uid("own")]
    assert {agent.account_id for agent in agents(engine)} == {uid("alice")}


def test_a_threads_rate_is_that_of_all_its_calls(engine: Engine, connection: Writer) -> None:
    thread = add_thread(connection, "t", uid("alice"))
    for at in (ago(11), ago(9), "now", ago(-60)):  # the last in an hour's time
        add_call(connection, thread, uid("bob"), cost="1", at=at)
    with engine.connect() as reader:
        assert thread_rate(reader, MEMBER, thread) == Decimal("0.2")
        with pytest.raises(NotFoundError):
            thread_rate(reader, Viewer("bob", accounts=frozenset({uid("bob")})), thread)


@pytest.mark.parametrize("folded", [False, True])
def test_the_rates_of_accounts_add_up_to_that_of_all(engine: Engine, connection: Writer, folded: bool) -> None:
    for user, thread, cost in (("alice", "t", "1"), ("bob", "t", "2"), ("bob", None, "4"), (None, None, "8")):
        add_call(connection, uid(thread) if thread else None, uid(user) if user else None, cost=cost)
    add_call(connection, uid("t"), uid("alice"), cost="16", at=ago(11))
    if folded:
        fold(connection)
    with engine.connect() as reader:
        rates = [account_rate(reader, SYSTEM, str(scope)) for scope in (uid("alice"), uid("bob"), UNATTRIBUTED)]
        assert rates == [Decimal("0.1"), Decimal("0.6"), Decimal("0.8")]
        assert account_rate(reader, SYSTEM, "all") == sum(rates)
        with pytest.raises(NotFoundError):
            account_rate(reader, MEMBER, "all")


@pytest.mark.parametrize("folded", [False, True])
def test_a_run_of_days_costs_what_its_calls_do(engine: Engine, connection: Writer, folded: bool) -> None:
    thread = running(connection, "long", "alice", ago(3 * 24 * 60))
    for minutes in (3 * 24 * 60 + 1, 3 * 24 * 60 - 1, 3 * 24 * 60 - 59, 3 * 24 * 60 - 61, 25 * 60, 61, 0):
        add_call(connection, thread, uid("alice"), cost="1", at=ago(minutes))
    if folded:
        fold(connection)
    [agent] = agents(engine)
    assert agent.run_cost == 6
