"""A thread's credits over time, reduced to what a chart can show without ever falsifying the sum."""

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


def timeline(connection: Connection, viewer: Viewer, thread_id: UUID, most_points: int = MOST_POINTS) -> Timeline:
    """Every call, or, where there are more than `most_points`, buckets of one width, that many at most.

    Raises NotFoundError for a thread that is not there or not the viewer's.
    """
    check_thread(connection, viewer, thread_id)
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
