"""Compares what the pages show (rollups with the queue) with sums over the raw tables, in one snapshot."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

NIL = "'00000000-0000-0000-0000-000000000000'::uuid"
EVERY = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
FIGURES = (
    "sum(calls) AS calls, sum(prompt_tokens) AS p, sum(completion_tokens) AS c, sum(total_tokens) AS t, sum(cost) AS s"
)

RAW = f"""
    SELECT coalesce(thread_id, {NIL}) AS thread_id, coalesce(user_id, {NIL}) AS user_id, model,
        creditpulse.quarter_of(created_at) AS quarter, 1 AS calls, prompt_tokens, completion_tokens, total_tokens, cost,
        created_at
    FROM creditpulse.source_usage"""
RAW_PURCHASES = f"""
    SELECT coalesce(user_id, {NIL}) AS user_id, creditpulse.quarter_of(created_at) AS quarter, 1 AS calls, cost
    FROM creditpulse.source_purchases"""
BUCKETS = f"""CROSS JOIN LATERAL (VALUES
        (r.user_id, 0::smallint, r.quarter), (r.user_id, 1::smallint, creditpulse.day_of(r.quarter)),
        ({EVERY}, 0::smallint, r.quarter), ({EVERY}, 1::smallint, creditpulse.day_of(r.quarter))
    ) AS b (scope, grain, bucket)"""

# name: (sums shown, sums of the raw rows); a key whose every figure is 0 is the same as no key
COMPARISONS = {
    "threads": (
        f"SELECT thread_id, {FIGURES} FROM creditpulse.exact_threads WHERE thread_id <> {NIL} GROUP BY thread_id",
        f"SELECT thread_id, {FIGURES} FROM ({RAW}) r WHERE thread_id <> {NIL} GROUP BY thread_id",
    ),
    # A deletion's effect on it is only known once it is folded.
    "last calls": (
        "SELECT thread_id, calls, cost AS s, last_at FROM creditpulse.thread_totals"
        " WHERE NOT EXISTS (SELECT FROM creditpulse.changes)",
        f"SELECT thread_id, sum(calls) AS calls, sum(cost) AS s, max(created_at) AS last_at FROM ({RAW}) r"
        f" WHERE thread_id <> {NIL} AND NOT EXISTS (SELECT FROM creditpulse.changes) GROUP BY thread_id",
    ),
    "thread users": (
        "SELECT thread_id, user_id, sum(calls) AS calls, sum(cost) AS s FROM creditpulse.exact_thread_users"
        f" WHERE thread_id <> {NIL} GROUP BY thread_id, user_id",
        f"SELECT thread_id, user_id, sum(calls) AS calls, sum(cost) AS s FROM ({RAW}) r"
        f" WHERE thread_id <> {NIL} GROUP BY thread_id, user_id",
    ),
    "accounts by quarter hour and day": (
        f"SELECT scope, grain, bucket, model, {FIGURES} FROM creditpulse.exact_usage"
        " GROUP BY scope, grain, bucket, model",
        f"SELECT scope, grain, bucket, model, {FIGURES} FROM ({RAW}) r {BUCKETS} GROUP BY scope, grain, bucket, model",
    ),
    "purchased credits": (
        "SELECT scope, grain, bucket, sum(calls) AS calls, sum(cost) AS s FROM creditpulse.exact_purchases"
        " GROUP BY scope, grain, bucket",
        f"SELECT scope, grain, bucket, sum(calls) AS calls, sum(cost) AS s FROM ({RAW_PURCHASES}) r {BUCKETS}"
        " GROUP BY scope, grain, bucket",
    ),
}


def differences(connection: Connection[TupleRow]) -> list[str]:
    """For each comparison that fails, how many keys differ and one of them; empty when all is right."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        return [found for name in COMPARISONS if (found := compare(connection, name))]
    finally:
        connection.execute("ROLLBACK")


def compare(connection: Connection[TupleRow], name: str) -> str | None:
    shown, raw = COMPARISONS[name]
    # A thread all of whose rows were deleted keeps a row of zeros, and no time of a last call.
    rows = connection.execute(
        f"""WITH shown AS (SELECT * FROM ({shown}) x WHERE calls <> 0 OR s <> 0), raw AS ({raw}),
        wrong AS ((TABLE shown EXCEPT TABLE raw) UNION ALL (TABLE raw EXCEPT TABLE shown))
        SELECT count(*), (SELECT to_json(w) FROM wrong w LIMIT 1) FROM wrong"""
    ).fetchone()
    if rows is None or rows[0] == 0:
        return None
    return f"{name}: {rows[0]} sums differ, such as {rows[1]}"
