"""Ranges in the days of any zone: every instant in one step, clocks that change, periods before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.errors import InputError
from data.ranges import CUSTOM, PRESETS, QUARTER, STEPS, Range, edges, floor, range_of, step_of
from data.zones import zones

NOW = datetime(2026, 11, 3, 12, 7, 30, tzinfo=UTC)
PLACES = (
    "UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin",
    "America/Havana", "America/Santiago", "Asia/Beirut", "Africa/Cairo", "America/Nuuk", "Pacific/Apia",
    "Pacific/Chatham", "Africa/Casablanca", "America/St_Johns", "Australia/Eucla", "Pacific/Kiritimati",
)  # fmt: skip
places = st.one_of(st.sampled_from(PLACES), st.sampled_from(sorted(zones())))
# Until 2011 Newfoundland's clocks changed at a minute past midnight, and repeated most of the day before.
moments = st.datetimes(datetime(2012, 1, 8), datetime(2037, 12, 31), timezones=st.just(UTC))
EDGE_OF_A_DAY = datetime(2026, 3, 29, 23, 59, 59, 999999, tzinfo=UTC)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def bounds(range: Range) -> tuple[datetime, datetime]:
    return range.start, range.end


@given(st.sampled_from(list(PRESETS)), places, moments)
@example("today", "Asia/Kathmandu", at("2026-11-02T18:15Z"))
@example("30d", "Europe/Berlin", EDGE_OF_A_DAY)
def test_a_preset_lies_around_now_or_before_it(name: str, zone: str, now: datetime) -> None:
    range = range_of(name, zone, now)
    assert range.start < range.end
    if range.open:
        assert range.start <= now == range.until < range.end == floor(now, QUARTER) + QUARTER
    else:
        assert range.until == range.end <= now


@given(st.sampled_from(list(PRESETS)), places, moments)
def test_days_weeks_and_months_begin_where_the_local_date_says_so(name: str, zone: str, now: datetime) -> None:
    place = ZoneInfo(zone)
    range = range_of(name, zone, now)
    for step in ("day", "week", "month"):
        for start, end in pairwise(edges(range, step)):
            first, last = (when.astimezone(place).date() for when in (start, end - timedelta(microseconds=1)))
            assert {
                "day": first == last,
                "week": first.isocalendar()[:2] == last.isocalendar()[:2],
                "month": (first.year, first.month) == (last.year, last.month),
            }[step]
            if end != range.end:
                assert end.astimezone(place).date() > last


@given(places, moments)
def test_an_hour_never_holds_two_hours_of_the_clock(zone: str, now: datetime) -> None:
    place = ZoneInfo(zone)
    for start, end in pairwise(edges(range_of("7d", zone, now), "hour")):
        first, last = start.astimezone(place), (end - timedelta(microseconds=1)).astimezone(place)
        assert (first.date(), first.hour, first.utcoffset()) == (last.date(), last.hour, last.utcoffset())
        assert end - start <= timedelta(hours=1)


@given(st.sampled_from(list(PRESETS)), places, moments, st.sampled_from(STEPS))
def test_edges_ascend_from_the_start_to_the_end(name: str, zone: str, now: datetime, step: str) -> None:
    range = range_of(name, zone, now)
    found = edges(range, step)
    assert (found[0], found[-1]) == bounds(range)
    assert all(left < right for left, right in pairwise(found))


@given(st.sampled_from(list(PRESETS)), places, moments)
def test_the_period_before_touches_the_range_or_has_lasted_as_long(name: str, zone: str, now: datetime) -> None:
    range = range_of(name, zone, now)
    before = range.before()
    assert before.start < before.end <= range.start
    assert not before.open
    if range.open:
        passed = max(range.until - range.start, timedelta(microseconds=1))
        assert before.end == range.start or before.length == passed
    else:
        assert before.end == range.start


def test_an_open_range_ends_with_the_quarter_hour_that_is_now() -> None:
    today = range_of("today", "Asia/Kathmandu", NOW)
    assert (*bounds(today), today.until) == (at("2026-11-02T18:15Z"), at("2026-11-03T12:15Z"), NOW)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("yesterday", "2026-11-02T00:00-05:00", "2026-11-03T00:00-05:00"),
        ("24h", "2026-11-02T08:00-05:00", "2026-11-03T07:15-05:00"),
        ("7d", "2026-10-28T00:00-04:00", "2026-11-03T07:15-05:00"),
        ("month", "2026-11-01T00:00-04:00", "2026-11-03T07:15-05:00"),
        ("last-month", "2026-10-01T00:00-04:00", "2026-11-01T00:00-04:00"),
        ("12mo", "2025-12-01T00:00-05:00", "2026-11-03T07:15-05:00"),
    ],
)
def test_presets_are_of_the_zones_days(name: str, start: str, end: str) -> None:
    assert bounds(range_of(name, "America/New_York", NOW)) == (at(start), at(end))


def test_the_day_on_which_the_clock_changes_is_longer() -> None:
    days = [end - start for start, end in pairwise(edges(range_of("7d", "America/New_York", NOW), "day"))]
    assert days[:6] == [timedelta(hours=hours) for hours in (24, 24, 24, 24, 25, 24)]


def test_half_an_hour_that_the_clock_skips_or_repeats_is_a_step_of_its_own() -> None:
    day = range_of(CUSTOM, "Australia/Lord_Howe", NOW, "2026-10-04", "2026-10-04")
    assert [end - start for start, end in pairwise(edges(day, "hour"))][:4] == [
        timedelta(minutes=minutes) for minutes in (60, 60, 30, 60)
    ]


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        ("2026-10-31", "2026-11-01", "2026-10-31T00:00-04:00", "2026-11-02T00:00-05:00"),
        ("2026-11-01T10:07", "2026-11-01T12:30", "2026-11-01T10:07-05:00", "2026-11-01T12:30-05:00"),
        ("2026-11-01T10:07:30.5Z", "2026-11-01T15:37+05:30", "2026-11-01T10:07:30.5Z", "2026-11-01T10:07:00Z"),
        ("2026-11-01T10:07 05:45", "2026-11-02", "2026-11-01T10:07+05:45", "2026-11-03T00:00-05:00"),
        ("2026-11-01", "2026-11-30", "2026-11-01T00:00-04:00", "2026-11-03T12:15Z"),
    ],
)
def test_custom_bounds_are_local_dates_local_times_or_instants(first: str, last: str, start: str, end: str) -> None:
    if at(start) > at(end):
        with pytest.raises(InputError, match="end after"):
            range_of(CUSTOM, "America/New_York", NOW, first, last)
    else:
        assert bounds(range_of(CUSTOM, "America/New_York", NOW, first, last)) == (at(start), at(end))


@pytest.mark.parametrize(
    ("name", "first", "last", "start", "end"),
    [
        ("today", None, None, "2026-11-02T00:00-05:00", "2026-11-02T07:07:30-05:00"),
        ("month", None, None, "2026-10-01T00:00-04:00", "2026-10-03T08:07:30-04:00"),
        ("last-month", None, None, "2026-09-01T00:00-04:00", "2026-10-01T00:00-04:00"),
        ("12mo", None, None, "2024-12-01T00:00-05:00", "2025-11-03T07:07:30-05:00"),
        (CUSTOM, "2026-02-01", "2026-03-31", "2025-12-01T00:00-05:00", "2026-02-01T00:00-05:00"),
        (CUSTOM, "2026-03-02", "2026-03-08", "2026-02-23T00:00-05:00", "2026-03-02T00:00-05:00"),
        (CUSTOM, "2026-11-02T10:07", "2026-11-02T11:00", "2026-11-02T09:14-05:00", "2026-11-02T10:07-05:00"),
    ],
)
def test_the_period_before_is_as_many_months_days_or_minutes(
    name: str, first: str | None, last: str | None, start: str, end: str
) -> None:
    assert bounds(range_of(name, "America/New_York", NOW, first, last).before()) == (at(start), at(end))


def test_the_month_before_is_compared_up_to_its_own_end_at_most() -> None:
    before = range_of("month", "UTC", at("2026-03-31T12:00Z")).before()
    assert bounds(before) == (at("2026-02-01T00:00Z"), at("2026-03-01T00:00Z"))


@pytest.mark.parametrize(
    ("name", "zone", "first", "last", "remedy"),
    [
        (CUSTOM, "UTC", "yesterday", "2026-11-02", "such as 2026-11-01"),
        (CUSTOM, "UTC", "2026-02-30", "2026-11-02", "such as 2026-11-01"),
        (CUSTOM, "UTC", "0001-01-01", "2026-11-02", "years 2000 to 2199"),
        (CUSTOM, "UTC", "2026-11-01T00:00+99:00", "2026-11-02", "such as 2026-11-01"),
        (CUSTOM, "UTC", "2026-11-01", None, "both from and to"),
        (CUSTOM, "UTC", "2026-11-02", "2026-11-01", "end after it begins"),
        ("30d", "Mars/Olympus", None, None, "America/New_York"),
        ("30d", "../../etc/passwd", None, None, "America/New_York"),
        ("31d", "UTC", None, None, "last-month"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(
    name: str, zone: str, first: str | None, last: str | None, remedy: str
) -> None:
    with pytest.raises(InputError, match=remedy):
        range_of(name, zone, NOW, first, last)


def test_a_step_that_would_be_too_short_for_the_range_is_refused() -> None:
    century = range_of(CUSTOM, "UTC", NOW, "2000-01-01", "2099-12-31")
    assert len(edges(century, "month")) == 324
    with pytest.raises(InputError, match="longer step"):
        edges(century, "quarter")
    with pytest.raises(InputError, match="quarter, hour, day"):
        edges(century, "minute")


def test_long_ranges_have_long_steps() -> None:
    assert [step_of(range_of(name, "UTC", NOW)) for name in ("24h", "90d", "12mo")] == ["hour", "day", "month"]
