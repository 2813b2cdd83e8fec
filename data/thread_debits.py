"""The purchased credits that a thread has used up: its rows of credit_usage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from data.calls import DATED, check_thread
from data.viewer import Viewer


@dataclass(frozen=True)
class Debit:
    debit_id: UUID
    at: datetime | None  # None where the row has no time that a calendar has
    cost: Decimal  # dollars
    description: str | None


@dataclass(frozen=True)
class Debits:
    """The latest ones, and how many there are in all."""

    latest: tuple[Debit, ...]
    count: int
    cost: Decimal  # dollars, of all


DEBITS = text(f"""
    SELECT c.id, CASE WHEN {DATED} THEN c.created_at END AS at, c.cost, left(c.description, 500) AS description,
        count(*) OVER () AS debits, sum(c.cost) OVER () AS total
    FROM creditpulse.source_purchases c
    WHERE c.thread_id = :thread_id AND creditpulse.foldable(0, 0, 0, c.cost)
    ORDER BY at DESC NULLS LAST, c.id LIMIT :limit
""")  # noqa: S608


def thread_debits(connection: Connection, viewer: Viewer, thread_id: UUID, limit: int = 20) -> Debits:
    """The latest first. Raises NotFoundError for a thread that is not the viewer's."""
    check_thread(connection, viewer, thread_id)
    rows = connection.execute(DEBITS, {"thread_id": thread_id, "limit": limit}).all()
    latest = tuple(Debit(row.id, row.at, row.cost, row.description) for row in rows)
    return Debits(latest, rows[0].debits if rows else 0, rows[0].total if rows else Decimal(0))
