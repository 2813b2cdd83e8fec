"""The list of threads, block by block: which, in which order, for whom; the same whatever the way they are found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine

from data import thread_grid
from data.errors import InputError
from data.thread_grid import thread_block
from data.thread_query import SORTS, ThreadQuery
from data.viewer import SYSTEM, Viewer
from tests.database import thread_world
from tests.database.workload import Writer, add_call, add_calls, add_run, add_thread, fold, uid

VIEWERS = (
    SYSTEM,
    Viewer("alice", accounts=frozenset({uid("alice")})),
    Viewer("two", accounts=frozenset({uid("bob"), uid("carol")})),
)
SEARCHES = ("", "", "", "invoic", "100%", "ÜNÏ", "bob@", "carol", "Project 1", "a", "e@", "nothing like it", "_")
EVERY_SORT = ("", *SORTS, *(f"-{sort}" for sort in SORTS))


@pytest.fixture
def reader(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def ids(
    reader: Connection, query: ThreadQuery, viewer: Viewer = SYSTEM, limit: int = 1000, walked: int = 20_000
) -> list[UUID]:
    """The whole list, block by block."""
    found: list[UUID] = []
    after = None
    while True:
        block = thread_block(reader, viewer, query, after, limit, walked)
        assert len(block.rows) <= limit
        found += [row.thread_id for row in block.rows]
        if block.after is None:
            return found
        after = block.after


def random_query(chance: random.Random) -> ThreadQuery:
    def maybe(value: object, share: float = 0.25) -> object:
        return value if chance.random() < share else None

    return ThreadQuery(
        search=chance.choice(SEARCHES),
        scope=str(uid(chance.choice(thread_world.PEOPLE))) if chance.random() < 0.3 else "all",
        sort=chance.choice(EVERY_SORT),
        running=maybe(chance.random() < 0.5),  # type: ignore[arg-type]
        model=maybe(chance.choice(thread_world.MODELS)),  # type: ignore[arg-type]
        least=maybe(Decimal(chance.choice(("0", "0.1", "1")))),  # type: ignore[arg-type]
        below=maybe(Decimal(chance.choice(("0", "0.1", "2")))),  # type: ignore[arg-type]
        within=maybe(timedelta(hours=chance.choice((1, 24, 240)))),  # type: ignore[arg-type]
        since=maybe(timedelta(hours=chance.choice((1, 24))), 0.15),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_list_is_that_of_the_raw_tables_whatever_is_asked_and_however_it_is_read(
    reader: Connection, connection: Writer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = thread_world.build(connection, seed)
    chance = random.Random(seed)
    for _ in range(40):
        query, viewer = random_query(chance), chance.choice(VIEWERS)
        expected = thread_world.listed(connection, viewer, query, people, datetime.now(UTC))
        # Read as few, or walked through in looks that are cut short.
        monkeypatch.setattr(thread_grid, "FEW", chance.choice((0, 15_000)))
        monkeypatch.setattr(thread_grid, "FEW_NAMED", chance.choice((0, 5_000)))
        monkeypatch.setattr(thread_grid, "FIRST_LOOK", chance.choice((2, 6_000)))
        limit, walked = chance.choice((1, 3, 7, 100)), chance.choice((3, 20_000))
        found = ids(reader, query, viewer, limit, walked)
        assert found == expected, (query, viewer.name, limit, walked, thread_grid.FEW)


def test_the_usual_order_has_running_threads_first_then_the_latest_call_then_those_without(
    reader: Connection, connection: Writer
) -> None:
    for name in ("old", "new", "running long ago", "empty", "running, empty"):
        add_thread(connection, name, None)
    add_call(connection, uid("old"), at="2026-01-01 10:01Z")
    add_call(connection, uid("new"), at="2026-01-01 10:02Z")
    add_call(connection, uid("running long ago"), at="2025-01-01Z")
    add_run(connection, uid("running long ago"))
    add_run(connection, uid("running, empty"))
    add_run(connection, uid("new"), status="completed")
    expected = ["running long ago", "running, empty", "new", "old", "empty"]
    assert ids(reader, ThreadQuery(), limit=2) == [uid(name) for name in expected]


@pytest.mark.parametrize("sort", ["-calls", "calls"])
def test_threads_of_many_calls_and_of_few_are_one_list(reader: Connection, connection: Writer, sort: str) -> None:
    counts = {f"thread {count}": count for count in (1, 2, 99, 100, 101, 131, 132, 150)}
    for name, count in counts.items():
        add_calls(connection, uid(name), count, start="2026-01-01Z", every_seconds=1)
    fold(connection)
    add_call(connection, uid("thread 100"))
    add_call(connection, uid("thread 1"))
    counts |= {"thread 100": 101, "thread 1": 2}
    order = sorted(counts, key=lambda name: (counts[name], uid(name)), reverse=sort == "-calls")
    assert ids(reader, ThreadQuery(sort=sort), limit=3) == [uid(name) for name in order]


def test_a_deleted_call_takes_its_cost_out_of_the_order(reader: Connection, connection: Writer) -> None:
    for name, cost in (("a", "1"), ("b", "2"), ("c", "3")):
        add_call(connection, uid(name), cost=cost)
    add_call(connection, uid("a"), cost="9")
    fold(connection)
    connection.execute("DELETE FROM usage_logs WHERE estimated_cost = 9")
    for _ in range(2):
        assert ids(reader, ThreadQuery(sort="-cost"), limit=1) == [uid(name) for name in "cba"]
        assert ids(reader, ThreadQuery(sort="cost"), limit=1) == [uid(name) for name in "abc"]
        fold(connection)


def test_a_truncated_table_empties_the_list_before_the_fold(reader: Connection, connection: Writer) -> None:
    add_call(connection, uid("a"))
    fold(connection)
    connection.execute("TRUNCATE usage_logs")
    add_call(connection, uid("b"))
    for sort in EVERY_SORT:
        assert ids(reader, ThreadQuery(sort=sort)) == [uid("b")]


def test_a_list_that_looked_at_enough_says_so_and_goes_on_from_there(reader: Connection, connection: Writer) -> None:
    for number in range(12):
        add_call(connection, uid(str(number)), cost="5" if number in (2, 9) else "1", at=f"2026-01-01 10:{number:02}Z")
    fold(connection)
    query = ThreadQuery(model="no such model", sort="last")
    first = thread_block(reader, SYSTEM, query, walked=5)
    assert (first.rows, first.cut) == ((), True)
    last = thread_block(reader, SYSTEM, query, first.after, walked=50)
    assert (last.rows, last.cut, last.after) == ((), False, None)


def test_small_lists_are_counted(reader: Connection, connection: Writer) -> None:
    for number in range(5):
        add_thread(connection, str(number), uid("alice" if number < 3 else "bob"), title="Invoices")
        add_call(connection, uid(str(number)))
    alice = Viewer("alice", accounts=frozenset({uid("alice")}))
    assert thread_block(reader, SYSTEM, ThreadQuery(), limit=2).total == 5
    assert thread_block(reader, alice, ThreadQuery(), limit=2).total == 3
    assert thread_block(reader, SYSTEM, ThreadQuery(scope=str(uid("bob"))), limit=1).total == 2


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "2_1_none",
        "7_1_" + str(uid("a")),
        "2_NaN_" + str(uid("a")),
        "2_1e3_" + str(uid("a")),
        "2_1_" + "-" * 36,
        "2_" + "9" * 99 + f"_{uid('a')}",
    ],
)
def test_an_after_that_no_list_gave_is_refused(reader: Connection, after: str) -> None:
    if not after:
        return
    with pytest.raises(InputError, match="begin again"):
        thread_block(reader, SYSTEM, ThreadQuery(), after)


@pytest.mark.parametrize("key", ["Infinity", "-Infinity", "999999999999999999999999999999", "-0.000001"])
@pytest.mark.parametrize("sort", EVERY_SORT)
def test_any_number_in_an_after_is_taken_or_refused(
    reader: Connection, connection: Writer, key: str, sort: str
) -> None:
    add_call(connection, uid("a"))
    with suppress(InputError):
        thread_block(reader, SYSTEM, ThreadQuery(sort=sort), f"2_{key}_{uid('b')}")
