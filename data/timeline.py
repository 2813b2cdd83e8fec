"""A thread's credits over time, reduced to what a chart can show without ever falsifying the sum.

A thread of very many calls is read from its hours, as the rollup has them, instead of call by call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.calls import DATED, check_thread
from data.viewer import Viewer

MOST_POINTS = 600
MANY_CALLS = 10_000  # of more, hours are read, if they make up a line
LEAST_HOURS = 24
# Widths that a person can name; the smallest that fits is taken.
WIDTHS_SECONDS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """`cumulative` is the thread's cost through `at`, exactly; `cost` that of the call, or of the bucket's `calls`."""

    at: datetime
    cost: Decimal  # dollars
    cumulative: Decimal  # dollars
    calls: int
    bucket_start: datetime | None = None


@dataclass(frozen=True)
class Timeline:
    """Points in order. `bucket_seconds` is None where each point is one call; `undated_cost` had no usable time."""

    points: tuple[Point, ...]
    bucket_seconds: int | None
    undated_cost: Decimal


SPAN = text(f"""
    SELECT count(*) FILTER (WHERE {DATED}) AS calls,
        min(c.created_at) FILTER (WHERE {DATED}) AS first_at, max(c.created_at) FILTER (WHERE {DATED}) AS last_at,
        coalesce(sum(c.cost) FILTER (WHERE ({DATED}) IS NOT TRUE), 0) AS undated_cost
    FROM creditpulse.source_usage c WHERE c.thread_id = :thread_id
""")  # noqa: S608
EACH_CALL = text(f"""
    SELECT c.created_at AS at, c.cost, 1 AS calls, NULL AS bucket_start
    FROM creditpulse.source_usage c WHERE c.thread_id = :thread_id AND {DATED}
    ORDER BY c.created_at, c.id
""")  # noqa: S608
EACH_BUCKET = text(f"""
    SELECT max(c.created_at) AS at, sum(c.cost) AS cost, count(*) AS calls,
        date_bin(make_interval(secs => :seconds), c.created_at, '2000-01-01 00:00:00+00') AS bucket_start
    FROM creditpulse.source_usage c WHERE c.thread_id = :thread_id AND {DATED}
    GROUP BY bucket_start ORDER BY bucket_start
""")  # noqa: S608


# Bounds of the calls' times; none where a call lies outside the calendar.
REACH = text("""
    SELECT min(x.first_at) AS first_at, max(x.last_at) AS last_at
    FROM creditpulse.exact_threads x WHERE x.thread_id = :thread_id
    HAVING min(x.first_at) > '0001-01-02' AND max(x.last_at) < '9999-12-30'
""")
# A point lies at the end of its last hour, or at the thread's last call: there the sum is what is drawn.
EACH_BUCKET_OF_HOURS = text("""
    SELECT CASE WHEN isfinite(max(h.hour))
            THEN least(max(h.hour) + interval '1 hour' - interval '1 microsecond', :last_at) END AS at,
        sum(h.cost) AS cost, sum(h.calls)::bigint AS calls,
        CASE WHEN isfinite(h.hour)
            THEN date_bin(make_interval(secs => :seconds), h.hour, '2000-01-01 00:00:00+00') END AS bucket_start
    FROM creditpulse.exact_thread_hours h WHERE h.thread_id = :thread_id
    GROUP BY bucket_start HAVING sum(h.calls) <> 0 OR sum(h.cost) <> 0 ORDER BY bucket_start
""")


def timeline(connection: Connection, viewer: Viewer, thread_id: UUID, most_points: int = MOST_POINTS) -> Timeline:
    """Every call, or, where there are more than `most_points`, buckets of one width, that many at most.

    Raises NotFoundError for a thread that is not there or not the viewer's.
    """
    usage = check_thread(connection, viewer, thread_id)
    of_hours = timeline_of_hours(connection, thread_id, most_points) if usage.calls > MANY_CALLS else None
    return of_hours or timeline_of_calls(connection, thread_id, most_points)


def timeline_of_hours(connection: Connection, thread_id: UUID, most_points: int) -> Timeline | None:
    """None where so few hours hold all the calls that a line of them would show nothing."""
    reach = connection.execute(REACH, {"thread_id": thread_id}).one_or_none()
    if reach is None or reach.last_at - reach.first_at < timedelta(hours=LEAST_HOURS):
        return None
    seconds = max(3600, bucket_width(reach.last_at - reach.first_at, most_points))
    values = {"thread_id": thread_id, "seconds": seconds, "last_at": reach.last_at}
    rows = connection.execute(EACH_BUCKET_OF_HOURS, values).all()
    undated = sum((row.cost for row in rows if row.bucket_start is None), Decimal(0))
    return Timeline(add_up([row for row in rows if row.bucket_start], undated), seconds, undated)


def timeline_of_calls(connection: Connection, thread_id: UUID, most_points: int) -> Timeline:
    span = connection.execute(SPAN, {"thread_id": thread_id}).one()
    if span.calls <= most_points:
        rows = connection.execute(EACH_CALL, {"thread_id": thread_id}).all()
        return Timeline(add_up(rows, span.undated_cost), None, span.undated_cost)
    seconds = bucket_width(span.last_at - span.first_at, most_points)
    rows = connection.execute(EACH_BUCKET, {"thread_id": thread_id, "seconds": seconds}).all()
    return Timeline(add_up(rows, span.undated_cost), seconds, span.undated_cost)


def add_up(rows: Any, start: Decimal) -> tuple[Point, ...]:
    points = []
    cumulative = start
    for row in rows:
        cumulative += row.cost
        points.append(Point(row.at, row.cost, cumulative, row.calls, row.bucket_start))
    return tuple(points)


def bucket_width(span: timedelta, most_points: int = MOST_POINTS) -> int:
    """Seconds of the narrowest bucket of which `most_points` cover the span, wherever it begins."""
    needed = span.total_seconds() / max(1, most_points - 1)
    fitting = (width for width in WIDTHS_SECONDS if width >= needed)
    return next(fitting, math.ceil(needed / 86_400) * 86_400)
