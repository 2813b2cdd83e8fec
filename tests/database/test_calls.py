"""The log of calls, its growth, the timeline and the agent runs of one thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from data.agent_runs import agent_runs
from data.calls import Call, calls, calls_since
from data.errors import NotFoundError
from data.timeline import bucket_width, timeline
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_calls, add_run, add_thread, uid

THREAD = uid("thread")
STRANGER = Viewer("stranger", accounts=frozenset({uid("stranger")}))


def costs(found: tuple[Call, ...]) -> list[str]:
    return [f"{call.cost.normalize():f}" for call in found]


@pytest.mark.parametrize("read", [calls, agent_runs, timeline])
def test_nothing_of_a_thread_is_read_for_a_viewer_who_may_not_see_it(
    engine: Engine, connection: Writer, read: Callable[[Connection, Viewer, UUID], object]
) -> None:
    add_thread(connection, "thread", uid("owner"))
    add_call(connection, THREAD, uid("stranger"))
    with engine.connect() as reader:
        read(reader, SYSTEM, THREAD)
        with pytest.raises(NotFoundError):
            read(reader, STRANGER, THREAD)
        with pytest.raises(NotFoundError):
            read(reader, SYSTEM, uid("missing"))


def test_calls_come_newest_first_in_pages_without_gap_or_repeat_also_within_one_microsecond(
    engine: Engine, connection: Writer
) -> None:
    for i in range(7):
        add_call(connection, THREAD, cost=f"{i}", at="2026-01-01Z", call_id=UUID(int=i + 1))
    add_call(connection, THREAD, cost="7", at="2026-01-02Z")
    with engine.connect() as reader:
        seen = page = calls(reader, SYSTEM, THREAD, limit=3).calls
        while page := calls(reader, SYSTEM, THREAD, before=page[-1].cursor, limit=3).calls:
            seen += page
    assert costs(seen) == ["7", "6", "5", "4", "3", "2", "1", "0"]


def test_a_call_has_model_tokens_and_cost(engine: Engine, connection: Writer) -> None:
    add_call(connection, THREAD, cost="0.123456", model="gpt-5.2")
    with engine.connect() as reader:
        log = calls(reader, SYSTEM, THREAD)
    (call,) = log.calls
    assert (call.model, call.prompt_tokens, call.completion_tokens, call.cost) == ("gpt-5.2", 5, 2, Decimal("0.123456"))
    assert (log.total_calls, log.total_cost) == (1, Decimal("0.123456"))


def test_what_came_since_a_cursor_is_exactly_the_newer_calls_with_the_totals_of_that_moment(
    engine: Engine, connection: Writer
) -> None:
    add_call(connection, THREAD, cost="1", at="2026-01-01 10:00Z")
    with engine.connect() as reader:
        seen = calls(reader, SYSTEM, THREAD)
        add_call(connection, THREAD, cost="2", at="2026-01-01 10:01Z")
        add_call(connection, THREAD, cost="3", at="2026-01-01 10:02Z")
        add_call(connection, THREAD, cost="4", at="2026-01-01 09:00Z")
        grown = calls_since(reader, SYSTEM, THREAD, seen.calls[0].cursor)
    assert costs(grown.calls) == ["3", "2"]
    assert (grown.total_calls, grown.total_cost) == (4, Decimal(10))


def test_calls_without_a_usable_time_count_in_the_totals_and_at_the_timelines_start(
    engine: Engine, connection: Writer
) -> None:
    add_call(connection, THREAD, cost="5", at="infinity")
    add_call(connection, THREAD, cost="1", at="2026-01-01Z")
    with engine.connect() as reader:
        log = calls(reader, SYSTEM, THREAD)
        line = timeline(reader, SYSTEM, THREAD)
    assert (costs(log.calls), log.total_cost) == (["1"], Decimal(6))
    assert line.undated_cost == Decimal(5)
    assert [point.cumulative for point in line.points] == [Decimal(6)]


def test_a_nan_cost_and_missing_figures_count_as_nothing(engine: Engine, connection: Writer) -> None:
    add_call(connection, THREAD, cost="NaN")
    with engine.connect() as reader:
        assert costs(calls(reader, SYSTEM, THREAD).calls) == ["0"]
        assert timeline(reader, SYSTEM, THREAD).points[-1].cumulative == 0


def test_a_short_timeline_has_every_call(engine: Engine, connection: Writer) -> None:
    add_calls(connection, THREAD, 600, start="2026-01-01Z", every_seconds=1)
    with engine.connect() as reader:
        line = timeline(reader, SYSTEM, THREAD)
    assert line.bucket_seconds is None
    assert len(line.points) == 600
    assert {point.calls for point in line.points} == {1}


@pytest.mark.parametrize("every_seconds", [0.001, 7, 86_400 * 3])
def test_a_long_timeline_is_reduced_and_exact_at_each_of_its_points(
    engine: Engine, connection: Writer, every_seconds: float
) -> None:
    add_calls(connection, THREAD, 3000, start="1990-01-01 00:00:03Z", every_seconds=every_seconds)
    with engine.connect() as reader:
        line = timeline(reader, SYSTEM, THREAD)
        exact = reader.execute(
            text("SELECT i.at, sum(u.estimated_cost) FROM unnest(cast(:at AS timestamptz[])) AS i (at)"
                 " JOIN usage_logs u ON u.created_at <= i.at GROUP BY i.at"),
            {"at": [point.at for point in line.points]},
        ).all()  # fmt: skip
    assert line.bucket_seconds is not None
    assert 1 < len(line.points) <= 600
    assert {point.at: point.cumulative for point in line.points} == dict(exact)
    assert sum(point.calls for point in line.points) == 3000
    for point in line.points:
        assert point.bucket_start is not None
        assert point.bucket_start <= point.at < point.bucket_start + timedelta(seconds=line.bucket_seconds)


def test_buckets_have_a_width_that_people_name_and_never_too_many() -> None:
    assert bucket_width(timedelta(minutes=10)) == 2
    assert bucket_width(timedelta(days=60)) == 10_800
    for days in (1, 30, 365, 36_500):
        assert timedelta(days=days) / timedelta(seconds=bucket_width(timedelta(days=days))) <= 599


def test_runs_are_listed_running_first_then_the_latest(engine: Engine, connection: Writer) -> None:
    add_thread(connection, "thread", None)
    add_run(connection, THREAD, "completed", "2026-01-01 10:00Z", "2026-01-01 10:14Z")
    add_run(connection, THREAD, "failed", "2026-01-01 11:00Z", "2026-01-01 11:01Z")
    add_run(connection, THREAD, "running", "2025-01-01Z")
    with engine.connect() as reader:
        runs = agent_runs(reader, SYSTEM, THREAD)
    assert [run.status for run in runs] == ["running", "failed", "completed"]
    assert [run.running for run in runs] == [True, False, False]
    assert runs[2].lasted == timedelta(minutes=14)


def test_the_latest_runs_are_those_of_the_whole_table_also_without_a_start_or_a_status(
    engine: Engine, connection: Writer
) -> None:
    add_thread(connection, "thread", None)
    connection.execute("ALTER TABLE agent_runs ALTER status DROP NOT NULL, ALTER started_at DROP NOT NULL")
    connection.execute(
        """INSERT INTO agent_runs (id, thread_id, status, started_at, created_at, completed_at)
        SELECT md5(n::text)::uuid, %s, (ARRAY['completed', 'failed', NULL, 'running'])[1 + n %% 4],
            CASE WHEN n %% 5 > 0 THEN timestamptz '2026-01-01' + n / 3 * interval '1 minute' END,
            timestamptz '2026-01-01' + n / 2 * interval '1 minute',
            CASE n %% 7 WHEN 0 THEN timestamptz 'infinity' END
        FROM generate_series(1, 200) n""",
        (THREAD,),
    )
    expected = connection.execute(
        """SELECT id FROM agent_runs WHERE completed_at IS NULL
        ORDER BY status IS NOT DISTINCT FROM 'running' DESC, coalesce(started_at, created_at) DESC, id"""
    ).fetchall()
    with engine.connect() as reader:
        for most in (1, 60, 300):
            found = agent_runs(reader, SYSTEM, THREAD, most)
            assert [(run.run_id,) for run in found] == expected[:most]


@pytest.mark.parametrize(
    ("started", "last_call", "minutes"),
    [(20, 14, 14), (20, 4, None), (3, 14, None), (20, None, 20), (4, None, None)],
)
def test_a_running_run_is_quiet_since_its_last_call_or_its_start(
    engine: Engine, connection: Writer, started: int, last_call: int | None, minutes: int | None
) -> None:
    add_thread(connection, "thread", None)
    connection.execute(
        "INSERT INTO agent_runs (thread_id, started_at) VALUES (%s, now() - make_interval(mins => %s))",
        (THREAD, started),
    )
    if last_call is not None:
        connection.execute(
            "INSERT INTO usage_logs (thread_id, created_at) VALUES (%s, now() - make_interval(mins => %s))",
            (THREAD, last_call),
        )
    with engine.connect() as reader:
        (run,) = agent_runs(reader, SYSTEM, THREAD)
    assert (run.quiet_for and int(run.quiet_for.total_seconds() / 60)) == minutes


def test_a_run_that_ended_is_never_quiet(engine: Engine, connection: Writer) -> None:
    add_thread(connection, "thread", None)
    add_run(connection, THREAD, "stopped", "2026-01-01 10:00Z")
    with engine.connect() as reader:
        (run,) = agent_runs(reader, SYSTEM, THREAD)
    assert (run.quiet_for, run.lasted) == (None, None)
