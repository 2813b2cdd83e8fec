"""What a thread's current agent run has cost, and what it is likely to cost in all.

The projection goes by the latest finished runs of the same account that lasted at least as long as this one has: what
they still cost after that age is added to what this one has cost so far. docs/thread.md says how far off that is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from data.agent_runs import latest_runs
from data.calls import check_thread
from data.constants import UNATTRIBUTED
from data.viewer import Viewer

LEAST_RUNS = 5  # to go by; of fewer nothing can be said
MOST_RUNS = 50
LATEST_CALLS = 1000  # of the account: the threads that it works in now
LOW, MIDDLE, HIGH = Decimal("0.1"), Decimal("0.5"), Decimal("0.9")


class Projection(NamedTuple):
    """Dollars of the whole run: more than `low` in nine runs of ten, less than `high` in nine of ten."""

    low: Decimal
    likely: Decimal
    high: Decimal


@dataclass(frozen=True)
class RunOutlook:
    """The run that goes on, or else the last one that ended. `projection` is None where there is nothing to say."""

    running: bool
    started_at: datetime
    cost: Decimal  # dollars so far
    compared: int  # how many runs the projection goes by
    projection: Projection | None


# What a thread has cost from one moment to another: whole hours from the rollup, the rest from its own rows.
SPENT = """(
    SELECT coalesce(sum(s.cost), 0) FROM (
        SELECT u.cost FROM creditpulse.source_usage u
        WHERE u.thread_id = {thread} AND u.created_at >= {start}
            AND u.created_at < creditpulse.hour_of({start}) + interval '1 hour' AND u.created_at <= {end}
            AND creditpulse.foldable(u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost)
        UNION ALL
        SELECT h.cost FROM {hours} h
        WHERE h.thread_id = {thread} AND h.hour > {start} AND h.hour < creditpulse.hour_of({end})
        UNION ALL
        SELECT u.cost FROM creditpulse.source_usage u
        WHERE u.thread_id = {thread} AND u.created_at >= creditpulse.hour_of({end})
            AND u.created_at >= creditpulse.hour_of({start}) + interval '1 hour' AND u.created_at <= {end}
            AND creditpulse.foldable(u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost)
    ) s)"""
FITS = "r.started_at > '0001-01-02' AND r.completed_at < '9999-12-30' AND r.started_at <= r.completed_at"
# Runs of a thread that is somebody else's tell nothing of this account's.
OUTLOOK = text(f"""
    WITH runs AS (
        SELECT r.status IS NOT DISTINCT FROM 'running' AS running, coalesce(r.started_at, r.created_at) AS started_at,
            CASE WHEN r.status = 'running' THEN statement_timestamp() ELSE r.completed_at END AS ended_at
        FROM {latest_runs(FITS, "1")} r
    ), current AS MATERIALIZED (
        SELECT r.running, r.started_at, r.ended_at, r.ended_at - r.started_at AS age
        FROM runs r WHERE r.started_at > '0001-01-02' AND r.ended_at < '9999-12-30' AND r.started_at <= r.ended_at
        ORDER BY r.running DESC, r.started_at DESC LIMIT 1
    ), owner AS (
        SELECT coalesce((SELECT t.account_id FROM creditpulse.source_threads t WHERE t.thread_id = :thread_id), (
            SELECT w.user_id FROM creditpulse.exact_thread_users w WHERE w.thread_id = :thread_id
            GROUP BY w.user_id HAVING sum(w.calls) > 0 ORDER BY sum(w.calls) DESC, w.user_id LIMIT 1)) AS account_id
    ), alike AS (
        SELECT cast(:thread_id AS uuid) AS thread_id
        UNION
        SELECT l.thread_id
        FROM (
            SELECT u.thread_id FROM creditpulse.source_usage u
            WHERE u.user_id = (SELECT o.account_id FROM owner o WHERE o.account_id <> :nil)
            ORDER BY u.created_at DESC LIMIT :latest
        ) l
        JOIN creditpulse.source_threads t ON t.thread_id = l.thread_id
        WHERE t.account_id = (SELECT o.account_id FROM owner o)
    ), finished AS MATERIALIZED (
        SELECT r.thread_id, r.completed_at, coalesce(r.started_at, r.created_at) + c.age AS then_at
        FROM current c CROSS JOIN alike a JOIN creditpulse.source_runs r ON r.thread_id = a.thread_id
        WHERE c.running AND r.status <> 'running' AND r.completed_at >= coalesce(r.started_at, r.created_at) + c.age
            AND coalesce(r.started_at, r.created_at) > '0001-01-02' AND r.completed_at < '9999-12-30'
        ORDER BY r.completed_at DESC LIMIT :most
    )
    SELECT c.running, c.started_at, {
    SPENT.format(thread=":thread_id", start="c.started_at", end="c.ended_at", hours="creditpulse.exact_thread_hours")
} AS cost, ARRAY (
        SELECT {
    SPENT.format(thread="f.thread_id", start="f.then_at", end="f.completed_at", hours="creditpulse.thread_hours")
} FROM finished f
    ) AS remaining
    FROM current c
""")  # noqa: S608


def run_outlook(connection: Connection, viewer: Viewer, thread_id: UUID) -> RunOutlook | None:
    """None where no run has a start (or has ended without saying when).

    Raises NotFoundError for a thread that is not the viewer's.
    """
    check_thread(connection, viewer, thread_id)
    values = {"thread_id": thread_id, "nil": UNATTRIBUTED, "latest": LATEST_CALLS, "most": MOST_RUNS}
    row = connection.execute(OUTLOOK, values).one_or_none()
    if row is None:
        return None
    projection = projected(row.cost, row.remaining) if row.running else None
    return RunOutlook(row.running, row.started_at, row.cost, len(row.remaining), projection)


def projected(cost: Decimal, remaining: Sequence[Decimal]) -> Projection | None:
    """From what a run has cost so far, and what others still cost after that age; None where there are too few."""
    if len(remaining) < LEAST_RUNS:
        return None
    ordered = sorted(remaining)
    return Projection(*(cost + ordered[math.ceil(share * len(ordered)) - 1] for share in (LOW, MIDDLE, HIGH)))
