"""Views over the source tables, made to fit: a missing table is an empty view, a missing column is NULL.

So every query is written once, and never asks what a customer's database happens to have. Each view reads
through a function, which the planner takes apart like the view itself: unlike a view on the table it never
stands in the way of the customer's own ALTER TABLE.
"""

from __future__ import annotations

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


def source_views(sources: Mapping[str, Source], users: Source | None) -> str:
    """The statements that make (or remake) every view; `users` may lie in any schema."""
    views = [
        view(name, users if table == "users" else sources.get(table), columns)
        for name, (table, columns) in PLAIN.items()
    ]
    usage, purchases = sources["usage_logs"], sources.get("credit_usage")
    views.append(view("source_usage", usage, CALL, counted_call(usage.columns)))
    views.append(
        view("source_purchases", purchases, PURCHASE, counted_purchase(purchases.columns if purchases else {}))
    )
    return "\n".join(views)


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


def view(
    name: str, source: Source | None, columns: Mapping[str, str], reckoned: Mapping[str, str] | None = None
) -> str:
    """A view with these columns; `reckoned` are those that are not simply the column of that name."""
    selected = ", ".join(f"({read(source, column, kind, reckoned or {})})::{kind}" for column, kind in columns.items())
    rows = f"FROM {source.table} r" if source else "WHERE false"
    table = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return f"""
CREATE OR REPLACE FUNCTION creditpulse.{name}_rows() RETURNS TABLE ({table})
LANGUAGE sql STABLE PARALLEL SAFE AS $function$ SELECT {selected} {rows} $function$;
CREATE OR REPLACE VIEW creditpulse.{name} AS SELECT * FROM creditpulse.{name}_rows();"""


def read(source: Source | None, column: str, kind: str, reckoned: Mapping[str, str]) -> str:
    if source is None:
        return "NULL"
    if column in reckoned:
        return reckoned[column]
    return f"r.{column}" if fits(source.columns.get(column), kind) else "NULL"


def fits(found: str | None, kind: str) -> bool:
    """Whether a column of the found type can always be read as the kind that the view has."""
    return found is not None and (kind == "text" or found in READABLE[kind])
