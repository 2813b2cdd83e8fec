"""The figures on the live cards: a thread's total, and a scope's total of its current period."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.constants import ALL_ACCOUNTS
from data.viewer import Viewer

RUNNING, IDLE = "running", "idle"
ENDLESS_YEAR = 9999  # the end of a period that has none


@dataclass(frozen=True)
class ThreadUsage:
    """A thread's exact totals at `as_of` (the database's clock); `version` is the fold number then."""

    thread_id: UUID
    cost: Decimal  # dollars
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    calls: int
    agent_status: str
    as_of: datetime
    version: int


@dataclass(frozen=True)
class Period:
    """From `start` up to, not including, `end`; `label` is how a card names it."""

    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True)
class NavUsage:
    """A scope's exact totals of its period; `scope` is `all` or an account's id."""

    scope: str
    cost: Decimal  # dollars
    total_tokens: int
    purchased_cost: Decimal  # dollars of purchased credits used in the period
    agents_running: int
    period: Period
    as_of: datetime
    version: int

    @property
    def agent_status(self) -> str:
        return RUNNING if self.agents_running else IDLE


def credits_of(cost: Decimal, credits_per_dollar: Decimal) -> int:
    """Credits as totals show them: a whole number, halves up (away from zero)."""
    return int((cost * credits_per_dollar).to_integral_value(ROUND_HALF_UP))


def scope_id(scope: str) -> UUID:
    """`all` or an account's id, as the rollups know it. Raises ValueError for anything else."""
    return ALL_ACCOUNTS if scope == "all" else UUID(scope)


THREAD_USAGES = text("""
    SELECT i.id AS thread_id, coalesce(u.cost, 0) AS cost, coalesce(u.prompt_tokens, 0) AS prompt_tokens,
        coalesce(u.completion_tokens, 0) AS completion_tokens, coalesce(u.total_tokens, 0) AS total_tokens,
        coalesce(u.calls, 0) AS calls,
        EXISTS (SELECT FROM creditpulse.source_runs r WHERE r.thread_id = i.id AND r.status = 'running') AS running,
        statement_timestamp() AS as_of, (SELECT version FROM creditpulse.state) AS version
    FROM unnest(cast(:ids AS uuid[])) AS i (id)
    LEFT JOIN (
        SELECT thread_id, sum(cost) AS cost, sum(prompt_tokens) AS prompt_tokens,
            sum(completion_tokens) AS completion_tokens, sum(total_tokens) AS total_tokens, sum(calls) AS calls
        FROM creditpulse.exact_threads WHERE thread_id = ANY (cast(:ids AS uuid[])) GROUP BY thread_id
    ) u ON u.thread_id = i.id
    LEFT JOIN creditpulse.source_threads t ON t.thread_id = i.id
    WHERE (coalesce(u.calls, 0) <> 0 OR t.thread_id IS NOT NULL)
        AND (:staff OR t.account_id = ANY (cast(:accounts AS uuid[])) OR (
            t.thread_id IS NULL AND NOT EXISTS (
                SELECT FROM creditpulse.exact_thread_users w WHERE w.thread_id = i.id
                    AND w.user_id <> ALL (cast(:accounts AS uuid[]))
                GROUP BY w.user_id HAVING sum(w.calls) <> 0)))
""")


def thread_usages(connection: Connection, viewer: Viewer, thread_ids: Collection[UUID]) -> dict[UUID, ThreadUsage]:
    """The totals of those threads that are there and that the viewer may see, in one statement.

    A thread is seen by staff and by the account in its row; where that row is missing, by the user whose
    calls all of it are.
    """
    rows = connection.execute(
        THREAD_USAGES, {"ids": list(thread_ids), "staff": viewer.staff, "accounts": list(viewer.accounts)}
    )
    return {
        row.thread_id: ThreadUsage(
            thread_id=row.thread_id,
            cost=row.cost,
            prompt_tokens=int(row.prompt_tokens),
            completion_tokens=int(row.completion_tokens),
            total_tokens=int(row.total_tokens),
            calls=int(row.calls),
            agent_status=RUNNING if row.running else IDLE,
            as_of=row.as_of,
            version=row.version,
        )
        for row in rows
    }


# An account's subscription counts while it is active and its period is the current one; otherwise, and for
# all accounts, the period is the calendar month in UTC. An operator's own view may hold earlier ones, and times
# beyond the calendar.
NAV_USAGES = text("""
    WITH periods AS (
        SELECT i.scope, s.period_start IS NOT NULL AS subscribed,
            coalesce(s.period_start, date_trunc('month', statement_timestamp(), 'UTC')) AS period_start,
            coalesce(s.period_end, date_trunc('month', statement_timestamp(), 'UTC') + interval '1 month') AS period_end
        FROM unnest(cast(:scopes AS uuid[])) AS i (scope)
        LEFT JOIN LATERAL (
            SELECT greatest(s.period_start, '0001-01-02') AS period_start,
                least(s.period_end, '9999-12-30') AS period_end
            FROM creditpulse.subscriptions s
            WHERE s.user_id = i.scope AND s.status IN ('active', 'trialing')
                AND s.period_start <= statement_timestamp() AND s.period_end > statement_timestamp()
            ORDER BY s.period_start DESC, s.period_end DESC LIMIT 1
        ) s ON true
    )
    SELECT p.*, u.total_tokens, u.cost,
        creditpulse.purchases_between(p.scope, p.period_start, p.period_end) AS purchased,
        creditpulse.agents_running(p.scope) AS running,
        statement_timestamp() AS as_of, (SELECT version FROM creditpulse.state) AS version
    FROM periods p
    CROSS JOIN LATERAL creditpulse.usage_between(p.scope, p.period_start, p.period_end) AS u
""")


def nav_usages(connection: Connection, viewer: Viewer, scopes: Collection[str]) -> dict[str, NavUsage]:
    """The totals of those scopes that the viewer may see, in one statement: `all` is for staff only.

    Raises ValueError for a scope that is neither `all` nor an id.
    """
    ids = {scope: scope_id(scope) for scope in scopes}  # several may spell the same one
    allowed = {id for id in ids.values() if viewer.staff or id in viewer.accounts}
    if not allowed:
        return {}
    rows = {row.scope: row for row in connection.execute(NAV_USAGES, {"scopes": list(allowed)})}
    return {scope: nav_usage_of(scope, rows[id]) for scope, id in ids.items() if id in rows}


def nav_usage_of(scope: str, row: Any) -> NavUsage:
    return NavUsage(
        scope=scope,
        cost=row.cost,
        total_tokens=int(row.total_tokens),
        purchased_cost=row.purchased,
        agents_running=row.running,
        period=period_of(row.period_start, row.period_end, subscribed=row.subscribed),
        as_of=row.as_of,
        version=row.version,
    )


def period_of(start: datetime, end: datetime, *, subscribed: bool) -> Period:
    """The period with its label: the month's name, or the dates of a subscription's period, which may have no end."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if not subscribed:
        return Period(start, end, f"{start:%B}, UTC")
    if end.year == ENDLESS_YEAR:
        return Period(start, end, f"since {start.day} {start:%b} {start.year}")
    last = end - timedelta(microseconds=1)
    return Period(start, end, f"{start.day} {start:%b} to {last.day} {last:%b}")
