"""The list of accounts: every order, every condition, blocks, and who may see what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine

from data import account_ids, account_standings
from data.account_list import AccountBlock, account_block, accounts_after
from data.account_query import RECKONED_SORTS, SORTS, STATES, AccountQuery, account_query
from data.cache import QueryCache, make_cache
from data.constants import UNATTRIBUTED
from data.errors import InputError
from data.queries import Queries
from data.viewer import SYSTEM, Viewer
from tests.database.test_account_rows import spend, subscribe
from tests.database.workload import Writer, add_call, add_user, fold, uid

MEMBER = Viewer("alice", accounts=frozenset({uid("alice")}))


@pytest.fixture
def queries(engine: Engine) -> Queries:
    return Queries(engine, QueryCache(make_cache(Flask("test"), None)), Decimal(100))


@pytest.fixture
def people(connection: Writer) -> Writer:
    """Ann runs out in a week, Ben in two, Cem has used up his, Dora's lasts; Eve has no plan; and nobody's calls."""
    for name in ("ann", "ben", "cem", "dora", "eve"):
        add_user(connection, name, shown=name.title())
    for name, included, plan in (("ann", "1500", "Pro"), ("ben", "2200", "Team"), ("cem", "500", "Free"),
                                 ("dora", "9000", "Team")):  # fmt: skip
        subscribe(connection, uid(name), included, plan=plan, ends=timedelta(days=19))
    for day in range(8):
        for name in ("ann", "ben", "cem", "dora"):
            spend(connection, uid(name), "1", day + 1)
    spend(connection, uid("eve"), "3", 2)
    now = datetime.now(UTC)  # a rate looks back ten minutes, and the suite takes as long
    add_call(connection, uid("t"), None, cost="0.5", at=now.isoformat())
    fold(connection)
    add_call(connection, uid("t"), uid("ben"), cost="0.25", at=(now - timedelta(minutes=1)).isoformat())
    return connection


def block(queries: Queries, viewer: Viewer = SYSTEM, offset: int = 0, limit: int = 50, **query: str) -> AccountBlock:
    return account_block(queries, viewer, AccountQuery(**query), offset, limit)


def labels(found: AccountBlock) -> list[str]:
    return [row.label for row in found.rows]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Unattributed", "Ben", "Dora", "Cem", "Ann", "Eve"]),
        ("name", ["Ann", "Ben", "Cem", "Dora", "Eve", "Unattributed"]),
        ("-name", ["Eve", "Dora", "Cem", "Ben", "Ann", "Unattributed"]),
        ("-plan", ["Ben", "Dora", "Ann", "Cem", "Eve", "Unattributed"]),
        ("-allowance", ["Dora", "Ben", "Ann", "Cem", None, None]),
        ("-rate", ["Unattributed", "Ben", "Dora", "Cem", "Ann", "Eve"]),
        ("out", ["Cem", "Ann", "Ben", "Dora", None, None]),
        ("-out", ["Dora", "Ben", "Ann", "Cem", None, None]),
        ("left", ["Cem", "Ann", "Ben", "Dora", None, None]),
        ("-share", ["Cem", "Ann", "Ben", "Dora", None, None]),
        ("-used", ["Ben", None, None, None, "Eve", "Unattributed"]),
    ],
)  # fmt: skip
def test_every_order(queries: Queries, people: Writer, sort: str, expected: list[str | None]) -> None:
    found = block(queries, sort=sort)
    assert found.total == 6
    assert [label if wanted else None for label, wanted in zip(labels(found), expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("ending", {"Ann", "Ben"}),
        ("ended", {"Cem"}),
        ("planned", {"Ann", "Ben", "Cem", "Dora"}),
        ("spending", {"Ben", "Unattributed"}),
    ],
)
@pytest.mark.parametrize("sort", ["", "out", "name"])
def test_every_state_in_any_order(queries: Queries, people: Writer, state: str, sort: str, expected: set[str]) -> None:
    found = block(queries, state=state, sort=sort)
    assert set(labels(found)) == expected
    assert found.total == len(expected)


@pytest.mark.parametrize("sort", ["", "out", "-used"])
@pytest.mark.parametrize(
    ("search", "expected"), [("EN", ["Ben"]), ("unattr", ["Unattributed"]), (str(uid("cem"))[:9], ["Cem"]), ("%", [])]
)
def test_a_search_by_name_address_and_id(
    queries: Queries, people: Writer, sort: str, search: str, expected: list[str]
) -> None:
    found = block(queries, search=search, sort=sort)
    assert (labels(found), found.total) == (expected, len(expected))


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
def test_blocks_are_parts_of_the_whole(queries: Queries, people: Writer, sort: str) -> None:
    whole = labels(block(queries, sort=sort))
    assert len(whole) == 6
    assert [
        label for offset in (0, 2, 4) for label in labels(block(queries, sort=sort, offset=offset, limit=2))
    ] == whole
    assert block(queries, sort=sort, offset=6).rows == ()


@pytest.mark.parametrize("sort", ["", "-rate", "name"])
@pytest.mark.parametrize(("search", "expected"), [("", 6), ("n", 3)])
def test_a_block_that_does_not_reach_the_end_is_counted_apart(
    queries: Queries, people: Writer, sort: str, search: str, expected: int
) -> None:
    assert block(queries, sort=sort, search=search, limit=2).total is None
    found = block(queries, sort=sort, search=search, limit=0)
    assert (found.rows, found.total) == ((), expected)
    assert block(queries, sort=sort, search=search, limit=2).total == expected
    assert block(queries, sort=sort, search=search, offset=expected - 1, limit=5).total == expected


@pytest.mark.parametrize("search", ["", "n", "ann", "@example"])
@pytest.mark.parametrize("sort", ["-last", "-rate"])
def test_the_first_are_found_without_the_others(
    queries: Queries, people: Writer, sort: str, search: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they were or not, and however many the walk looks at: the same accounts in the same order."""
    query = {"sort": sort, "search": search}
    with monkeypatch.context() as patch:
        patch.setattr(account_ids, "begins_with_the_latest", lambda _query: False)
        expected = labels(block(queries, **query))
    assert expected
    for reach in (0, 1, 1000):
        monkeypatch.setattr(account_ids, "LATEST", reach)
        for offset in range(len(expected)):
            for limit in (1, 2):
                found = labels(block(queries, offset=offset, limit=limit, **query))
                assert found == expected[offset : offset + limit]


