"""Caches for the unit tests, in memory and on a real Redis, and threads that tell when they wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import flask
import pytest
import redis
from flask_caching import Cache

from data.cache import make_cache
from tests.redis_server import RedisServer


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
def open_cache() -> Iterator[Callable[[str | None], Cache]]:
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
def cache(request: pytest.FixtureRequest, open_cache: Callable[[str | None], Cache]) -> Cache:
    """An empty cache; the test runs once on each store."""
    return open_cache(request.getfixturevalue("redis_url") if request.param == "redis" else None)


@pytest.fixture
def start() -> Iterator[Callable[..., Future[Any]]]:
    """Runs a call in a thread of its own."""
    with ThreadPoolExecutor(max_workers=32) as threads:
        yield threads.submit


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
