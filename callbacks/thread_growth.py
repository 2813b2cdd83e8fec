"""What a thread's page has read so far, and whether what came since is all that changed.

A page that shows n calls of cost c, and is given k newer ones, is right if the thread's exact totals are now n + k
calls and c and theirs. Otherwise a call came late, was corrected or deleted, and everything is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest

from callbacks.requests import text_of, uuid_of
from data.calls import CallLog, Cursor, calls_since
from data.timeline import MOST_POINTS, Point, Timeline
from data.viewer import Viewer
from data.wire import plain, utc

MOST_GROWTH = 200  # calls; more of them at once are a reload
MOST_DRAWN = MOST_POINTS + 300  # points; a chart that has grown beyond is reduced again
BUCKETS_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)  # as in data/timeline.py


@dataclass(frozen=True)
class Seen:
    """The totals and the latest call that a page has read, and the chart's last point; costs in dollars."""

    calls: int
    cost: Decimal
    newest: Cursor
    drawn: int  # points
    last: Point
    bucket_seconds: int | None
    lowest: Decimal  # of the bars
    highest: Decimal

    def store(self) -> dict[str, Any]:
        """As it lies in the browser, until the next request brings it back."""
        start = self.last.bucket_start
        return {
            "calls": self.calls,
            "cost": plain(self.cost),
            "at": utc(self.newest.at),
            "id": str(self.newest.call_id),
            "drawn": self.drawn,
            "last_at": utc(self.last.at),
            "last_cost": plain(self.last.cost),
            "last_calls": self.last.calls,
            "last_start": utc(start) if start else None,
            "cumulative": plain(self.last.cumulative),
            "bucket_seconds": self.bucket_seconds,
            "lowest": plain(self.lowest),
            "highest": plain(self.highest),
        }


def seen_of(value: object) -> Seen | None:
    """What the browser brings back; None before the first read. Raises BadRequest."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadRequest("what the page has read is not as it was sent")
    start, seconds = value.get("last_start"), value.get("bucket_seconds")
    last = Point(
        time_of(value.get("last_at")),
        decimal_of(value.get("last_cost")),
        decimal_of(value.get("cumulative")),
        count_of(value.get("last_calls")),
        time_of(start) if start is not None else None,
    )
    return Seen(
        calls=count_of(value.get("calls")),
        cost=decimal_of(value.get("cost")),
        newest=cursor_of(value),
        drawn=count_of(value.get("drawn")),
        last=last,
        bucket_seconds=width_of(seconds) if seconds is not None else None,
        lowest=decimal_of(value.get("lowest")),
        highest=decimal_of(value.get("highest")),
    )


def cursor_of(value: Mapping[str, Any]) -> Cursor:
    return Cursor(time_of(value.get("at")), uuid_of(value.get("id")))


def count_of(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise BadRequest("a count is not as it was sent")
    return value


def width_of(value: object) -> int:
    seconds = count_of(value)
    if not 1 <= seconds <= 10**9:
        raise BadRequest("a width is not as it was sent")
    return seconds


def decimal_of(value: object) -> Decimal:
    try:
        number = Decimal(text_of(value, 60))
    except InvalidOperation:
        raise BadRequest("an amount is not as it was sent") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise BadRequest("an amount is not as it was sent")
    return number


def time_of(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(text_of(value, 40))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest("a time is not as it was sent") from None


def first_seen(log: CallLog, line: Timeline) -> Seen | None:
    """After a first read; None while there is no call to go on from."""
    if not log.calls or not line.points:
        return None
    costs = [point.cost for point in line.points]
    return Seen(
        calls=log.total_calls,
        cost=log.total_cost,
        newest=log.calls[0].cursor,
        drawn=len(line.points),
        last=line.points[-1],
        bucket_seconds=line.bucket_seconds,
        lowest=min(costs),
        highest=max(costs),
    )


def growth(connection: Connection, viewer: Viewer, thread_id: UUID, seen: Seen) -> CallLog | None:
    """The calls since, if they and nothing else changed the totals; None where everything has to be read again."""
    log = calls_since(connection, viewer, thread_id, seen.newest, limit=MOST_GROWTH)
    same_calls = log.total_calls == seen.calls + len(log.calls)
    same_cost = log.total_cost == seen.cost + sum(call.cost for call in log.calls)
    if not (same_calls and same_cost) or seen.drawn + len(log.calls) > MOST_DRAWN:
        return None
    return log


def grown_points(seen: Seen, log: CallLog) -> list[Point]:
    """The points that the new calls make; in buckets, the first may be the last drawn one, grown."""
    points = [seen.last]
    for call in reversed(log.calls):
        before = points[-1]
        start = bucket_start(call.at, seen.bucket_seconds)
        cumulative = before.cumulative + call.cost
        if start is not None and start == before.bucket_start:
            points[-1] = Point(call.at, before.cost + call.cost, cumulative, before.calls + 1, start)
        else:
            points.append(Point(call.at, call.cost, cumulative, 1, start))
    return points if points[0] != seen.last else points[1:]


def bucket_start(at: datetime, seconds: int | None) -> datetime | None:
    """As date_bin reckons it; None where every point is one call."""
    if seconds is None:
        return None
    width = timedelta(seconds=seconds)
    return BUCKETS_BEGIN + (at - BUCKETS_BEGIN) // width * width


def seen_after(seen: Seen, log: CallLog, points: list[Point]) -> Seen:
    """What the page has read once these points are drawn."""
    if not points:
        return seen
    return Seen(
        calls=log.total_calls,
        cost=log.total_cost,
        newest=log.calls[0].cursor,
        drawn=seen.drawn + len(points) - replaces_last(seen, points),
        last=points[-1],
        bucket_seconds=seen.bucket_seconds,
        lowest=min(seen.lowest, *costs_of(points)),
        highest=max(seen.highest, *costs_of(points)),
    )


def replaces_last(seen: Seen, points: list[Point]) -> bool:
    return bool(points) and points[0].bucket_start is not None and points[0].bucket_start == seen.last.bucket_start


def costs_of(points: Iterable[Point]) -> list[Decimal]:
    return [point.cost for point in points]
