"""Random calls for the tests of figures, and the same figures by plain SQL on the raw table."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from data.metrics import Figures
from data.usage_query import UsageQuery
from tests.database.workload import Writer, uid

MODELS = ("claude-opus-4-5", "gpt-5", "gemini-3-pro", "qwen3", None)
USERS = tuple(uid(f"user {n}") for n in range(5))
THREADS = tuple(uid(f"thread {n}") for n in range(12))


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
    user = usual if chance.random() < 0.8 else chance.choice((None, *USERS))
    model = chance.choice(MODELS)
    cost = Decimal(chance.randrange(-20_000, 100_000 if thread != THREADS[0] else 2_000_000)).scaleb(-6)
    at = about + timedelta(microseconds=chance.randrange(-7_200_000_000, 7_200_000_000))
    prompt, completion = chance.randrange(5000), chance.randrange(800)
    content = None if model is None else Jsonb({"model": model})
    return user, thread, prompt, completion, prompt + completion, cost, content, at


SUMS = (
    "coalesce(sum(u.estimated_cost), 0), coalesce(sum(u.total_prompt_tokens), 0)::bigint,"
    " coalesce(sum(u.total_completion_tokens), 0)::bigint, coalesce(sum(u.total_tokens), 0)::bigint, count(*)"
)


def raw(writer: Writer, query: UsageQuery, *groups: str, where: str = "true") -> dict[tuple[Any, ...], Figures]:
    """The figures of the query's calls by these SQL expressions, from usage_logs alone."""
    by = ", ".join(groups)
    statement = f"""
        SELECT {by}{"," if by else ""} {SUMS} FROM public.usage_logs u
        WHERE u.created_at >= %(start)s AND u.created_at < %(end)s AND {where}
            AND (%(scope)s = 'all' OR coalesce(u.user_id, '00000000-0000-0000-0000-000000000000')::text = %(scope)s)
            AND (%(model)s::text IS NULL OR coalesce(u.content->>'model', '') = %(model)s)
        {"GROUP BY" if by else ""} {by}"""  # noqa: S608
    values = {
        "start": query.range.start,
        "end": query.range.end,
        "scope": query.scope,
        "model": query.model,
        "zone": query.range.zone,
    }
    rows = writer.execute(statement.encode(), values).fetchall()
    return {row[: len(groups)]: Figures(*row[len(groups) :]) for row in rows}
