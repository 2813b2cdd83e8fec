"""Rows for the tests of what pages read: people, threads, calls, agent runs, in a few words."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb

NAMESPACE = UUID("6c1f0f6e-8f0d-4a53-9d0e-2f2f3f0a9d10")
Writer = psycopg.Connection[Any]


def uid(name: str) -> UUID:
    """The same id for the same name, in every test."""
    return uuid5(NAMESPACE, name)


def add_user(writer: Writer, name: str, email: str | None = None, shown: str | None = None) -> UUID:
    writer.execute(
        "INSERT INTO users (id, email, name) VALUES (%s, %s, %s)", (uid(name), email or f"{name}@example.com", shown)
    )
    return uid(name)


def add_thread(writer: Writer, name: str, owner: UUID | None, /, **metadata: str) -> UUID:
    writer.execute(
        "INSERT INTO threads (thread_id, account_id, metadata) VALUES (%s, %s, %s)", (uid(name), owner, Jsonb(metadata))
    )
    return uid(name)


def add_call(
    writer: Writer,
    thread: UUID | None,
    user: UUID | None = None,
    *,
    cost: str = "0.1",
    at: str = "now",
    model: str = "claude-opus-4-5",
    call_id: UUID | None = None,
) -> None:
    writer.execute(
        "INSERT INTO usage_logs (id, user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens,"
        " estimated_cost, content, created_at)"
        " VALUES (coalesce(%s, gen_random_uuid()), %s, %s, 5, 2, 7, %s, %s, %s::timestamptz)",
        (call_id, user, thread, cost, Jsonb({"model": model}), at),
    )


def add_calls(
    writer: Writer, thread: UUID, count: int, *, start: str, every_seconds: float, cost: str = "0.001"
) -> None:
    """Many calls in one statement, at even distances, each dearer than the one before by a millionth."""
    writer.execute(
        "INSERT INTO usage_logs (thread_id, total_tokens, estimated_cost, created_at)"
        " SELECT %s, 1, %s::numeric + i * 0.000001, %s::timestamptz + i * make_interval(secs => %s)"
        " FROM generate_series(0, %s - 1) AS i",
        (thread, cost, start, every_seconds, count),
    )


def add_run(
    writer: Writer, thread: UUID, status: str = "running", started: str = "now", ended: str | None = None
) -> None:
    writer.execute(
        "INSERT INTO agent_runs (thread_id, status, started_at, completed_at) VALUES (%s, %s, %s, %s)",
        (thread, status, started, ended),
    )


def fold(writer: Writer) -> None:
    writer.execute("SELECT creditpulse.fold()")
