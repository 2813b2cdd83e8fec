"""Stretches of time in words, in the zone that they are read in."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from layouts.range_words import span, step_names, ticks

NEW_YORK = ZoneInfo("America/New_York")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=NEW_YORK)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("start", "end", "until", "words"),
    [
        (at(2026, 11, 1), at(2026, 12, 1), None, "November 2026"),
        (at(2026, 11, 2), at(2026, 11, 10), None, "2 to 9 November 2026"),
        (at(2026, 10, 25), at(2026, 11, 10), None, "25 October to 9 November 2026"),
        (at(2025, 12, 1), at(2026, 1, 2), None, "1 December 2025 to 1 January 2026"),
        (at(2026, 11, 3), at(2026, 11, 4), None, "3 November 2026"),
        (at(2026, 11, 3, 10, 7), at(2026, 11, 3, 14, 30), None, "3 November 2026, 10:07 to 14:30"),
        (at(2026, 11, 3, 10), at(2026, 11, 4, 9), None, "3 November, 10:00 to 4 November 2026, 09:00"),
        (at(2025, 11, 3, 10), at(2026, 11, 4, 9), None, "3 November 2025, 10:00 to 4 November 2026, 09:00"),
        (at(2026, 11, 1), at(2026, 11, 20, 9), None, "1 to 20 November 2026, until 09:00"),
        (at(2026, 11, 1), at(2026, 11, 20, 9, 15), at(2026, 11, 20, 9, 7), "1 to 20 November 2026"),
        (at(2026, 11, 19, 10), at(2026, 11, 20, 9, 15), at(2026, 11, 20, 9, 7),
         "19 November, 10:00 to 20 November 2026, 09:07"),
    ],
)  # fmt: skip
def test_a_range_is_said_in_as_few_words_as_name_it(
    start: datetime, end: datetime, until: datetime | None, words: str
) -> None:
    assert span(start, end, until) == words


def test_a_day_whose_clock_begins_at_one_is_a_day_all_the_same() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # where summer time begins at midnight
    start = datetime(2026, 3, 29, 1, tzinfo=beirut)
    assert span(start, datetime(2026, 3, 30, tzinfo=beirut)) == "29 March 2026"


def hours_of(day: datetime, count: int) -> list[datetime]:
    first = day.astimezone(ZoneInfo("UTC"))
    return [(first + timedelta(hours=hour)).astimezone(NEW_YORK) for hour in range(count + 1)]


def test_the_hour_that_the_clock_repeats_is_told_apart_by_its_zone() -> None:
    names = step_names(hours_of(at(2026, 11, 1), 4), "hour")
    assert names == [
        "Sun 1 Nov, 00:00", "Sun 1 Nov, 01:00 EDT", "Sun 1 Nov, 01:00 EST", "Sun 1 Nov, 02:00",
    ]  # fmt: skip


def test_steps_are_named_by_what_they_are() -> None:
    days = [at(2026, 11, day) for day in (2, 3, 4)]
    assert step_names(days, "day") == ["Mon 2 Nov 2026", "Tue 3 Nov 2026"]
    assert step_names([at(2026, 11, 2), at(2026, 11, 9), at(2026, 11, 10)], "week") == ["2 Nov to 8 Nov 2026", "9 Nov"]
    assert step_names([at(2026, 11, 1), at(2026, 12, 1)], "month") == ["November 2026"]


def test_the_axis_names_few_steps_at_round_places() -> None:
    assert ticks(hours_of(at(2026, 11, 2), 24), "hour") == (
        [0, 3, 6, 9, 12, 15, 18, 21],
        ["2 Nov", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"],
    )
    month = [at(2026, 11, 1) + timedelta(days=day) for day in range(31)]
    places, words = ticks(month, "day")
    assert (places[:3], words[:3], len(places)) == ([0, 4, 8], ["1 Nov", "5 Nov", "9 Nov"], 8)
    months = [at(2025, 11, 1), at(2025, 12, 1), at(2026, 1, 1), at(2026, 2, 1)]
    assert ticks(months, "month") == ([0, 1, 2], ["Nov", "Dec", "2026"])


def test_the_axis_of_an_off_beat_range_names_full_hours_only() -> None:
    first = at(2026, 11, 2, 10, 7)
    edges = [first, *(at(2026, 11, 2, hour) for hour in (11, 12, 13))]
    assert ticks(edges, "hour") == ([1, 2], ["11:00", "12:00"])
