"""The threads list and the head of a thread's page: who may see which, in which order, with exact totals.

The order comes from the rollup's index and from the few rows that are queued, never from `usage_logs`; so a page
of the list costs the same with a thousand threads and with a million.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label, search_text
from data.constants import UNATTRIBUTED
from data.errors import NotFoundError
from data.usage import scope_id
from data.viewer import Viewer

# A whole id, the start of one, or the title of a thread that has none ("Thread 1a2b3c4d").
ID_TEXT = re.compile(r"(?:thread\s+)?([0-9a-f]{1,8}(?:-?[0-9a-f]{0,4}){0,3}(?:-?[0-9a-f]{0,12})?)")
ID_ANYWHERE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class ThreadRow:
    """A thread as the list shows it; `running_since` is None while its agent is idle."""

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
    running_since: datetime | None


@dataclass(frozen=True)
class ThreadQuery:
    """What the list is asked for. `scope` is `all` or an account's id."""

    search: str = ""
    scope: str = "all"
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True)
class ThreadPage:
    """Rows of the list in its order, and how many there are in all."""

    rows: tuple[ThreadRow, ...]
    total: int


# The viewer's own: by the thread's row, or, where that is missing, because every call in it is theirs.
VISIBLE = """
    SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.account_id = ANY (cast(:accounts AS uuid[]))
    UNION
    SELECT w.thread_id FROM creditpulse.exact_thread_users w
    WHERE w.thread_id IN (
            SELECT o.thread_id FROM creditpulse.exact_thread_users o WHERE o.user_id = ANY (cast(:accounts AS uuid[])))
        AND NOT EXISTS (SELECT FROM creditpulse.source_threads t WHERE t.thread_id = w.thread_id)
    GROUP BY w.thread_id
    HAVING sum(w.calls) > 0 AND coalesce(sum(w.calls) FILTER (WHERE w.user_id <> ALL (cast(:accounts AS uuid[]))), 0) = 0
"""
# An account's: those that it owns, and those that it has spent in.
SCOPED = """
    SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.account_id = :scope
    UNION
    SELECT w.thread_id FROM creditpulse.exact_thread_users w WHERE w.user_id = :scope
    GROUP BY w.thread_id HAVING sum(w.calls) > 0
"""
WITH_ID = """
    SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.thread_id BETWEEN :low AND :high
    UNION
    SELECT x.thread_id FROM creditpulse.exact_threads x WHERE x.thread_id BETWEEN :low AND :high
"""
WITH_TEXT = """
    SELECT t.thread_id FROM creditpulse.source_threads t
    LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
    LEFT JOIN creditpulse.source_users a ON a.id = t.account_id
    WHERE strpos(lower(concat_ws(chr(10), t.metadata->>'title', t.metadata->>'name', p.name, a.email, a.name)), :search) > 0
    UNION
    SELECT w.thread_id FROM creditpulse.source_users a
    JOIN creditpulse.exact_thread_users w ON w.user_id = a.id
    WHERE strpos(lower(concat_ws(chr(10), a.email, a.name)), :search) > 0
        AND NOT EXISTS (SELECT FROM creditpulse.source_threads t WHERE t.thread_id = w.thread_id AND t.account_id IS NOT NULL)
"""

# The latest :reach threads of the rollup, all that the queue touches, and all that run: the page is among them.
ORDERED = """
    touched AS MATERIALIZED (
        SELECT q.thread_id, sum(q.calls) AS calls, max(q.last_at) AS last_at
        FROM creditpulse.queued q WHERE q.source = 'u' AND q.thread_id <> :nil {among_q} GROUP BY q.thread_id
    ), running AS MATERIALIZED (
        SELECT DISTINCT q.thread_id FROM creditpulse.source_runs q WHERE q.status = 'running' {among_q}
    ), recent AS MATERIALIZED (
        SELECT q.thread_id FROM creditpulse.thread_totals q
        WHERE q.calls > 0 {among_q}
        ORDER BY q.last_quarter DESC, q.last_at DESC, q.thread_id LIMIT :reach
    ), candidates AS (
        SELECT thread_id FROM recent UNION SELECT thread_id FROM touched UNION SELECT thread_id FROM running
    )
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
"""

# Threads that nothing has been spent in yet come last, the newest first.
WITHOUT_CALLS = """
    quiet AS (
        SELECT q.thread_id, q.created_at FROM creditpulse.source_threads q
        WHERE NOT EXISTS (SELECT FROM creditpulse.thread_totals s WHERE s.thread_id = q.thread_id AND s.calls > 0)
            AND NOT EXISTS (SELECT FROM creditpulse.queued u
                WHERE u.source = 'u' AND u.thread_id = q.thread_id AND u.calls > 0)
            AND NOT EXISTS (SELECT FROM creditpulse.source_runs r WHERE r.thread_id = q.thread_id AND r.status = 'running')
            {among_q}
    )
    SELECT thread_id FROM quiet ORDER BY created_at DESC NULLS LAST, thread_id LIMIT :limit OFFSET :offset
"""

COUNTED = """
    listed AS (
        SELECT q.thread_id FROM creditpulse.thread_totals q WHERE q.calls > 0 {among_q}
        UNION SELECT q.thread_id FROM creditpulse.source_threads q WHERE true {among_q}
        UNION SELECT q.thread_id FROM creditpulse.queued q
            WHERE q.source = 'u' AND q.calls > 0 AND q.thread_id <> :nil {among_q}
    )
    SELECT count(*) FROM listed
"""

ROWS = text("""
    SELECT i.id AS thread_id, t.thread_id IS NOT NULL AS there, t.created_at,
        coalesce(nullif(btrim(t.metadata->>'title'), ''), nullif(btrim(t.metadata->>'name'), ''),
            nullif(btrim(p.name), '')) AS title,
        nullif(btrim(p.name), '') AS project, o.account_id, a.name AS account_name, a.email AS account_email,
        coalesce(u.calls, 0) AS calls, coalesce(u.total_tokens, 0) AS total_tokens, coalesce(u.cost, 0) AS cost,
        u.last_at, nullif(l.model, '') AS model, r.running_since
    FROM unnest(cast(:ids AS uuid[])) WITH ORDINALITY AS i (id, position)
    LEFT JOIN (
        SELECT thread_id, sum(calls) AS calls, sum(total_tokens) AS total_tokens, sum(cost) AS cost, max(last_at) AS last_at
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
        SELECT min(coalesce(g.started_at, g.created_at, '-infinity')) AS running_since
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
""")
