"""The demo against a real database: its figures, its starts and stops, and where it refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from data.demo_cast import MARKER
from data.demo_options import DemoOptions
from data.errors import InputError, UnavailableError
from data.simulator import Demo, run_demo

Connection = psycopg.Connection[tuple[object, ...]]
SMALL = DemoOptions(threads=4, rate=4.0, history_days=3)


@dataclass
class Clock:
    """Stands still until told to go on."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 18, 14, 7, tzinfo=UTC))


@pytest.fixture
def start_demo(database_url: str, clock: Clock) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(options: DemoOptions = SMALL) -> Demo:
        started.append(Demo(database_url, options, clock, wait=lambda _seconds: False))
        return started[-1]

    yield start
    for demo in started:
        demo.connection.close()


def value(connection: Connection, query: str, *values: object) -> object:
    row = connection.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return row[0]


def write_past(demo: Demo) -> None:
    demo.write_past(threading.Event())


def tick_for(demo: Demo, clock: Clock, seconds: int) -> None:
    for _ in range(seconds):
        clock.pass_by(seconds=1)
        demo.tick()


def test_every_total_equals_the_raw_rows_after_history_and_live_calls(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    demo = start_demo()
    write_past(demo)
    tick_for(demo, clock, 30)
    connection.execute("SELECT creditpulse.fold()")
    tick_for(demo, clock, 10)
    assert value(connection, "SELECT count(*) > 1000 FROM usage_logs")
    differences = """
        SELECT count(*) FROM
            (SELECT thread_id, count(*) AS calls, sum(total_tokens) AS tokens, sum(estimated_cost) AS cost
                FROM usage_logs GROUP BY 1) raw
            FULL JOIN (SELECT thread_id, sum(calls) AS calls, sum(total_tokens) AS tokens, sum(cost) AS cost
                FROM creditpulse.exact_threads GROUP BY 1) exact USING (thread_id, calls, tokens, cost)
        WHERE raw.thread_id IS NULL OR exact.thread_id IS NULL"""
    assert value(connection, differences) == 0


def test_the_first_tick_shows_running_agents_with_calls_and_titles(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    demo = start_demo()
    tick_for(demo, clock, 3)
    live = "FROM agent_runs r JOIN threads t USING (thread_id) WHERE r.status = 'running'"
    assert value(connection, f"SELECT count(*) {live}") >= 3  # type: ignore[operator]
    assert value(connection, f"SELECT bool_and(t.metadata->>'title' <> '') {live}")
    newest = value(connection, "SELECT max(created_at) FROM usage_logs")
    assert clock.now - timedelta(seconds=3) < newest <= clock.now  # type: ignore[operator]


def test_a_second_start_writes_no_second_history(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    first = start_demo()
    write_past(first)
    first.close()
    before = value(connection, "SELECT count(*) FROM usage_logs")
    clock.pass_by(minutes=2)
    second = start_demo()
    write_past(second)
    assert value(connection, "SELECT count(*) FROM usage_logs") == before
    assert value(connection, "SELECT count(*) FROM users") == len(second.cast.accounts)
    assert second.cast == first.cast


def test_a_history_that_was_cut_off_is_completed_by_the_next_start(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    first = start_demo()
    stop = threading.Event()
    first.write_past(stop, progress=lambda _done, _total: stop.set())
    assert not first.past_complete.is_set()
    first.close()
    days = "SELECT count(DISTINCT created_at::date) FROM usage_logs"
    assert value(connection, days) == 2
    clock.pass_by(minutes=1)
    second = start_demo()
    write_past(second)
    assert second.past_complete.is_set()
    assert value(connection, days) == 4


def test_a_pause_is_filled_without_touching_what_is_there(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    first = start_demo()
    write_past(first)
    tick_for(first, clock, 5)
    first.close()
    stopped_at = clock.now
    before = value(connection, "SELECT count(*) FROM usage_logs WHERE created_at <= %s", stopped_at)
    clock.pass_by(days=2)
    write_past(start_demo())
    assert value(connection, "SELECT count(*) FROM usage_logs WHERE created_at <= %s", stopped_at) == before
    filled = "SELECT count(DISTINCT created_at::date) FROM usage_logs WHERE created_at > %s"
    assert value(connection, filled, stopped_at) == 3


def test_stopping_closes_every_run(database_url: str, connection: Connection) -> None:
    stop = threading.Event()
    running: list[object] = []

    def progress(done: int, total: int) -> None:
        if done == total:
            running.append(value(connection, "SELECT count(*) FROM agent_runs WHERE status = 'running'"))
            stop.set()

    run_demo(database_url, SMALL, stop, progress)
    assert running[0] != 0
    assert value(connection, "SELECT count(*) FROM agent_runs WHERE status = 'running'") == 0
    assert value(connection, "SELECT bool_and(completed_at IS NOT NULL) FROM agent_runs")


def test_runs_of_a_killed_demo_are_closed_by_the_next_one_and_others_are_not(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    killed = start_demo()
    tick_for(killed, clock, 2)
    killed.connection.close()
    connection.execute("INSERT INTO agent_runs (thread_id) VALUES (gen_random_uuid())")
    clock.pass_by(minutes=1)
    start_demo()
    assert value(connection, "SELECT count(*) FROM agent_runs WHERE status = 'running'") == 1


def test_a_cut_connection_loses_no_event(start_demo: Callable[..., Demo], clock: Clock, connection: Connection) -> None:
    demo = start_demo()
    demo.past_complete.set()
    waits = iter(range(40))

    def wait(_seconds: float) -> bool:
        step = next(waits)
        if step in (10, 20):
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (demo.connection.info.backend_pid,))
        clock.pass_by(seconds=1)
        return step == 39

    demo.wait = wait
    demo.run()
    assert not demo.pending
    newest = value(connection, "SELECT max(created_at) FROM usage_logs")
    assert clock.now - timedelta(seconds=8) < newest  # type: ignore[operator]
    orphans = "SELECT count(*) FROM usage_logs u LEFT JOIN threads t USING (thread_id) WHERE t.thread_id IS NULL"
    assert value(connection, orphans) == 0


def test_usage_beyond_the_allowance_is_debited_to_the_cent(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    demo = start_demo()
    write_past(demo)
    account = demo.cast.accounts[3]
    used = "SELECT sum(estimated_cost) FROM usage_logs WHERE user_id = %s AND created_at >= %s"
    debited = "SELECT coalesce(sum(amount_dollars), 0) FROM credit_usage WHERE user_id = %s"
    assert connection.execute(debited, (account.account_id,)).fetchone() == (0,)
    connection.execute(
        "INSERT INTO usage_logs (user_id, thread_id, estimated_cost, created_at) VALUES (%s, %s, 40, %s)",
        (account.account_id, MARKER, clock.now),
    )
    tick_for(demo, clock, 20)
    spent = connection.execute(used, (account.account_id, account.period(clock.now)[0])).fetchone()
    paid = connection.execute(debited, (account.account_id,)).fetchone()
    assert spent is not None
    assert paid is not None
    assert account.dollars_included is not None
    assert abs(spent[0] - account.dollars_included - paid[0]) < Decimal("0.05")  # type: ignore[operator]


def test_an_account_over_its_allowance_has_debits_on_the_day_it_went_over(
    start_demo: Callable[..., Demo], connection: Connection
) -> None:
    demo = start_demo(DemoOptions(threads=1, rate=1.0, history_days=40))
    write_past(demo)
    over = "FROM credit_usage WHERE usage_type = 'token_overage'"
    assert value(connection, f"SELECT count(DISTINCT created_at::date) > 2 {over}")
    assert value(connection, f"SELECT min(amount_dollars) > 0 {over}")
    near = """SELECT count(*) FROM creditpulse.subscriptions s WHERE s.credits_included * 0.85 < (
        SELECT 100 * sum(u.estimated_cost) FROM usage_logs u
        WHERE u.user_id = s.user_id AND u.created_at >= s.period_start)"""
    assert value(connection, near) >= 3  # type: ignore[operator]


def test_subscriptions_move_on_to_the_period_that_holds_now(
    start_demo: Callable[..., Demo], clock: Clock, connection: Connection
) -> None:
    demo = start_demo(DemoOptions(history_days=0))
    write_past(demo)
    clock.pass_by(days=70)
    demo.tick()
    outside = "SELECT count(*) FROM creditpulse.subscriptions WHERE NOT %s <@ tstzrange(period_start, period_end)"
    assert value(connection, outside, clock.now) == 0


def test_the_demo_refuses_to_write_among_other_usage(start_demo: Callable[..., Demo], connection: Connection) -> None:
    connection.execute("INSERT INTO usage_logs (estimated_cost) VALUES (1)")
    with pytest.raises(InputError, match=r"already holds other usage.*serve"):
        start_demo()
    assert value(connection, "SELECT count(*) FROM users") == 0


def test_the_demo_refuses_tables_of_another_application(
    start_demo: Callable[..., Demo], connection: Connection
) -> None:
    connection.execute("COMMENT ON TABLE usage_logs IS NULL")
    with pytest.raises(InputError, match="belong to another application"):
        start_demo()


def test_a_second_demo_at_the_same_time_is_refused(start_demo: Callable[..., Demo]) -> None:
    start_demo()
    with pytest.raises(InputError, match="another demo"):
        start_demo()


def test_a_database_that_does_not_answer_is_named_so() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        run_demo("postgresql://nobody@127.0.0.1:1/none", SMALL, threading.Event())
