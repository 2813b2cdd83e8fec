"""What the queue and the fold count, against plain SQL on the raw table."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

INSERT = (
    "INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens,"
    " estimated_cost) VALUES (%s, %s, 5, 2, 7, %s)"
)
USER = "00000000-0000-0000-0000-0000000000a1"
THREAD = "00000000-0000-0000-0000-0000000000b1"


def total(connection: psycopg.Connection[tuple[object, ...]]) -> object:
    row = connection.execute("SELECT coalesce(sum(cost), 0) FROM creditpulse.exact_threads").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("folded", [False, True])
def test_an_insert_counts_before_and_after_its_fold(
    connection: psycopg.Connection[tuple[object, ...]], folded: bool
) -> None:
    connection.execute(INSERT, (USER, THREAD, "0.123456"))
    if folded:
        connection.execute("SELECT creditpulse.fold()")
    assert total(connection) == Decimal("0.123456")
