"""`replay`: a recorded trace as if it ran now, on a clock that the tests turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.errors import InputError, UnavailableError
from data.readings import identity
from data.replay import ReplayProgress, replay_file
from data.replay_tables import ReplayTables
from data.schedule import LINGER_SECONDS
from options import parse_speed

Connection = psycopg.Connection[tuple[Any, ...]]


class Turned:
    """A clock that moves only while somebody waits, then `late` longer; `then`, called after it, may say stop."""

    def __init__(self, then: Callable[[float], bool] = lambda _now: False, late: float = 0) -> None:
        self.now = 0.0
        self.late = late
        self.then = then

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds + self.late
        return self.then(self.now)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(
        "timestamp,user,session_id,model,input_tokens,output_tokens\n"
        "2024-01-01T00:00:00Z,ann@example.com,s1,gpt-4o,1000,100\n"
        "2024-01-01T00:01:00Z,ann@example.com,s1,gpt-4o,1000,100\n"
        "2024-01-01T01:00:00Z,ann@example.com,s1,gpt-4o,1000,100\n"
        "2024-01-01T00:01:30Z,,s2,our-own,10,1\n"
        "2024-01-01T00:03:00Z,,,our-own,10,1\n"
        "soon,,,our-own,10,1\n"
    )
    return path


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def replay(url: str, trace: Path, turned: Turned | None = None, **options: Any) -> Any:
    turned = turned or Turned()
    return replay_file(url, trace, clock=turned.clock, wait=turned.wait, **options)


def test_every_call_threads_and_runs_are_written(database_url: str, connection: Connection, trace: Path) -> None:
    summary = replay(database_url, trace)
    assert (summary.calls, summary.calls_total, summary.threads, summary.runs) == (5, 5, 2, 3)
    assert (summary.rejected, summary.cost, summary.tokens) == (1, Decimal("0.0105"), 3322)
    assert rows(connection, "SELECT count(*), sum(estimated_cost), sum(total_tokens) FROM usage_logs") == [
        (5, Decimal("0.010500"), 3322)
    ]
    assert rows(connection, "SELECT status, count(*) FROM agent_runs GROUP BY 1") == [("completed", 3)]
    ann = identity("ann@example.com")
    assert rows(connection, "SELECT metadata->>'name', account_id FROM threads ORDER BY 1") == [
        ("s1", ann),
        ("s2", None),
    ]
    assert rows(connection, "SELECT count(*) FROM usage_logs WHERE thread_id IS NULL") == [(1,)]


def test_calls_are_made_now(database_url: str, connection: Connection, trace: Path) -> None:
    before = rows(connection, "SELECT clock_timestamp()")[0][0]
    replay(database_url, trace)
    after = rows(connection, "SELECT clock_timestamp()")[0][0]
    first, last = rows(connection, "SELECT min(created_at), max(created_at) FROM usage_logs")[0]
    assert before <= first <= last <= after


def test_each_replay_makes_threads_and_rows_of_its_own(database_url: str, connection: Connection, trace: Path) -> None:
    replay(database_url, trace)
    replay(database_url, trace)
    assert rows(connection, "SELECT (SELECT count(*) FROM usage_logs), (SELECT count(*) FROM threads)") == [(10, 4)]
    assert rows(connection, "SELECT count(*) FROM users") == [(1,)]


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_it_takes_the_recorded_time_divided_by_the_speed(database_url: str, trace: Path, speed: float) -> None:
    turned = Turned()
    replay(database_url, trace, turned, speed=speed)
    assert turned.now == pytest.approx((3600 + LINGER_SECONDS) / speed)


def test_a_run_is_running_between_its_calls(database_url: str, connection: Connection, trace: Path) -> None:
    seen: dict[float, list[tuple[Any, ...]]] = {}

    def look(now: float) -> bool:
        if now in (30.0, 100.0, 1800.0):
            seen[now] = rows(
                connection,
                "SELECT t.metadata->>'name', r.status FROM agent_runs r JOIN threads t USING (thread_id) ORDER BY 1",
            )
        return False

    replay(database_url, trace, Turned(look))
    assert seen[30.0] == [("s1", "running")]
    assert seen[100.0] == [("s1", "running"), ("s2", "running")]
    assert seen[1800.0] == [("s1", "completed"), ("s2", "completed")]


def test_each_call_is_committed_when_it_is_due(database_url: str, connection: Connection, trace: Path) -> None:
    counts: list[tuple[float, int]] = []

    def look(now: float) -> bool:
        count = rows(connection, "SELECT count(*) FROM usage_logs")[0][0]
        if not counts or counts[-1][1] != count:
            counts.append((now, count))
        return False

    replay(database_url, trace, Turned(look))
    assert [count for _now, count in counts] == [0, 1, 2, 3, 4, 5]
    assert [now for now, _count in counts[2:]] == pytest.approx([60.5, 90.5, 180.5, 3600.5], abs=0.51)


def test_a_stop_marks_what_runs_as_stopped(database_url: str, connection: Connection, trace: Path) -> None:
    summary = replay(database_url, trace, Turned(lambda now: now >= 125))
    assert summary.stopped
    assert "stopped after 3 of 5 calls" in summary.line()
    assert rows(connection, "SELECT status, count(*), count(completed_at) FROM agent_runs GROUP BY 1 ORDER BY 1") == [
        ("completed", 1, 1),
        ("stopped", 1, 1),
    ]


def test_ctrl_c_is_a_stop(database_url: str, connection: Connection, trace: Path) -> None:
    def interrupt(now: float) -> bool:
        if now >= 30:
            raise KeyboardInterrupt
        return False

    assert replay(database_url, trace, Turned(interrupt)).stopped
    assert rows(connection, "SELECT status FROM agent_runs") == [("stopped",)]


def test_a_late_replay_catches_up_without_losing_a_call(
    database_url: str, connection: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("ts,session_id,tokens\n" + "".join(f"{1_760_000_000 + n},s{n % 7},1\n" for n in range(1000)))
    told: list[ReplayProgress] = []
    replay(database_url, path, Turned(late=100), speed=1, progress=told.append)
    assert rows(connection, "SELECT count(*), count(DISTINCT thread_id) FROM usage_logs") == [(1000, 7)]
    assert len(told) < 30
    assert told[-1].calls == 1000
    assert max(one.late_seconds for one in told) > 0


def test_progress_says_how_long_it_takes(database_url: str, trace: Path) -> None:
    told: list[ReplayProgress] = []
    replay(database_url, trace, speed=60, progress=told.append)
    assert told[0] == ReplayProgress(0, 5, 0, 0.0, 61.0, 0.0)
    assert max(one.running for one in told) == 2
    assert (told[-1].calls, told[-1].running) == (5, 0)


def test_a_connection_that_is_cut_is_made_again(database_url: str, connection: Connection, trace: Path) -> None:
    cut: list[float] = []

    def terminate(now: float) -> bool:
        if now >= 30 and not cut:
            cut.append(now)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'creditpulse replay'"
            )
        return False

    assert replay(database_url, trace, Turned(terminate)).calls == 5
    assert cut
    assert rows(connection, "SELECT count(*), sum(total_tokens) FROM usage_logs") == [(5, 3322)]
    assert rows(connection, "SELECT status, count(*) FROM agent_runs GROUP BY 1") == [("completed", 3)]


def test_a_database_that_stays_away_is_given_up_after_a_minute(tmp_path: Path) -> None:
    turned = Turned()
    tables = ReplayTables(f"postgresql://nobody@/nothing?host={tmp_path}", "trace.csv", turned.wait)
    with pytest.raises(UnavailableError, match="the database does not answer"):
        tables.write([])
    assert 50 < turned.now <= 60


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan", "inf"])
def test_a_speed_is_a_number_above_nothing(text: str) -> None:
    with pytest.raises(InputError, match="write a number above 0"):
        parse_speed(text)
    assert parse_speed("0.5") == 0.5


def test_nothing_is_left_open(database_url: str, trace: Path) -> None:
    before = threading.active_count()
    replay(database_url, trace)
    assert threading.active_count() == before
