"""The agent runs of a thread, and whether a running one has gone quiet."""

# ruff: noqa: S608  (SQL of our own constants)

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from data.calls import check_thread
from data.viewer import Viewer

QUIET_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class AgentRun:
    """`lasted` is None where a run has no start; a running one lasts until now.

    `quiet_for` is the time since the last call (or the start) of a run that is running and has made none for
    QUIET_AFTER: it may hang, or have died without a word.
    """

    run_id: UUID
    status: str
    started_at: datetime | None
    completed_at: datetime | None
    lasted: timedelta | None
    quiet_for: timedelta | None
    error: str | None

    @property
    def running(self) -> bool:
        return self.status == "running"


def latest_runs(fits: str, most: str) -> str:
    """The latest `most` runs of :thread_id that fit, and some more, among them the running ones: an SQL expression.

    An index finds them, so that it does not matter how many runs a thread has had; few are without a start.
    """
    past = "FROM creditpulse.source_runs r WHERE r.thread_id = :thread_id AND r.status IS DISTINCT FROM 'running'"
    return f"""(
        SELECT * FROM creditpulse.source_runs r WHERE r.thread_id = :thread_id AND r.status = 'running'
        UNION ALL
        SELECT * {past} AND r.started_at IS NULL
        UNION ALL
        (SELECT * {past} AND r.started_at IS NOT NULL AND {fits} ORDER BY r.started_at DESC, r.id LIMIT {most})
    )"""


DATED = """coalesce(r.started_at, r.created_at, 'epoch') BETWEEN '0001-01-02' AND '9999-12-30'
        AND coalesce(r.completed_at, 'epoch') BETWEEN '0001-01-02' AND '9999-12-30'"""
# Of a run that has a start; plain columns, so that the planner knows that nearly all fit.
STARTED = """r.started_at BETWEEN '0001-01-02' AND '9999-12-30'
            AND (r.completed_at IS NULL OR r.completed_at BETWEEN '0001-01-02' AND '9999-12-30')"""
RUNS = text(f"""
    SELECT r.id, coalesce(r.status, 'unknown') AS status, coalesce(r.started_at, r.created_at) AS started_at,
        r.completed_at, left(r.error, 500) AS error, statement_timestamp() AS now,
        (SELECT max(x.last_at) FROM creditpulse.exact_threads x
            WHERE x.thread_id = :thread_id AND isfinite(x.last_at) AND x.last_at < '9999-12-30') AS last_call_at
    FROM {latest_runs(STARTED, ":limit")} r
    WHERE {DATED}
    ORDER BY r.status IS NOT DISTINCT FROM 'running' DESC, coalesce(r.started_at, r.created_at) DESC NULLS LAST, r.id
    LIMIT :limit
""")


def agent_runs(connection: Connection, viewer: Viewer, thread_id: UUID, limit: int = 50) -> tuple[AgentRun, ...]:
    """Running ones first, then the latest. Raises NotFoundError for a thread that is not the viewer's."""
    check_thread(connection, viewer, thread_id)
    rows = connection.execute(RUNS, {"thread_id": thread_id, "limit": limit})
    return tuple(
        AgentRun(
            row.id,
            row.status,
            row.started_at,
            row.completed_at,
            lasted(row.started_at, row.completed_at, row.now if row.status == "running" else None),
            quiet_time(row.started_at, row.last_call_at, row.now) if row.status == "running" else None,
            row.error,
        )
        for row in rows
    )


def lasted(started_at: datetime | None, completed_at: datetime | None, now: datetime | None) -> timedelta | None:
    end = now or completed_at
    if started_at is None or end is None:
        return None
    return max(end - started_at, timedelta(0))


def quiet_time(started_at: datetime | None, last_call_at: datetime | None, now: datetime) -> timedelta | None:
    """How long a running run has been silent; None below QUIET_AFTER, or where nothing says since when."""
    signs = [at for at in (started_at, last_call_at) if at is not None]
    if not signs or now - max(signs) < QUIET_AFTER:
        return None
    return now - max(signs)
