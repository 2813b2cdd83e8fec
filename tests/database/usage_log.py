"""Random calls for the tests of figures, and the same figures by plain SQL on the raw table."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from data.constants import UNATTRIBUTED
from data.metrics import Figures
from data.usage_query import UsageQuery
from tests.database.workload import Writer, uid

MODELS = ("claude-opus-4-5", "gpt-5", "gemini-3-pro", "qwen3", None)
USERS = tuple(uid(f"user {n}") for n in range(5))
THREADS = tuple(uid(f"thread {n}") for n in range(40))
SOME = "id IN (SELECT id FROM usage_logs ORDER BY md5(id::text || %s) LIMIT %s)"


def write_calls(writer: Writer, seed: int, count: int, instants: Iterable[datetime]) -> None:
    """Calls at about these instants: of several users and none, threads and none, models and none; some negative."""
    chance = random.Random(seed)
    moments = list(instants)
    with writer.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens,"
            " estimated_cost, content, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [random_call(chance, chance.choice(moments)) for _ in range(count)],
        )


def random_call(chance: random.Random, about: datetime) -> tuple[Any, ...]:
    thread = chance.choice((None, *THREADS))
    # Most threads are one user's, as they are in life.
    usual = USERS[THREADS.index(thread) % len(USERS)] if thread else None
    user = usual if chance.random() < 0.95 else chance.choice((None, *USERS))
    model = chance.choice(MODELS)
    cost = Decimal(chance.randrange(-20_000, 100_000 if thread != THREADS[0] else 2_000_000)).scaleb(-6)
    at = about + timedelta(microseconds=chance.randrange(-7_200_000_000, 7_200_000_000))
    prompt, completion = chance.randrange(5000), chance.randrange(800)
    content = None if model is None else Jsonb({"model": model})
    return user, thread, prompt, completion, prompt + completion, cost, content, at


def change_calls(writer: Writer, seed: int, count: int) -> None:
    """As many calls deleted, as many moved in time, and as many given to another thread, account and model."""
    writer.execute(f"DELETE FROM usage_logs WHERE {SOME}".encode(), (f"a{seed}", count))  # noqa: S608
    writer.execute(
        f"UPDATE usage_logs SET created_at = created_at - interval '17 days 05:07:09' WHERE {SOME}".encode(),  # noqa: S608
        (f"b{seed}", count),
    )
    writer.execute(
        f"UPDATE usage_logs SET thread_id = %s, user_id = %s, content = %s WHERE {SOME}".encode(),  # noqa: S608
        (THREADS[1], USERS[2], Jsonb({"model": "gpt-5"}), f"c{seed}", count),
    )


SUMS = (
    "coalesce(sum(u.estimated_cost), 0), coalesce(sum(u.total_prompt_tokens), 0)::bigint,"
    " coalesce(sum(u.total_completion_tokens), 0)::bigint, coalesce(sum(u.total_tokens), 0)::bigint, count(*)"
)
MODEL = "coalesce(u.content->>'model', '')"
ACCOUNT = f"coalesce(u.user_id, '{UNATTRIBUTED}')"
LOCAL = "u.created_at AT TIME ZONE %(zone)s"


def raw_rows(writer: Writer, query: UsageQuery, select: str, end: str = "") -> list[tuple[Any, ...]]:
    """Rows of the query's calls, from usage_logs alone."""
    statement = f"""
        SELECT {select} FROM public.usage_logs u
        WHERE u.created_at >= %(start)s AND u.created_at < %(end)s
            AND (%(scope)s = 'all' OR {ACCOUNT}::text = %(scope)s)
            AND (%(model)s::text IS NULL OR {MODEL} = %(model)s)
        {end}"""  # noqa: S608
    values = {
        "start": query.range.start,
        "end": query.range.end,
        "scope": query.scope,
        "model": query.model,
        "zone": query.range.zone,
    }
    return writer.execute(statement.encode(), values).fetchall()


def raw(writer: Writer, query: UsageQuery, *groups: str) -> dict[tuple[Any, ...], Figures]:
    """The figures of the query's calls by these SQL expressions."""
    by = "".join(f"{group}, " for group in groups)
    end = f"GROUP BY {', '.join(str(n + 1) for n in range(len(groups)))}" if groups else ""
    rows = raw_rows(writer, query, by + SUMS, end)
    return {row[: len(groups)]: Figures(*row[len(groups) :]) for row in rows}
