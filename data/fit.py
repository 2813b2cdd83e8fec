"""Whether triggers and views still fit the source tables, whose columns their owner may change at any time."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import Connection
from psycopg.rows import TupleRow

from data.sources import COUNTED_TABLES, Source
from data.views import READ, mark

MARKS = """
    SELECT p.proname, substring(p.prosrc FROM '-- made for ([0-9a-f]+)') FROM pg_proc p
    WHERE p.pronamespace = 'creditpulse'::regnamespace AND p.proname = ANY (%s)
"""


def changed_tables(
    connection: Connection[TupleRow], sources: Mapping[str, Source], users: Source | None
) -> frozenset[str]:
    """The source tables that have other columns, of those that we read, than when their functions were made.

    None where functions of an earlier version do not say what they were made for.
    """
    made: dict[str, str | None] = dict(connection.execute(MARKS, ([f"{name}_rows" for name in READ],)).fetchall())
    wanted = {name: mark(name, users if table == "users" else sources.get(table)) for name, (table, _) in READ.items()}
    return frozenset(READ[name][0] for name in READ if made.get(f"{name}_rows") not in (None, wanted[name]))


def missed_changes(connection: Connection[TupleRow], changed: frozenset[str]) -> bool:
    """Whether something was not, or may not have been, counted as the tables are now: only a recount knows."""
    row = connection.execute("SELECT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'R')").fetchone()
    return not changed.isdisjoint(COUNTED_TABLES) or bool(row and row[0])
