"""Heavy charts go to the replica while it is as new as what pages show, and to the primary at once when it is not."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, text

from data.cache import QueryCache, make_cache
from data.doctor import Installation, examine
from data.engine import make_engine
from data.errors import SchemaError, UnavailableError
from data.overview_queries import OverviewQueries
from data.queries import Queries
from data.replica import Replica, make_replica_engine
from data.turns import Turns
from data.viewer import SYSTEM
from tests.postgres import Postgres
from tests.replica import FollowingPostgres
from tests.servers import wait_until

AT_ONCE_SECONDS = 0.3  # on a busy machine; nobody waits for anything
BACK_SECONDS = 15.0

LOOK = text("""
    SELECT pg_is_in_recovery() AS followed, s.version, (SELECT count(*) FROM usage_logs) AS calls
    FROM creditpulse.state s
""")
PAY = "INSERT INTO usage_logs (estimated_cost) VALUES (1)"

Writer = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def primary() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        server.make_template()
        server.make_database("followed")
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def follower(primary: Postgres) -> Iterator[FollowingPostgres]:
    server = FollowingPostgres(primary)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def writer(primary: Postgres) -> Iterator[Writer]:
    with psycopg.connect(primary.url("followed"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def counts() -> Counter[tuple[str, str]]:
    return Counter()


@pytest.fixture
def queries(primary: Postgres, follower: FollowingPostgres, counts: Counter[tuple[str, str]]) -> Iterator[Queries]:
    """As the app has them; what every read went to is in `counts`."""

    def observe(database: str, because: str) -> None:
        counts[database, because] += 1

    replica = Replica(make_replica_engine(follower.url("followed"), 4), observe, Turns().aside)
    cache = QueryCache(make_cache(Flask("test"), None))
    queries = Queries(make_engine(primary.url("followed")), cache, Decimal(100), replica)
    yield queries
    queries.stop()


def look(connection: Connection, _now: datetime) -> Any:
    return connection.execute(LOOK).one()


def pay(writer: Writer) -> int:
    """How many calls there are, once another one is folded."""
    writer.execute(PAY)
    writer.execute("SELECT creditpulse.fold()")
    row = writer.execute("SELECT count(*) FROM usage_logs").fetchone()
    assert row
    return int(row[0])


def timed(read: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    return read(), time.monotonic() - began


def followed_again(queries: Queries) -> None:
    """Reads go to the replica again, by themselves."""
    wait_until(lambda: queries.read_heavy(look).followed, "the replica to be read again", BACK_SECONDS)


def test_a_heavy_read_goes_to_the_replica_and_sees_every_fold(queries: Queries, writer: Writer) -> None:
    followed_again(queries)
    for _ in range(20):
        calls = pay(writer)
        assert queries.read_heavy(look).calls == calls


def test_pages_of_ranges_are_heavy(queries: Queries, counts: Counter[tuple[str, str]], writer: Writer) -> None:
    pay(writer)
    followed_again(queries)
    before, reads, view = counts["replica", "current"], OverviewQueries(queries), {"scope": "all", "range": "24h"}
    assert reads.course(SYSTEM, view, "model").totals.calls > 0
    assert reads.heat(SYSTEM, view)
    assert reads.activity(SYSTEM, view)
    assert reads.dearest(SYSTEM, view)
    assert counts["replica", "current"] == before + 4


def test_while_replay_is_paused_the_primary_is_read_and_soon_without_waiting(
    queries: Queries, follower: FollowingPostgres, writer: Writer, counts: Counter[tuple[str, str]]
) -> None:
    followed_again(queries)
    with follower.paused():
        calls = pay(writer)
        found, seconds = timed(lambda: queries.read_heavy(look))
        assert (found.followed, found.calls) == (False, calls)
        assert seconds < 0.1 + AT_ONCE_SECONDS
        found, seconds = timed(lambda: queries.read_heavy(look))
        assert (found.followed, found.calls) == (False, calls)
        assert seconds < AT_ONCE_SECONDS
        assert counts["primary", "behind"] == 2
    followed_again(queries)


def test_what_is_no_fold_is_no_older_either(
    queries: Queries, follower: FollowingPostgres, writer: Writer, counts: Counter[tuple[str, str]]
) -> None:
    pay(writer)
    followed_again(queries)
    with follower.paused():
        writer.execute("INSERT INTO threads (thread_id, account_id) VALUES (gen_random_uuid(), gen_random_uuid())")
        assert not queries.read_heavy(look).followed, "whoever sees what may have changed, and names may have"
    assert counts["primary", "behind"] == 1
    followed_again(queries)


def test_a_server_that_is_no_replica_is_not_read(primary: Postgres, counts: Counter[tuple[str, str]]) -> None:
    url = primary.url("followed")
    replica = Replica(make_replica_engine(url, 1), lambda database, because: counts.update([(database, because)]))
    queries = Queries(make_engine(url), QueryCache(make_cache(Flask("test"), None)), Decimal(100), replica)
    assert queries.read_heavy(look)
    queries.stop()
    assert counts == {("primary", "behind"): 1}


def test_no_read_is_older_than_the_primary_was_before_it(
    queries: Queries, follower: FollowingPostgres, writer: Writer, counts: Counter[tuple[str, str]], primary: Postgres
) -> None:
    followed_again(queries)
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(primary.url("followed"), autocommit=True) as other:
            while not stop.wait(0.005):
                pay(other)

    def interrupt() -> None:
        while not stop.wait(0.3):
            with follower.paused():
                stop.wait(0.2)

    threads = [threading.Thread(target=work) for work in (write, interrupt)]
    for thread in threads:
        thread.start()
    try:
        end, wrong = time.monotonic() + 6, []
        while time.monotonic() < end:
            row = writer.execute("SELECT version FROM creditpulse.state").fetchone()
            found = queries.read_heavy(look)
            if row and found.version < row[0]:
                wrong.append((row[0], found))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong
    assert counts["replica", "current"] > 10
    assert counts["primary", "behind"] > 0


def test_while_it_is_frozen_or_gone_the_primary_is_read(
    queries: Queries, follower: FollowingPostgres, writer: Writer, counts: Counter[tuple[str, str]]
) -> None:
    followed_again(queries)
    calls = pay(writer)
    with follower.frozen():
        found, seconds = timed(lambda: queries.read_heavy(look))
        assert (found.followed, found.calls) == (False, calls)
        assert seconds < 0.5 + AT_ONCE_SECONDS
        assert timed(lambda: queries.read_heavy(look))[1] < AT_ONCE_SECONDS
    followed_again(queries)
    follower.stop()
    try:
        for _ in range(3):
            found, seconds = timed(lambda: queries.read_heavy(look))
            assert (found.followed, found.calls) == (False, calls)
            assert seconds < AT_ONCE_SECONDS
    finally:
        follower.start()
    assert counts["primary", "away"] >= 4
    followed_again(queries)


def test_a_read_that_the_replica_ends_is_read_from_the_primary(
    queries: Queries, follower: FollowingPostgres, counts: Counter[tuple[str, str]]
) -> None:
    followed_again(queries)

    def disturbed(connection: Connection, now: datetime) -> Any:
        found = look(connection, now)
        if found.followed:
            connection.execute(text("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)"))
        return found

    assert not queries.read_heavy(disturbed).followed
    assert counts["primary", "conflict"] == 1
    assert queries.read_heavy(look).followed, "the connection is as good as before"


def test_doctor_tries_the_replica(primary: Postgres, follower: FollowingPostgres, writer: Writer) -> None:
    url = primary.url("followed")
    pay(writer)

    def found(replica_url: str) -> str:
        return dict(examine(Installation(url, url, None, None, replica_url=replica_url)))["replica"]

    assert found(follower.url("followed")).startswith("at fold")
    with pytest.raises(SchemaError, match="it is no replica"):
        found(url)
    with follower.paused():
        pay(writer)
        with pytest.raises(UnavailableError, match="its replay is paused"):
            found(follower.url("followed"))
    follower.stop()
    try:
        with pytest.raises(UnavailableError, match="check CREDITPULSE_REPLICA_URL"):
            found(follower.url("followed"))
    finally:
        follower.start()
