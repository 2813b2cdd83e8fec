"""Accounts as lists and pages show them: plan, allowance, what is used and left, how fast, and until when it lasts.

Exact figures of the accounts that are asked for, in one statement that reads a few dozen rows of each.
"""

# ruff: noqa: S608  (SQL of our own constants)

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label
from data.burn import COUNTED, SPENT_BY_NOBODY, WINDOW_MINUTES, calls_of, spent
from data.constants import UNATTRIBUTED
from data.forecast import WINDOW_DAYS, Forecast, Pace, forecast, pace_of
from data.threads import calendar_time
from data.usage import Period, period_of
from data.viewer import Viewer


@dataclass(frozen=True)
class AccountRow:
    """`plan` is the account's latest; it is of the current period, and counts, where `current` is true.

    `pace` and `forecast` are None without an allowance.
    """

    account_id: UUID
    label: str
    email: str | None
    plan: str | None
    status: str | None
    current: bool
    period: Period
    allowance: Decimal | None  # dollars
    used: Decimal  # dollars, in the period
    rate_per_minute: Decimal  # dollars, over the last ten minutes
    agents_running: int
    last_at: datetime | None  # of the latest call
    pace: Pace | None
    forecast: Forecast | None
    as_of: datetime

    @property
    def left(self) -> Decimal | None:
        """Dollars; below zero where more was used than allowed."""
        return None if self.allowance is None else self.allowance - self.used

    @property
    def share(self) -> Decimal | None:
        """The part of the allowance that is used; None where there is none to use."""
        return self.used / self.allowance if self.allowance else None


# The period counts as for the navigation's total (data/usage.py): that of the current subscription, else the month in
# UTC. A list has a hundred accounts or a thousand, so an operator's view of subscriptions is read once.
PLANS = """
    SELECT DISTINCT ON (s.user_id) s.user_id, s.plan, s.status, c.current,
        CASE WHEN c.current AND s.credits_included BETWEEN -1e15 AND 1e15 THEN s.credits_included END AS included,
        CASE WHEN c.current THEN greatest(s.period_start, '0001-01-02') END AS period_start,
        CASE WHEN c.current THEN least(s.period_end, '9999-12-30') END AS period_end
    FROM creditpulse.subscriptions s
    CROSS JOIN LATERAL (
        SELECT coalesce(s.status IN ('active', 'trialing') AND s.period_start <= statement_timestamp()
            AND s.period_end > statement_timestamp(), false) AS current
    ) c
    {only}
    ORDER BY s.user_id, c.current DESC, s.period_start DESC NULLS LAST, s.period_end DESC NULLS LAST
"""
# What is used: whole days, hours, quarter hours, then raw rows, as in creditpulse.usage_between. The days serve the
# pace, too, which is reckoned from whole days before today.
USED = f"""
    WITH ids AS (SELECT * FROM unnest(cast(:ids AS uuid[])) WITH ORDINALITY AS i (id, position)),
    plans AS MATERIALIZED ({PLANS.format(only="WHERE s.user_id = ANY (cast(:ids AS uuid[]))")}),
    today AS (SELECT date_trunc('day', statement_timestamp(), 'UTC') AS day),
    periods AS MATERIALIZED (
        SELECT i.id, i.position, p.plan, p.status, coalesce(p.current, false) AS current,
            p.included, coalesce(p.period_start, date_trunc('month', t.day, 'UTC')) AS period_start,
            coalesce(p.period_end, date_trunc('month', t.day, 'UTC') + interval '1 month') AS period_end,
            CASE WHEN p.included IS NOT NULL THEN t.day - make_interval(days => :days) ELSE t.day END AS paced_from,
            t.day AS today
        FROM ids i CROSS JOIN today t LEFT JOIN plans p ON p.user_id = i.id
    ),
    queued AS MATERIALIZED (
        SELECT q.user_id, q.quarter, sum(q.cost) AS cost FROM creditpulse.queued q
        WHERE q.source = 'u' AND q.user_id = ANY (cast(:ids AS uuid[])) GROUP BY q.user_id, q.quarter
    ),
    valid AS (SELECT NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U') AS rollups)
    SELECT p.*, d.days, d.costs, coalesce(d.cost, 0) + coalesce(q.cost, 0) + coalesce(e.cost, 0) AS used
    FROM periods p
    CROSS JOIN valid v
    LEFT JOIN LATERAL (
        SELECT b.first, b.last FROM creditpulse.buckets_between(p.period_start, p.period_end) b WHERE b.grain = 1
    ) whole ON true
    CROSS JOIN LATERAL (
        SELECT sum(d.cost) FILTER (WHERE d.day >= whole.first AND d.day < whole.last) AS cost,
            array_agg(d.day ORDER BY d.day) FILTER (WHERE d.day >= p.paced_from AND d.day < p.today) AS days,
            array_agg(d.cost ORDER BY d.day) FILTER (WHERE d.day >= p.paced_from AND d.day < p.today) AS costs
        FROM (
            SELECT c.day, sum(c.cost) AS cost FROM (
                SELECT r.bucket AS day, r.cost FROM creditpulse.total_rollup r
                WHERE r.scope = p.id AND r.grain = 1 AND r.bucket >= least(whole.first, p.paced_from)
                    AND r.bucket < greatest(whole.last, p.today) AND v.rollups
                UNION ALL
                SELECT creditpulse.day_of(q.quarter), q.cost FROM queued q
                WHERE q.user_id = p.id AND isfinite(q.quarter)
            ) c GROUP BY c.day
        ) d
    ) d
    CROSS JOIN LATERAL (
        SELECT sum(c.cost) AS cost
        FROM creditpulse.buckets_between(p.period_start, p.period_end) b
        CROSS JOIN LATERAL (
            SELECT r.cost FROM creditpulse.total_rollup r
            WHERE r.scope = p.id AND r.grain = b.grain AND r.bucket >= b.first AND r.bucket < b.last AND v.rollups
            UNION ALL
            SELECT q.cost FROM queued q WHERE q.user_id = p.id AND q.quarter >= b.first AND q.quarter < b.last
        ) c
        WHERE b.grain <> 1
    ) q
    CROSS JOIN LATERAL (
        SELECT sum(c.cost) AS cost
        FROM creditpulse.edges_between(p.period_start, p.period_end) e
        CROSS JOIN LATERAL (
            SELECT u.cost {calls_of("user_id", "p.id", "e.first", "e.last - interval '1 microsecond'")}
            UNION ALL
            SELECT u.cost FROM creditpulse.source_usage u
            WHERE p.id = :nil AND u.user_id IS NULL AND u.created_at >= e.first AND u.created_at < e.last AND {COUNTED}
        ) c
    ) e
"""
# A running agent's account is that of its thread, or who used it most, as in creditpulse.agents_running.
ROWS = text(f"""
    WITH used AS MATERIALIZED ({USED}),
    running AS MATERIALIZED (
        SELECT o.account_id, count(*) AS agents
        FROM (SELECT DISTINCT r.thread_id FROM creditpulse.source_runs r WHERE r.status = 'running') g
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (SELECT t.account_id FROM creditpulse.source_threads t WHERE t.thread_id = g.thread_id),
                (SELECT w.user_id FROM creditpulse.thread_users w WHERE w.thread_id = g.thread_id
                    ORDER BY w.calls DESC LIMIT 1), :nil) AS account_id
        ) o
        GROUP BY o.account_id
    )
    SELECT w.*, a.name, a.email, coalesce(g.agents, 0) AS agents, {calendar_time("t.last_at")} AS last_at,
        ({spent("user_id", "w.id")} + {SPENT_BY_NOBODY.format(account="w.id")}) / :minutes AS rate,
        statement_timestamp() AS as_of
    FROM used w
    LEFT JOIN creditpulse.source_users a ON a.id = w.id
    LEFT JOIN running g ON g.account_id = w.id
    LEFT JOIN (
        SELECT x.account_id, max(x.last_at) AS last_at FROM creditpulse.exact_accounts x
        WHERE x.account_id = ANY (cast(:ids AS uuid[])) GROUP BY x.account_id
    ) t ON t.account_id = w.id
    ORDER BY w.position
""")


