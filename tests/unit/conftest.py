"""Caches for the unit tests, in memory and on a real Redis, and threads that tell when they wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import flask
import pytest
import redis
from flask_caching import Cache

from data.cache import QueryCache, make_cache
from tests.redis_server import RedisServer
from tests.unit.cache_reads import FOR_EVER, KEY, PATIENCE_SECONDS, Begin, Clock, HeldRead, OpenCache, Start


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """One server for a whole run; tests take `redis_url`, which empties it first."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    with redis.Redis.from_url(shared_redis.url) as client:
        client.flushall()
    return shared_redis.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may stop."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def open_cache() -> Iterator[OpenCache]:
    """Makes Flask caches by URL (None: in memory), each as if in a process of its own."""
    made: list[Any] = []

    def make(url: str | None) -> Cache:
        cache = make_cache(flask.Flask("test"), url)
        if url is not None:
            made.append(cache.cache)
        return cache

    yield make
    for backend in made:
        backend._write_client.close()


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest, open_cache: OpenCache) -> Cache:
    """An empty cache; the test runs once on each store."""
    return open_cache(request.getfixturevalue("redis_url") if request.param == "redis" else None)


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs a call in a thread of its own; a thread that hangs fails the test rather than hang the run."""
    threads: list[threading.Thread] = []

    def start(call: Callable[..., Any], *args: Any, **options: Any) -> Future[Any]:
        outcome: Future[Any] = Future()

        def run() -> None:
            try:
                outcome.set_result(call(*args, **options))
            except BaseException as error:
                outcome.set_exception(error)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return outcome

    yield start
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "a caller of the cache waits for ever"


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released once for every caller (in any thread but the test's own) that is about to wait for a read."""
    count = threading.Semaphore(0)
    wait_for = Future.result

    def telling(future: Future[Any], timeout: float | None = None) -> Any:
        if threading.current_thread() is not threading.main_thread():
            count.release()
        return wait_for(future, timeout)

    monkeypatch.setattr(Future, "result", telling)
    return count


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queries(cache: Cache, clock: Clock) -> QueryCache:
    return QueryCache(cache, clock=clock)


@pytest.fixture
def begin(start: Start) -> Begin:
    """Begins a fetch in a thread of its own and returns once its read is under way."""

    def begin(queries: QueryCache, key: tuple[str, ...] = KEY, **options: Any) -> tuple[HeldRead, Future[Any]]:
        read = HeldRead()
        fetched = start(queries.fetch, key, read, **{"stale_time": FOR_EVER, **options})
        assert read.began.wait(PATIENCE_SECONDS)
        return read, fetched

    return begin
