"""Databases of a stated shape, with calls enough to make a slow query show: `--rows 1M`, `10M`, `100M`, or any number.

A million threads at 100 million calls, 20,000 accounts, and fewer in proportion; always 12 models and 400 days, so
that a chart of 90 days has the same number of points at every size. Calls follow Zipf over threads (exponent 0.6) and
accounts (1.0), the working week of the account's zone, and a thread's life. Rows are made inside the server, loaded
by COPY in the order of their times, and counted as a customer's history is: by `migrate`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from benchmarks import harness
from data.demo_cast import SUBJECTS, TASKS
from data.migrate import migrate
from data.sql_files import sql_file

DAYS = 400
SUBSCRIBED = 1  # the number of the account whose plan's period began at 10:07, inside a quarter hour
SUFFIXES = {"K": 1_000, "M": 1_000_000}
BUFFER_BYTES = 1 << 20
LOAD_OPTIONS = {"maintenance_work_mem": "1GB", "work_mem": "512MB", "max_parallel_maintenance_workers": "2"}

MADE = "Creditpulse benchmark: {rows} calls until {until}"  # the comment of a database that is complete

SHAPE = """
    CREATE SCHEMA generator;
    CREATE TABLE generator.shape (
        rows bigint, threads int, accounts int, days int, running int, until timestamptz, origin timestamptz,
        subjects text[], tasks text[], rhythm float8[]);
"""
# In the order of their times, as a table is that was written while they happened. Context grows call by call.
CALLS = """
    SELECT md5('call ' || c.number)::uuid, t.account_id, t.thread_id, md5('message ' || c.number)::uuid, f.prompt,
        f.completion, f.prompt + f.completion,
        round(f.prompt * m.prompt_price + f.completion * m.completion_price)::bigint * 0.000001, m.content, c.at
    FROM (
        SELECT r.thread, r.first + i AS number, i,
            r.started_at + make_interval(secs => r.gap * (i + generator.draw(r.first + i, 17))) AS at
        FROM generator.runs r CROSS JOIN generate_series(0, r.calls - 1) AS i
        ORDER BY at OFFSET 0
    ) c
    JOIN generator.threads t ON t.number = c.thread
    JOIN generator.models m
        ON m.number = CASE WHEN generator.draw(c.number, 18) < 0.85 THEN t.model ELSE 1 + t.model % 12 END
    CROSS JOIN LATERAL (
        SELECT (1200 + 700 * c.i + 9000 * generator.draw(c.number, 19) * generator.draw(t.number, 20))::int AS prompt,
            (20 * exp(4.2 * generator.draw(c.number, 21)))::int AS completion
    ) f
"""
COPY_IN = """
    COPY usage_logs (id, user_id, thread_id, message_id, total_prompt_tokens, total_completion_tokens, total_tokens,
        estimated_cost, content, created_at) FROM STDIN (FORMAT binary, FREEZE)
"""
# Two accounts in three have a plan; its allowance lies between half and three times what 30 days used.
PLANS = """
    INSERT INTO creditpulse.subscriptions (user_id, plan, status, credits_included, period_start, period_end)
    SELECT a.account_id, CASE WHEN a.included < 1000 THEN 'Free' WHEN a.included < 10000 THEN 'Pro' ELSE 'Team' END,
        CASE WHEN a.fate < 0.05 THEN 'canceled' ELSE 'active' END, a.included, a.began, a.began + interval '30 days'
    FROM (
        SELECT a.account_id, generator.draw(a.number, 24) AS fate,
            greatest(round(100 * coalesce(u.cost, 1) * (0.5 + 2.5 * generator.draw(a.number, 22))::numeric, -2), 100)
                AS included,
            CASE WHEN a.number = %(subscribed)s
                THEN date_trunc('day', s.until, 'UTC') - interval '28 days' + interval '10 hours 7 minutes'
                ELSE date_trunc('minute', s.until - make_interval(hours => (672 * generator.draw(a.number, 23))::int))
            END AS began
        FROM generator.accounts a CROSS JOIN generator.shape s
        LEFT JOIN (
            SELECT r.scope, sum(r.cost) AS cost FROM creditpulse.total_rollup r, generator.shape s
            WHERE r.grain = 1 AND r.bucket >= s.until - interval '30 days' GROUP BY r.scope
        ) u ON u.scope = a.account_id
        WHERE a.number = %(subscribed)s OR generator.draw(a.number, 25) < 0.67
    ) a
