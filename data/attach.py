"""Attaching to source tables, also while they are written: triggers first, then the history, each row once.

The first connection locks the tables for a moment, exports a snapshot, and makes the triggers; the second
imports that snapshot and counts what it sees. So the snapshot has every row that came before the triggers,
and the queue every row that came after. A count that is cut off starts again from the beginning.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from data import triggers
from data.constants import HISTORY_LOCK
from data.engine import KEEPALIVE
from data.errors import SchemaError, UnavailableError
from data.fit import changed_tables, missed_changes
from data.indexes import build_indexes
from data.name_indexes import build_name_indexes
from data.sources import SOURCE_TABLES, Source, check_rights, find_source, find_sources, find_users
from data.views import source_views

logger = logging.getLogger(__name__)

# Whatever the role's own defaults are: nothing of ours may fail over what writers do meanwhile, or be forbidden.
PLAIN_TRANSACTIONS = """
    SET default_transaction_isolation = 'read committed';
    SET default_transaction_read_only = off
"""

Progress = Callable[[int, int], None]  # steps counted, steps in all
LOCK_TIMEOUT_MS = 200  # no writer ever queues behind our wait for the lock for longer
LOCK_TRIES = 300
FROZEN_MS = 5000
FROZEN_COUNT_MS = 60_000
BLOCKS_A_STEP = 8192  # 64 MiB of table
ROLLUPS = ("thread_totals", "thread_users", "thread_hours", "account_totals", "usage_rollup", "purchase_rollup")
COUNTED = triggers.COUNTED


def no_progress(_done: int, _total: int) -> None:
    pass


def attach(url: str, progress: Progress = no_progress, users_table: str | None = None) -> None:
    """Brings triggers and indexes up to date on the source tables at `url`, and the history into the rollups.

    Safe to run again, at any time, beside writers and running apps. Raises MissingRightError, SchemaError,
    or UnavailableError when the tables' lock cannot be had.
    """
    with patient(url) as connection:
        make_sources(connection)
        sources = find_sources(connection)
        for source in sources.values():
            if source.name in (*COUNTED, "agent_runs", "threads") and not source.a_view:
                check_rights(connection, source)
        build_indexes(connection, sources)
        users = find_users(connection, users_table)
        missed = missed_changes(connection, changed_tables(connection, sources, users))
        refresh_functions(connection, sources, users)
        if missed:
            connection.execute("UPDATE creditpulse.state SET history = 'needed'")
        build_name_indexes(connection, sources, users)
        if history_of(connection) == "complete":
            add_triggers(connection, sources)
        if history_of(connection) == "complete":
            return
    if not count_history(url, progress):
        raise UnavailableError("another process has been counting the history for an hour; see `python app.py doctor`")


@contextmanager
def patient(url: str) -> Iterator[Connection[TupleRow]]:
    """A connection whose statements may take as long as they need, whatever the role's own defaults are."""
    with psycopg.connect(url, autocommit=True, application_name="creditpulse migrate", **KEEPALIVE) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET lock_timeout = 0")
        connection.execute(PLAIN_TRANSACTIONS)
        yield connection


def make_sources(connection: Connection[TupleRow]) -> None:
    """Makes the source tables in a database of our own. Raises SchemaError where it is somebody else's."""
    if find_source(connection, "usage_logs") is not None:
        return
    others = [f"public.{name}" for name in SOURCE_TABLES if find_source(connection, name) is not None]
    if others:
        raise SchemaError(
            f"public.usage_logs is missing, and {', '.join(others)} is there: this is another application's database; "
            "check CREDITPULSE_DATABASE_URL"
        )
    with connection.transaction():
        connection.execute(sql_file("source_tables.sql"))


def sql_file(name: str) -> bytes:
    return resources.files("data").joinpath("sql", name).read_bytes()


def history_of(connection: Connection[TupleRow]) -> str:
    """`needed`, `counting` or `complete`."""
    row = connection.execute("SELECT history FROM creditpulse.state").fetchone()
    if row is None:
        raise SchemaError("creditpulse.state is empty; run `python app.py migrate`")
    return str(row[0])


def refresh_functions(connection: Connection[TupleRow], sources: dict[str, Source], users: Source | None) -> None:
    with connection.transaction():
        connection.execute(sql_file("model.sql"))
        connection.execute(sql_file("exact.sql"))
        connection.execute(sql_file("lists.sql"))
        connection.execute(source_views(sources, users).encode())
        connection.execute(sql_file("periods.sql"))
        fold = sql_file("fold.sql").replace(b":history_lock", str(HISTORY_LOCK).encode())
        connection.execute(fold.replace(b":sums", sql_file("sums.sql")))
        connection.execute(triggers.trigger_functions(sources).encode())


def add_triggers(connection: Connection[TupleRow], sources: dict[str, Source], tries: int | None = None) -> None:
    """Adds what triggers are missing, such as those of new partitions; takes a lock only where some are.

    Where rows may have come or gone unseen meanwhile, the history is needed anew: whoever counts it adds them.
    Raises UnavailableError where a lock cannot be had in so many short tries.
    """
    wanted = list(wanted_triggers(sources))
    missing = [
        (table, statement) for table, kind, statement in wanted if not has_triggers(connection, table, statement)
    ]
    for table, statement in missing:
        if not missed_rows(connection, table):
            with locked(connection, [table], tries=tries):
                connection.execute(statement.encode())
    strays = stray_triggers(connection, [table for table, _kind, _statement in wanted])
    for table, names in strays:
        with locked(connection, [table], tries=tries):
            for name in names:
                connection.execute(sql.SQL("DROP TRIGGER {} ON {}").format(sql.Identifier(name), sql.SQL(table)))
    if strays or any(missed_rows(connection, table) for table, _statement in missing):
        logger.warning("tables came or went: the history is counted anew", extra={"action": "history.needed"})
        connection.execute("UPDATE creditpulse.state SET history = 'needed'")


