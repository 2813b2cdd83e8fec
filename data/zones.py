"""Time zones at the edge of a program that reckons in UTC: their names, their midnights, when their clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from data.errors import InputError

NO_PLACES = {"Factory", "localtime", "posixrules"}


@cache
def zones() -> frozenset[str]:
    """The names of the IANA database; those that the system lacks come with the tzdata package."""
    return frozenset(available_timezones() - NO_PLACES)


def zone_of(name: str) -> ZoneInfo:
    """Raises InputError for a name that the IANA database does not have."""
    if name not in zones():
        raise InputError(f"There is no time zone {name[:60]!r}; use a name such as UTC or America/New_York.")
    return ZoneInfo(name)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the day begins; where the clock skips midnight, that of the change."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def offset_at(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def offsets(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """Since when (from `start` on) the zone's clock was how far from UTC, up to `end`."""
    offset = offset_at(start, zone)
    yield start, offset
    while start < end:
        following = min(start + timedelta(days=1), end)
        if offset_at(following, zone) != offset:
            following = change_between(start, following, zone)
            if following >= end:
                return
            offset = offset_at(following, zone)
            yield following, offset
        start = following


def change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The whole second at which the offset of `before` has ended; the two offsets differ."""
    offset = offset_at(before, zone)
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(datetime.fromtimestamp(middle, UTC), zone) == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
