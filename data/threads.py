"""The threads list and the head of a thread's page: who may see which, in which order, with exact totals.

The order comes from the rollup's index and from the few rows that are queued, never from `usage_logs`; so a page
of the list costs the same with a thousand threads and with a million.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label
from data.constants import UNATTRIBUTED
from data.errors import NotFoundError
from data.thread_selection import Selection, ThreadQuery
from data.usage import scope_id
from data.viewer import Viewer

COUNTED_AT_MOST = 10_000  # nobody pages further, and counting all would cost more than the page


@dataclass(frozen=True)
class ThreadRow:
    """A thread as the list shows it. Without an owner in its row, it is the account's with most of its calls."""

    thread_id: UUID
    title: str
    project: str | None
    account_id: UUID
    account: str
    model: str | None  # of the latest call
    calls: int
    total_tokens: int
    cost: Decimal  # dollars
    last_at: datetime | None  # of the latest call
    created_at: datetime | None
    running: bool
    running_since: datetime | None


@dataclass(frozen=True)
class ThreadPage:
    """Rows of the list in its order, and how many there are in all, counted up to COUNTED_AT_MOST."""

    rows: tuple[ThreadRow, ...]
    total: int


# The latest :reach threads of the rollup, all that the queue touches, and all that run: the page is among them.
PAGE = """
    WITH {chosen} touched AS MATERIALIZED (
        SELECT q.thread_id, sum(q.calls) AS calls, max(q.last_at) AS last_at
        FROM creditpulse.queued q WHERE q.source = 'u' AND q.thread_id <> :nil {among} GROUP BY q.thread_id
    ), running AS MATERIALIZED (
        SELECT DISTINCT q.thread_id FROM creditpulse.source_runs q WHERE q.status = 'running' {among}
    ), recent AS MATERIALIZED (
        SELECT q.thread_id FROM creditpulse.thread_totals q
        WHERE q.calls > 0 {among}
        ORDER BY q.last_quarter DESC, q.last_at DESC, q.thread_id LIMIT :reach
    ), candidates AS (
        SELECT thread_id FROM recent UNION SELECT thread_id FROM touched UNION SELECT thread_id FROM running
    ), active AS (
        SELECT count(*) FROM (
            SELECT FROM creditpulse.thread_totals q WHERE q.calls > 0 {among}
            UNION ALL
            SELECT FROM (SELECT thread_id FROM touched WHERE calls > 0 UNION SELECT thread_id FROM running) q
            WHERE NOT EXISTS (SELECT FROM creditpulse.thread_totals s WHERE s.thread_id = q.thread_id AND s.calls > 0)
            LIMIT :cap
        ) a
    )
    SELECT (SELECT count FROM active) AS active, ARRAY (
        SELECT c.thread_id
        FROM candidates c
        LEFT JOIN creditpulse.thread_totals s ON s.thread_id = c.thread_id
        LEFT JOIN touched q ON q.thread_id = c.thread_id
        LEFT JOIN running r ON r.thread_id = c.thread_id
        WHERE coalesce(s.calls, 0) + coalesce(q.calls, 0) > 0
            OR (r.thread_id IS NOT NULL
                AND EXISTS (SELECT FROM creditpulse.source_threads t WHERE t.thread_id = c.thread_id))
        ORDER BY r.thread_id IS NULL, greatest(s.last_at, q.last_at) DESC NULLS LAST, c.thread_id
        LIMIT :limit OFFSET :offset
    ) AS ids
"""

# Threads that nothing has been spent in yet come last, the newest first.
QUIET = """
    WITH {chosen} quiet AS MATERIALIZED (
        SELECT q.thread_id, q.created_at FROM creditpulse.source_threads q
        WHERE NOT EXISTS (SELECT FROM creditpulse.thread_totals s WHERE s.thread_id = q.thread_id AND s.calls > 0)
            AND NOT EXISTS (SELECT FROM creditpulse.queued u
                WHERE u.source = 'u' AND u.thread_id = q.thread_id AND u.calls > 0)
            AND NOT EXISTS (
                SELECT FROM creditpulse.source_runs r WHERE r.thread_id = q.thread_id AND r.status = 'running')
            {among}
    )
    SELECT (SELECT count(*) FROM quiet) AS quiet, ARRAY (
        SELECT thread_id FROM quiet ORDER BY created_at DESC NULLS LAST, thread_id LIMIT :limit OFFSET :offset
    ) AS ids
"""