"""


@dataclass(frozen=True)
class Shape:
    """How many there are of what, at so many calls, of which the last are made just before `until`."""

    rows: int
    until: datetime

    @property
    def threads(self) -> int:
        return max(1, self.rows // 100)

    @property
    def accounts(self) -> int:
        return max(2, self.rows // 5_000)

    @property
    def running(self) -> int:
        """Agents at work."""
        return max(8, self.rows // 1_000_000)


def thread_id(number: int) -> UUID:
    """Of the number-th busiest thread, from 1 on."""
    return UUID(hashlib.md5(f"thread {number}".encode(), usedforsecurity=False).hexdigest())


def account_id(number: int) -> UUID:
    """Of the number-th busiest account, from 1 on."""
    return UUID(hashlib.md5(f"account {number}".encode(), usedforsecurity=False).hexdigest())


def rows_of(text: str) -> int:
    """`10M` is ten million."""
    number, factor = (text[:-1], SUFFIXES[text[-1].upper()]) if text[-1:].upper() in SUFFIXES else (text, 1)
    if not number.isdecimal() or int(number) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no number of rows; write 10M, 500K or 20000")
    return int(number) * factor


def size_of(rows: int) -> str:
    """10000000 is `10M`."""
    for suffix, factor in reversed(SUFFIXES.items()):
        if rows % factor == 0:
            return f"{rows // factor}{suffix}"
    return str(rows)


def now() -> datetime:
    """The quarter hour that is."""
    at = datetime.now(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def generate(url: str, rows: int, until: datetime | None = None) -> Shape:
    """Fills an empty database, counts it, and gives accounts their plans."""
    shape = Shape(rows, until or now())
    write_history(url, shape)
    attach_history(url)
    return shape


def write_history(url: str, shape: Shape) -> None:
    """The source tables, as they are before `migrate` is run for the first time."""
    with loader(url) as connection:
        connection.execute(sql_file("source_tables.sql"))
        connection.execute(SHAPE)
        connection.execute(
            "INSERT INTO generator.shape VALUES (%s, %s, %s, %s, %s, %s, date_trunc('week', %s::timestamptz, 'UTC')"
            " - interval '1 week' * %s, %s, %s)",
            (
                shape.rows, shape.threads, shape.accounts, DAYS, shape.running, shape.until, shape.until,
                DAYS // 7 + 2, list(SUBJECTS), list(TASKS),
            ),
        )  # fmt: skip
        connection.execute((Path(__file__).parent / "generator.sql").read_bytes())
        copy_calls(url, connection)
        connection.execute("VACUUM ANALYZE")


@contextmanager
def loader(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection for large work."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in LOAD_OPTIONS.items():
            connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), value))
        yield connection


def copy_calls(url: str, connection: psycopg.Connection[Any]) -> None:
    """From one connection, which makes the rows, to another, which loads them: both of the server's sides at work."""
    connection.execute("ALTER TABLE usage_logs DROP CONSTRAINT usage_logs_pkey")  # made faster than it is kept
    with loader(url) as source, connection.transaction():
        connection.execute("TRUNCATE usage_logs")  # rows of a new table need no second visit
        with (
            source.cursor().copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(sql.SQL(CALLS))) as calls,
            connection.cursor().copy(COPY_IN) as table,
        ):
            buffer = bytearray()
            for row in calls:
                buffer += row
                if len(buffer) > BUFFER_BYTES:
                    table.write(bytes(buffer))
                    buffer.clear()
            table.write(bytes(buffer))
    connection.execute("ALTER TABLE usage_logs ADD PRIMARY KEY (id)")


def attach_history(url: str) -> None:
    """What a customer's first `migrate` does: indexes, triggers, the history counted; then plans for the accounts."""
    migrate(url)
    with loader(url) as connection:
        connection.execute(PLANS, {"subscribed": SUBSCRIBED})
        connection.execute("DROP SCHEMA generator CASCADE")
        connection.execute("VACUUM ANALYZE")


# As a server has that keeps so many calls; with the embedded database's 256 MB each page pushes the others' out.
SHARED_BUFFERS = "2GB"


@contextmanager
def generated(rows: int, keep: Path | None) -> Iterator[tuple[str, Shape]]:
    """The URL and shape of the database of that size in the folder `keep`, made at its first use; without a folder,
    of one that is gone afterwards. It has this version's schema.

    What is kept is a state folder too: `CREDITPULSE_STATE_DIR=DIR/10M python app.py serve` shows it.
    """
    folder = keep / size_of(rows) if keep else None
    with harness.postgres(folder, fsync="off", shared_buffers=SHARED_BUFFERS) as url:
        shape = shape_in(url, rows)
        if shape is None:
            shape = generate(url, rows)
            mark(url, shape)
        else:
            migrate(url)
        yield url, shape


def shape_in(url: str, rows: int) -> Shape | None:
    """The shape of the complete database at `url`; None where there is none, and nothing is left of a broken one."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        prefix, _, until = ((row and row[0]) or "").rpartition(" ")
        if prefix == MADE.format(rows=rows, until="").rstrip():
            return Shape(rows, datetime.fromisoformat(until))
        for schema in ("generator", "creditpulse", "public"):
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        connection.execute("CREATE SCHEMA public")
        return None


def mark(url: str, shape: Shape) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(connection.info.dbname),
                MADE.format(rows=shape.rows, until=shape.until.isoformat()),
            )
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=rows_of, required=True, metavar="10M", help="calls in the database")
    parser.add_argument("--keep", type=Path, required=True, metavar="DIR", help="folder that it stays in for reuse")
    options = parser.parse_args()
    began = time.monotonic()
    with generated(options.rows, options.keep) as (_, shape):
        took = time.monotonic() - began
        folder = options.keep / size_of(options.rows)
        print(f"{shape.rows:,} calls of {shape.threads:,} threads and {shape.accounts:,} accounts, until {shape.until}")
        print(f"ready in {took:.0f} s; to look at them: CREDITPULSE_STATE_DIR={folder} .venv/bin/python app.py serve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
