"""When an allowance is used up, in words: short ones for figures and lists, and a sentence that can be read out.

Times are aware, and in the zone that they are to be read in.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from layouts.range_words import short_day
from layouts.units import CREDITS, Unit


class Outlook(NamedTuple):
    """Amounts, and the forecast: used up `at`, most likely between `earliest` and `latest`; None is not within the
    period, whose `end` is None where it has none. `spends`: whether there is a pace to go by."""

    allowance: Decimal
    used: Decimal
    at: datetime | None
    earliest: datetime | None
    latest: datetime | None
    end: datetime | None
    spends: bool

    @property
    def left(self) -> Decimal:
        return self.allowance - self.used

    @property
    def within(self) -> str:
        return "in this period" if self.end else "within a year"


def day_text(at: datetime, now: datetime) -> str:
    """`today`, `tomorrow`, `Thu 27 Nov`, and of another year `1 Feb 2027`."""
    days = (at.date() - now.date()).days
    if days in (0, 1):
        return ("today", "tomorrow")[days]
    return f"{at:%a} {short_day(at)}" if at.year == now.year else f"{short_day(at)} {at.year}"


def out_text(outlook: Outlook, now: datetime) -> str:
    """The day, or that there is none."""
    if outlook.left <= 0:
        return "Has run out"
    return f"Not {outlook.within}" if outlook.at is None else first_up(day_text(outlook.at, now))


def first_up(words: str) -> str:
    return words[:1].upper() + words[1:]


def range_text(outlook: Outlook, now: datetime) -> str:
    """`26 to 29 Nov`, `from 26 Nov` where it may as well last; nothing where there is none."""
    earliest, latest = outlook.earliest, outlook.latest
    if outlook.left <= 0 or earliest is None:
        return ""
    if outlook.at is None:
        return f"at the earliest {day_text(earliest, now)}"
    if latest is None:
        return f"from {day_text(earliest, now)}, or not {outlook.within}"
    return dates_text(earliest.date(), latest.date())


def short_range_text(outlook: Outlook, now: datetime) -> str:
    """The same for the narrow column of a list: `26 to 29 Nov`, `26 Nov at the earliest`."""
    if outlook.left > 0 and outlook.earliest is not None and None in (outlook.at, outlook.latest):
        return f"{dates_text(outlook.earliest.date(), outlook.earliest.date())} at the earliest"
    return range_text(outlook, now)


def dates_text(first: date, last: date) -> str:
    if first == last:
        return f"{first.day} {first:%b}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%b}"
    return f"{first.day} {first:%b} to {last.day} {last:%b}"


def sentence(name: str, outlook: Outlook | None, now: datetime, unit: Unit = CREDITS) -> str:
    """What somebody on the telephone can be told."""
    if outlook is None:
        return f"{name} has no allowance in this period, so nothing can run out."
    return f"{prospect(name, outlook, now, unit)} {ends(outlook, now)}".rstrip()


def prospect(name: str, outlook: Outlook, now: datetime, unit: Unit) -> str:
    of = f"allowance of {unit.counted(unit.total(outlook.allowance))}"
    over = unit.total(-outlook.left)
    if outlook.left <= 0:
        return f"{name} has used up the {of}{f', and {over} more' if over != unit.total(0) else ''}."
    if not outlook.spends:
        return f"{name} has spent nothing in the last four weeks: there is no pace to go by."
    at, earliest = outlook.at, outlook.earliest
    pace = f"At its pace of the last four weeks, {name}"
    if at is not None:
        span = between(earliest or at, outlook.latest, now, outlook.within)
        return f"{pace} will use up the {of} {on(at, now)}; {span}."
    fast = f"; if it goes fast, it is used up {on(earliest, now)}" if earliest is not None else ""
    return f"{pace} will not use up the {of} {outlook.within}{fast}."


def between(earliest: datetime, latest: datetime | None, now: datetime, within: str) -> str:
    if latest is None:
        return f"it may be {on(earliest, now)} already, or not {within} at all"
    if earliest.date() == latest.date():
        return "most likely on that very day"
    return f"most likely between {day_text(earliest, now)} and {day_text(latest, now)}"


def on(at: datetime, now: datetime) -> str:
    day = day_text(at, now)
    return day if day in ("today", "tomorrow") else f"on {day}"


def ends(outlook: Outlook, now: datetime) -> str:
    """The last day that belongs to the period."""
    if outlook.end is None:
        return ""
    return f"The period ends {on(outlook.end - timedelta(microseconds=1), now)}."
