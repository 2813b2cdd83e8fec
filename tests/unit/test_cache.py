"""QueryCache in one process: whose read is shared, what errors leave behind, what is stale."""

from __future__ import annotations

import json
import pickle
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from uuid import UUID

import pytest
from flask_caching import Cache

from data.cache import QueryCache
from tests.unit.cache_reads import FOR_EVER, KEY, PATIENCE_SECONDS, Begin, Clock, Start, fail, never

# One read at a time


def test_callers_that_arrive_during_a_read_share_its_result(
    queries: QueryCache, begin: Begin, start: Start, waiting: threading.Semaphore
) -> None:
    read, first = begin(queries)
    others = [start(queries.fetch, KEY, never, stale_time=0) for _ in range(8)]
    for _ in others:
        assert waiting.acquire(timeout=PATIENCE_SECONDS)
    read.end("value")
    assert [fetched.result() for fetched in [first, *others]] == ["value"] * 9


def test_callers_that_arrive_during_a_read_share_its_error(
    queries: QueryCache, begin: Begin, start: Start, waiting: threading.Semaphore
) -> None:
    read, first = begin(queries)
    other = start(queries.fetch, KEY, never, stale_time=0)
    assert waiting.acquire(timeout=PATIENCE_SECONDS)
    read.end(ValueError("no such table"))
    for fetched in (first, other):
        with pytest.raises(ValueError, match="no such table"):
            fetched.result()


def test_who_waits_for_a_reader_that_is_interrupted_reads_for_himself(
    queries: QueryCache, begin: Begin, start: Start, waiting: threading.Semaphore
) -> None:
    read, first = begin(queries)
    other = start(queries.fetch, KEY, lambda: "mine", stale_time=FOR_EVER)
    assert waiting.acquire(timeout=PATIENCE_SECONDS)
    read.end(SystemExit())
    with pytest.raises(SystemExit):
        first.result()
    assert other.result(PATIENCE_SECONDS) == "mine"


def test_no_result_of_a_read_that_is_over_is_shared(queries: QueryCache) -> None:
    numbers = count(1)
    assert [queries.fetch(KEY, lambda: next(numbers), stale_time=0) for _ in range(3)] == [1, 2, 3]


def test_a_crowd_reads_once_even_when_reads_take_no_time(queries: QueryCache, start: Start) -> None:
    for round_number in range(20):
        reads: list[int] = []
        gate = threading.Barrier(16)

        def fetch(key: tuple[str, ...], reads: list[int] = reads, gate: threading.Barrier = gate) -> None:
            gate.wait(PATIENCE_SECONDS)
            queries.fetch(key, lambda: reads.append(1), stale_time=FOR_EVER)

        for fetched in [start(fetch, ("thread-usage", str(round_number))) for _ in range(16)]:
            fetched.result(PATIENCE_SECONDS)
        assert len(reads) == 1


def test_different_keys_do_not_wait_for_each_other(queries: QueryCache, begin: Begin) -> None:
    read, fetched = begin(queries)
    assert queries.fetch(("thread-usage", "b"), lambda: "b", stale_time=0) == "b"
    queries.set(("thread-usage", "c"), "c")
    queries.invalidate("nav-usage")
    assert queries.peek(KEY) is None
    read.end("a")
    assert fetched.result() == "a"


# Errors


def test_an_error_keeps_the_last_good_value_and_its_age(queries: QueryCache, clock: Clock) -> None:
    queries.set(KEY, "good")
    came = clock.now
    clock.now += 10
    with pytest.raises(ValueError, match="broken"):
        queries.fetch(KEY, lambda: fail(ValueError("broken")), stale_time=5)
    entry = queries.peek(KEY)
    assert entry is not None
    assert (entry.value, entry.updated_at, entry.invalidated) == ("good", came, True)
    assert isinstance(entry.error, ValueError)
    assert queries.fetch(KEY, lambda: "better", stale_time=FOR_EVER) == "better"
    entry = queries.peek(KEY)
    assert entry is not None
    assert (entry.invalidated, entry.error) == (False, None)


def test_the_error_of_a_first_read_is_seen_but_never_served(queries: QueryCache) -> None:
    with pytest.raises(ValueError, match="broken"):
        queries.fetch(KEY, lambda: fail(ValueError("broken")), stale_time=FOR_EVER)
    entry = queries.peek(KEY)
    assert entry is not None
    assert (entry.value, entry.updated_at, str(entry.error)) == (None, None, "broken")
    assert queries.fetch(KEY, lambda: None, stale_time=FOR_EVER) is None
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) is None


