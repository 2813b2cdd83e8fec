"""The SQL that every figure of a range is summed from: slices of the rollups, the queue, and raw rows at the edges.

A statement that uses it is exact in its own snapshot: each call is in a rollup or in the queue, and the calls of
a quarter hour that an edge cuts are read from the raw table alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.metrics import Figures
from data.segments import RAW, cover
from data.usage_query import UsageQuery, scope_for
from data.viewer import Viewer

SUMS = (
    "sum({0}.calls) AS calls, sum({0}.prompt_tokens) AS prompt_tokens, "
    "sum({0}.completion_tokens) AS completion_tokens, sum({0}.total_tokens) AS total_tokens, sum({0}.cost) AS cost"
)
FIGURES = "{0}.calls, {0}.prompt_tokens, {0}.completion_tokens, {0}.total_tokens, {0}.cost"

STRETCHES = """
    stretches AS MATERIALIZED (
        SELECT * FROM unnest(cast(:grains AS smallint[]), cast(:firsts AS timestamptz[]),
            cast(:lasts AS timestamptz[]), cast(:numbers AS integer[])) AS s (grain, first, last, number)
    )"""
# Queued changes of the range, each with the number of its step; not those of quarter hours that an edge cuts.
QUEUED = f"""
    queued AS MATERIALIZED (
        SELECT (cast(:numbers AS integer[]))[b.place] AS number, q.thread_id, q.user_id, q.model, q.quarter,
            {FIGURES.format("q")}
        FROM creditpulse.queued q
        CROSS JOIN LATERAL (SELECT width_bucket(q.quarter, cast(:firsts AS timestamptz[])) AS place) b
        WHERE q.source = 'u' AND q.quarter >= :start AND q.quarter < :end
            AND (cast(:grains AS smallint[]))[b.place] <> {RAW}
            AND (:scope = :every OR q.user_id = :scope) AND (cast(:model AS text) IS NULL OR q.model = :model)
    )"""
# Raw rows of the quarter hours that an edge cuts.
CUT = f"""
    cut AS MATERIALIZED (
        SELECT s.number, u.thread_id, coalesce(u.user_id, :nil) AS user_id, u.model, u.created_at,
            1 AS calls, u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost
        FROM stretches s
        JOIN creditpulse.source_usage u ON u.created_at >= s.first AND u.created_at < s.last
        WHERE s.grain = {RAW}
            AND (:scope = :every OR u.user_id = :scope OR (:scope = :nil AND u.user_id IS NULL))
            AND (cast(:model AS text) IS NULL OR u.model = :model)
            AND creditpulse.foldable(u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost)
    )"""
# Lateral, and already summed: else the planner may read every row that the scope has had since ever.
ROLLED = f"""
        SELECT s.number, r.*
        FROM stretches s
        CROSS JOIN LATERAL (
            SELECT r.model, {SUMS.format("r")}
            FROM creditpulse.usage_rollup r
            WHERE r.scope = {{scope}} AND r.grain = s.grain AND r.bucket >= s.first AND r.bucket < s.last
                AND (cast(:model AS text) IS NULL OR r.model = :model)
            GROUP BY r.model
        ) r
        WHERE s.grain <> {RAW} AND NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')"""
SLICES = f"""{STRETCHES}, {QUEUED}, {CUT},
    slices AS (
        {ROLLED.format(scope=":scope")}
        UNION ALL
        SELECT q.number, q.model, {FIGURES.format("q")} FROM queued q
        UNION ALL
        SELECT c.number, c.model, {FIGURES.format("c")} FROM cut c
    )"""

# The dearest accounts of the range with their place, from 1 on, :limit of them.
TOP_ACCOUNTS = f"""
    scopes (id) AS (
        (SELECT r.scope FROM creditpulse.usage_rollup r WHERE :scope = :every ORDER BY r.scope LIMIT 1)
        UNION ALL
        SELECT (SELECT r.scope FROM creditpulse.usage_rollup r WHERE r.scope > s.id ORDER BY r.scope LIMIT 1)
        FROM scopes s WHERE s.id IS NOT NULL
    ), accounts AS (
        SELECT id FROM scopes WHERE id <> :every
        UNION SELECT user_id FROM queued UNION SELECT user_id FROM cut
        UNION SELECT :scope WHERE :scope <> :every
    ), account_slices AS (
        SELECT a.id, r.* FROM accounts a CROSS JOIN LATERAL ({ROLLED.format(scope="a.id")}) r
        UNION ALL
        SELECT q.user_id, q.number, q.model, {FIGURES.format("q")} FROM queued q
        UNION ALL
        SELECT c.user_id, c.number, c.model, {FIGURES.format("c")} FROM cut c
    ), top_accounts AS (
        SELECT s.id, row_number() OVER (ORDER BY sum(s.cost) DESC, s.id) AS place, {SUMS.format("s")}
        FROM account_slices s GROUP BY s.id HAVING sum(s.cost) > 0
        ORDER BY place LIMIT :limit
    )"""


def values_of(viewer: Viewer, query: UsageQuery, edges: Sequence[datetime]) -> dict[str, Any]:
    """The parameters of the SQL above. Raises NotFoundError for a scope that is not the viewer's."""
    return {
        "scope": scope_for(viewer, query.scope),
        "every": ALL_ACCOUNTS,
        "nil": UNATTRIBUTED,
        "model": query.model,
        "start": edges[0],
        "end": edges[-1],
        **cover(edges).values,
    }


def figures_of(row: Any) -> Figures:
    """Those of a row that has their columns; sums of nothing are 0."""
    if row.calls is None:
        return Figures()
    return Figures(row.cost, int(row.prompt_tokens), int(row.completion_tokens), int(row.total_tokens), int(row.calls))
