"""Who and what cost most in a range: threads, accounts, models; and how many threads and accounts were active."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label
from data.constants import UNATTRIBUTED
from data.figures_slices import FIGURES, SLICES, SUMS, TOP_ACCOUNTS, figures_of, values_of
from data.metrics import Figures
from data.usage_query import NO_MODEL, UsageQuery
from data.viewer import Viewer

TOP = 10


@dataclass(frozen=True)
class Top:
    """`share` is its part of the cost of the whole range and scope, 0 where that is not positive."""

    key: str  # a thread's or an account's id, or a model's name
    label: str
    figures: Figures
    share: Decimal


@dataclass(frozen=True)
class Activity:
    """How many different threads and accounts have a call in the range."""

    threads: int
    accounts: int


WHOLE = "(SELECT sum(w.cost) FROM slices w) AS whole"
TOP_MODELS = text(f"""
    WITH {SLICES}
    SELECT s.model AS key, {SUMS.format("s")}, {WHOLE} FROM slices s
    GROUP BY s.model HAVING sum(s.cost) > 0 ORDER BY sum(s.cost) DESC, s.model LIMIT :limit
""")
TOP_ACCOUNTS_NAMED = text(f"""
    WITH RECURSIVE {SLICES}, {TOP_ACCOUNTS}
    SELECT t.id::text AS key, {FIGURES.format("t")}, u.name, u.email, {WHOLE}
    FROM top_accounts t LEFT JOIN creditpulse.source_users u ON u.id = t.id ORDER BY t.place
""")
CALLS = """
    SELECT u.* FROM creditpulse.source_usage u
    WHERE u.created_at >= :start AND u.created_at < :end
        AND (:scope = :every OR u.user_id = :scope OR (:scope = :nil AND u.user_id IS NULL))
        AND (cast(:model AS text) IS NULL OR u.model = :model)
        AND creditpulse.foldable(u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost)
"""
TOP_THREADS = text(f"""
    WITH {SLICES}, calls AS ({CALLS})
    SELECT c.thread_id::text AS key, {SUMS.format("c").replace("sum(c.calls)", "count(*)")}, {WHOLE},
        coalesce(nullif(btrim(min(t.metadata->>'title')), ''), nullif(btrim(min(t.metadata->>'name')), '')) AS title
    FROM calls c LEFT JOIN creditpulse.source_threads t ON t.thread_id = c.thread_id
    WHERE c.thread_id IS NOT NULL AND (:staff OR t.account_id = ANY (cast(:accounts AS uuid[])) OR (
        t.thread_id IS NULL AND NOT EXISTS (
            SELECT FROM creditpulse.exact_thread_users w WHERE w.thread_id = c.thread_id
                AND w.user_id <> ALL (cast(:accounts AS uuid[]))
            GROUP BY w.user_id HAVING sum(w.calls) <> 0)))
    GROUP BY c.thread_id HAVING sum(c.cost) > 0 ORDER BY sum(c.cost) DESC, c.thread_id LIMIT :limit
""")
ACTIVITY = text(f"""
    SELECT count(DISTINCT c.thread_id) AS threads, count(DISTINCT coalesce(c.user_id, :nil)) AS accounts
    FROM ({CALLS}) c
""")


def top_models(connection: Connection, viewer: Viewer, query: UsageQuery, limit: int = TOP) -> tuple[Top, ...]:
    """The dearest models. Raises NotFoundError where the scope is not the viewer's."""
    rows = connection.execute(TOP_MODELS, values(viewer, query, limit))
    return tuple(top(row, row.key or NO_MODEL, row.key or "No model") for row in rows)


def top_accounts(connection: Connection, viewer: Viewer, query: UsageQuery, limit: int = TOP) -> tuple[Top, ...]:
    """The dearest accounts. Raises NotFoundError where the scope is not the viewer's."""
    rows = connection.execute(TOP_ACCOUNTS_NAMED, values(viewer, query, limit))
    return tuple(top(row, row.key, account_label(UUID(row.key), row.name, row.email)) for row in rows)


def top_threads(connection: Connection, viewer: Viewer, query: UsageQuery, limit: int = TOP) -> tuple[Top, ...]:
    """The dearest of the threads that the viewer may see. Raises NotFoundError where the scope is not theirs."""
    rows = connection.execute(TOP_THREADS, values(viewer, query, limit))
    return tuple(top(row, row.key, row.title or f"Thread {row.key[:8]}") for row in rows)


def activity(connection: Connection, viewer: Viewer, query: UsageQuery) -> Activity:
    """Raises NotFoundError where the scope is not the viewer's."""
    row = connection.execute(ACTIVITY, values(viewer, query, 0)).one()
    return Activity(row.threads, row.accounts)


def values(viewer: Viewer, query: UsageQuery, limit: int) -> dict[str, Any]:
    edges = (query.range.start, query.range.end)
    return {
        **values_of(viewer, query, edges),
        "limit": limit,
        "staff": viewer.staff,
        "accounts": list(viewer.accounts),
        "nil": UNATTRIBUTED,
    }


def top(row: Any, key: str, label: str) -> Top:
    figures = figures_of(row)
    return Top(key, label, figures, figures.cost / row.whole if row.whole > 0 else Decimal(0))
