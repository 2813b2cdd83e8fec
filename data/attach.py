"""Attaching to source tables, also while they are written: indexes, functions and views that fit them, triggers, and
then the history (data/history.py)."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from data import triggers
from data.constants import HISTORY_LOCK
from data.errors import SchemaError, UnavailableError
from data.fit import changed_tables, missed_changes
from data.history import Progress, count_history, history_of, no_progress
from data.indexes import build_indexes
from data.locks import patient
from data.name_indexes import build_name_indexes
from data.sources import SOURCE_TABLES, Source, check_rights, find_source, find_sources, find_users
from data.sql_files import sql_file
from data.table_triggers import add_triggers
from data.triggers import COUNTED
from data.views import source_views


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
