"""QueryCache on Redis: several processes act as one cache, and pages live through an outage."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from flask_caching import Cache

from data.cache import QueryCache, make_cache
from tests.redis_server import RedisServer
from tests.unit.cache_reads import (
    FOR_EVER,
    KEY,
    PATIENCE_SECONDS,
    Begin,
    Clock,
    OpenCache,
    Start,
    fail,
    never,
)

# Several processes


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
    assert messages(caplog) == ["cache.lost", "cache.back"]


def test_a_server_that_starts_before_its_redis_finds_it_later(own_redis: RedisServer, open_cache: OpenCache) -> None:
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


def test_a_page_waits_only_once_for_a_redis_that_is_away(
    redis_url: str, open_cache: OpenCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(redis_url)
    queries = QueryCache(cache)
    attempts: list[object] = []

    def time_out(*command: object, **_: object) -> None:
        attempts.append(command)
        raise TimeoutError

    monkeypatch.setattr(cache.cache._write_client, "execute_command", time_out)  # type: ignore[attr-defined]
    assert [queries.fetch(KEY, lambda n=n: n, stale_time=60) for n in range(3)] == [0, 1, 2]  # type: ignore[misc]
    assert len(attempts) == 3


def test_a_redis_that_is_full_is_an_outage_and_is_told_once(
    own_redis: RedisServer, open_cache: OpenCache, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="data.cache_store")
    cache = open_cache(own_redis.url)
    client: Any = cache.cache._write_client  # type: ignore[attr-defined]
    queries = QueryCache(cache)
    client.config_set("maxmemory", 1)
    assert [queries.fetch(KEY, lambda n=n: n, stale_time=FOR_EVER) for n in range(3)] == [0, 1, 2]  # type: ignore[misc]
    assert messages(caplog) == ["cache.lost"]
    client.config_set("maxmemory", 0)
    queries.fetch(KEY, lambda: "back", stale_time=FOR_EVER)
    assert queries.fetch(KEY, never, stale_time=FOR_EVER) == "back"


# What make_cache makes


def test_memory_has_an_explicit_threshold_and_redis_must_answer_soon(open_cache: OpenCache, redis_url: str) -> None:
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
