"""The threads that cost most in a range, and what given threads cost, from their hours and their own raw rows.

A thread is looked at only where it was at work in the range and all that was ever spent in it could bring it into
the list. An account's part in a thread that others use too is read from the thread's raw rows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from data.figures_slices import (
    COUNTED,
    FIGURES,
    OF_MODEL,
    OF_SCOPE,
    OF_SCOPE_RAW,
    SUMS,
    VALID,
    figures_of,
    slices,
    values_of,
)
from data.figures_top import TOP, Top, top
from data.metrics import Figures
from data.ranges import HOUR
from data.segments import HOURS, RAW, cover
from data.usage_query import UsageQuery
from data.viewer import Viewer

FIRST_LOOK = 10  # times the length of the list: from these it is known how little can be in it

# A scalar, not EXISTS: that may be hashed, which would read the whole table for a few threads.
# The viewer's own: by the thread's row, or, where that is missing, because every call in it is theirs.
VISIBLE = """(:staff OR coalesce((
        SELECT coalesce(v.account_id, :nil) = ANY (cast(:accounts AS uuid[]))
        FROM creditpulse.source_threads v WHERE v.thread_id = {0} LIMIT 1
    ), (
        SELECT false FROM creditpulse.exact_thread_users v
        WHERE v.thread_id = {0} AND v.user_id <> ALL (cast(:accounts AS uuid[]))
        GROUP BY v.user_id HAVING sum(v.calls) <> 0 LIMIT 1
    ), true))"""
# Whether all of a thread is the scope's.
WHOLE = """(:scope = :every OR (
        SELECT true FROM creditpulse.exact_thread_users w
        WHERE w.thread_id = {0} AND w.user_id <> :scope AND w.calls <> 0 LIMIT 1) IS NULL)"""
# Those whose hours and queue give the figures, and the cut hours before and after; of the others every raw row.
PARTS = f"""
    stretches AS MATERIALIZED (
        SELECT * FROM unnest(cast(:hour_grains AS smallint[]), cast(:hour_firsts AS timestamptz[]),
            cast(:hour_lasts AS timestamptz[])) AS s (grain, first, last)
    ), moved AS MATERIALIZED (
        SELECT q.thread_id AS id, q.quarter, q.model, {FIGURES.format("q")}
        FROM creditpulse.queued q
        WHERE q.source = 'u' AND q.thread_id <> :nil AND q.quarter >= creditpulse.quarter_of(:start)
            AND q.quarter < :end AND {OF_SCOPE.format("q")} AND {OF_MODEL.format("q")}
    )"""


def thread_sums(name: str, threads: str) -> str:
    """Sums of the range of each of the `threads`, which have the columns id and whole."""
    return f"""
    {name} AS MATERIALIZED (
        SELECT p.id, {SUMS.format("p")}
        FROM (
            SELECT t.id, h.*
            FROM {threads} t JOIN stretches s ON s.grain <> {RAW}
            CROSS JOIN LATERAL (
                SELECT {SUMS.format("h")} FROM creditpulse.thread_hours h
                WHERE h.thread_id = t.id AND h.hour >= s.first AND h.hour < s.last AND {OF_MODEL.format("h")}
            ) h
            WHERE t.whole AND {VALID}
            UNION ALL
            SELECT m.id, {FIGURES.format("m")}
            FROM moved m JOIN {threads} t ON t.id = m.id
            JOIN stretches s ON s.grain <> {RAW} AND m.quarter >= s.first AND m.quarter < s.last
            WHERE t.whole
            UNION ALL
            SELECT t.id, u.*
            FROM {threads} t JOIN stretches s ON s.grain = {RAW} OR NOT t.whole
            CROSS JOIN LATERAL (
                SELECT count(*) AS calls, sum(u.prompt_tokens) AS prompt_tokens,
                    sum(u.completion_tokens) AS completion_tokens, sum(u.total_tokens) AS total_tokens,
                    sum(u.cost) AS cost
                FROM creditpulse.source_usage u
                WHERE u.thread_id = t.id AND u.created_at >= s.first AND u.created_at < s.last
                    AND {OF_SCOPE_RAW.format("u")} AND {OF_MODEL.format("u")} AND {COUNTED.format("u")}
            ) u
        ) p
        GROUP BY p.id
    )"""


def top_statement(spenders: str) -> TextClause:
    """`spenders` selects id and whole of the threads that were at work in the range, from tables with steps `x`."""
    return text(f"""
    WITH {PARTS}, likely AS MATERIALIZED (
        SELECT l.id, {WHOLE.format("l.id")} AS whole
        FROM (
            (SELECT * FROM ({spenders} ORDER BY x.spent_step DESC LIMIT {FIRST_LOOK} * :limit) a)
            UNION SELECT m.id FROM moved m WHERE {VISIBLE.format("m.id")}
        ) l
    ), {thread_sums("likely_sums", "likely")},
    bar AS MATERIALIZED (
        SELECT greatest(0, (SELECT s.cost FROM likely_sums s ORDER BY s.cost DESC NULLS LAST OFFSET :limit - 1 LIMIT 1))
            AS cost
    ), possible AS MATERIALIZED (
        SELECT p.id, {WHOLE.format("p.id")} AS whole
        FROM (
            {spenders} AND x.spent_step >= (SELECT creditpulse.step_of(b.cost) FROM bar b)
        ) p
        WHERE NOT EXISTS (SELECT FROM likely l WHERE l.id = p.id)
    ), {thread_sums("possible_sums", "possible")},
    dearest AS MATERIALIZED (
        SELECT * FROM (SELECT * FROM likely_sums UNION ALL SELECT * FROM possible_sums) s
        WHERE s.cost > 0 ORDER BY s.cost DESC, s.id LIMIT :limit
    ), {slices("whole_")}
    SELECT d.*, d.id::text AS key, coalesce(nullif(btrim(t.metadata->>'title'), ''),
            nullif(btrim(t.metadata->>'name'), ''), nullif(btrim(p.name), '')) AS title,
        (SELECT sum(w.cost) FROM whole_slices w) AS whole
    FROM dearest d
    LEFT JOIN creditpulse.source_threads t ON t.thread_id = d.id
    LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
    ORDER BY d.cost DESC, d.id
