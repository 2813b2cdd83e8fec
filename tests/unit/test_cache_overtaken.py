"""Where QueryCache is stricter than its reference: whatever happens meanwhile, nothing outdated is fresh."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import Any

import flask
import pytest
from flask_caching import Cache
from hypothesis import given, settings
from hypothesis import strategies as st

from data.cache import QueryCache
from tests.unit.cache_reads import FOR_EVER, KEY, PATIENCE_SECONDS, Begin, Clock, Start, fail, never

# Invalidation during a read


def test_an_invalidation_during_the_first_read_leaves_its_result_stale(queries: QueryCache, begin: Begin) -> None:
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


def test_the_end_of_an_older_read_does_not_hide_the_newer_one_from_those_who_arrive(
    queries: QueryCache, begin: Begin, start: Start, waiting: threading.Semaphore
) -> None:
    older, first = begin(queries)
    queries.invalidate(*KEY)
    newer, second = begin(queries)
    older.end("before")
    assert first.result() == "before"
    third = start(queries.fetch, KEY, never, stale_time=FOR_EVER)
    assert waiting.acquire(timeout=PATIENCE_SECONDS)
    newer.end("after")
    assert (second.result(), third.result()) == ("after", "after")


def test_of_two_reads_that_end_together_the_newer_one_stays(queries: QueryCache, begin: Begin) -> None:
    for number in range(60):
        key = ("thread-usage", str(number))
        older, first = begin(queries, key)
        queries.invalidate(*key)
        newer, second = begin(queries, key)
        older.end("before")
        newer.end("after")
        assert (first.result(), second.result()) == ("before", "after")
        assert queries.fetch(key, never, stale_time=FOR_EVER) == "after"


def test_an_older_read_that_fails_late_does_not_taint_the_newer_value(queries: QueryCache, begin: Begin) -> None:
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


def test_an_evicted_entry_does_not_take_its_invalidation_along(cache: Cache, begin: Begin, clock: Clock) -> None:
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


def test_a_flood_of_keys_evicts_the_oldest_keys_and_not_the_shared_stamps(clock: Clock) -> None:
    config = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 30}
    queries = QueryCache(Cache(flask.Flask("test"), config=config, with_jinja2_ext=False), clock=clock)
    for number in range(100):
        queries.fetch(("thread-usage", str(number)), lambda: "value", stale_time=FOR_EVER)
    for number in range(90, 100):
        assert queries.fetch(("thread-usage", str(number)), never, stale_time=FOR_EVER) == "value"


# Many threads


def test_no_thread_ever_gets_what_was_read_before_an_invalidation_that_it_knew_of(cache: Cache, start: Start) -> None:
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

            def read(name: str = name) -> int:
                return versions[name] if chance.random() < 0.9 else fail(ValueError("broken"))

            at_least = announced[name]
            stale_time, force = chance.choice([0, FOR_EVER]), chance.random() < 0.1
            with suppress(ValueError):
                got = queries.fetch(("thread-usage", name), read, stale_time=stale_time, force=force)
                assert at_least <= got <= versions[name]

    running = [start(change, name) for name in "abc"] + [start(look, seed) for seed in range(8)]
    for each in running:
        each.result(PATIENCE_SECONDS)
    for name in "abc":
        assert queries.fetch(("thread-usage", name), lambda: 100, stale_time=FOR_EVER) == 100
