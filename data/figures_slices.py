"""The SQL that every figure of a range is summed from: slices of the rollups, the queue, and raw rows at the edges.

A statement that uses it is exact in its own snapshot: each call is in a rollup or in the queue, and the calls of
a quarter hour that an edge cuts are read from the raw table alone.
"""

from __future__ import annotations

from typing import Any

from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.metrics import Figures
from data.ranges import QUARTER, floor
from data.segments import RAW, Segments, cover
from data.usage_query import UsageQuery, scope_for
from data.viewer import Viewer

NAMES = ("calls", "prompt_tokens", "completion_tokens", "total_tokens", "cost")
SUMS = ", ".join(f"sum({{0}}.{name}) AS {name}" for name in NAMES)
FIGURES = ", ".join(f"{{0}}.{name}" for name in NAMES)

OF_MODEL = "(cast(:model AS text) IS NULL OR {0}.model = :model)"
OF_SCOPE = "(:scope = :every OR {0}.user_id = :scope)"
OF_SCOPE_RAW = "(:scope = :every OR {0}.user_id = :scope OR (:scope = :nil AND {0}.user_id IS NULL))"
COUNTED = "creditpulse.foldable({0}.prompt_tokens, {0}.completion_tokens, {0}.total_tokens, {0}.cost)"
# Within the quarter hours that the start and the end cut; spelled out, so that the planner knows how few they are.
CUT = """((u.created_at >= :cut_0 AND u.created_at < :cut_1) OR (u.created_at >= :cut_2 AND u.created_at < :cut_3))"""
# What is rolled up holds, unless the table was truncated since.
VALID = "NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')"


def parts(name: str = "") -> str:
    """Stretches of time, and the queued changes and raw rows of the whole range, each with the number of its step.

    Changes of quarter hours that an edge cuts are not among the queued: they are among the raw rows.
    """
    return f"""
    {name}stretches AS MATERIALIZED (
        SELECT * FROM unnest(cast(:{name}grains AS smallint[]), cast(:{name}firsts AS timestamptz[]),
            cast(:{name}lasts AS timestamptz[]), cast(:{name}numbers AS integer[]),
            cast(:{name}againsts AS integer[])) AS s (grain, first, last, number, against)
    ), {name}queued AS MATERIALIZED (
        SELECT width_bucket(q.quarter, cast(:{name}starts AS timestamptz[])) - 1 AS number, q.user_id, q.model,
            q.quarter, {FIGURES.format("q")}
        FROM creditpulse.queued q
        WHERE q.source = 'u' AND q.quarter >= :start AND q.quarter < :last_quarter
            AND {OF_SCOPE.format("q")} AND {OF_MODEL.format("q")}
    ), {name}cut AS MATERIALIZED (
        SELECT width_bucket(u.created_at, cast(:{name}starts AS timestamptz[])) - 1 AS number,
            coalesce(u.user_id, :nil) AS user_id, u.model, u.created_at, 1 AS calls, u.prompt_tokens,
            u.completion_tokens, u.total_tokens, u.cost
        FROM creditpulse.source_usage u
        WHERE {CUT} AND {OF_SCOPE_RAW.format("u")} AND {OF_MODEL.format("u")} AND {COUNTED.format("u")}
    )"""


def buckets(scope: str, grain: str, first: str, last: str) -> str:
    """The buckets of a scope in a stretch of time, a row each: of all models, or of the one that is asked for."""
    where = f"r.scope = {scope} AND r.grain = {grain} AND r.bucket >= {first} AND r.bucket < {last}"
    return f"""
            SELECT r.bucket, {FIGURES.format("r")} FROM creditpulse.total_rollup r
            WHERE cast(:model AS text) IS NULL AND {where}
            UNION ALL
            SELECT r.bucket, {FIGURES.format("r")} FROM creditpulse.usage_rollup r
            WHERE r.model = cast(:model AS text) AND {where}"""


def rolled(scope: str, name: str = "") -> str:
    """What the rollups have of a scope: an SQL expression."""
    # Lateral, and already summed: else the planner may read every row that the scope has had since ever.
    return f"""
        SELECT s.number, r.*
        FROM {name}stretches s
        CROSS JOIN LATERAL (
            SELECT {SUMS.format("r")} FROM ({buckets(scope, "s.grain", "s.first", "s.last")}) r HAVING count(*) > 0
        ) r
        WHERE s.grain <> {RAW} AND {VALID}"""


def slices(name: str = "") -> str:
    """The scope's figures by step, in several rows each."""
    return f"""{parts(name)},
    {name}slices AS (
        {rolled(":scope", name)}
        UNION ALL
        SELECT q.number, {FIGURES.format("q")} FROM {name}queued q
        UNION ALL
        SELECT c.number, {FIGURES.format("c")} FROM {name}cut c
    )"""


def model_slices() -> str:
    """The scope's figures by step and model, in several rows each; what counts against a step is negative."""
    signed = ", ".join(f"CASE WHEN n.counts THEN r.{name} ELSE -r.{name} END AS {name}" for name in NAMES)
    return f"""{parts()},
    slices AS (
        SELECT n.number, r.model, {signed}
        FROM stretches s
        CROSS JOIN LATERAL (
            SELECT r.model, {SUMS.format("r")}
            FROM creditpulse.usage_rollup r
            WHERE r.scope = :scope AND r.grain = s.grain AND r.bucket >= s.first AND r.bucket < s.last
                AND {OF_MODEL.format("r")}
            GROUP BY r.model
        ) r
        CROSS JOIN LATERAL (
            SELECT s.number, true AS counts UNION ALL SELECT s.against, false WHERE s.against IS NOT NULL
        ) n
        WHERE s.grain <> {RAW} AND {VALID}
        UNION ALL
        SELECT q.number, q.model, {FIGURES.format("q")} FROM queued q
        UNION ALL
        SELECT c.number, c.model, {FIGURES.format("c")} FROM cut c
    )"""


def values_of(viewer: Viewer, query: UsageQuery, segments: Segments | None = None) -> dict[str, Any]:
    """The parameters of the SQL above; the segments lie in the range, with edges within it on quarter hours.

    Raises NotFoundError for a scope that is not the viewer's.
    """
    segments = segments or cover((query.range.start, query.range.end))
    start, end = segments.edges[0], segments.edges[-1]
    cuts = [at for stretch in segments.stretches if stretch.grain == RAW for at in (stretch.first, stretch.last)]
    if len(cuts) > 4:
        raise ValueError("an edge within the range cuts a quarter hour")
    return {
        "scope": scope_for(viewer, query.scope),
        "every": ALL_ACCOUNTS,
        "nil": UNATTRIBUTED,
        "model": query.model,
        "start": start,
        "end": end,
        "last_quarter": floor(end, QUARTER),
        **segments.values,
        **{f"cut_{place}": at for place, at in enumerate([*cuts, *[start] * 4][:4])},
    }


def whole_of(query: UsageQuery) -> dict[str, Any]:
    """The parameters of the parts named `whole_`: the range as one step."""
    values = cover((query.range.start, query.range.end)).values
    return {f"whole_{name}": value for name, value in values.items()}


def figures_of(row: Any) -> Figures:
    """Those of a row that has their columns; sums of nothing are 0."""
    if row.calls is None:
        return Figures()
    return Figures(row.cost, int(row.prompt_tokens), int(row.completion_tokens), int(row.total_tokens), int(row.calls))
