"""Counting the history: everything that the source tables had before their triggers, each row once, beside writers.

The first connection locks the tables for a moment, exports a snapshot, and makes the triggers; the second
imports that snapshot and counts what it sees. So the snapshot has every row that came before the triggers,
and the queue every row that came after. A count that is cut off starts again from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from data import triggers
from data.constants import HISTORY_LOCK
from data.errors import SchemaError
from data.locks import locked, patient
from data.sources import Source, find_sources
from data.sql_files import sql_file
from data.table_triggers import wanted_triggers
from data.triggers import COUNTED

Progress = Callable[[int, int], None]  # steps counted, steps in all
FROZEN_COUNT_MS = 60_000
BLOCKS_A_STEP = 8192  # 64 MiB of table
ROLLUPS = (
    "thread_totals", "thread_users", "thread_hours", "account_totals", "usage_rollup", "total_rollup", "purchase_rollup"
)  # fmt: skip
# How full the pages are of those whose rows of the past never change any more; the past itself needs no room.
ROOMY = {
    "thread_hours": 80,
    **dict.fromkeys(("usage_rollup_all", "usage_rollup_accounts", "total_rollup_all", "total_rollup_accounts"), 70),
    "purchase_rollup": 70,
}


def no_progress(_done: int, _total: int) -> None:
    pass


def history_of(connection: Connection[TupleRow]) -> str:
    """`needed`, `counting` or `complete`."""
    row = connection.execute("SELECT history FROM creditpulse.state").fetchone()
    if row is None:
        raise SchemaError("creditpulse.state is empty; run `python app.py migrate`")
    return str(row[0])


def count_history(url: str, progress: Progress = no_progress, patience_seconds: float = 3600) -> bool:
    """Counts everything from the beginning: empties queue and rollups, then reads the tables once.

    Returns False where another process is doing just that for longer than the patience. Writers go on
    meanwhile; nothing is folded until it is complete.
    """
    with patient(url) as first, patient(url) as second:
        second.execute(sql.SQL("SET lock_timeout = {}").format(int(patience_seconds * 1000)))
        second.execute(sql.SQL("SET idle_in_transaction_session_timeout = {}").format(FROZEN_COUNT_MS))
        try:
            second.execute("SELECT pg_advisory_lock(%s)", (HISTORY_LOCK,))
        except psycopg.errors.LockNotAvailable:
            return False
        if history_of(second) == "complete":
            return True
        sources = find_sources(first)
        wanted = list(wanted_triggers(sources))
        forget_counted(first)
        with locked(first, [table for table, _kind, _statement in wanted], "REPEATABLE READ"):
            first.execute("DELETE FROM creditpulse.changes")  # the transaction's first look: after the lock
            snapshot = first.execute("SELECT pg_export_snapshot()").fetchone()
            second.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            second.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot[0] if snapshot else ""))
            for _table, _kind, statement in wanted:
                first.execute(statement.encode())
        with packed(second), beside(second, "account_totals") as accounts:
            count_tables(second, sources, accounts, progress)
        second.execute("COMMIT")
        # Apart from the counting transaction, whose snapshot may not touch this row any more. A crash between
        # the two only means counting again.
        second.execute("UPDATE creditpulse.state SET history = 'complete', version = version + 1")
        second.execute(f"ANALYZE {listed(ROLLUPS)}".encode())
        second.execute(
            "SELECT pg_notify('creditpulse_folded', m) FROM creditpulse.state s,"
            " creditpulse.fold_messages(s.version, NULL, NULL, true) AS m"
        )
    return True


def forget_counted(connection: Connection[TupleRow]) -> None:
    """Empties rollups and queue while writers go on; under their tables' lock only what they added since is left."""
    with connection.transaction():
        connection.execute("UPDATE creditpulse.state SET history = 'counting', version = version + 1, low = '0'")
        for table in ("changes", "quarantine", *ROLLUPS):
            connection.execute(sql.SQL("DELETE FROM creditpulse.{}").format(sql.Identifier(table)))
    connection.execute(f"VACUUM (SKIP_LOCKED) {listed(ROLLUPS)}".encode())  # else the count goes through dead rows


def listed(tables: Iterable[str]) -> str:
    return ", ".join(f"creditpulse.{table}" for table in tables)


@contextmanager
def packed(connection: Connection[TupleRow]) -> Iterator[None]:
    """Within a transaction: its rows go into each rollup in the order of its index, and fill its pages.

    Both spare about a third, the one of the time, the other of the room.
    """
    connection.execute("SET LOCAL enable_hashagg = off")
    for table in ROOMY:
        connection.execute(f"ALTER TABLE creditpulse.{table} SET (fillfactor = 100)".encode())
    yield
    for table, full in ROOMY.items():
        connection.execute(f"ALTER TABLE creditpulse.{table} SET (fillfactor = {full})".encode())


@contextmanager
def beside(connection: Connection[TupleRow], table: str) -> Iterator[str]:
    """Within a transaction: the name of a table like that one, from which it is filled in the end, key by key.

    A row that every step changes leaves a dead one each time, and nothing clears those away before the commit. Of a
    table of few rows, which is read whole, a dozen times as many pages would be left for good.
    """
    name = f"creditpulse.counted_{table}"
    connection.execute(f"CREATE UNLOGGED TABLE {name} (LIKE creditpulse.{table} INCLUDING ALL)".encode())
    yield name
    connection.execute(f"INSERT INTO creditpulse.{table} SELECT * FROM {name} ORDER BY 1".encode())  # noqa: S608
    connection.execute(f"DROP TABLE {name}".encode())


def count_tables(
    connection: Connection[TupleRow], sources: dict[str, Source], accounts: str, progress: Progress
) -> None:
    """Adds up, within the connection's snapshot, every counted table in steps of some blocks.

    `accounts` is the table that stands in for creditpulse.account_totals.
    """
    sums = sql_file("sums.sql").decode().replace("creditpulse.account_totals", accounts)
    steps = [
        (source, table, start)
        for source in (sources[name] for name in COUNTED if name in sources)
        for table in source.partitions or (f"public.{source.name}",)
        for start in range(0, blocks_of(connection, table), BLOCKS_A_STEP)
    ]
    for done, (source, table, start) in enumerate(steps, start=1):
        kind, letter = COUNTED[source.name]
        rows = triggers.history_step(kind, letter, source.columns, table, start, start + BLOCKS_A_STEP)
        connection.execute(sql.SQL("WITH gone AS MATERIALIZED ({}), {} SELECT").format(sql.SQL(rows), sql.SQL(sums)))
        progress(done, len(steps))


def blocks_of(connection: Connection[TupleRow], table: str) -> int:
    row = connection.execute(
        "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::bigint", (table,)
    ).fetchone()
    return int(row[0]) if row else 0
