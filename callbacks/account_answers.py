"""From what was read to what an account's page and the list of accounts show of it: figures and outlook as texts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from data.account_rows import AccountRow
from data.usage import ENDLESS_YEAR, credits_of
from data.wire import plain, utc
from layouts.outlook_words import Outlook, out_text, range_text, sentence
from layouts.units import Unit


def outlook_of(row: AccountRow, unit: Unit, zone: ZoneInfo) -> Outlook | None:
    """None without an allowance."""
    if row.allowance is None:
        return None
    found = row.forecast
    at, earliest, latest = (found.at, found.earliest, found.latest) if found else (None, None, None)
    return Outlook(
        allowance=unit.of(row.allowance),
        used=unit.of(row.used),
        at=local(at, zone),
        earliest=local(earliest, zone),
        latest=local(latest, zone),
        end=None if row.period.end.year == ENDLESS_YEAR else local(row.period.end, zone),
        spends=row.pace is not None,
    )


def local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)


def standing_texts(row: AccountRow, unit: Unit, credits_per_dollar: Decimal, zone: ZoneInfo) -> dict[str, Any]:
    """What the header shows besides the account's usage; `allowance` in whole credits, None without one."""
    outlook, now = outlook_of(row, unit, zone), row.as_of.astimezone(zone)
    return {
        "plan": plan_text(row),
        "allowance": None if row.allowance is None else credits_of(row.allowance, credits_per_dollar),
        "period_label": row.period.label,
        "rate": f"{unit.some(unit.of(row.rate_per_minute))} / min",
        "rate_cost": plain(row.rate_per_minute),
        "last_at": utc(row.last_at) if row.last_at else None,
        "out": out_text(outlook, now) if outlook else "–",
        "out_range": range_text(outlook, now) if outlook else "",
        "words": sentence(row.label, outlook, now, unit),
        "words_as_of": utc(row.as_of),
    }


def plan_text(row: AccountRow) -> str:
    """A plan that does not count now says why."""
    if not row.plan:
        return "No plan"
    return row.plan if row.current else f"{row.plan} ({row.status or 'over'})"