""")


AT_WORK = f"t.last_quarter >= creditpulse.quarter_of(:start) AND t.first_at < :end AND t.spent > 0 AND {VALID}"
TOP_OF_ALL = top_statement(
    f"SELECT x.thread_id AS id FROM creditpulse.thread_totals x WHERE {AT_WORK.replace('t.', 'x.')}"
)
TOP_OF_ACCOUNT = top_statement(f"""
    SELECT x.thread_id AS id
    FROM creditpulse.thread_users x JOIN creditpulse.thread_totals t ON t.thread_id = x.thread_id
    WHERE x.user_id = :scope AND x.spent > 0 AND {AT_WORK} AND {VISIBLE.format("x.thread_id")}""")
OF_THREADS = text(f"""
    WITH {PARTS}, ids AS MATERIALIZED (
        SELECT i.id, {WHOLE.format("i.id")} AS whole FROM unnest(cast(:ids AS uuid[])) AS i (id)
        WHERE {VISIBLE.format("i.id")}
    ), {thread_sums("sums", "ids")}
    SELECT * FROM sums
""")


def top_threads(connection: Connection, viewer: Viewer, query: UsageQuery, limit: int = TOP) -> tuple[Top, ...]:
    """The dearest of the threads that the viewer may see. Raises NotFoundError where the scope is not theirs."""
    statement = TOP_OF_ALL if query.scope == "all" else TOP_OF_ACCOUNT
    rows = connection.execute(statement, {**thread_values(viewer, query), "limit": limit})
    return tuple(top(row, row.key, row.title or f"Thread {row.key[:8]}") for row in rows)


def figures_of_threads(
    connection: Connection, viewer: Viewer, query: UsageQuery, ids: Collection[UUID]
) -> dict[UUID, Figures]:
    """Those of the threads that the viewer may see and that have calls of the query.

    Raises NotFoundError where the scope is not the viewer's.
    """
    rows = connection.execute(OF_THREADS, {**thread_values(viewer, query), "ids": list(ids)})
    return {row.id: figures_of(row) for row in rows if row.calls}


def thread_values(viewer: Viewer, query: UsageQuery) -> dict[str, Any]:
    values = values_of(viewer, query)
    hours = cover((query.range.start, query.range.end), ((HOURS, HOUR),)).values
    whole = {f"whole_{name}": values[name] for name in ("starts", "grains", "firsts", "lasts", "numbers", "againsts")}
    viewers = {"staff": viewer.staff, "accounts": list(viewer.accounts)}
    return {**values, **whole, **{f"hour_{name}": value for name, value in hours.items()}, **viewers}
