"""Threads as lists and the head of a thread's page show them: with exact totals, and only those one may see."""

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
from data.usage import scope_id
from data.viewer import Viewer


@dataclass(frozen=True)
class ThreadRow:
    """A thread as the list shows it. Without an owner in its row, it is the account's with most of its calls."""

    thread_id: UUID
    title: str
    project: str | None
    project_id: UUID | None
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


ROWS = """
    SELECT i.id AS thread_id, coalesce(nullif(btrim(t.metadata->>'title'), ''), nullif(btrim(t.metadata->>'name'), ''),
            nullif(btrim(p.name), '')) AS title,
        nullif(btrim(p.name), '') AS project, p.project_id, o.account_id,
        a.name AS account_name, a.email AS account_email,
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
        project_id=row.project_id,
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
