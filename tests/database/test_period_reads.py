"""What a period's total costs: the rows of its own buckets, however long the scope's past is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg

from data.constants import ALL_ACCOUNTS

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 40
ACCOUNT = UUID(int=7)

Connection = psycopg.Connection[tuple[object, ...]]


def write_past(connection: Connection) -> None:
    """A call every five minutes for 40 days, folded and known to the planner."""
    connection.execute(
        "INSERT INTO usage_logs (user_id, thread_id, total_tokens, estimated_cost, created_at)"
        " SELECT %s, gen_random_uuid(), 10, 0.01, %s + n * interval '5 minutes' FROM generate_series(0, %s) AS n",
        (ACCOUNT, START, DAYS * 288 - 1),
    )
    connection.execute("SELECT creditpulse.fold()")
    connection.execute("VACUUM ANALYZE creditpulse.total_rollup, creditpulse.changes")


def rows_read(connection: Connection) -> int:
    connection.execute("SELECT pg_stat_force_next_flush()")
    row = connection.execute(
        "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables WHERE relname LIKE 'total_rollup%'"
    ).fetchone()
    assert row
    return int(str(row[0]))


def test_a_periods_total_reads_the_rows_of_its_own_buckets_only(connection: Connection) -> None:
    write_past(connection)
    for scope in (ALL_ACCOUNTS, ACCOUNT):
        before = rows_read(connection)
        # Often enough for the planner to settle on one plan for every period.
        for _ in range(10):
            row = connection.execute(
                "SELECT calls, cost FROM creditpulse.usage_between(%s, %s, %s)",
                (scope, START + timedelta(days=3, minutes=15), START + timedelta(days=6)),
            ).fetchone()
        assert row == (3 * 288 - 3, Decimal("8.61"))
        # Two days, and of the day that began at a quarter past, the other hours and the first one's quarter hours.
        assert rows_read(connection) - before == 10 * (2 + 23 + 3)
