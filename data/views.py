"""Views over the source tables, made to fit: a missing table is an empty view, a missing column is NULL.

So every query is written once, and never asks what a customer's database happens to have. Each view reads
through a function, which the planner takes apart like the view itself: unlike a view on the table it never
stands in the way of the customer's own ALTER TABLE.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from data.sources import Source
from data.triggers import Columns, model_of, number

# view: the table it reads, and its columns with their types
PLAIN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "source_threads": (
        "threads",
        {
            "thread_id": "uuid",
            "account_id": "uuid",
            "project_id": "uuid",
            "metadata": "jsonb",
            "created_at": "timestamptz",
            "updated_at": "timestamptz",
        },
    ),
    "source_projects": (
        "projects",
        {"project_id": "uuid", "name": "text", "description": "text", "account_id": "uuid"},
    ),
    "source_runs": (
        "agent_runs",
        {
            "id": "uuid",
            "thread_id": "uuid",
            "status": "text",
            "started_at": "timestamptz",
            "completed_at": "timestamptz",
            "error": "text",
            "created_at": "timestamptz",
        },
    ),
    "source_users": ("users", {"id": "uuid", "email": "text", "name": "text", "created_at": "timestamptz"}),
}
READABLE = {
    "uuid": {"uuid"},
    "jsonb": {"json", "jsonb"},
    "timestamptz": {"timestamp with time zone", "timestamp without time zone", "date"},
}
CALL = {
    "id": "uuid",
    "user_id": "uuid",
    "thread_id": "uuid",
    "created_at": "timestamptz",
    "model": "text",
    "prompt_tokens": "bigint",
    "completion_tokens": "bigint",
    "total_tokens": "bigint",
    "cost": "numeric",
    "content": "jsonb",
}
PURCHASE = {
    "id": "uuid",
    "user_id": "uuid",
    "thread_id": "uuid",
    "created_at": "timestamptz",
    "cost": "numeric",
    "description": "text",
}

# view: the table that it reads, and which of its columns decide what views and triggers look like
READ: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{name: (table, tuple(columns)) for name, (table, columns) in PLAIN.items()},
    "source_usage": (
        "usage_logs",
        ("id", "user_id", "thread_id", "created_at", "content", "total_prompt_tokens", "total_completion_tokens",
         "total_tokens", "estimated_cost"),
    ),
    "source_purchases": (
        "credit_usage", ("id", "user_id", "thread_id", "created_at", "amount_dollars", "description")
    ),
}  # fmt: skip


def source_views(sources: Mapping[str, Source], users: Source | None) -> str:
    """The statements that make (or remake) every view; `users` may lie in any schema."""
    views = [f"CREATE OR REPLACE VIEW creditpulse.{name} AS SELECT * FROM creditpulse.{name}_rows();" for name in READ]
    return "\n".join((source_functions(sources, users), *views))


def source_functions(sources: Mapping[str, Source], users: Source | None) -> str:
    """Only the functions that they read through: takes no lock that a reader would wait for."""
    usage, purchases = sources["usage_logs"], sources.get("credit_usage")
    functions = [
        source_function(name, users if table == "users" else sources.get(table), columns)
        for name, (table, columns) in PLAIN.items()
    ]
    functions.append(source_function("source_usage", usage, CALL, counted_call(usage.columns)))
    counted = counted_purchase(purchases.columns if purchases else {})
    functions.append(source_function("source_purchases", purchases, PURCHASE, counted))
    return "\n".join(functions)


def mark(name: str, source: Source | None) -> str:
    """What a view was made for: another one, as soon as a column that it reads is another one."""
    read = [source.table, *(source.columns.get(column) for column in READ[name][1])] if source else []
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()[:16]


def counted_call(columns: Columns) -> dict[str, str]:
    """The figures of row r as the triggers count them."""
    return {
        "model": model_of(columns),
        "prompt_tokens": number(columns, "total_prompt_tokens"),
        "completion_tokens": number(columns, "total_completion_tokens"),
        "total_tokens": number(columns, "total_tokens"),
        "cost": number(columns, "estimated_cost"),
    }


def counted_purchase(columns: Columns) -> dict[str, str]:
    return {"cost": number(columns, "amount_dollars")}


def source_function(
    name: str, source: Source | None, columns: Mapping[str, str], reckoned: Mapping[str, str] | None = None
) -> str:
    """The function of a view with these columns; `reckoned` are those that are not simply the column of that name."""
    selected = ", ".join(f"({read(source, column, kind, reckoned or {})})::{kind}" for column, kind in columns.items())
    rows = f"FROM {source.table} r" if source else "WHERE false"
    table = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return f"""
CREATE OR REPLACE FUNCTION creditpulse.{name}_rows() RETURNS TABLE ({table})
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
-- made for {mark(name, source)}
SELECT {selected} {rows} $function$;"""


def read(source: Source | None, column: str, kind: str, reckoned: Mapping[str, str]) -> str:
    if source is None:
        return "NULL"
    if column in reckoned:
        return reckoned[column]
    found = source.columns.get(column)
    if kind == "jsonb" and found == "json":
        return f"creditpulse.jsonb_in(r.{column})"
    return f"r.{column}" if fits(found, kind) else "NULL"


def fits(found: str | None, kind: str) -> bool:
    """Whether a column of the found type can always be read as the kind that the view has."""
    return found is not None and (kind == "text" or found in READABLE[kind])
