"""How fast money is being spent right now, by running agents, threads and accounts, and which agents run away.

A burn rate is dollars a minute over the last ten minutes (of an agent: since its run began, where that is later).
docs/burn.md says what is called a runaway, and why.
"""

# ruff: noqa: S608  (SQL of our own constants)

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label
from data.calls import check_thread
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.usage_query import scope_for
from data.viewer import Viewer

WINDOW_MINUTES = 10
RUNAWAY_FACTOR = 3  # times the account's usual rate
RUNAWAY_FLOOR = Decimal("1")  # dollars in the last ten minutes; less is never a runaway
# What is usual where an account is too young to say: of 710 recorded coding sessions, 95 % of the quarter hours
# in which one spent anything cost less than $3.62, 24 cents a minute.
USUAL_OF_THE_YOUNG = Decimal("0.25")


@dataclass(frozen=True)
class RunningAgent:
    """An agent that runs now; `usual_rate` is what its account spends in a busy minute, None where it is too young."""

    thread_id: UUID
    title: str
    account_id: UUID
    account: str
    running_since: datetime | None
    run_cost: Decimal | None  # dollars since the run began; None where no start is recorded
    rate_per_minute: Decimal  # dollars over the last ten minutes, or since the run began
    usual_rate: Decimal | None  # dollars a minute
    runaway: bool


# Quarter hours in which an account spent anything, since so many days ago, without the last day: no runaway is to make
# itself usual. The rate is dollars a minute at their 95th percentile.
BUSY_QUARTERS = """
    SELECT count(*) AS active, percentile_disc(0.95) WITHIN GROUP (ORDER BY q.cost) / 15 AS rate
    FROM (
        SELECT r.cost FROM creditpulse.total_rollup_accounts r
        WHERE r.scope = a.account_id AND r.grain = 0 AND r.bucket < statement_timestamp() - interval '1 day'
            AND r.bucket >= statement_timestamp() - interval '{days} days' AND r.cost > 0 {only}
    ) q
"""
# Of a week that had 96 of them, else of four weeks that had 16; fewer say nothing.
USUAL = f"""
    SELECT a.account_id, CASE WHEN week.active >= 96 THEN week.rate WHEN month.active >= 16 THEN month.rate END AS rate
    FROM (SELECT DISTINCT account_id FROM agents) a
    CROSS JOIN LATERAL ({BUSY_QUARTERS.format(days=8, only="")}) week
    CROSS JOIN LATERAL ({BUSY_QUARTERS.format(days=29, only="AND week.active < 96")}) month
"""
RECENTLY = "statement_timestamp() - make_interval(mins => :minutes)"


def calls_of(column: str, whose: str, start: str = RECENTLY, end: str = "statement_timestamp()") -> str:
    """A thread's or an account's calls between two times, both included: the rest of a statement, from FROM on."""
    return f"""FROM creditpulse.source_usage u
        WHERE u.{column} = {whose} AND u.created_at >= {start} AND u.created_at <= {end} AND {COUNTED}"""


def spent(column: str, whose: str, start: str = RECENTLY, end: str = "statement_timestamp()") -> str:
    """Dollars of those calls: an SQL expression."""
    return f"(SELECT coalesce(sum(u.cost), 0) {calls_of(column, whose, start, end)})"


COUNTED = "creditpulse.foldable(u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost)"
# Of calls without a user, if the account is who they belong to.
SPENT_BY_NOBODY = f"""(
        SELECT coalesce(sum(u.cost), 0) FROM creditpulse.source_usage u WHERE {{account}} = :nil AND u.user_id IS NULL
            AND u.created_at >= {RECENTLY} AND u.created_at <= statement_timestamp() AND {COUNTED})"""
# A run may last for weeks: its whole hours come from the rollup, raw rows only up to the first of them.
RUN_COST = f"""{spent("thread_id", "g.thread_id", "g.since", "h.first - interval '1 microsecond'")} + (
        SELECT coalesce(sum(r.cost), 0) FROM creditpulse.exact_thread_hours r
        WHERE r.thread_id = g.thread_id AND r.hour >= h.first AND isfinite(r.hour))"""

