"""When a replay lets things happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from data.recordings import Call
from data.schedule import (
    ARRIVAL_SECONDS,
    LINGER_SECONDS,
    LONGEST_ARRIVAL_SECONDS,
    QUIET_SECONDS,
    Event,
    Kind,
    schedule,
)

START = datetime(2025, 11, 3, tzinfo=UTC)


def call(thread: str, seconds: float, position: int = 1) -> Call:
    return Call(position, START + timedelta(seconds=seconds), "", thread, "m", 1, 1, 0, 0, Decimal(0))


def kinds(events: list[Event]) -> list[tuple[float, str]]:
    return [(event.at, event.kind.name) for event in events]


def starts(events: list[Event]) -> list[float]:
    """When each session begins."""
    first: dict[str, float] = {}
    for event in events:
        first.setdefault(event.session.name, event.at)
    return list(first.values())


def test_a_session_is_a_run_around_its_calls() -> None:
    assert kinds(schedule([call("a", 100), call("a", 130)])) == [
        (0, "RUN_STARTED"), (0, "CALL"), (30, "CALL"), (30 + LINGER_SECONDS, "RUN_ENDED")
    ]  # fmt: skip


def test_a_long_gap_ends_the_run_and_begins_another() -> None:
    events = schedule([call("a", 0), call("a", QUIET_SECONDS), call("a", 2 * QUIET_SECONDS + 1)])
    assert [event.kind for event in events] == [
        Kind.RUN_STARTED, Kind.CALL, Kind.CALL, Kind.RUN_ENDED, Kind.RUN_STARTED, Kind.CALL, Kind.RUN_ENDED
    ]  # fmt: skip
    assert events[0].id == events[3].id != events[4].id == events[6].id


def test_calls_happen_in_the_order_of_their_time_not_of_the_file() -> None:
    events = schedule([call("a", 50, 1), call("b", 200, 2), call("a", 0, 3)])
    assert [event.call.position for event in events if event.call] == [3, 1, 2]


def test_recorded_starts_are_kept() -> None:
    assert starts(schedule([call("a", 0), call("b", 3600), call("c", 4000)])) == [0, 3600, 4000]


def test_sessions_that_all_begin_at_once_arrive_one_after_another() -> None:
    arrivals = starts(schedule([call(str(number), 0, number) for number in range(50)]))
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    assert arrivals[0] == 0
    assert round(arrivals[-1]) == 49 * ARRIVAL_SECONDS
    assert min(gaps) > 0
    assert max(gaps) > 2 * min(gaps)  # as people come, not as a clock ticks


def test_all_sessions_arrive_within_a_day() -> None:
    arrivals = starts(schedule([call(str(number), 0, number) for number in range(2000)]))
    assert round(arrivals[-1]) == LONGEST_ARRIVAL_SECONDS


def test_every_schedule_has_ids_of_its_own() -> None:
    first, second = ({event.id for event in schedule([call("a", 0)])} for _ in range(2))
    assert not first & second


def test_calls_without_a_thread_have_no_run() -> None:
    events = schedule([call("", 0), call("", 5)])
    assert [event.kind for event in events] == [Kind.CALL, Kind.CALL]
    assert events[0].session.thread_id is None


def test_nothing_makes_no_schedule() -> None:
    assert schedule([]) == []
