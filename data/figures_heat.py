"""When in the week usage happens: sums by weekday and hour of the zone's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from data.figures_slices import FIGURES, OF_MODEL, SUMS, VALID, figures_of, parts, values_of
from data.metrics import NOTHING, Figures
from data.ranges import QUARTER, floor
from data.segments import GRAINS, HOURS, QUARTERS, RAW, cover
from data.usage_query import UsageQuery
from data.viewer import Viewer
from data.zones import offsets, zone_of

HOURS_A_WEEK = 7 * 24
# The week's hour that the clock shows, from Monday's first on, 0; 1970 began on a Thursday.
CELL = f"(floor((date_part('epoch', {{0}}) + {{1}}) / 3600)::bigint + 72) % {HOURS_A_WEEK}"
ROWS = f"""(
            SELECT r.bucket, {SUMS.format("r")} FROM creditpulse.usage_rollup r
            WHERE r.scope = :scope AND r.grain = {{0}} AND r.bucket >= {{1}} AND r.bucket < {{2}}
                AND {OF_MODEL.format("r")}
            GROUP BY r.bucket
        )"""
# Where the clock's hours begin within those of UTC, a UTC hour belongs to the clock's hour that begins in it, but for
# its head, the quarter hours before: they are taken from there and given to the hour before.
HEAT = text(f"""
    WITH {parts()}, places AS (
        SELECT s.*, o.seconds, mod(3600 - mod(o.seconds, 3600), 3600) AS head
        FROM stretches s
        JOIN unnest(cast(:offsets AS integer[])) WITH ORDINALITY AS o (seconds, place) ON o.place = s.number + 1
        WHERE s.grain <> {RAW} AND {VALID}
    ), heads AS (
        SELECT p.seconds, p.head, r.*
        FROM places p
        CROSS JOIN LATERAL generate_series(p.first, p.last - interval '1 hour', interval '1 hour') AS h (first)
        CROSS JOIN LATERAL {ROWS.format(QUARTERS, "h.first", "h.first + make_interval(secs => p.head)")} r
        WHERE p.grain = {HOURS} AND p.head > 0
    ), cells AS (
        SELECT {CELL.format("r.bucket", f"p.seconds + (p.grain = {HOURS})::integer * p.head")} AS cell,
            {FIGURES.format("r")}
        FROM places p CROSS JOIN LATERAL {ROWS.format("p.grain", "p.first", "p.last")} r
        UNION ALL
        SELECT {CELL.format("h.bucket", "h.seconds")}, {FIGURES.format("h")} FROM heads h
        UNION ALL
        SELECT {CELL.format("h.bucket", "h.seconds + h.head")},
            -h.calls, -h.prompt_tokens, -h.completion_tokens, -h.total_tokens, -h.cost
        FROM heads h
        UNION ALL
        SELECT {CELL.format("q.quarter", "(cast(:offsets AS integer[]))[q.number + 1]")}, {FIGURES.format("q")}
        FROM queued q
        UNION ALL
        SELECT {CELL.format("c.created_at", "(cast(:offsets AS integer[]))[c.number + 1]")}, {FIGURES.format("c")}
        FROM cut c
    )
    SELECT c.cell, {SUMS.format("c")} FROM cells c GROUP BY c.cell
""")


def heat(connection: Connection, viewer: Viewer, query: UsageQuery) -> tuple[tuple[Figures, ...], ...]:
    """Sums by weekday (Monday first) and hour of the zone's clock.

    Raises NotFoundError where the scope is not the viewer's.
    """
    cells = [NOTHING] * HOURS_A_WEEK
    for row in connection.execute(HEAT, heat_values(viewer, query)):
        cells[row.cell] = figures_of(row)
    return tuple(tuple(cells[day * 24 : day * 24 + 24]) for day in range(7))


def heat_values(viewer: Viewer, query: UsageQuery) -> dict[str, Any]:
    """A step for each stretch of time in which the clock was equally far from UTC; `offsets` has the seconds."""
    range = query.range
    since, apart = zip(*offsets(range.start, range.end, zone_of(range.zone)), strict=True)
    edges = [range.start, *(floor(at, QUARTER) for at in since[1:]), range.end]
    values = values_of(viewer, query, cover(edges, GRAINS[1:]))
    return {**values, "offsets": [int(offset.total_seconds()) for offset in apart]}
