"""When in the week usage happens: sums by weekday and hour of the zone's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from data.figures_slices import FIGURES, SUMS, VALID, buckets, figures_of, parts, values_of
from data.metrics import NOTHING, Figures
from data.ranges import QUARTER, floor
from data.segments import GRAINS, RAW, cover
from data.usage_query import UsageQuery
from data.viewer import Viewer
from data.zones import offsets, zone_of

HOURS_A_WEEK = 7 * 24
# The week's hour that the clock shows, from Monday's first on, 0; 1970 began on a Thursday.
CELL = f"(floor((date_part('epoch', {{0}}) + {{1}}) / 3600)::bigint + 72) % {HOURS_A_WEEK}"
HEAT = text(f"""
    WITH {parts()}, cells AS (
        SELECT {CELL.format("r.bucket", "o.seconds")} AS cell, {FIGURES.format("r")}
        FROM stretches s
        JOIN unnest(cast(:offsets AS integer[])) WITH ORDINALITY AS o (seconds, place) ON o.place = s.number + 1
        CROSS JOIN LATERAL ({buckets(":scope", "s.grain", "s.first", "s.last")}) r
        WHERE s.grain <> {RAW} AND {VALID}
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
    seconds = [int(offset.total_seconds()) for offset in apart]
    # Where the clock's hours begin within those of UTC, only quarter hours lie in one cell.
    grains = GRAINS[2:] if any(offset % 3600 for offset in seconds) else GRAINS[1:]
    return {**values_of(viewer, query, cover(edges, grains)), "offsets": seconds}
