"""The recorded workloads: what an import of them has to give, to the token."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.constants import ALL_ACCOUNTS
from data.importer import ImportSummary, import_file
from data.readings import moment

pytestmark = pytest.mark.recorded

Connection = psycopg.Connection[tuple[Any, ...]]
ROOT = Path(__file__).parents[2]
SESSIONS = "claude-code-agentic/requests.csv"
SERVICE = "azure-llm-2023/AzureLLMInferenceTrace_conv.csv"
START = moment("2025-11-03T09:00:00Z")

RAW = """SELECT count(*), sum(total_prompt_tokens), sum(total_completion_tokens), sum(total_tokens),
    sum(estimated_cost) FROM public.usage_logs"""
EXACT = """SELECT sum(calls), sum(prompt_tokens), sum(completion_tokens), sum(total_tokens), sum(cost)
    FROM creditpulse.exact_usage WHERE scope = %s AND grain = %s"""
RAW_THREADS = """SELECT thread_id, count(*), sum(total_prompt_tokens), sum(total_completion_tokens),
    sum(estimated_cost) FROM public.usage_logs GROUP BY thread_id ORDER BY thread_id"""
EXACT_THREADS = """SELECT thread_id, sum(calls), sum(prompt_tokens), sum(completion_tokens), sum(cost)
    FROM creditpulse.exact_threads GROUP BY thread_id ORDER BY thread_id"""
RAW_MODELS = """SELECT content->>'model', count(*), sum(total_tokens), sum(estimated_cost)
    FROM public.usage_logs GROUP BY 1 ORDER BY 1"""
EXACT_MODELS = """SELECT model, sum(calls), sum(total_tokens), sum(cost)
    FROM creditpulse.exact_usage WHERE scope = %s AND grain = %s GROUP BY 1 ORDER BY 1"""


def recorded(name: str) -> Path:
    folder = Path(os.environ.get("CREDITPULSE_TRACE_DIR") or ROOT.parent / "shared" / "data")
    path = folder / name
    assert path.is_file(), f"{name} is not in {folder}; set CREDITPULSE_TRACE_DIR to the folder of recorded workloads"
    return path


def one(connection: Connection, query: str, *values: object) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return row


def assert_exact(connection: Connection) -> None:
    """Every rollup is the raw table's sum, before and after a fold."""
    raw, threads, models = (
        one(connection, RAW),
        connection.execute(RAW_THREADS).fetchall(),
        connection.execute(RAW_MODELS).fetchall(),
    )
    for _ in range(2):
        for grain in (0, 1):
            assert one(connection, EXACT, ALL_ACCOUNTS, grain) == raw
            assert connection.execute(EXACT_MODELS, (ALL_ACCOUNTS, grain)).fetchall() == models
        assert connection.execute(EXACT_THREADS).fetchall() == threads
        connection.execute("SELECT creditpulse.fold()")


def import_sessions(url: str) -> ImportSummary:
    return import_file(url, recorded(SESSIONS), start=START)


def test_the_coding_sessions_are_counted_to_the_token(database_url: str, connection: Connection) -> None:
    summary = import_sessions(database_url)
    assert (summary.imported, summary.present, summary.rejected, summary.new_threads) == (49_334, 0, 0, 710)
    assert (summary.prompt_tokens, summary.completion_tokens) == (6_037_445_403, 21_709_920)
    assert one(connection, RAW)[:3] == (49_334, 6_037_445_403, 21_709_920)
    assert one(connection, RAW)[4] == summary.cost
    assert one(connection, "SELECT count(DISTINCT u.thread_id), count(DISTINCT t.thread_id) FROM usage_logs u"
               " JOIN threads t USING (thread_id)") == (710, 710)  # fmt: skip
    assert_exact(connection)


def test_the_coding_sessions_twice_imported_are_the_same(database_url: str, connection: Connection) -> None:
    import_sessions(database_url)
    before = one(connection, RAW), connection.execute(RAW_THREADS).fetchall()
    summary = import_file(database_url, recorded(SESSIONS))  # without a start, and still nothing new
    assert (summary.imported, summary.present, summary.new_threads) == (0, 49_334, 0)
    assert (one(connection, RAW), connection.execute(RAW_THREADS).fetchall()) == before
    assert_exact(connection)


def test_the_coding_sessions_are_priced_with_their_cache_reads(database_url: str, connection: Connection) -> None:
    import_sessions(database_url)
    with recorded(SESSIONS).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "claude-opus-4-5-20251101"]
    # List prices a million tokens: prompt $5, cache read $0.50, completion $25; each call to the microdollar.
    expected = sum(
        (
            (
                Decimal(5) * (int(row["input_tokens"]) - int(row["prefix_hit_tokens_derived"]))
                + Decimal("0.5") * int(row["prefix_hit_tokens_derived"])
                + Decimal(25) * int(row["output_tokens"])
            )
            / 1_000_000
        ).quantize(Decimal("0.000001"), "ROUND_HALF_UP")
        for row in rows
    )
    assert one(
        connection, "SELECT sum(estimated_cost) FROM usage_logs WHERE content->>'model' = 'claude-opus-4-5-20251101'"
    ) == (expected,)


@pytest.mark.parametrize(
    "mapping",
    [{}, {"created_at": "TIMESTAMP", "prompt_tokens": "ContextTokens", "completion_tokens": "GeneratedTokens"}],
    ids=["known names", "names by hand"],
)
def test_the_services_hour_is_counted_to_the_token(
    database_url: str, connection: Connection, mapping: dict[str, str]
) -> None:
    path = recorded(SERVICE)
    summary = import_file(database_url, path, mapping=mapping)
    again = import_file(database_url, path, mapping=mapping)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    prompt, completion = (sum(int(row[name]) for row in rows) for name in ("ContextTokens", "GeneratedTokens"))
    assert (summary.imported, again.imported, again.present) == (19_366, 0, 19_366)
    assert one(connection, RAW) == (19_366, prompt, completion, prompt + completion, 0)
    assert one(connection, "SELECT min(created_at) FROM usage_logs")[0] == moment("2023-11-16T18:15:46.680590Z")
    for _ in range(2):
        assert one(connection, EXACT, ALL_ACCOUNTS, 1) == one(connection, RAW)
        connection.execute("SELECT creditpulse.fold()")