# A thread belongs to its account, or to who used it most, as in creditpulse.agents_running. The agents that burn most
# come first; what is usual, and what a run has cost, is reckoned of those in the list only.
RUNNING = text(f"""
    WITH running AS MATERIALIZED (
        SELECT r.thread_id, min(least(coalesce(r.started_at, r.created_at), statement_timestamp()))
            FILTER (WHERE coalesce(r.started_at, r.created_at) > '0001-01-02') AS since
        FROM creditpulse.source_runs r WHERE r.status = 'running' GROUP BY r.thread_id
    ), agents AS MATERIALIZED (
        SELECT g.thread_id, g.since, o.account_id,
            {spent("thread_id", "g.thread_id", f"greatest(g.since, {RECENTLY})")} AS spent,
            coalesce(nullif(btrim(t.metadata->>'title'), ''), nullif(btrim(t.metadata->>'name'), ''),
                nullif(btrim(p.name), '')) AS title
        FROM running g
        LEFT JOIN creditpulse.source_threads t ON t.thread_id = g.thread_id
        LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
        CROSS JOIN LATERAL (
            SELECT coalesce(t.account_id, (
                SELECT w.user_id FROM creditpulse.exact_thread_users w WHERE w.thread_id = g.thread_id
                GROUP BY w.user_id HAVING sum(w.calls) > 0 ORDER BY sum(w.calls) DESC, w.user_id LIMIT 1
            ), :nil) AS account_id
        ) o
        WHERE (:scope = :every OR o.account_id = :scope)
            AND (:staff OR t.account_id = ANY (cast(:accounts AS uuid[])) OR (
                t.thread_id IS NULL AND NOT EXISTS (
                    SELECT FROM creditpulse.exact_thread_users w WHERE w.thread_id = g.thread_id
                        AND w.user_id <> ALL (cast(:accounts AS uuid[]))
                    GROUP BY w.user_id HAVING sum(w.calls) <> 0)))
        ORDER BY spent DESC, g.since DESC NULLS LAST, g.thread_id LIMIT :limit
    ), usual AS MATERIALIZED ({USUAL})
    SELECT g.thread_id, g.since, g.account_id, g.title, g.spent, n.name, n.email, u.rate AS usual_rate,
        g.spent / least(:minutes, greatest(1, coalesce(
            extract(epoch FROM statement_timestamp() - g.since) / 60, :minutes))) AS rate,
        CASE WHEN g.since IS NOT NULL THEN {RUN_COST} END AS run_cost
    FROM agents g
    JOIN usual u ON u.account_id = g.account_id
    CROSS JOIN LATERAL (SELECT creditpulse.hour_of(g.since) + interval '1 hour' AS first) h
    LEFT JOIN creditpulse.source_users n ON n.id = g.account_id
    ORDER BY g.spent DESC, g.since DESC NULLS LAST, g.thread_id
""")


def running_agents(connection: Connection, viewer: Viewer, scope: str, limit: int = 100) -> tuple[RunningAgent, ...]:
    """The agents of a scope (`all` or an account's id) that run now, those that burn most first.

    Raises NotFoundError for a scope that is not the viewer's, ValueError for one that is no scope.
    """
    rows = connection.execute(
        RUNNING,
        {
            "scope": scope_for(viewer, scope),
            "every": ALL_ACCOUNTS,
            "staff": viewer.staff,
            "accounts": list(viewer.accounts),
            "nil": UNATTRIBUTED,
            "minutes": WINDOW_MINUTES,
            "limit": limit,
        },
    )
    return tuple(map(running_agent, rows))


def running_agent(row: Any) -> RunningAgent:
    return RunningAgent(
        thread_id=row.thread_id,
        title=row.title or f"Thread {str(row.thread_id)[:8]}",
        account_id=row.account_id,
        account=account_label(row.account_id, row.name, row.email),
        running_since=row.since,
        run_cost=row.run_cost,
        rate_per_minute=row.rate,
        usual_rate=row.usual_rate,
        runaway=is_runaway(row.spent, row.usual_rate),
    )


def is_runaway(spent: Decimal, usual_rate: Decimal | None) -> bool:
    """Whether what a run has spent in the last ten minutes is out of all proportion to ten busy minutes of its account.

    A run that is younger than that has less to show, and is judged by the same ten minutes.
    """
    usual = USUAL_OF_THE_YOUNG if usual_rate is None else usual_rate
    return spent >= RUNAWAY_FLOOR and spent > RUNAWAY_FACTOR * usual * WINDOW_MINUTES


THREAD_RATE = text(f"SELECT {spent('thread_id', ':thread_id')} / :minutes AS rate")


def thread_rate(connection: Connection, viewer: Viewer, thread_id: UUID) -> Decimal:
    """Dollars a minute over the last ten. Raises NotFoundError for a thread that is not the viewer's."""
    check_thread(connection, viewer, thread_id)
    values = {"thread_id": thread_id, "minutes": WINDOW_MINUTES}
    return Decimal(connection.execute(THREAD_RATE, values).scalar_one())


RATE_OF_ALL = text(f"""
    SELECT coalesce(sum(u.cost), 0) / :minutes FROM creditpulse.source_usage u
    WHERE u.created_at >= {RECENTLY} AND u.created_at <= statement_timestamp() AND {COUNTED}
""")
RATE_OF_ACCOUNT = text(
    f"SELECT ({spent('user_id', ':account')} + {SPENT_BY_NOBODY.format(account=':account')}) / :minutes"
)


def account_rate(connection: Connection, viewer: Viewer, scope: str) -> Decimal:
    """Dollars a minute over the last ten, of an account or of `all`.

    Raises NotFoundError for a scope that is not the viewer's, ValueError for one that is no scope.
    """
    account = scope_for(viewer, scope)
    if account == ALL_ACCOUNTS:
        return Decimal(connection.execute(RATE_OF_ALL, {"minutes": WINDOW_MINUTES}).scalar_one())
    values = {"account": account, "nil": UNATTRIBUTED, "minutes": WINDOW_MINUTES}
    return Decimal(connection.execute(RATE_OF_ACCOUNT, values).scalar_one())
