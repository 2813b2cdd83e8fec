"""The indexes that our queries on the source tables need: built beside writers, and only where none serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from data.sources import Source


@dataclass(frozen=True)
class NeededIndex:
    """An index that our queries on a source table need, whoever made it."""

    table: str
    columns: tuple[str, ...]
    where: str = ""

    @property
    def name(self) -> str:
        return f"creditpulse_{self.table}_{'_'.join(self.columns)}"


NEEDED_INDEXES = (
    NeededIndex("usage_logs", ("thread_id", "created_at")),
    NeededIndex("usage_logs", ("user_id", "created_at")),
    NeededIndex("usage_logs", ("created_at",)),
    NeededIndex("credit_usage", ("user_id", "created_at")),
    NeededIndex("credit_usage", ("created_at",)),
    NeededIndex("credit_usage", ("thread_id",)),
    NeededIndex("threads", ("account_id", "thread_id")),
    NeededIndex("threads", ("project_id",)),
    NeededIndex("agent_runs", ("thread_id", "started_at")),
    NeededIndex("agent_runs", ("thread_id",)),  # where runs have no start; else the one above serves
    NeededIndex("agent_runs", ("status",), "WHERE status = 'running'"),
)


def build_indexes(connection: Connection[TupleRow], sources: Mapping[str, Source]) -> None:
    for index in NEEDED_INDEXES:
        build_index(connection, sources, index)


def build_index(connection: Connection[TupleRow], sources: Mapping[str, Source], index: NeededIndex) -> None:
    source = sources.get(index.table)
    if (
        source is None
        or source.a_view
        or not set(index.columns) <= source.columns.keys()
        or has_index(connection, index)
    ):
        return
    if source.partitioned:
        # An index on the whole cannot be built concurrently: one on each part, which new parts do not need at once.
        for part in source.partitions:
            name = f"{index.name}_{part.rsplit('.', 1)[-1].strip(chr(34))}"[:63]
            create_index(connection, name, part, index)
    else:
        create_index(connection, index.name, f"public.{index.table}", index)


def has_index(connection: Connection[TupleRow], index: NeededIndex) -> bool:
    """Whether a valid index begins with the columns (a partial one only with our own condition)."""
    rows = connection.execute(
        """SELECT array_agg(a.attname::text ORDER BY k.position), i.indpred IS NOT NULL, x.relname
        FROM pg_index i
        JOIN pg_class x ON x.oid = i.indexrelid
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = %s::regclass AND i.indisvalid
        GROUP BY i.indexrelid, i.indpred, x.relname""",
        (f"public.{index.table}",),
    ).fetchall()
    wanted = list(index.columns)
    return any(
        columns[: len(wanted)] == wanted and (not partial or name == index.name) for columns, partial, name in rows
    )


def create_index(connection: Connection[TupleRow], name: str, table: str, index: NeededIndex) -> None:
    broken = connection.execute(
        """SELECT 1 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        WHERE x.relname = %s AND NOT i.indisvalid""",
        (name,),
    ).fetchone()
    if broken:  # left by an earlier build that was cut off
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY public.{}").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} ({}) {}").format(
            sql.Identifier(name),
            sql.SQL(table),
            sql.SQL(", ").join(map(sql.Identifier, index.columns)),
            sql.SQL(index.where),
        )
    )
