"""Keeps triggers and views fitted to the source tables while a server runs, as `migrate` does when it is told to.

A writer's statement that a trigger cannot read any more leaves a mark instead of failing (data/triggers.py); then,
and where columns have changed in another way, functions are made anew, and the history is counted once more.
"""

from __future__ import annotations

import logging

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import TupleRow

from data.constants import MIGRATE_LOCK
from data.errors import CreditpulseError, SchemaError, UnavailableError
from data.fit import changed_tables, missed_changes
from data.revisions import newest_revision
from data.sources import Source, find_sources, find_users
from data.table_triggers import add_triggers
from data.triggers import trigger_functions
from data.views import source_functions

logger = logging.getLogger(__name__)


class Tailor:
    """The leader's; `users_table` as in the settings. What it cannot do, it says once, and tries again."""

    def __init__(self, connection: Connection[TupleRow], users_table: str | None = None) -> None:
        self.connection = connection
        self.users_table = users_table
        self.complaint = ""

    def fits(self, *, anew: bool = False) -> bool:
        """Whether triggers and views fit the tables. Makes them anew first where columns have changed, or always."""
        try:
            self.fit(self.sources(), anew=anew)
        except (CreditpulseError, InsufficientPrivilege) as error:
            self.complain(error)
            return False
        self.complaint = ""
        return True

    def look(self) -> None:
        """As `fits`; and new partitions get their triggers. A table that is in use for long has to wait."""
        try:
            sources = self.sources()
            self.fit(sources)
            add_triggers(self.connection, sources, tries=1)
        except (CreditpulseError, InsufficientPrivilege) as error:
            self.complain(error)

    def sources(self) -> dict[str, Source]:
        """Raises SchemaError where what is counted cannot be counted as it is now; what was counted is void then."""
        try:
            return find_sources(self.connection)
        except SchemaError:
            self.connection.execute("UPDATE creditpulse.state SET history = 'needed' WHERE history = 'complete'")
            raise

    def fit(self, sources: dict[str, Source], *, anew: bool = False) -> None:
        users = find_users(self.connection, self.users_table)
        changed = changed_tables(self.connection, sources, users)
        if not (changed or anew):
            return
        if not locked(self.connection):
            raise UnavailableError("a migration is at work; what it leaves is seen to afterwards")
        try:
            check_revision(self.connection)
            with self.connection.transaction():
                self.connection.execute(source_functions(sources, users).encode())
                self.connection.execute(trigger_functions(sources).encode())
            if missed_changes(self.connection, changed):
                self.connection.execute("UPDATE creditpulse.state SET history = 'needed'")
        finally:
            self.connection.execute("SELECT pg_advisory_unlock(%s)", (MIGRATE_LOCK,))
        if changed:
            logger.warning(
                "columns of %s have changed: what is counted is counted anew", ", ".join(sorted(changed)),
                extra={"action": "columns.changed"},
            )  # fmt: skip

    def complain(self, error: Exception) -> None:
        text = str(error).split("\n")[0]
        if text != self.complaint:
            logger.warning("%s", text, extra={"action": "tables.failed"})
        self.complaint = text


def locked(connection: Connection[TupleRow]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (MIGRATE_LOCK,)).fetchone()
    return bool(row and row[0])


def check_revision(connection: Connection[TupleRow]) -> None:
    """Raises SchemaError where another version has migrated: its functions are not ours to replace."""
    row = connection.execute("SELECT version_num FROM creditpulse.alembic_version").fetchone()
    if row is None or row[0] != newest_revision():
        raise SchemaError("the schema is of another version; restart this server with the version that migrated it")
