"""What a thread's credits were used for: by model, by purchased credits, by the hour where calls are very many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from data import timeline as timelines
from data.errors import NotFoundError
from data.run_outlook import run_outlook
from data.thread_debits import Debits, thread_debits
from data.thread_models import thread_models
from data.timeline import timeline
from data.usage import thread_usages
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_calls, add_thread, fold, uid

THREAD, OWNER = uid("thread"), uid("owner")


@pytest.fixture
def reader(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def debit(writer: Writer, dollars: str, at: str = "now", description: str | None = None) -> None:
    writer.execute(
        "INSERT INTO credit_usage (user_id, thread_id, amount_dollars, description, created_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (OWNER, THREAD, dollars, description, at),
    )


@pytest.mark.parametrize("read", [thread_models, thread_debits, run_outlook])
def test_nothing_of_it_is_read_for_a_viewer_who_may_not_see_the_thread(
    reader: Connection, connection: Writer, read: Callable[[Connection, Viewer, UUID], object]
) -> None:
    add_thread(connection, "thread", OWNER)
    add_call(connection, THREAD, uid("stranger"))
    read(reader, Viewer("owner", accounts=frozenset({OWNER})), THREAD)
    with pytest.raises(NotFoundError):
        read(reader, Viewer("stranger", accounts=frozenset({uid("stranger")})), THREAD)
    with pytest.raises(NotFoundError):
        read(reader, SYSTEM, uid("missing"))


BY_MODEL = text("""
    SELECT nullif(content->>'model', ''), count(*), sum(total_prompt_tokens), sum(total_completion_tokens),
        sum(total_tokens), sum(estimated_cost)
    FROM usage_logs WHERE thread_id = :thread GROUP BY 1 ORDER BY 6 DESC
""")


def test_models_are_those_of_the_raw_table_also_while_calls_wait_for_their_fold(
    reader: Connection, connection: Writer
) -> None:
    for number, model in enumerate(("gpt-5", "claude-opus-4-5", "gpt-5", "", "gemini")):
        add_call(connection, THREAD, cost=f"{2**number}", model=model, at=f"2026-01-0{number + 1}Z")
        if number == 2:
            fold(connection)
    connection.execute("DELETE FROM usage_logs WHERE content->>'model' = 'gemini'")
    add_call(connection, uid("another"), cost="100")
    found = [
        (one.model, one.calls, one.prompt_tokens, one.completion_tokens, one.total_tokens, one.cost)
        for one in thread_models(reader, SYSTEM, THREAD)
    ]
    assert found == [tuple(row) for row in reader.execute(BY_MODEL, {"thread": THREAD})]


def test_the_models_add_up_to_the_thread(reader: Connection, connection: Writer) -> None:
    for model in ("a", "b", "a"):
        add_call(connection, THREAD, model=model)
    models, total = thread_models(reader, SYSTEM, THREAD), thread_usages(reader, SYSTEM, [THREAD])[THREAD]
    assert sum(one.cost for one in models) == total.cost
    assert sum(one.total_tokens for one in models) == total.total_tokens
    assert sum(one.calls for one in models) == total.calls


def test_the_latest_debits_come_with_the_sum_of_all(reader: Connection, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    for day in range(1, 6):
        debit(connection, f"{day}.05", f"2026-01-0{day}Z", f"day {day}")
    debit(connection, "7", "infinity")
    found = thread_debits(reader, SYSTEM, THREAD, limit=2)
    assert [(one.cost, one.description) for one in found.latest] == [
        (Decimal("5.05"), "day 5"),
        (Decimal("4.05"), "day 4"),
    ]
    assert (found.count, found.cost) == (6, Decimal("22.25"))
    assert thread_debits(reader, SYSTEM, THREAD).latest[-1].at is None


def test_a_thread_without_debits_has_none(reader: Connection, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    assert thread_debits(reader, SYSTEM, THREAD) == Debits((), 0, Decimal(0))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few calls are many, so that hours are read."""
    monkeypatch.setattr(timelines, "MANY_CALLS", 50)


EXACT = text("""
    SELECT i.at, sum(u.estimated_cost), count(*) FROM unnest(cast(:at AS timestamptz[])) AS i (at)
    JOIN usage_logs u ON u.thread_id = :thread AND (u.created_at <= i.at OR u.created_at IN ('infinity', '-infinity'))
    GROUP BY i.at
""")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("every_seconds", [61, 1700, 86_400])
def test_a_line_of_hours_is_exact_at_each_of_its_points(
    reader: Connection, connection: Writer, every_seconds: float
) -> None:
    add_calls(connection, THREAD, 2000, start="2026-01-01 10:07Z", every_seconds=every_seconds)
    fold(connection)
    add_calls(connection, THREAD, 20, start="2026-01-01 10:07Z", every_seconds=every_seconds * 100)
    connection.execute("DELETE FROM usage_logs WHERE estimated_cost BETWEEN 0.0015 AND 0.00152")
    line = timeline(reader, SYSTEM, THREAD)
    assert line.bucket_seconds is not None
    assert line.bucket_seconds % 3600 == 0
    assert 1 < len(line.points) <= 600
    check_exact(reader, line)
    for point in line.points:
        assert point.bucket_start is not None
        assert point.bucket_start <= point.at < point.bucket_start + timedelta(seconds=line.bucket_seconds)
    assert line.points[-1].at == reader.execute(text("SELECT max(created_at) FROM usage_logs")).scalar()


def check_exact(reader: Connection, line: Any) -> None:
    rows = reader.execute(EXACT, {"at": [point.at for point in line.points], "thread": THREAD}).all()
    sums = {at: cost for at, cost, _ in rows}
    assert {point.at: point.cumulative for point in line.points} == sums
    assert sum(point.calls for point in line.points) == max(count for *_, count in rows)


