"""Ranges in the days of any zone: every instant in one step, clocks that change, periods before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data.errors import InputError
from data.ranges import CUSTOM, edges, range_of, step_of

NOW = datetime(2026, 11, 3, 12, 7, 30, tzinfo=UTC)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def test_an_open_range_ends_with_the_quarter_hour_that_is_now() -> None:
    today = range_of("today", "Asia/Kathmandu", NOW)
    assert (today.start, today.end, today.until) == (at("2026-11-02T18:15Z"), at("2026-11-03T12:15Z"), NOW)
    assert today.open


def test_days_are_those_of_the_zone_also_where_its_clock_changes() -> None:
    week = range_of("7d", "America/New_York", NOW)
    assert week.start == at("2026-10-28T04:00Z")
    assert [right - left for left, right in zip(edges(week, "day"), edges(week, "day")[1:], strict=False)][:6] == [
        timedelta(hours=hours) for hours in (24, 24, 24, 24, 25, 24)
    ]


def test_what_cannot_be_read_is_refused_with_the_remedy() -> None:
    with pytest.raises(InputError, match="2026-11-01"):
        range_of(CUSTOM, "UTC", NOW, "yesterday", "2026-11-02")
    with pytest.raises(InputError, match="America/New_York"):
        range_of("30d", "Mars/Olympus", NOW)
    with pytest.raises(InputError, match="last-month"):
        range_of("31d", "UTC", NOW)


def test_long_ranges_have_long_steps() -> None:
    assert [step_of(range_of(name, "UTC", NOW)) for name in ("24h", "90d", "12mo")] == ["hour", "day", "month"]
