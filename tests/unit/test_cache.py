"""Where QueryCache promises more than its reference: reads overtaken, several processes, loss of the store."""

from __future__ import annotations

import json
import logging
import pickle
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import flask
import pytest
from flask_caching import Cache
from hypothesis import given, settings
from hypothesis import strategies as st

from data.cache import QueryCache, make_cache
from tests.redis_server import RedisServer

KEY = ("thread-usage", "a")
FOR_EVER = float("inf")
PATIENCE_SECONDS = 30

Start = Callable[..., Future[Any]]
OpenCache = Callable[[str | None], Cache]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class HeldRead:
    """A read that tells when it began, and ends (with a value, or an error) when the test says so."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._may_end = threading.Event()
        self._outcome: Any = None

    def __call__(self) -> Any:
        self.began.set()
        assert self._may_end.wait(PATIENCE_SECONDS)
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def end(self, outcome: Any) -> None:
        self._outcome = outcome
        self._may_end.set()


def never() -> Any:
    raise AssertionError("this was to come from the cache")


def fail(error: BaseException) -> Any:
    raise error


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queries(cache: Cache, clock: Clock) -> QueryCache:
    return QueryCache(cache, clock=clock)


@pytest.fixture
def begin(start: Start) -> Callable[..., tuple[HeldRead, Future[Any]]]:
    """Begins a fetch in a thread of its own and returns once its read is under way."""

    def begin(
        queries: QueryCache, key: tuple[str, ...] = KEY, **options: Any
    ) -> tuple[HeldRead, Future[Any]]:
        read = HeldRead()
        fetched = start(queries.fetch, key, read, **{"stale_time": FOR_EVER, **options})
        assert read.began.wait(PATIENCE_SECONDS)
        return read, fetched

    return begin


Begin = Callable[..., tuple[HeldRead, Future[Any]]]


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


# Invalidation during a read


def test_an_invalidation_during_the_first_read_leaves_its_result_stale(
    queries: QueryCache, begin: Begin
) -> None:
    read, fetched = begin(queries)
    queries.invalidate("thread-usage")
    read.end("before")
    assert fetched.result() == "before"
    entry = queries.peek(KEY)
    assert entry is not None
    assert (entry.value, entry.invalidated) == ("before", True)
    assert queries.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"


@pytest.mark.parametrize("older_ends_first", [True, False])
def test_a_fetch_after_an_invalidation_never_joins_the_older_read(
    queries: QueryCache, begin: Begin, older_ends_first: bool
) -> None:
    older, first = begin(queries)
    queries.invalidate(*KEY)
    newer, second = begin(queries)
    in_order = [(older, "before", first), (newer, "after", second)]
    for read, value, fetched in in_order if older_ends_first else reversed(in_order):
        read.end(value)
        assert fetched.result() == value
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "after"


def test_an_older_read_that_fails_late_does_not_taint_the_newer_value(
    queries: QueryCache, begin: Begin
) -> None:
    older, first = begin(queries)
    queries.invalidate(*KEY)
    queries.fetch(KEY, lambda: "after", stale_time=FOR_EVER)
    older.end(ValueError("too late"))
    assert isinstance(first.exception(), ValueError)
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "after"


def test_force_reads_although_the_value_is_fresh(queries: QueryCache) -> None:
    queries.set(KEY, "old")
    assert queries.fetch(KEY, lambda: "new", stale_time=FOR_EVER, force=True) == "new"
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "new"


def test_force_never_joins_a_read_that_began_before_it(queries: QueryCache, begin: Begin) -> None:
    older, first = begin(queries)
    newer, second = begin(queries, force=True)
    newest, third = begin(queries, force=True)
    newest.end(3)
    newer.end(2)
    older.end(1)
    assert [fetched.result() for fetched in (first, second, third)] == [1, 2, 3]
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == 3


def test_a_forced_read_is_shared_by_those_who_arrive_during_it(
    queries: QueryCache, begin: Begin, start: Start, waiting: threading.Semaphore
) -> None:
    queries.set(KEY, "old")
    read, forced = begin(queries, force=True)
    other = start(queries.fetch, KEY, never, stale_time=FOR_EVER)
    assert waiting.acquire(timeout=PATIENCE_SECONDS)
    read.end("new")
    assert (forced.result(), other.result()) == ("new", "new")


def test_a_read_that_began_before_a_write_does_not_overwrite_it(queries: QueryCache, begin: Begin) -> None:
    read, fetched = begin(queries)
    queries.set(KEY, "written")
    assert queries.fetch(KEY, never, stale_time=60) == "written"
    assert queries.fetch(KEY, lambda: "asked later", stale_time=0) == "asked later"
    queries.set(KEY, "written again")
    read.end("read before")
    assert fetched.result() == "read before"
    assert queries.fetch(KEY, never, stale_time=60) == "written again"


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


# Eviction


def names_in(cache: Cache) -> list[str]:
    """Every record in the store, by the name that Flask-Caching knows it by."""
    backend: Any = cache.cache
    if hasattr(backend, "_cache"):
        return list(backend._cache)
    prefix = backend.key_prefix.encode()
    return [name.removeprefix(prefix).decode() for name in backend._write_client.scan_iter()]


def test_losing_any_record_means_stale_and_never_fresh(cache: Cache, clock: Clock) -> None:
    queries = QueryCache(cache, clock=clock)
    queries.fetch(KEY, lambda: 0, stale_time=FOR_EVER)
    names = names_in(cache)
    assert len(names) == 4  # the entry, and the stamps of (), (kind) and (kind, id)
    for number, name in enumerate(names, start=1):
        cache.delete(name)
        assert queries.fetch(KEY, lambda number=number: number, stale_time=FOR_EVER) == number  # type: ignore[misc]


def test_an_evicted_entry_does_not_take_its_invalidation_along(
    cache: Cache, begin: Begin, clock: Clock
) -> None:
    queries = QueryCache(cache, clock=clock)
    read, fetched = begin(queries)
    queries.invalidate(*KEY)
    for name in names_in(cache):
        cache.delete(name)
    read.end("before")
    assert fetched.result() == "before"
    assert queries.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"


PARTS = st.sampled_from(["a", "b"])
KEYS = st.tuples(PARTS, PARTS) | st.tuples(PARTS) | st.tuples(PARTS, PARTS, PARTS)
STEPS = st.one_of(
    st.tuples(st.just("fetch"), KEYS),
    st.tuples(st.just("begin"), KEYS),
    st.tuples(st.just("invalidate"), st.lists(PARTS, max_size=3).map(tuple)),
    st.tuples(st.just("evict"), st.integers(0, 50)),
)


class Truth:
    """What the database would say: a number for each key, which every invalidation of the key raises."""

    def __init__(self) -> None:
        self._changes: list[tuple[str, ...]] = []

    def change(self, prefix: tuple[str, ...]) -> None:
        self._changes.append(prefix)

    def of(self, key: tuple[str, ...]) -> int:
        return sum(key[: len(prefix)] == prefix for prefix in self._changes)


@settings(max_examples=200, deadline=None)
@given(threshold=st.integers(1, 12), steps=st.lists(STEPS, max_size=40))
def test_whatever_is_evicted_nothing_is_served_from_before_an_invalidation(
    threshold: int, steps: list[tuple[str, Any]]
) -> None:
    config = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": threshold}
    cache = Cache(flask.Flask("test"), config=config, with_jinja2_ext=False)
    queries = QueryCache(cache, clock=Clock())
    truth = Truth()
    for step, what in steps:
        if step == "invalidate":
            truth.change(what)
            queries.invalidate(*what)
        elif step == "evict":
            for name in names_in(cache)[what : what + 1]:
                cache.delete(name)
        elif step == "fetch":
            value = queries.fetch(what, lambda what=what: truth.of(what), stale_time=FOR_EVER)  # type: ignore[misc]
            assert value == truth.of(what)
        else:  # a read that the change overtakes

            def overtaken(key: tuple[str, ...] = what) -> int:
                before = truth.of(key)
                truth.change(key[:1])
                queries.invalidate(*key[:1])
                return before

            queries.fetch(what, overtaken, stale_time=FOR_EVER)


def test_the_shared_stamps_outlive_a_flood_of_keys(clock: Clock) -> None:
    config = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 30}
    queries = QueryCache(Cache(flask.Flask("test"), config=config, with_jinja2_ext=False), clock=clock)
    for number in range(100):
        queries.fetch(("thread-usage", str(number)), lambda: "value", stale_time=FOR_EVER)
    assert queries.fetch(("thread-usage", "99"), never, stale_time=FOR_EVER) == "value"


# Several processes on one Redis


@pytest.fixture
def processes(redis_url: str, open_cache: OpenCache, clock: Clock) -> tuple[QueryCache, QueryCache]:
    return (
        QueryCache(open_cache(redis_url), clock=clock),
        QueryCache(open_cache(redis_url), clock=clock),
    )


def test_processes_share_values_and_invalidations(processes: tuple[QueryCache, QueryCache]) -> None:
    here, there = processes
    here.fetch(KEY, lambda: 1, stale_time=FOR_EVER)
    assert there.fetch(KEY, never, stale_time=FOR_EVER) == 1
    there.invalidate("thread-usage")
    assert here.fetch(KEY, lambda: 2, stale_time=FOR_EVER) == 2
    assert there.fetch(KEY, lambda: 3, stale_time=FOR_EVER, force=True) == 3
    assert here.fetch(KEY, never, stale_time=FOR_EVER) == 3


def test_a_slow_read_here_is_stale_after_an_invalidation_there(
    processes: tuple[QueryCache, QueryCache], begin: Begin
) -> None:
    here, there = processes
    slow, fetched = begin(here)
    there.invalidate(*KEY)
    slow.end("before")
    assert fetched.result() == "before"
    assert there.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"


def test_a_slow_read_here_does_not_overwrite_what_was_read_there_after_an_invalidation(
    processes: tuple[QueryCache, QueryCache], begin: Begin
) -> None:
    here, there = processes
    slow, fetched = begin(here)
    there.invalidate(*KEY)
    there.fetch(KEY, lambda: "after", stale_time=FOR_EVER)
    slow.end("before")
    assert fetched.result() == "before"
    assert here.fetch(KEY, never, stale_time=FOR_EVER) == "after"


def test_nobody_here_joins_a_read_that_an_invalidation_there_outdated(
    processes: tuple[QueryCache, QueryCache], begin: Begin
) -> None:
    here, there = processes
    slow, fetched = begin(here)
    there.invalidate()
    assert here.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"
    slow.end("before")
    assert fetched.result() == "before"


def test_a_write_there_outdates_a_read_here(processes: tuple[QueryCache, QueryCache], begin: Begin) -> None:
    here, there = processes
    slow, fetched = begin(here)
    there.set(KEY, "written")
    slow.end("before")
    assert fetched.result() == "before"
    assert here.fetch(KEY, never, stale_time=FOR_EVER) == "written"


def test_ages_come_from_the_clock_of_redis_not_of_the_machine(
    redis_url: str, open_cache: OpenCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_seconds = 500
    machines = []
    for skew in (-3600, 3600):
        cache = open_cache(redis_url)
        monkeypatch.setattr(cache.cache._write_client, "time", lambda: (redis_seconds, 250_000))  # type: ignore[attr-defined]
        monkeypatch.setattr(time, "time", lambda skew=skew: 1_000_000.0 + skew)
        machines.append(QueryCache(cache))
    slow, fast = machines
    slow.set(KEY, "old")
    entry = fast.peek(KEY)
    assert entry is not None
    assert entry.updated_at == 500.25
    redis_seconds += 9
    assert fast.fetch(KEY, never, stale_time=10) == "old"
    redis_seconds += 1
    assert fast.fetch(KEY, lambda: "new", stale_time=10) == "new"
    assert slow.fetch(KEY, never, stale_time=10) == "new"


def test_a_value_comes_with_the_time_of_redis(redis_url: str, open_cache: OpenCache) -> None:
    cache = open_cache(redis_url)
    client: Any = cache.cache._write_client  # type: ignore[attr-defined]
    queries = QueryCache(cache)
    before, _ = client.time()
    queries.set(KEY, "value")
    after, _ = client.time()
    entry = queries.peek(KEY)
    assert entry is not None
    assert entry.updated_at is not None
    assert before <= entry.updated_at <= after + 1


def test_nothing_stays_on_redis_for_ever(redis_url: str, open_cache: OpenCache) -> None:
    cache = open_cache(redis_url)
    queries = QueryCache(cache, keep_seconds=60)
    queries.fetch(KEY, lambda: "value", stale_time=60)
    queries.invalidate("nav-usage", "u1")
    client: Any = cache.cache._write_client  # type: ignore[attr-defined]
    lifetimes = {name: client.ttl(name) for name in client.scan_iter()}
    assert len(lifetimes) == 4
    assert min(lifetimes.values()) > 0
    entry = next(seconds for name, seconds in lifetimes.items() if b"entry" in name)
    assert entry <= 60


def test_a_record_that_another_version_wrote_is_as_good_as_absent(cache: Cache, clock: Clock) -> None:
    queries = QueryCache(cache, clock=clock)
    name = "entry:" + json.dumps(KEY)
    for foreign in (b"garbage", b"cdata.cache\nGoneClass\n.", pickle.dumps({"value": 1}), 7):
        queries.set(KEY, "value")
        cache.set(name, foreign)
        assert queries.peek(KEY) is None
        assert queries.fetch(KEY, lambda: "read", stale_time=FOR_EVER) == "read"
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "read"


# Outage


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.__dict__["action"]) for record in caplog.records if "action" in record.__dict__]


def test_queries_answer_while_redis_is_away_and_are_cached_again_when_it_is_back(
    own_redis: RedisServer, open_cache: OpenCache, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="data.cache_store")
    queries = QueryCache(open_cache(own_redis.url))
    queries.fetch(KEY, lambda: "before", stale_time=FOR_EVER)
    own_redis.stop()
    assert [queries.fetch(KEY, lambda n=n: n, stale_time=FOR_EVER) for n in range(5)] == [0, 1, 2, 3, 4]  # type: ignore[misc]
    with pytest.raises(ValueError, match="broken"):
        queries.fetch(KEY, lambda: fail(ValueError("broken")), stale_time=FOR_EVER)
    queries.set(KEY, "lost")
    queries.invalidate("thread-usage")
    assert queries.peek(KEY) is None
    own_redis.start()
    assert queries.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "after"
    assert messages(caplog) == ["cache_lost", "cache_back"]


def test_a_server_that_starts_before_its_redis_finds_it_later(
    own_redis: RedisServer, open_cache: OpenCache
) -> None:
    own_redis.stop()
    queries = QueryCache(open_cache(own_redis.url))
    assert queries.fetch(KEY, lambda: 1, stale_time=FOR_EVER) == 1
    own_redis.start()
    assert queries.fetch(KEY, lambda: 2, stale_time=FOR_EVER) == 2
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == 2


@pytest.fixture
def cut() -> Iterator[Callable[[Cache], Callable[[], None]]]:
    """Cuts one process off from a Redis that lives on; returns what mends the line."""
    with pytest.MonkeyPatch.context() as patch:

        def cut(cache: Cache) -> Callable[[], None]:
            client: Any = cache.cache._write_client  # type: ignore[attr-defined]
            patch.setattr(client, "execute_command", lambda *_, **__: fail(ConnectionError("cut off")))
            return patch.undo

        yield cut


Cut = Callable[[Cache], Callable[[], None]]


def test_everything_from_before_an_outage_is_stale_for_everyone(
    redis_url: str, open_cache: OpenCache, clock: Clock, cut: Cut
) -> None:
    cache = open_cache(redis_url)
    here = QueryCache(cache, clock=clock)
    there = QueryCache(open_cache(redis_url), clock=clock)
    here.fetch(KEY, lambda: "before", stale_time=FOR_EVER)
    mend = cut(cache)
    here.invalidate(*KEY)  # is lost
    mend()
    assert here.peek(("anything",)) is None  # the first sign that the store is back
    entry = there.peek(KEY)
    assert entry is not None
    assert entry.invalidated
    assert there.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"
    assert here.fetch(KEY, never, stale_time=FOR_EVER) == "after"


def test_a_read_that_lasts_through_an_outage_is_stale_after_it(
    redis_url: str, open_cache: OpenCache, clock: Clock, begin: Begin, cut: Cut
) -> None:
    cache = open_cache(redis_url)
    queries = QueryCache(cache, clock=clock)
    slow, fetched = begin(queries)
    mend = cut(cache)
    queries.invalidate(*KEY)
    mend()
    slow.end("before")
    assert fetched.result() == "before"
    assert queries.fetch(KEY, lambda: "after", stale_time=FOR_EVER) == "after"


def test_during_an_outage_callers_still_share_reads_but_not_those_before_an_invalidation(
    redis_url: str,
    open_cache: OpenCache,
    clock: Clock,
    begin: Begin,
    start: Start,
    waiting: threading.Semaphore,
    cut: Cut,
) -> None:
    cache = open_cache(redis_url)
    queries = QueryCache(cache, clock=clock)
    mend = cut(cache)
    older, first = begin(queries)
    second = start(queries.fetch, KEY, never, stale_time=0)
    assert waiting.acquire(timeout=PATIENCE_SECONDS)
    queries.invalidate(*KEY)
    newer, third = begin(queries)
    older.end("before")
    newer.end("after")
    assert [fetched.result() for fetched in (first, second, third)] == ["before", "before", "after"]
    mend()


def test_a_redis_that_is_full_is_an_outage_and_is_told_once(
    own_redis: RedisServer, open_cache: OpenCache, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="data.cache_store")
    cache = open_cache(own_redis.url)
    client: Any = cache.cache._write_client  # type: ignore[attr-defined]
    queries = QueryCache(cache)
    client.config_set("maxmemory", 1)
    assert [queries.fetch(KEY, lambda n=n: n, stale_time=FOR_EVER) for n in range(3)] == [0, 1, 2]  # type: ignore[misc]
    assert messages(caplog) == ["cache_lost"]
    client.config_set("maxmemory", 0)
    queries.fetch(KEY, lambda: "back", stale_time=FOR_EVER)
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "back"


# Many threads


def test_no_thread_ever_gets_what_was_read_before_an_invalidation_that_it_knew_of(
    cache: Cache, start: Start
) -> None:
    queries = QueryCache(cache)
    versions = dict.fromkeys("abc", 0)
    announced = dict.fromkeys("abc", 0)

    def change(name: str) -> None:
        for version in range(1, 101):
            versions[name] = version
            queries.invalidate("thread-usage", name)
            announced[name] = version

    def look(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(150):
            name = chance.choice("abc")
            at_least = announced[name]
            with suppress(ValueError):
                got = queries.fetch(
                    ("thread-usage", name),
                    lambda name=name: versions[name] if chance.random() < 0.9 else fail(ValueError("broken")),  # type: ignore[misc]
                    stale_time=chance.choice([0, FOR_EVER]),
                    force=chance.random() < 0.1,
                )
                assert at_least <= got <= versions[name]

    running = [start(change, name) for name in "abc"] + [start(look, seed) for seed in range(8)]
    for each in running:
        each.result(PATIENCE_SECONDS)
    for name in "abc":
        assert (
            queries.fetch(("thread-usage", name), lambda name=name: versions[name], stale_time=FOR_EVER)
            == 100
        )  # type: ignore[misc]


# The store


def test_memory_has_an_explicit_threshold_and_redis_must_answer_soon(
    open_cache: OpenCache, redis_url: str
) -> None:
    memory: Any = open_cache(None).cache
    assert memory._threshold == 10_000
    options = open_cache(redis_url).cache._write_client.get_connection_kwargs()  # type: ignore[attr-defined]
    assert options["socket_connect_timeout"] <= 1
    assert options["socket_timeout"] <= 1
    assert make_cache(flask.Flask("test"), "").cache.__class__ is memory.__class__


def test_two_servers_in_one_process_have_caches_of_their_own(clock: Clock) -> None:
    one, other = flask.Flask("one"), flask.Flask("other")
    first, second = (QueryCache(make_cache(server, None), clock=clock) for server in (one, other))
    first.set(KEY, "first")
    with one.app_context():
        assert first.fetch(KEY, never, stale_time=FOR_EVER) == "first"
    assert second.peek(KEY) is None