@pytest.mark.usefixtures("many")
def test_many_calls_within_a_day_are_read_one_by_one(reader: Connection, connection: Writer) -> None:
    add_calls(connection, THREAD, 1000, start="2026-01-01Z", every_seconds=10)
    line = timeline(reader, SYSTEM, THREAD)
    assert line.bucket_seconds == 30
    check_exact(reader, line)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("undated", ["-infinity", "infinity", None])
def test_calls_without_a_usable_time_lie_at_the_start_also_of_many(
    reader: Connection, connection: Writer, undated: str | None
) -> None:
    connection.execute("ALTER TABLE usage_logs ALTER COLUMN created_at DROP NOT NULL")
    add_calls(connection, THREAD, 1000, start="2026-01-01Z", every_seconds=3600)
    connection.execute(
        "INSERT INTO usage_logs (thread_id, estimated_cost, created_at) VALUES (%s, 5, %s)", (THREAD, undated)
    )
    line = timeline(reader, SYSTEM, THREAD)
    assert line.undated_cost == 5
    assert line.points[0].cumulative == line.points[0].cost + 5
    assert line.points[-1].cumulative == thread_usages(reader, SYSTEM, [THREAD])[THREAD].cost


# Agent runs


def add_run(writer: Writer, thread: UUID, minutes_ago: float, minutes: float | None, costs: str = "") -> None:
    """That began so long ago and lasted so long (None: it still runs), with a call of these costs each minute."""
    writer.execute(
        "INSERT INTO agent_runs (thread_id, status, started_at, completed_at)"
        " SELECT %(thread)s, CASE WHEN %(minutes)s::float IS NULL THEN 'running' ELSE 'completed' END, s.at,"
        " s.at + make_interval(secs => 60 * %(minutes)s::float)"
        " FROM (SELECT now() - make_interval(secs => 60 * %(ago)s::float) AS at) s",
        {"thread": thread, "ago": minutes_ago, "minutes": minutes},
    )
    for minute, cost in enumerate(costs.split()):
        writer.execute(
            "INSERT INTO usage_logs (user_id, thread_id, estimated_cost, created_at)"
            " VALUES (%s, %s, %s, now() - make_interval(secs => 60 * %s::float))",
            (OWNER, thread, cost, minutes_ago - minute - 0.5),
        )


def finished_runs(writer: Writer) -> None:
    """Ten of the owner's, in another thread: a dollar in each of the first two minutes, then 1 to 10 dollars."""
    other = add_thread(writer, "other", OWNER)
    for number in range(1, 11):
        add_run(writer, other, 60 * 24 * number, 4, f"1 1 {number}")


def test_a_run_is_likely_to_cost_what_others_still_cost_after_its_age(reader: Connection, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    finished_runs(connection)
    add_run(connection, THREAD, 2, None, "3 4")
    found = run_outlook(reader, SYSTEM, THREAD)
    assert found is not None
    assert (found.running, found.cost, found.compared) == (True, Decimal(7), 10)
    assert found.projection == (Decimal(8), Decimal(12), Decimal(16))


def test_runs_that_were_shorter_and_other_accounts_runs_are_no_comparison(
    reader: Connection, connection: Writer
) -> None:
    add_thread(connection, "thread", OWNER)
    finished_runs(connection)
    foreign = add_thread(connection, "foreign", uid("somebody"))
    for number in range(10):
        add_run(connection, foreign, 60 * 24 * number + 60, 30, "1")
    add_run(connection, THREAD, 5, None, "3")
    found = run_outlook(reader, SYSTEM, THREAD)
    assert found is not None
    assert (found.cost, found.compared, found.projection) == (Decimal(3), 0, None)


def test_four_runs_are_too_few(reader: Connection, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    for number in range(1, 5):
        add_run(connection, THREAD, 60 * 24 * number, 10, "1")
    add_run(connection, THREAD, 1, None, "1")
    found = run_outlook(reader, SYSTEM, THREAD)
    assert found is not None
    assert (found.compared, found.projection) == (4, None)


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("hours", [0.4, 1.7, 30])
def test_a_runs_cost_is_that_of_the_raw_table_however_long_it_lasts(
    reader: Connection, connection: Writer, hours: float, folded: bool
) -> None:
    add_thread(connection, "thread", OWNER)
    start: datetime = connection.execute("SELECT now() - make_interval(secs => %s)", (3600 * hours,)).fetchone()[0]  # type: ignore[index]
    connection.execute("INSERT INTO agent_runs (thread_id, started_at) VALUES (%s, %s)", (THREAD, start))
    add_calls(connection, THREAD, 500, start=f"{start - timedelta(hours=1)}", every_seconds=3600 * (hours + 1) / 499)
    if folded:
        fold(connection)
    found = run_outlook(reader, SYSTEM, THREAD)
    raw = text("SELECT sum(estimated_cost) FROM usage_logs WHERE created_at >= :start")
    assert found is not None
    assert found.cost == reader.execute(raw, {"start": start}).scalar()


def test_an_idle_thread_has_the_cost_of_its_last_run(reader: Connection, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    add_run(connection, THREAD, 500, 3, "5 5")
    add_run(connection, THREAD, 100, 3, "1 2")
    found = run_outlook(reader, SYSTEM, THREAD)
    assert found is not None
    assert (found.running, found.cost, found.projection) == (False, Decimal(3), None)


def test_a_thread_without_a_dated_run_has_no_outlook(reader: Connection, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    connection.execute("INSERT INTO agent_runs (thread_id, status) VALUES (%s, 'failed')", (THREAD,))
    assert run_outlook(reader, SYSTEM, THREAD) is None
