"""The indexes that find names by a part of them: of threads, projects and people, where their tables are ours to index.

They lie on the platform's own tables, so PostgreSQL itself keeps them right, whoever renames what. Where one is
missing (a table that another role owns, a view), whoever searches looks through the names instead, up to a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import Connection, text

from data.sources import Source

PENDING_KB = 256  # of an index's queue of new entries, which every search reads
THREADS, PROJECTS, USERS = "threads", "projects", "users"


def index_name(table: str) -> str:
    return f"creditpulse_{table}_names"


def indexed_names(sources: Mapping[str, Source], users: Source | None) -> Iterator[tuple[Source, str, str]]:
    """Each table with names, the index's name, and what it is of: just as data/views.py reads those columns."""
    threads, projects = sources.get("threads"), sources.get("projects")
    if threads and threads.columns.get("metadata") == "jsonb":  # a json column may hold what cannot be read
        yield threads, index_name(THREADS), "metadata->>'title', metadata->>'name'"
    if projects and "name" in projects.columns:
        yield projects, index_name(PROJECTS), "name::text, NULL"
    if users:
        name = "name::text" if "name" in users.columns else "NULL"
        yield users, index_name(USERS), f"email::text, {name}"


def build_name_indexes(
    connection: psycopg.Connection[TupleRow], sources: Mapping[str, Source], users: Source | None
) -> None:
    """Builds what is missing beside writers; needs creditpulse.grams. Safe to run again."""
    for source, name, words in indexed_names(sources, users):
        if source.kind != "r" or not owned(connection, source):
            continue
        drop_broken(connection, source, name)
        connection.execute(
            sql.SQL(
                "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} USING gin (creditpulse.grams({}))"
                " WITH (gin_pending_list_limit = {})"
            ).format(sql.Identifier(name), sql.SQL(source.table), sql.SQL(words), sql.Literal(PENDING_KB))
        )


def owned(connection: psycopg.Connection[TupleRow], source: Source) -> bool:
    row = connection.execute(
        "SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = %s::regclass", (source.table,)
    ).fetchone()
    return bool(row and row[0])


def drop_broken(connection: psycopg.Connection[TupleRow], source: Source, name: str) -> None:
    """What an earlier build left that was cut off."""
    index = sql.Identifier(source.schema, name)
    broken = connection.execute(
        "SELECT 1 FROM pg_index i WHERE i.indexrelid = to_regclass(%s) AND NOT i.indisvalid",
        (index.as_string(connection),),
    ).fetchone()
    if broken:
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(index))


BUILT = text("""
    SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relname = ANY (:names) AND i.indisvalid
""")


def indexed_tables(connection: Connection) -> frozenset[str]:
    """The tables whose names an index finds, out of THREADS, PROJECTS, USERS."""
    tables = {index_name(table): table for table in (THREADS, PROJECTS, USERS)}
    return frozenset(tables[name] for name in connection.execute(BUILT, {"names": list(tables)}).scalars())