def account_rows(
    connection: Connection, viewer: Viewer, account_ids: Collection[UUID], credits_per_dollar: Decimal
) -> tuple[AccountRow, ...]:
    """Those of the accounts that are the viewer's, in the order given; also ones that nothing is known of."""
    ids = [id for id in account_ids if viewer.staff or id in viewer.accounts]
    if not ids:
        return ()
    values = {"ids": ids, "nil": UNATTRIBUTED, "days": WINDOW_DAYS, "minutes": WINDOW_MINUTES}
    return tuple(account_row(row, credits_per_dollar) for row in connection.execute(ROWS, values))


def account_row(row: Any, credits_per_dollar: Decimal) -> AccountRow:
    allowance = None if row.included is None else row.included / credits_per_dollar
    pace = None if allowance is None else pace_of_row(row)
    return AccountRow(
        account_id=row.id,
        label=account_label(row.id, row.name, row.email),
        email=row.email,
        plan=row.plan,
        status=row.status,
        current=row.current,
        period=period_of(row.period_start, row.period_end, subscribed=row.current),
        allowance=allowance,
        used=row.used,
        rate_per_minute=row.rate,
        agents_running=row.agents,
        last_at=row.last_at,
        pace=pace,
        forecast=None if allowance is None else forecast(pace, allowance - row.used, row.as_of, row.period_end),
        as_of=row.as_of,
    )


def pace_of_row(row: Any) -> Pace | None:
    """Of the whole days before today; on days without a row nothing was spent."""
    costs = {day.date(): float(cost) for day, cost in zip(row.days or (), row.costs or (), strict=True)}
    today: date = row.today.date()
    days = [costs.get(today - timedelta(days=age), 0.0) for age in range(WINDOW_DAYS, 0, -1)]
    return pace_of(days, weekday=(today.weekday() - 1) % 7)
