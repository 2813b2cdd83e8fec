"""Compares what the pages show (rollups with the queue) with sums over the raw tables, in one snapshot."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

NIL = "'00000000-0000-0000-0000-000000000000'::uuid"
FIGURES = (
    "sum(calls) AS calls, sum(prompt_tokens) AS p, sum(completion_tokens) AS c, sum(total_tokens) AS t, sum(cost) AS s"
)

RAW = f"""
    SELECT coalesce(thread_id, {NIL}) AS thread_id, coalesce(user_id, {NIL}) AS user_id, model,
        creditpulse.quarter_of(created_at) AS quarter, 1 AS calls, prompt_tokens, completion_tokens, total_tokens, cost,
        greatest(cost, 0) AS spent, created_at
    FROM creditpulse.source_usage"""
RAW_PURCHASES = f"""
    SELECT coalesce(user_id, {NIL}) AS user_id, creditpulse.quarter_of(created_at) AS quarter, 1 AS calls, cost
    FROM creditpulse.source_purchases"""
# A deletion's effect on first and last calls is only known once it is folded.
FOLDED = "NOT EXISTS (SELECT FROM creditpulse.changes)"
BUCKETS = (
    "CROSS JOIN LATERAL creditpulse.scopes_of(r.user_id) AS s CROSS JOIN LATERAL creditpulse.buckets_of(r.quarter) AS b"
)

# name: (sums shown, sums of the raw rows); a key whose every figure is 0 is the same as no key
COMPARISONS = {
    "threads": (
        f"SELECT thread_id, {FIGURES}, sum(spent) AS spent FROM creditpulse.exact_threads WHERE thread_id <> {NIL}"
        " GROUP BY thread_id",
        f"SELECT thread_id, {FIGURES}, sum(spent) FROM ({RAW}) r WHERE thread_id <> {NIL} GROUP BY thread_id",
    ),
    "first and last calls": (
        f"SELECT thread_id, calls, cost AS s, first_at, last_at FROM creditpulse.thread_totals WHERE {FOLDED}",
        "SELECT thread_id, count(*), sum(cost), min(created_at), max(created_at)"
        f" FROM ({RAW}) r WHERE thread_id <> {NIL} AND {FOLDED} GROUP BY thread_id",
    ),
    "steps of threads": (
        "SELECT thread_id, calls, cost AS s, spent_step, cost_step, calls_step, tokens_step"
        " FROM creditpulse.thread_totals",
        "SELECT thread_id, calls, cost, creditpulse.step_of(spent), creditpulse.fine_step_of(cost),"
        " creditpulse.fine_step_of(calls), creditpulse.fine_step_of(total_tokens)"
        " FROM creditpulse.thread_totals WHERE calls <> 0 OR cost <> 0",
    ),
    "threads by hour": (
        f"SELECT thread_id, hour, model, {FIGURES} FROM creditpulse.exact_thread_hours WHERE thread_id <> {NIL}"
        " GROUP BY thread_id, hour, model",
        f"SELECT thread_id, creditpulse.hour_of(quarter) AS hour, model, {FIGURES} FROM ({RAW}) r"
        f" WHERE thread_id <> {NIL} GROUP BY thread_id, creditpulse.hour_of(quarter), model",
    ),
    "thread users": (
        "SELECT thread_id, user_id, sum(calls) AS calls, sum(cost) AS s, sum(spent) AS spent"
        f" FROM creditpulse.exact_thread_users WHERE thread_id <> {NIL} GROUP BY thread_id, user_id",
        f"SELECT thread_id, user_id, count(*), sum(cost), sum(spent) FROM ({RAW}) r"
        f" WHERE thread_id <> {NIL} GROUP BY thread_id, user_id",
    ),
    "accounts": (
        f"SELECT account_id, {FIGURES}, sum(spent) AS spent FROM creditpulse.exact_accounts GROUP BY account_id",
        f"SELECT user_id, {FIGURES}, sum(spent) FROM ({RAW}) r GROUP BY user_id",
    ),
    "last calls of accounts": (
        f"SELECT account_id, calls, cost AS s, last_at FROM creditpulse.account_totals WHERE {FOLDED}",
        f"SELECT user_id, count(*), sum(cost), max(created_at) FROM ({RAW}) r WHERE {FOLDED} GROUP BY user_id",
    ),
    "accounts by quarter hour, hour and day": (
        f"SELECT scope, grain, bucket, model, {FIGURES} FROM creditpulse.exact_usage"
        " GROUP BY scope, grain, bucket, model",
        f"SELECT scope, grain, bucket, model, {FIGURES} FROM ({RAW}) r {BUCKETS} GROUP BY scope, grain, bucket, model",
    ),
    "accounts by quarter hour, hour and day, of all models": (
        f"SELECT scope, grain, bucket, {FIGURES} FROM creditpulse.exact_totals GROUP BY scope, grain, bucket",
        f"SELECT scope, grain, bucket, {FIGURES} FROM ({RAW}) r {BUCKETS} GROUP BY scope, grain, bucket",
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
