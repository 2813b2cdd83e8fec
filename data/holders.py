"""Whose a thread is: what the live stream asks once per fold, for every viewer at once."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, text

# The rule of data/usage.py's THREAD_USAGES, turned around.
THREAD_HOLDERS = text("""
    SELECT i.id AS thread_id,
        CASE WHEN t.thread_id IS NOT NULL THEN array_remove(ARRAY[t.account_id], NULL)
        ELSE (
            SELECT coalesce(array_agg(w.user_id), '{}') FROM (
                SELECT user_id FROM creditpulse.exact_thread_users
                WHERE thread_id = i.id GROUP BY user_id HAVING sum(calls) <> 0
            ) w
        ) END AS holders
    FROM unnest(cast(:ids AS uuid[])) AS i (id)
    LEFT JOIN creditpulse.source_threads t ON t.thread_id = i.id
""")


def thread_holders(connection: Connection, thread_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """For each thread the accounts that hold it between them: a viewer who is not staff sees it with all of them.

    Nobody but staff sees a thread without holders.
    """
    rows = connection.execute(THREAD_HOLDERS, {"ids": list(thread_ids)})
    return {row.thread_id: frozenset(row.holders) for row in rows}