def test_accounts_known_by_a_plan_or_by_usage_alone_are_listed(queries: Queries, connection: Writer) -> None:
    subscribe(connection, uid("planned"))
    spend(connection, uid("stranger"), "1", 0)
    fold(connection)
    spend(connection, uid("new"), "1", 0)
    assert {row.account_id for row in block(queries).rows} == {uid("planned"), uid("stranger"), uid("new")}


class Clock:
    """Goes on by a second at each part that is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.read = 0.0, account_standings.read_part
        monkeypatch.setattr(account_standings, "perf_counter", lambda: self.now)
        monkeypatch.setattr(account_standings, "read_part", self.read_slowly)

    def read_slowly(self, queries: Queries, viewer: Viewer, ids: bytes) -> account_standings.Standings:
        self.now += 1
        return self.read(queries, viewer, ids)


def test_what_takes_long_to_reckon_comes_in_parts(
    queries: Queries, people: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch)
    monkeypatch.setattr(account_standings, "AT_ONCE", 2)
    for part in (1 / 3, 2 / 3, 1, 1):
        found = block(queries, sort="out")
        assert found.reckoned == pytest.approx(part)
        assert found.total == round(6 * part)
    assert len(labels(found)) == 6


def test_an_old_order_is_kept_until_there_is_time_for_a_new_one(
    queries: Queries, people: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(account_standings, "AT_ONCE", 2)
    while block(queries, sort="-used").reckoned < 1:
        pass
    spend(people, uid("eve"), "50", 1)
    monkeypatch.setattr(account_standings, "STALE_SECONDS", -1.0)
    found = [block(queries, sort="-used") for _ in range(3)]
    assert {one.reckoned for one in found} == {1}
    assert clock.now == 6
    assert "Eve" in labels(found[0])  # and her exact figure, wherever she stands
    assert {row.used for row in found[0].rows if row.label == "Eve"} == {Decimal(53)}


def test_a_member_sees_their_own_account_whatever_they_ask_for(queries: Queries, people: Writer) -> None:
    for sort in ("", *SORTS):
        assert [row.account_id for row in block(queries, MEMBER, sort=sort).rows] == [uid("alice")]
    assert block(queries, MEMBER, search="ben").rows == ()
    assert block(queries, Viewer("nobody")).total == 0
    assert block(queries, Viewer("nobody"), sort="out").total == 0


@pytest.mark.parametrize("state", ["", *STATES])
def test_going_on_by_id_finds_each_account_once(queries: Queries, people: Writer, state: str) -> None:
    found: list[UUID] = []
    after: UUID | None = None
    with queries.connect() as connection:
        while True:
            rows, after = accounts_after(connection, SYSTEM, AccountQuery(state=state), after, 2, Decimal(100))
            found += [row.account_id for row in rows]
            if after is None:
                break
    assert sorted(found) == sorted(row.account_id for row in block(queries, state=state).rows)
    assert found == sorted(found)


def test_what_an_address_asks_for_is_read(queries: Queries) -> None:
    query = account_query({"q": " ann ", "sort": "-used", "state": "ending"})
    assert query == AccountQuery("ann", "-used", "ending")
    assert (query.order, query.downwards, query.reckoned, query.narrowed) == ("used", True, True, True)
    assert AccountQuery() == account_query({})
    for wrong in ({"sort": "size"}, {"state": "odd"}):
        with pytest.raises(InputError, match="write one of"):
            account_query(wrong)


def test_nobody_is_listed_before_they_spent(queries: Queries, connection: Writer) -> None:
    add_user(connection, "ann")
    assert UNATTRIBUTED not in {row.account_id for row in block(queries).rows}
    assert {sort for sort in SORTS if AccountQuery(sort=sort).reckoned} == set(RECKONED_SORTS)
