"""Short words for the tests of counting: write calls, fold, read what the pages would show."""

from __future__ import annotations

from decimal import Decimal

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]

ANNA = "00000000-0000-0000-0000-0000000000a1"
BORIS = "00000000-0000-0000-0000-0000000000a2"
FIRST = "00000000-0000-0000-0000-0000000000b1"
SECOND = "00000000-0000-0000-0000-0000000000b2"


def write_call(
    connection: Connection,
    cost: str = "1",
    *,
    user: str | None = ANNA,
    thread: str | None = FIRST,
    at: str = "2026-11-23 12:00:00+00",
) -> None:
    connection.execute(
        "INSERT INTO public.usage_logs (id, user_id, thread_id, total_prompt_tokens, total_completion_tokens,"
        " total_tokens, estimated_cost, created_at) VALUES (gen_random_uuid(), %s, %s, 5, 2, 7, %s, %s)",
        (user, thread, cost, at),
    )


def fold(connection: Connection) -> int:
    """How many queued rows one fold took."""
    row = connection.execute("SELECT taken FROM creditpulse.fold()").fetchone()
    assert row is not None
    return int(str(row[0]))


def thread_cost(connection: Connection, thread: str = FIRST) -> Decimal:
    return figure(
        connection, "SELECT coalesce(sum(cost), 0) FROM creditpulse.exact_threads WHERE thread_id = %s", thread
    )


def account_cost(connection: Connection, scope: str) -> Decimal:
    statement = "SELECT coalesce(sum(cost), 0) FROM creditpulse.exact_usage WHERE scope = %s AND grain = 1"
    return figure(connection, statement, scope)


def figure(connection: Connection, statement: str, *values: object) -> Decimal:
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return Decimal(str(row[0]))
