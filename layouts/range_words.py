"""Stretches of time in words: of a range, of the steps of a chart, and of the few that its axis names.

Times are aware, and in the zone that they are to be read in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

MOST_TICKS = 8
PER = {"quarter": "a quarter of an hour", "hour": "an hour", "day": "a day", "week": "a week", "month": "a month"}
HOUR_STRIDES = (1, 2, 3, 6, 12, 24)
MOMENT = timedelta(microseconds=1)


def span(start: datetime, end: datetime, until: datetime | None = None) -> str:
    """`1 to 29 November 2026`, `23 November 2026, 10:07 to 14:30`; `until` is now, where the range goes on."""
    if until is not None and starts_day(start):
        return days_span(start, until)
    last = until or end
    if until is None and starts_day(start) and starts_day(end):
        return days_span(start, end - MOMENT)
    if starts_day(start):
        return f"{days_span(start, last)}, until {last:%H:%M}"
    if start.date() == last.date():
        return f"{day(start)} {start.year}, {start:%H:%M} to {last:%H:%M}"
    year = "" if start.year == last.year else f" {start.year}"
    return f"{day(start)}{year}, {start:%H:%M} to {day(last)} {last.year}, {last:%H:%M}"


def days_span(start: datetime, last: datetime) -> str:
    """Whole days, the last one included."""
    if start.date() == last.date():
        return f"{day(start)} {start.year}"
    if is_whole_month(start, last):
        return f"{start:%B} {start.year}"
    if start.year != last.year:
        return f"{day(start)} {start.year} to {day(last)} {last.year}"
    first = str(start.day) if start.month == last.month else day(start)
    return f"{first} to {day(last)} {last.year}"


def is_whole_month(start: datetime, last: datetime) -> bool:
    ends = (last + timedelta(days=1)).month != last.month and starts_day(last + MOMENT)
    return (start.year, start.month, start.day) == (last.year, last.month, 1) and ends


def starts_day(at: datetime) -> bool:
    """Also where the clock of that day begins later than at midnight."""
    return (at.astimezone(UTC) - MOMENT).astimezone(at.tzinfo).date() != at.date()


def day(at: datetime) -> str:
    return f"{at.day} {at:%B}"


def short_day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def step_names(edges: Sequence[datetime], step: str) -> list[str]:
    """What each step is called where there is room for it; an hour that the clock repeats also by its zone."""
    names = [step_name(start, end, step) for start, end in pairwise(edges)]
    repeated = {name for name in names if names.count(name) > 1} if step in ("hour", "quarter") else ()
    return [f"{name} {at.tzname()}" if name in repeated else name for name, at in zip(names, edges, strict=False)]


def step_name(start: datetime, end: datetime, step: str) -> str:
    if step in ("quarter", "hour"):
        return f"{start:%a} {short_day(start)}, {start:%H:%M}"
    if step == "day":
        return f"{start:%a} {short_day(start)} {start.year}"
    if step == "month":
        return f"{start:%B} {start.year}"
    last = end - MOMENT
    return f"{short_day(start)} to {short_day(last)} {last.year}" if start.date() != last.date() else short_day(start)


def ticks(edges: Sequence[datetime], step: str) -> tuple[list[int], list[str]]:
    """Which steps the axis names, by number, and how."""
    starts = edges[:-1]
    if step in ("quarter", "hour"):
        return hour_ticks(starts)
    if step == "month":
        return month_ticks(starts)
    stride = -(-len(starts) // MOST_TICKS)
    places = list(range(0, len(starts), stride))
    return places, [f"{starts[at]:%a} {starts[at].day}" if len(starts) <= 7 else short_day(starts[at]) for at in places]


def hour_ticks(starts: Sequence[datetime]) -> tuple[list[int], list[str]]:
    """Full hours at a round distance, midnights by their date."""
    full = [at for at, start in enumerate(starts) if start.minute == 0]
    for stride in HOUR_STRIDES:
        places = [at for at in full if starts[at].hour % stride == 0]
        if len(places) <= MOST_TICKS:
            break
    return places, [f"{starts[at]:%H:%M}" if starts[at].hour else short_day(starts[at]) for at in places]


def month_ticks(starts: Sequence[datetime]) -> tuple[list[int], list[str]]:
    """Januaries by their year."""
    stride = -(-len(starts) // 14)
    places = [at for at, start in enumerate(starts) if stride == 1 or (start.month - 1) % stride == 0]
    return places, [str(starts[at].year) if starts[at].month == 1 else f"{starts[at]:%b}" for at in places]