class StubbornError(Exception):
    """Packs, but cannot be unpacked, like many errors of database drivers."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")


def test_an_error_that_cannot_be_stored_is_raised_as_it_is_and_kept_as_text(queries: QueryCache) -> None:
    queries.set(KEY, "good")
    with pytest.raises(StubbornError):
        queries.fetch(KEY, lambda: fail(StubbornError(42, "gone")), stale_time=0)
    entry = queries.peek(KEY)
    assert entry is not None
    assert (entry.value, str(entry.error)) == ("good", "StubbornError: 42 gone")


def test_a_value_that_does_not_pickle_is_an_error_for_all_and_blocks_nobody(
    queries: QueryCache, begin: Begin, start: Start, waiting: threading.Semaphore
) -> None:
    read, first = begin(queries)
    other = start(queries.fetch, KEY, never, stale_time=0)
    assert waiting.acquire(timeout=PATIENCE_SECONDS)
    read.end(threading.Lock())
    for fetched in (first, other):
        with pytest.raises(TypeError, match="pickle"):
            fetched.result(PATIENCE_SECONDS)
    assert queries.fetch(KEY, lambda: "next", stale_time=0) == "next"


# Values and ages


@dataclass(frozen=True)
class Usage:
    thread: UUID
    credits: Decimal
    since: datetime


def test_values_come_back_as_they_went(queries: QueryCache) -> None:
    usage = Usage(UUID(int=7), Decimal("12.340"), datetime(2024, 2, 29, 23, 59, tzinfo=UTC))
    queries.fetch(KEY, lambda: usage, stale_time=FOR_EVER)
    again = queries.fetch(KEY, never, stale_time=FOR_EVER)
    assert again == usage
    assert str(again.credits) == "12.340"


def test_a_clock_that_is_set_back_makes_values_stale(queries: QueryCache, clock: Clock) -> None:
    queries.set(KEY, "old")
    clock.now -= 3600
    assert queries.fetch(KEY, lambda: "new", stale_time=60) == "new"
    assert queries.fetch(KEY, never, stale_time=60) == "new"


@pytest.mark.parametrize("began", [0.02, 1_700_000_000.02, 1_700_000_000.123457])
@pytest.mark.parametrize("stale_time", [0.1, 5.0, 10.0, 120.0])
def test_a_value_exactly_as_old_as_its_stale_time_is_stale_whatever_floats_say(
    queries: QueryCache, clock: Clock, began: float, stale_time: float
) -> None:
    clock.now = began
    queries.set(KEY, "old")
    clock.now = began + stale_time - 0.001
    assert queries.fetch(KEY, never, stale_time=stale_time) == "old"
    clock.now = began + stale_time
    assert queries.fetch(KEY, lambda: "new", stale_time=stale_time) == "new"


def test_a_value_is_forgotten_after_its_time(cache: Cache, clock: Clock) -> None:
    queries = QueryCache(cache, clock=clock, keep_seconds=60)
    queries.set(KEY, "value")
    clock.now += 59
    assert queries.peek(KEY) is not None
    clock.now += 1
    assert queries.peek(KEY) is None
    assert queries.fetch(KEY, lambda: "new", stale_time=FOR_EVER) == "new"


def test_a_record_that_another_version_wrote_is_as_good_as_absent(cache: Cache, clock: Clock) -> None:
    queries = QueryCache(cache, clock=clock)
    name = "entry:" + json.dumps(KEY)
    for foreign in (b"garbage", b"cdata.cache\nGoneClass\n.", pickle.dumps({"value": 1}), 7):
        queries.set(KEY, "value")
        cache.set(name, foreign)
        assert queries.peek(KEY) is None
        assert queries.fetch(KEY, lambda: "read", stale_time=FOR_EVER) == "read"
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "read"


# Prefixes


@pytest.mark.parametrize(
    ("prefix", "stale"),
    [
        ((), {"nav", "nav-u1", "nav-u1-day", "nav-u2", "navigation"}),
        (("nav",), {"nav", "nav-u1", "nav-u1-day", "nav-u2"}),
        (("nav", "u1"), {"nav-u1", "nav-u1-day"}),
        (("nav", "u1", "day"), {"nav-u1-day"}),
        (("nav", "u"), set()),
        (("na",), set()),
        (("", "nav"), set()),
        (('nav", "u1',), set()),
    ],
)
def test_an_invalidation_reaches_exactly_the_keys_below_its_prefix(
    queries: QueryCache, prefix: tuple[str, ...], stale: set[str]
) -> None:
    keys = [("nav",), ("nav", "u1"), ("nav", "u1", "day"), ("nav", "u2"), ("navigation",)]
    for key in keys:
        queries.fetch(key, lambda: "old", stale_time=FOR_EVER)
    queries.invalidate(*prefix)
    entries = {"-".join(key): queries.peek(key) for key in keys}
    assert {name for name, entry in entries.items() if entry is None or entry.invalidated} == stale
    for key in keys:
        expected = "new" if "-".join(key) in stale else "old"
        assert queries.fetch(key, lambda: "new", stale_time=FOR_EVER) == expected


@pytest.mark.parametrize(
    "one", [("a", "b", "c"), ("a, b",), ("a,b",), ("a:b",), ("a/b",), ('a", "b',), ("a", ""), ("ab",)]
)
def test_keys_are_never_mistaken_for_each_other(queries: QueryCache, one: tuple[str, ...]) -> None:
    for key in (one, ("a", "b")):
        queries.fetch(key, lambda key=key: key, stale_time=FOR_EVER)  # type: ignore[misc]
    queries.invalidate(*one)
    assert queries.fetch(("a", "b"), never, stale_time=FOR_EVER) == ("a", "b")
    assert queries.fetch(one, lambda: "again", stale_time=FOR_EVER) == "again"
