"""Stretches of time that figures are asked for: presets and custom ones, in the days of the viewer's zone.

Everything here is reckoned from what is passed in; instants are UTC, and an end is never part of its range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from data.errors import InputError
from data.zones import midnight, offsets, zone_of

PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "today": "Today",
        "yesterday": "Yesterday",
        "24h": "Last 24 hours",
        "7d": "Last 7 days",
        "30d": "Last 30 days",
        "90d": "Last 90 days",
        "month": "This month",
        "last-month": "Last month",
        "12mo": "Last 12 months",
    }
)
DEFAULT = "30d"
CUSTOM = "custom"
DAYS = {"today": 1, "yesterday": 1, "7d": 7, "30d": 30, "90d": 90}
MONTHS = {"month": 1, "last-month": 1, "12mo": 12}

STEPS = ("quarter", "hour", "day", "week", "month")
NATURAL_STEPS = (
    (timedelta(hours=6), "quarter"),
    (timedelta(days=3), "hour"),
    (timedelta(days=100), "day"),
    (timedelta(days=200), "week"),
)  # up to that long; beyond: months
MOST_STEPS = 40_000  # the quarter hours of 400 days

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Every zone's clock is whole quarter hours from UTC here.
YEARS = range(2000, 2200)

LOCAL_DATE = re.compile(r"\d{4}-\d\d-\d\d")
LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?")
# An address turns a plus sign into a space.
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[-+ ]\d\d:\d\d)")


@dataclass(frozen=True)
class Range:
    """From `start` up to, not including, `end`, in days of `zone`.

    An open one goes on to now: it ends with the quarter hour that is now, and `until` is now. Else `until` is its end.
    """

    name: str  # of PRESETS, or CUSTOM
    start: datetime
    end: datetime
    zone: str  # IANA
    open: bool
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def before(self) -> Range:
        """The period before, to compare with: as many days, months or seconds, of an open one as much as has passed."""
        start = start_before(self)
        passed = max(self.until - self.start, timedelta(microseconds=1))  # no range is empty, not even at midnight
        end = min(start + passed, self.start) if self.open else self.start
        return Range(CUSTOM, start, end, self.zone, False, end)


def range_of(name: str, zone: str, now: datetime, first: str | None = None, last: str | None = None) -> Range:
    """The range of that name; a custom one has bounds, as local dates (both included), local minutes, or instants.

    Raises InputError, which names the remedy, for what cannot be read.
    """
    place = zone_of(zone)
    now = now.astimezone(UTC)
    if name == CUSTOM:
        return custom(first, last, place, now)
    if name not in PRESETS:
        raise InputError(f"There is no range {name[:60]!r}; use one of {', '.join([*PRESETS, CUSTOM])}.")
    today = now.astimezone(place).date()
    if name == "24h":
        (since, offset), *_ = offsets(now, now + QUARTER, place)
        return going_on(name, floor(since + offset, HOUR) - offset - 23 * HOUR, place, now)
    if name == "yesterday":
        return closed(name, midnight(today - DAY, place), midnight(today, place), place)
    if name in DAYS:
        return going_on(name, midnight(today - (DAYS[name] - 1) * DAY, place), place, now)
    month = today.replace(day=1)
    if name == "last-month":
        return closed(name, midnight(months_on(month, -1), place), midnight(month, place), place)
    return going_on(name, midnight(months_on(month, 1 - MONTHS[name]), place), place, now)


def custom(first: str | None, last: str | None, zone: ZoneInfo, now: datetime) -> Range:
    if not first or not last:
        raise InputError("A custom range needs both from and to, such as from=2026-11-01&to=2026-11-30.")
    start, end = bound("from", first, zone, timedelta(0)), bound("to", last, zone, DAY)
    if start >= end:
        raise InputError(f"The range from {first} to {last} is empty; let it end after it begins.")
    if start <= now < end:
        return going_on(CUSTOM, start, zone, now) if quarter_end(now) <= end else closed(CUSTOM, start, end, zone)
    return closed(CUSTOM, start, end, zone)


def bound(side: str, written: str, zone: ZoneInfo, dated: timedelta) -> datetime:
    """The instant; a date means the midnight `dated` after its own."""
    try:
        if int(written[:4]) not in YEARS:
            raise ValueError
        if LOCAL_DATE.fullmatch(written):
            return midnight(date.fromisoformat(written) + dated, zone)
        if LOCAL_TIME.fullmatch(written):
            return datetime.fromisoformat(written).replace(tzinfo=zone).astimezone(UTC)
        if instant := INSTANT.fullmatch(written):
            return datetime.fromisoformat(instant[1] + instant[2].replace(" ", "+")).astimezone(UTC)
        raise ValueError
    except ValueError:
        raise InputError(
            f"{side} is {written[:60]!r}; write a date such as 2026-11-01, or a time such as 2026-11-01T10:07, "
            f"of the years {YEARS[0]} to {YEARS[-1]}."
        ) from None


def closed(name: str, start: datetime, end: datetime, zone: ZoneInfo) -> Range:
    return Range(name, start, end, zone.key, False, end)


def going_on(name: str, start: datetime, zone: ZoneInfo, now: datetime) -> Range:
    return Range(name, start, quarter_end(now), zone.key, True, now)


def quarter_end(now: datetime) -> datetime:
    return floor(now, QUARTER) + QUARTER


def floor(at: datetime, width: timedelta) -> datetime:
    return at - (at - EPOCH) % width


def months_on(month: date, count: int) -> date:
    """The first day of the month that many months later."""
    year, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, index + 1, 1)


def start_before(range: Range) -> datetime:
    """Where the period before begins: as many months, days or, where it is none of them, as long before."""
    zone = zone_of(range.zone)
    first, after = range.start.astimezone(zone).date(), local_end(range, zone)
    if range.name == "24h":
        return range.start - 24 * HOUR
    if midnight(first, zone) != range.start or (not range.open and midnight(after, zone) != range.end):
        return range.start - range.length
    if range.name in MONTHS or (not range.open and first.day == after.day == 1):
        months = MONTHS.get(range.name) or (after.year - first.year) * 12 + after.month - first.month
        return midnight(months_on(first, -months), zone)
    return midnight(first - (after - first), zone)


def local_end(range: Range, zone: ZoneInfo) -> date:
    """The first local date that is not in the range."""
    return (range.end - timedelta(microseconds=1)).astimezone(zone).date() + DAY


def step_of(range: Range) -> str:
    """The step that a chart of the range has unless somebody chooses another."""
    return next((step for longest, step in NATURAL_STEPS if range.length <= longest), "month")


def edges(range: Range, step: str) -> tuple[datetime, ...]:
    """The instants where steps meet, ascending: the range's start, local boundaries within it, its end.

    Hours begin on the local hour and where the clock changes. Those within lie on quarter hours. Raises InputError
    for a step that is none, and for more than MOST_STEPS of them.
    """
    if step not in STEPS:
        raise InputError(f"There is no step {step[:60]!r}; use one of {', '.join(STEPS)}.")
    inner: list[datetime] = []
    for at in islice(BOUNDARIES[step](range), MOST_STEPS):
        if at >= range.end:
            break
        if at > (inner[-1] if inner else range.start):
            inner.append(at)
    if len(inner) >= MOST_STEPS:
        raise InputError(f"The range has too many steps of a {step}; choose a longer step or a shorter range.")
    return (range.start, *inner, range.end)


def quarters(range: Range) -> Iterator[datetime]:
    at = floor(range.start, QUARTER)
    while at < range.end:
        at += QUARTER
        yield at


def hours(range: Range) -> Iterator[datetime]:
    stretches = [*offsets(range.start, range.end, zone_of(range.zone)), (range.end, timedelta(0))]
    for (since, offset), (until, _next) in pairwise(stretches):
        yield floor(since, QUARTER)  # Newfoundland's changed at a minute past, until 2011
        at = floor(since + offset, HOUR) - offset + HOUR
        while at < until:
            yield at
            at += HOUR


def days(range: Range, apart: int = 1) -> Iterator[datetime]:
    zone = zone_of(range.zone)
    day = range.start.astimezone(zone).date()
    day -= timedelta(days=day.weekday() if apart == 7 else 0)
    at = range.start
    while at < range.end:
        day += timedelta(days=apart)
        at = midnight(day, zone)
        yield at


def weeks(range: Range) -> Iterator[datetime]:
    """Mondays."""
    return days(range, apart=7)


def months(range: Range) -> Iterator[datetime]:
    zone = zone_of(range.zone)
    month = range.start.astimezone(zone).date().replace(day=1)
    at = range.start
    while at < range.end:
        month = months_on(month, 1)
        at = midnight(month, zone)
        yield at


BOUNDARIES: Mapping[str, Callable[[Range], Iterator[datetime]]] = {
    "quarter": quarters,
    "hour": hours,
    "day": days,
    "week": weeks,
    "month": months,
}
