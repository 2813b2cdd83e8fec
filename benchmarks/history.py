"""Tables as an agent platform fills them in 60 days, made inside the server: a few threads have most of the calls."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import sql

from data.attach import sql_file
from data.migrate import migrate

DAYS = 60
THREADS = 20_000
ACCOUNTS = 2_000
RUNNING = 8  # agents at work
SUBSCRIBED = 1  # the number of the account whose plan's period began at 10:07, inside a quarter hour

# The n-th busiest thread has a share of about 1/n (Zipf). Rows lie in the table in the order of their times.
CALLS = """
    INSERT INTO usage_logs (id, user_id, thread_id, message_id, total_prompt_tokens, total_completion_tokens,
        total_tokens, estimated_cost, content, created_at)
    SELECT gen_random_uuid(), md5('account ' || c.thread % {accounts})::uuid, md5('thread ' || c.thread)::uuid,
        gen_random_uuid(), c.prompt, c.completion, c.prompt + c.completion,
        (c.prompt * 3 + c.completion * 15) / 1e6, c.content, c.at
    FROM (
        SELECT floor(exp(random() * ln({threads} + 1)))::int AS thread, (500 + random() * 60000)::int AS prompt,
            (20 + random() * 1500)::int AS completion,
            (ARRAY['{{"model": "claude-sonnet-4-5"}}', '{{"model": "claude-haiku-4-5"}}',
                '{{"model": "gpt-5"}}', '{{"model": "gpt-5-mini"}}']::jsonb[])[1 + floor(random() * 4)] AS content,
            now() - interval '{days} days' * (1 - n::float8 / {rows}) AS at
        FROM generate_series(1, {rows}) AS n
    ) c
"""
THREAD_ROWS = """
    INSERT INTO threads (thread_id, account_id, metadata)
    SELECT md5('thread ' || n)::uuid, md5('account ' || n % {accounts})::uuid,
        jsonb_build_object('title', 'Thread ' || n)
    FROM generate_series(1, {threads}) AS n
"""
RUN_ROWS = """
    INSERT INTO agent_runs (thread_id, status, started_at, completed_at)
    SELECT md5('thread ' || 1 + n % {threads})::uuid, CASE WHEN n < {running} THEN 'running' ELSE 'completed' END,
        now() - interval '1 hour', CASE WHEN n < {running} THEN NULL ELSE now() END
    FROM generate_series(0, 3 * {threads}) AS n
"""


def thread_id(number: int) -> UUID:
    """Of the number-th busiest thread, from 1 on."""
    return UUID(hashlib.md5(f"thread {number}".encode(), usedforsecurity=False).hexdigest())


def account_id(number: int) -> UUID:
    """Number 1 has the busiest thread."""
    return UUID(hashlib.md5(f"account {number}".encode(), usedforsecurity=False).hexdigest())


def write_history(url: str, rows: int) -> None:
    """The source tables with so many calls, as they are before `migrate` is run for the first time."""
    figures = {
        "rows": rows, "days": DAYS, "threads": THREADS, "accounts": ACCOUNTS, "running": RUNNING,
    }  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql_file("source_tables.sql"))
        # An index is made faster than it is kept.
        connection.execute("ALTER TABLE usage_logs DROP CONSTRAINT usage_logs_pkey")
        for statement in (CALLS, THREAD_ROWS, RUN_ROWS):
            fitted = statement.format(**figures)
            connection.execute(sql.SQL(fitted))
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("ALTER TABLE usage_logs ADD PRIMARY KEY (id)")
        connection.execute("VACUUM ANALYZE")


def attach_history(url: str) -> None:
    """What a customer's first `migrate` does: indexes, triggers, the history counted; then a plan for an account."""
    migrate(url)
    begun = datetime.now(UTC).replace(hour=10, minute=7, second=0, microsecond=0) - timedelta(days=28)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO creditpulse.subscriptions (user_id, plan, credits_included, period_start, period_end)"
            " VALUES (%s, 'Pro', 100000, %s, %s)",
            (account_id(SUBSCRIBED), begun, begun + timedelta(days=30)),
        )
        connection.execute("VACUUM ANALYZE")