def missed_rows(connection: Connection[TupleRow], table: str) -> bool:
    """Whether rows of a counted table that has lacked its triggers may have changed unseen.

    A partition's are seen through the whole, but for those that it had before it was attached: then it is
    older than its place in the tree.
    """
    if table in (f"public.{name}" for name in COUNTED):
        return True
    attached = connection.execute(
        """SELECT t.xmin <> i.xmin FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
        JOIN pg_type t ON t.oid = c.reltype WHERE c.oid = %s::regclass AND c.relispartition""",
        (table,),
    ).fetchone()
    if attached is None or not attached[0]:
        return False
    filled = connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.SQL(table))).fetchone()
    return bool(filled and filled[0])


def stray_triggers(connection: Connection[TupleRow], wanted: list[str]) -> list[tuple[str, list[str]]]:
    """Tables with triggers of ours that are no source tables any more, such as detached partitions."""
    return connection.execute(
        """SELECT t.tgrelid::regclass::text, array_agg(t.tgname::text) FROM pg_trigger t
        JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.pronamespace = 'creditpulse'::regnamespace AND t.tgrelid <> ALL (%s::regclass[])
        GROUP BY t.tgrelid""",
        (wanted,),
    ).fetchall()


def wanted_triggers(sources: dict[str, Source]) -> Iterator[tuple[str, str, str]]:
    """Every table that needs triggers, with their kind and the statements that make them."""
    for name, (kind, _letter) in COUNTED.items():
        if name not in sources:
            continue
        source = sources[name]
        whole = f"public.{name}"
        yield whole, kind, triggers.statement_triggers(kind, whole, truncate=not source.partitioned)
        for part in source.partitions:
            yield part, kind, triggers.statement_triggers(kind, part, part_of_whole=True)
    for name, kind in (("agent_runs", "run"), ("threads", "thread")):
        if name in sources and not sources[name].a_view:
            yield f"public.{name}", kind, triggers.statement_triggers(kind, f"public.{name}", truncate=False)


def has_triggers(connection: Connection[TupleRow], table: str, statement: str) -> bool:
    """Whether the table has every trigger that the statement makes, none of them disabled."""
    row = connection.execute(
        """SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = %s::regclass AND p.pronamespace = 'creditpulse'::regnamespace
            AND t.tgenabled IN ('O', 'A')""",
        (table,),
    ).fetchone()
    return bool(row and row[0] >= statement.count("CREATE OR REPLACE TRIGGER"))


@contextmanager
def locked(
    connection: Connection[TupleRow], tables: list[str], isolation: str = "READ COMMITTED", tries: int | None = None
) -> Iterator[None]:
    """A transaction that holds the tables' write lock, which it waited for in short tries only.

    Raises UnavailableError when a long transaction never lets go of a table.
    """
    for attempt in range(LOCK_TRIES if tries is None else tries):
        connection.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
        try:
            connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}".encode())
            # Writers wait for us now: the server ends us where this process freezes, or its network is cut.
            connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = {FROZEN_MS}".encode())
            connection.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE".encode())
        except psycopg.errors.LockNotAvailable:
            connection.execute("ROLLBACK")
            if attempt == 0:
                logger.info("waiting for the write lock of %s", ", ".join(tables), extra={"action": "lock.wait"})
            time.sleep(random.uniform(0.05, 0.4))  # noqa: S311
            continue
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return
    raise UnavailableError(
        f"{', '.join(tables)} stayed locked by other transactions; end the long ones (see pg_stat_activity) "
        "and run `python app.py migrate` again"
    )


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
        count_tables(second, sources, progress)
        second.execute("COMMIT")
        # Apart from the counting transaction, whose snapshot may not touch this row any more. A crash between
        # the two only means counting again.
        second.execute("UPDATE creditpulse.state SET history = 'complete', version = version + 1")
        second.execute(f"ANALYZE {', '.join(f'creditpulse.{table}' for table in ROLLUPS)}".encode())
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


def count_tables(connection: Connection[TupleRow], sources: dict[str, Source], progress: Progress) -> None:
    """Adds up, within the connection's snapshot, every counted table in steps of some blocks."""
    steps = [
        (source, table, start)
        for source in (sources[name] for name in COUNTED if name in sources)
        for table in source.partitions or (f"public.{source.name}",)
        for start in range(0, blocks_of(connection, table), BLOCKS_A_STEP)
    ]
    for done, (source, table, start) in enumerate(steps, start=1):
        kind, letter = COUNTED[source.name]
        rows = triggers.history_step(kind, letter, source.columns, table, start, start + BLOCKS_A_STEP)
        connection.execute(
            sql.SQL("WITH gone AS MATERIALIZED ({}), {} SELECT").format(
                sql.SQL(rows), sql.SQL(sql_file("sums.sql").decode())
            )
        )
        progress(done, len(steps))


def blocks_of(connection: Connection[TupleRow], table: str) -> int:
    row = connection.execute(
        "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::bigint", (table,)
    ).fetchone()
    return int(row[0]) if row else 0