ROWS = """
    SELECT i.id AS thread_id, coalesce(nullif(btrim(t.metadata->>'title'), ''), nullif(btrim(t.metadata->>'name'), ''),
            nullif(btrim(p.name), '')) AS title,
        nullif(btrim(p.name), '') AS project, o.account_id, a.name AS account_name, a.email AS account_email,
        coalesce(u.calls, 0) AS calls, coalesce(u.total_tokens, 0) AS total_tokens, coalesce(u.cost, 0) AS cost,
        nullif(l.model, '') AS model, r.running, {last_at} AS last_at, {since} AS running_since,
        {created_at} AS created_at
    FROM unnest(cast(:ids AS uuid[])) WITH ORDINALITY AS i (id, position)
    LEFT JOIN (
        SELECT thread_id, sum(calls) AS calls, sum(total_tokens) AS total_tokens, sum(cost) AS cost,
            max(last_at) AS last_at
        FROM creditpulse.exact_threads WHERE thread_id = ANY (cast(:ids AS uuid[])) GROUP BY thread_id
    ) u ON u.thread_id = i.id
    LEFT JOIN creditpulse.source_threads t ON t.thread_id = i.id
    LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
    CROSS JOIN LATERAL (
        SELECT coalesce(t.account_id, (
            SELECT w.user_id FROM creditpulse.exact_thread_users w WHERE w.thread_id = i.id
            GROUP BY w.user_id HAVING sum(w.calls) > 0 ORDER BY sum(w.calls) DESC, w.user_id LIMIT 1
        ), :nil) AS account_id
    ) o
    LEFT JOIN creditpulse.source_users a ON a.id = o.account_id
    LEFT JOIN LATERAL (
        SELECT c.model FROM creditpulse.source_usage c WHERE c.thread_id = i.id
        ORDER BY c.created_at DESC LIMIT 1
    ) l ON true
    LEFT JOIN LATERAL (
        SELECT count(*) > 0 AS running, min(coalesce(g.started_at, g.created_at)) AS since
        FROM creditpulse.source_runs g WHERE g.thread_id = i.id AND g.status = 'running'
    ) r ON true
    WHERE (coalesce(u.calls, 0) > 0 OR t.thread_id IS NOT NULL)
        AND (:staff OR t.account_id = ANY (cast(:accounts AS uuid[])) OR (
            t.thread_id IS NULL AND NOT EXISTS (
                SELECT FROM creditpulse.exact_thread_users w WHERE w.thread_id = i.id
                    AND w.user_id <> ALL (cast(:accounts AS uuid[]))
                GROUP BY w.user_id HAVING sum(w.calls) <> 0)))
        AND (cast(:scope AS uuid) IS NULL OR t.account_id = :scope OR EXISTS (
            SELECT FROM creditpulse.exact_thread_users w WHERE w.thread_id = i.id AND w.user_id = :scope
            GROUP BY w.user_id HAVING sum(w.calls) > 0))
    ORDER BY i.position
"""


# psycopg reads no time outside Python's calendar; such a time is shown as none.
def calendar_time(expression: str) -> str:
    return f"CASE WHEN {expression} > '0001-01-02' AND {expression} < '9999-12-30' THEN {expression} END"


def thread_page(connection: Connection, viewer: Viewer, query: ThreadQuery) -> ThreadPage:
    """The threads that match and that the viewer may see: running ones first, then by their latest call.

    Raises ValueError for a scope that is neither `all` nor an id.
    """
    selection = Selection(viewer, query)
    values = {
        **selection.values,
        "limit": query.limit,
        "offset": query.offset,
        "reach": query.limit + query.offset,
        "cap": COUNTED_AT_MOST,
    }
    total, ids = connection.execute(text(selection.statement(PAGE)), values).one()
    if total < COUNTED_AT_MOST:
        values |= {"limit": query.limit - len(ids), "offset": max(0, query.offset - total)}
        quiet, more = connection.execute(text(selection.statement(QUIET)), values).one()
        total, ids = total + quiet, ids + more
    return ThreadPage(thread_rows(connection, viewer, ids), min(total, COUNTED_AT_MOST))


def thread_rows(
    connection: Connection, viewer: Viewer, thread_ids: Collection[UUID], scope: str = "all"
) -> tuple[ThreadRow, ...]:
    """Those of the threads that are there, that the viewer may see and that are the scope's, in the order given."""
    rows = connection.execute(
        text(
            ROWS.format(
                last_at=calendar_time("u.last_at"),
                since=calendar_time("r.since"),
                created_at=calendar_time("t.created_at"),
            )
        ),
        {
            "ids": list(thread_ids),
            "nil": UNATTRIBUTED,
            "staff": viewer.staff,
            "accounts": list(viewer.accounts),
            "scope": None if scope == "all" else scope_id(scope),
        },
    )
    return tuple(map(thread_row, rows))


def thread_row(row: Any) -> ThreadRow:
    return ThreadRow(
        thread_id=row.thread_id,
        title=row.title or f"Thread {str(row.thread_id)[:8]}",
        project=row.project,
        account_id=row.account_id,
        account=account_label(row.account_id, row.account_name, row.account_email),
        model=row.model,
        calls=int(row.calls),
        total_tokens=int(row.total_tokens),
        cost=row.cost,
        last_at=row.last_at,
        created_at=row.created_at,
        running=row.running,
        running_since=row.running_since,
    )


def thread_head(connection: Connection, viewer: Viewer, thread_id: UUID) -> ThreadRow:
    """The one thread. Raises NotFoundError where it is not there, or not the viewer's."""
    rows = thread_rows(connection, viewer, [thread_id])
    if not rows:
        raise NotFoundError("There is no such thread, or it is not yours to see.")
    return rows[0]
