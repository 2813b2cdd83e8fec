"""How fresh everything is: the fold number, and how long the oldest committed change has waited for its fold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Freshness:
    """`queue_age_ms` is an upper bound; `history` is needed, counting or complete."""

    as_of: datetime
    version: int
    queue_age_ms: int
    history: str


FRESHNESS = text("""
    SELECT statement_timestamp() AS as_of, version, history,
        greatest(0, ceil(extract(epoch FROM creditpulse.queue_age()) * 1000))::bigint AS queue_age_ms
    FROM creditpulse.state
""")


def freshness(connection: Connection) -> Freshness:
    row = connection.execute(FRESHNESS).one()
    return Freshness(row.as_of, row.version, row.queue_age_ms, row.history)
