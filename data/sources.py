"""What the database we connect to offers: which source tables are there, with which columns and partitions."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

from data.errors import MissingRightError, SchemaError

SOURCE_TABLES = ("usage_logs", "credit_usage", "agent_runs", "threads", "projects", "users")

COUNTED_TABLES = ("usage_logs", "credit_usage")

# Without it a table of that name is somebody else's, and as good as missing.
KEYS = {"agent_runs": "thread_id", "threads": "thread_id", "projects": "project_id"}

UUID_TYPES = {"uuid"}
NUMBER_TYPES = {"smallint", "integer", "bigint", "numeric", "real", "double precision"}
TIME_TYPES = {"timestamp with time zone"}
EXPECTED_TYPES = {
    "thread_id": UUID_TYPES,
    "user_id": UUID_TYPES,
    "created_at": TIME_TYPES,
    "total_prompt_tokens": NUMBER_TYPES,
    "total_completion_tokens": NUMBER_TYPES,
    "total_tokens": NUMBER_TYPES,
    "estimated_cost": NUMBER_TYPES,
    "amount_dollars": NUMBER_TYPES,
}


@dataclass(frozen=True)
class Source:
    """One source table as it is: `columns` maps names to types, `partitions` are leaf tables, quoted.

    `kind` is PostgreSQL's: r a table, p a partitioned one (which may have no partition yet), v a view.
    """

    name: str
    columns: dict[str, str]
    partitions: tuple[str, ...] = ()
    schema: str = "public"
    kind: str = "r"

    @property
    def table(self) -> str:
        return f'"{self.schema}"."{self.name}"'

    @property
    def partitioned(self) -> bool:
        return self.kind == "p"

    @property
    def a_view(self) -> bool:
        return self.kind == "v"

    def has_id(self, column: str) -> bool:
        return self.columns.get(column) == "uuid"


def find_source(connection: Connection[TupleRow], name: str, schema: str = "public") -> Source | None:
    """The table, or None where there is none.

    Raises SchemaError where it is one that we add up, and cannot be added up exactly.
    """
    found = connection.execute(
        """SELECT c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v')""",
        (schema, name),
    ).fetchone()
    if found is None:
        return None
    oid, kind = found
    columns: dict[str, str] = dict(
        connection.execute(
            """SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
            WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped""",
            (oid,),
        ).fetchall()
    )
    if schema == "public" and name in COUNTED_TABLES:
        check_types(name, columns)
    partitions: tuple[str, ...] = ()
    if kind == "p":
        partitions = tuple(
            row[0]
            for row in connection.execute(
                """SELECT t.relid::regclass::text FROM pg_partition_tree(%s) t WHERE t.isleaf
                ORDER BY t.relid""",
                (oid,),
            ).fetchall()
        )
    return Source(name, columns, partitions, schema, kind)


def find_users(connection: Connection[TupleRow], users_table: str | None) -> Source | None:
    """The table of people: the one set, else public.users, else auth.users, where it can be read."""
    for table in (users_table,) if users_table else ("public.users", "auth.users"):
        schema, name = table.split(".")
        source = find_source(connection, name, schema)
        if source is None or not source.has_id("id") or "email" not in source.columns:
            continue
        readable = connection.execute(
            "SELECT has_schema_privilege(%s, 'USAGE') AND has_table_privilege(%s, 'SELECT')", (schema, source.table)
        ).fetchone()
        if readable and readable[0]:
            return source
    if users_table:
        raise SchemaError(
            f"CREDITPULSE_USERS_TABLE names {users_table}, which is not there, not readable, "
            "or lacks an id (a uuid) and an email"
        )
    return None


def check_types(name: str, columns: dict[str, str]) -> None:
    for column, expected in EXPECTED_TYPES.items():
        if column in columns and columns[column] not in expected:
            raise SchemaError(
                f"public.{name}.{column} is {columns[column]}; Creditpulse needs {' or '.join(sorted(expected))}"
            )


def find_sources(connection: Connection[TupleRow]) -> dict[str, Source]:
    """The source tables that are there. Raises SchemaError where what has to be counted cannot be."""
    found = {name: find_source(connection, name) for name in SOURCE_TABLES}
    sources = {
        name: source
        for name, source in found.items()
        if source is not None and (name not in KEYS or source.has_id(KEYS[name]))
    }
    if "usage_logs" not in sources:
        raise SchemaError(
            "public.usage_logs is missing; check CREDITPULSE_DATABASE_URL, or run `python app.py migrate`"
        )
    for name in COUNTED_TABLES:
        if name in sources and sources[name].a_view:
            raise SchemaError(f"public.{name} is a view, and views cannot tell of their changes; make it a table")
    return sources


def check_rights(connection: Connection[TupleRow], source: Source) -> None:
    """Raises MissingRightError where triggers could not be made, or rows would stay hidden from us."""
    table = f"public.{source.name}"
    role, owns, sees, hidden = connection.execute(  # type: ignore[misc]
        """SELECT current_user, pg_has_role(c.relowner, 'USAGE'),
            has_table_privilege(c.oid, 'SELECT'), row_security_active(c.oid)
        FROM pg_class c WHERE c.oid = %s::regclass""",
        (table,),
    ).fetchone()
    if not owns:
        raise MissingRightError(
            f"the role {role} does not own {table}, so it can make no triggers and indexes on it; "
            f"connect as its owner, or GRANT the owner's role TO {role}"
        )
    if not sees:
        raise MissingRightError(f"the role {role} may not read {table}; GRANT SELECT ON {table} TO {role}")
    if hidden:
        raise MissingRightError(
            f"row-level security hides rows of {table} from the role {role}, and totals would be wrong; "
            f"ALTER ROLE {role} BYPASSRLS, or connect as the table's owner without FORCE ROW LEVEL SECURITY"
        )
