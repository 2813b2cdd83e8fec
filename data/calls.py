"""The calls of a thread, newest first: pages of the log, and what came since one was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.errors import NotFoundError
from data.usage import ThreadUsage, thread_usages
from data.viewer import Viewer


@dataclass(frozen=True)
class Cursor:
    """The place of a call in its thread's order: by time, calls of the same microsecond by id."""

    at: datetime
    call_id: UUID


@dataclass(frozen=True)
class Call:
    """`prompt_tokens` as the row has them; the cache's counts are None where its content does not name them."""

    call_id: UUID
    at: datetime
    model: str | None
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal  # dollars, as recorded
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.at, self.call_id)


@dataclass(frozen=True)
class CallLog:
    """Some calls, newest first, and the thread's exact totals in the same snapshot.

    Calls without a time that a calendar has count in the totals, but are never among the calls.
    """

    calls: tuple[Call, ...]
    total_calls: int
    total_cost: Decimal  # dollars


DATED = "c.created_at > '0001-01-02' AND c.created_at < '9999-12-30'"

# How much of a prompt a provider's cache had to do with, as providers and gateways name it. Stripped of nulls first:
# a large content is then unpacked once, not once for each name.
CACHED = """(
    SELECT
        coalesce(n.content->>'cache_read_tokens', n.content->>'cache_read_input_tokens',
            n.content->'usage'->>'cache_read_tokens', n.content->'usage'->>'cache_read_input_tokens',
            n.content->'usage'->'prompt_tokens_details'->>'cached_tokens') AS cache_read,
        coalesce(n.content->>'cache_write_tokens', n.content->>'cache_creation_input_tokens',
            n.content->'usage'->>'cache_write_tokens', n.content->'usage'->>'cache_creation_input_tokens'
        ) AS cache_write
    FROM (SELECT jsonb_strip_nulls(p.content) AS content OFFSET 0) n
)"""

CALLS = f"""
    WITH total AS (
        SELECT coalesce(sum(x.calls), 0) AS total_calls, coalesce(sum(x.cost), 0) AS total_cost
        FROM creditpulse.exact_threads x WHERE x.thread_id = :thread_id
    ), page AS MATERIALIZED (
        SELECT c.id, c.created_at, nullif(c.model, '') AS model, c.prompt_tokens, c.completion_tokens, c.cost,
            c.content
        FROM creditpulse.source_usage c
        WHERE c.thread_id = :thread_id AND {DATED} {{beyond}}
        ORDER BY c.created_at {{order}}, c.id {{order}} LIMIT :limit
    )
    SELECT t.total_calls, t.total_cost, p.id, p.created_at, p.model, p.prompt_tokens, p.completion_tokens, p.cost,
        k.cache_read, k.cache_write
    FROM total t LEFT JOIN page p ON true LEFT JOIN LATERAL {CACHED} k ON true
    ORDER BY p.created_at DESC, p.id DESC
"""  # noqa: S608
LATEST = text(CALLS.format(beyond="", order="DESC"))
OLDER = text(CALLS.format(beyond="AND (c.created_at, c.id) < (:at, :call_id)", order="DESC"))
NEWER = text(CALLS.format(beyond="AND (c.created_at, c.id) > (:at, :call_id)", order="ASC"))


def calls(
    connection: Connection, viewer: Viewer, thread_id: UUID, *, before: Cursor | None = None, limit: int = 100
) -> CallLog:
    """The latest calls, or the latest of those before a cursor. Raises NotFoundError for a thread not the viewer's."""
    return read_calls(connection, viewer, thread_id, OLDER if before else LATEST, before, limit)


def calls_since(
    connection: Connection, viewer: Viewer, thread_id: UUID, since: Cursor | None, *, limit: int = 200
) -> CallLog:
    """The first calls after a cursor (None: of all). Raises NotFoundError for a thread that is not the viewer's.

    A call that was committed late, with an earlier time, is not among them: only the totals tell.
    """
    return read_calls(connection, viewer, thread_id, NEWER if since else LATEST, since, limit)


def read_calls(
    connection: Connection, viewer: Viewer, thread_id: UUID, statement: Any, cursor: Cursor | None, limit: int
) -> CallLog:
    check_thread(connection, viewer, thread_id)
    place = {"at": cursor.at, "call_id": cursor.call_id} if cursor else {}
    rows = connection.execute(statement, {"thread_id": thread_id, "limit": limit, **place}).all()
    return CallLog(tuple(call(row) for row in rows if row.id), int(rows[0].total_calls), rows[0].total_cost)


def call(row: Any) -> Call:
    return Call(
        row.id,
        row.created_at,
        row.model,
        int(row.prompt_tokens),
        int(row.completion_tokens),
        row.cost,
        count_in(row.cache_read),
        count_in(row.cache_write),
    )


def count_in(said: str | None) -> int | None:
    """A content may hold anything under a count's name."""
    return int(said) if said and said.isascii() and said.isdecimal() and len(said) < 16 else None


def check_thread(connection: Connection, viewer: Viewer, thread_id: UUID) -> ThreadUsage:
    """Its totals. Raises NotFoundError where the thread is not there, or not the viewer's."""
    found = thread_usages(connection, viewer, [thread_id])
    if not found:
        raise NotFoundError("There is no such thread, or it is not yours to see.")
    return found[thread_id]
