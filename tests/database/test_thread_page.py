"""A thread's page as it grows: what is added is what a new reading would show, or everything is read again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from werkzeug.exceptions import BadRequest

from callbacks.thread_detail import call_row, grow, read_all, seen_here
from callbacks.thread_growth import first_seen, grown_points, growth, seen_after, seen_of
from data.calls import calls
from data.prices import PriceList
from data.queries import Queries
from data.timeline import timeline
from data.viewer import SYSTEM
from layouts.units import CREDITS
from tests.database.workload import Writer, add_call, add_calls, uid

THREAD = uid("thread")
PRICES = PriceList()


@pytest.fixture
def reader(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def queries(engine: Engine) -> Queries:
    return Queries(engine, None, Decimal(100))  # type: ignore[arg-type]


def seen_now(reader: Connection) -> Any:
    seen = first_seen(calls(reader, SYSTEM, THREAD), timeline(reader, SYSTEM, THREAD))
    assert seen is not None
    return seen


@pytest.mark.parametrize(("count", "every_seconds"), [(5, 60), (700, 60)])
def test_what_a_page_has_after_growing_is_what_a_new_reading_gives(
    reader: Connection, connection: Writer, count: int, every_seconds: int
) -> None:
    add_calls(connection, THREAD, count, start="2026-01-01Z", every_seconds=every_seconds)
    seen = seen_now(reader)
    for seconds in (1, 30, 200, 201):
        connection.execute(
            "INSERT INTO usage_logs (thread_id, estimated_cost, created_at)"
            " VALUES (%s, 0.25, '2026-01-01Z'::timestamptz + make_interval(secs => %s))",
            (THREAD, (count - 1) * every_seconds + seconds),
        )
    log = growth(reader, SYSTEM, THREAD, seen)
    assert log is not None
    assert len(log.calls) == 4
    assert seen_after(seen, log, grown_points(seen, log)) == seen_now(reader)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM usage_logs WHERE id = (SELECT id FROM usage_logs ORDER BY created_at LIMIT 1)",
        "UPDATE usage_logs SET estimated_cost = 5 WHERE created_at < '2026-01-01 00:00:02Z'",
        "INSERT INTO usage_logs (thread_id, created_at) SELECT thread_id, '2025-01-01Z' FROM usage_logs LIMIT 1",
        "INSERT INTO usage_logs (thread_id) SELECT thread_id FROM usage_logs, generate_series(1, 100)",
    ],
)
def test_a_deleted_corrected_or_late_call_and_too_many_at_once_are_read_anew(
    reader: Connection, connection: Writer, change: str
) -> None:
    add_calls(connection, THREAD, 3, start="2026-01-01Z", every_seconds=1)
    seen = seen_now(reader)
    connection.execute(change)
    assert growth(reader, SYSTEM, THREAD, seen) is None


def test_nothing_new_adds_nothing(reader: Connection, connection: Writer, queries: Queries) -> None:
    add_call(connection, THREAD)
    seen = seen_now(reader)
    answer = grow(reader, SYSTEM, THREAD, seen, queries, PRICES)
    assert answer is not None
    assert (answer[1]["rows"], answer[2]) == ([], {"of": str(THREAD), **seen.store()})


def test_an_answer_is_the_growth_of_that_thread_alone(reader: Connection, connection: Writer, queries: Queries) -> None:
    add_call(connection, THREAD, at="2026-01-01Z")
    full = read_all(reader, SYSTEM, THREAD, 100, queries, PRICES)
    add_call(connection, THREAD, cost="0.246", at="2026-01-02Z", model="gpt-5.2")
    seen = seen_here(full[2], THREAD)
    assert seen is not None
    answer = grow(reader, SYSTEM, THREAD, seen, queries, PRICES)
    assert answer is not None
    growth = answer[0]
    assert (growth["of"], growth["drawn"], growth["data"][0]["y"]) == (str(THREAD), 1, [pytest.approx(34.6)])
    assert [(row["credits"], row["model"]) for row in answer[1]["rows"]] == [("24.6", "gpt-5.2")]


def test_what_the_browser_keeps_comes_back_as_it_was(reader: Connection, connection: Writer) -> None:
    add_calls(connection, THREAD, 700, start="2026-01-01Z", every_seconds=7)
    seen = seen_now(reader)
    assert seen_of(seen.store()) == seen


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("calls", "7"), ("calls", -1), ("calls", True), ("cost", "NaN"), ("cost", "1e999999"), ("cost", 1.5),
        ("at", "x"), ("at", None), ("at", "2026-01-01\x00"), ("at", "0001-01-01T00:00:00+14:00"), ("id", "x"),
        ("bucket_seconds", 0), ("bucket_seconds", 10**12), ("last_start", 5), ("drawn", None),
    ],
)  # fmt: skip
def test_what_the_browser_did_not_get_from_us_is_refused(
    reader: Connection, connection: Writer, field: str, value: object
) -> None:
    add_call(connection, THREAD)
    with pytest.raises(BadRequest):
        seen_of({**seen_now(reader).store(), field: value})
    with pytest.raises(BadRequest):
        seen_of(["not", "a", "dict"])


def test_a_call_is_shown_with_one_decimal_halves_up(reader: Connection, connection: Writer) -> None:
    add_call(connection, THREAD, cost="0.0025")
    assert call_row(calls(reader, SYSTEM, THREAD).calls[0], CREDITS, PRICES)["credits"] == "0.3"


def test_a_call_has_its_list_price_beside_what_was_recorded(reader: Connection, connection: Writer) -> None:
    for model in ("claude-opus-4-5", "our-own-model"):
        connection.execute(
            "INSERT INTO usage_logs (thread_id, total_prompt_tokens, total_completion_tokens, estimated_cost, content,"
            " created_at) VALUES (%s, 100000, 1000, 0.25, jsonb_build_object('model', %s::text), now())",
            (THREAD, model),
        )
    rows = [call_row(call, CREDITS, PRICES) for call in calls(reader, SYSTEM, THREAD).calls]
    shown = [(row["list_prompt"], row["list_completion"], row["credits"]) for row in reversed(rows)]
    assert shown == [("50.0", "2.5", "25.0"), (None, None, "25.0")]


def test_what_the_page_has_read_of_another_thread_counts_for_nothing(reader: Connection, connection: Writer) -> None:
    add_call(connection, THREAD)
    store = {"of": str(THREAD), **seen_now(reader).store()}
    assert seen_here(store, THREAD) == seen_now(reader)
    assert seen_here(store, uid("another")) is None
    assert seen_here(None, THREAD) is None


def test_every_part_of_an_answer_names_its_thread(reader: Connection, connection: Writer, queries: Queries) -> None:
    add_call(connection, THREAD)
    figure, page, seen, rest = read_all(reader, SYSTEM, THREAD, 100, queries, PRICES)
    assert {figure["layout"]["meta"], page["thread_id"], seen["of"], rest["of"]} == {str(THREAD)}
