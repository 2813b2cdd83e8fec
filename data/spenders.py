"""Accounts and threads that may have spent in a range, by id: for listings that leave nobody out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account, account_label
from data.usage_query import ALL, UsageQuery, scope_for
from data.viewer import Viewer


@dataclass(frozen=True)
class Spender:
    """A thread's `label` is its title, or the start of its id."""

    id: UUID
    label: str


# Whose latest call was before the range has none in it. Each part is in order, and read no further than it has to.
ACCOUNTS = text("""
    SELECT i.id, u.name, u.email
    FROM (
        (SELECT a.account_id AS id FROM creditpulse.account_totals a
            WHERE (cast(:after AS uuid) IS NULL OR a.account_id > :after)
                AND a.last_quarter >= creditpulse.quarter_of(:start)
            ORDER BY a.account_id LIMIT :limit)
        UNION
        SELECT q.user_id FROM creditpulse.queued q
            WHERE q.source = 'u' AND (cast(:after AS uuid) IS NULL OR q.user_id > :after)
        ORDER BY id LIMIT :limit
    ) i
    LEFT JOIN creditpulse.source_users u ON u.id = i.id
    ORDER BY i.id
""")
THREADS = """
    SELECT i.id, coalesce(nullif(btrim(t.metadata->>'title'), ''), nullif(btrim(t.metadata->>'name'), ''),
        nullif(btrim(p.name), '')) AS title
    FROM (
        ({counted} ORDER BY s.thread_id LIMIT :limit)
        UNION
        SELECT q.thread_id FROM creditpulse.queued q
            WHERE q.source = 'u' AND q.thread_id > :after AND {queued}
        ORDER BY id LIMIT :limit
    ) i
    LEFT JOIN creditpulse.source_threads t ON t.thread_id = i.id
    LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
    ORDER BY i.id
"""
THREADS_OF_ALL = text(
    THREADS.format(
        counted="""SELECT s.thread_id AS id FROM creditpulse.thread_totals s
            WHERE s.thread_id > :after AND s.last_quarter >= creditpulse.quarter_of(:start)
                AND (s.first_at IS NULL OR s.first_at < :end)""",
        queued="true",
    )
)
THREADS_OF_ACCOUNT = text(
    THREADS.format(
        counted="""SELECT s.thread_id AS id FROM creditpulse.thread_users s
            WHERE s.user_id = :scope AND s.thread_id > :after""",
        queued="q.user_id = :scope",
    )
)
NO_THREAD = UUID(int=0)


def spending_accounts(
    connection: Connection, viewer: Viewer, query: UsageQuery, after: UUID | None, limit: int
) -> list[Spender]:
    """Of the query's scope. Raises NotFoundError where that is not the viewer's."""
    scope = scope_for(viewer, query.scope)
    if query.scope != ALL:
        own = account(connection, viewer, scope) if after is None or after < scope else None
        return [Spender(scope, own.label)] if own else []
    rows = connection.execute(ACCOUNTS, {"after": after, "start": query.range.start, "limit": limit})
    return [Spender(row.id, account_label(row.id, row.name, row.email)) for row in rows]


def spending_threads(
    connection: Connection, viewer: Viewer, query: UsageQuery, after: UUID | None, limit: int
) -> list[Spender]:
    """Of the query's scope; not all of them need be the viewer's. Raises NotFoundError where the scope is not."""
    values = {
        "scope": scope_for(viewer, query.scope),
        "after": after or NO_THREAD,
        "start": query.range.start,
        "end": query.range.end,
        "limit": limit,
    }
    rows = connection.execute(THREADS_OF_ALL if query.scope == ALL else THREADS_OF_ACCOUNT, values)
    return [Spender(row.id, row.title or f"Thread {str(row.id)[:8]}") for row in rows]
