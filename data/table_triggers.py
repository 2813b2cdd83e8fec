"""Which tables need triggers of ours, and adding those that are missing, beside writers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from data import triggers
from data.locks import locked
from data.sources import Source
from data.triggers import COUNTED

logger = logging.getLogger(__name__)


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
    """Tables of others with triggers of ours that are no source tables any more, such as detached partitions."""
    return connection.execute(
        """SELECT t.tgrelid::regclass::text, array_agg(t.tgname::text) FROM pg_trigger t
        JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
        WHERE p.pronamespace = 'creditpulse'::regnamespace AND c.relnamespace <> 'creditpulse'::regnamespace
            AND t.tgrelid <> ALL (%s::regclass[])
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
