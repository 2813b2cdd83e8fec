"""Views over the source tables, made to fit: a missing table is an empty view, a missing column is NULL.

So every query is written once, and never asks what a customer's database happens to have.
"""

from __future__ import annotations

from collections.abc import Mapping

from data.sources import Source
from data.triggers import model_of, number

# view: its columns, with their types and how they read from row r of the table where the column is there
VIEW_COLUMNS: Mapping[str, tuple[str, Mapping[str, str]]] = {
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


def source_views(sources: Mapping[str, Source], users: Source | None) -> str:
    """The statements that make (or remake) every view; `users` may lie in any schema."""
    tables = {**sources, **({"users": users} if users else {})}
    views = [view(name, tables.get(table), columns) for name, (table, columns) in VIEW_COLUMNS.items()]
    return "\n".join([*views, usage_view(sources["usage_logs"]), purchases_view(sources.get("credit_usage"))])


def view(name: str, source: Source | None, columns: Mapping[str, str]) -> str:
    if source is None:
        nothing = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
        return f"CREATE OR REPLACE VIEW creditpulse.{name} AS SELECT {nothing} WHERE false;"
    selected = ", ".join(
        f"r.{column}::{kind} AS {column}" if column in source.columns else f"NULL::{kind} AS {column}"
        for column, kind in columns.items()
    )
    return f"CREATE OR REPLACE VIEW creditpulse.{name} AS SELECT {selected} FROM {source.table} r;"


def usage_view(source: Source) -> str:
    """One row for each call, with the figures as the triggers count them; user and thread stay NULL where they are."""
    columns = source.columns
    return f"""CREATE OR REPLACE VIEW creditpulse.source_usage AS
    SELECT r.id, r.user_id, r.thread_id, r.created_at, {model_of(columns)} AS model,
        {number(columns, "total_prompt_tokens")}::bigint AS prompt_tokens,
        {number(columns, "total_completion_tokens")}::bigint AS completion_tokens,
        {number(columns, "total_tokens")}::bigint AS total_tokens,
        {number(columns, "estimated_cost")} AS cost,
        {"r.content::jsonb" if "content" in columns else "NULL::jsonb"} AS content
    FROM public.usage_logs r;"""


def purchases_view(source: Source | None) -> str:
    if source is None:
        return """CREATE OR REPLACE VIEW creditpulse.source_purchases AS
    SELECT NULL::uuid AS id, NULL::uuid AS user_id, NULL::uuid AS thread_id, NULL::timestamptz AS created_at,
        NULL::numeric AS cost, NULL::text AS description WHERE false;"""
    description = "r.description" if "description" in source.columns else "NULL::text"
    thread = "r.thread_id" if "thread_id" in source.columns else "NULL::uuid"
    return f"""CREATE OR REPLACE VIEW creditpulse.source_purchases AS
    SELECT r.id, r.user_id, {thread} AS thread_id, r.created_at,
        {number(source.columns, "amount_dollars")}::numeric AS cost, {description} AS description
    FROM public.credit_usage r;"""
