"""Whose figures a viewer gets: staff everybody's, a member their own accounts', and nobody else's look like nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine

from data import figures
from data.errors import NotFoundError
from data.ranges import CUSTOM, range_of
from data.usage_query import UsageQuery
from data.viewer import Viewer
from tests.database.workload import Writer, add_call, add_thread, fold, uid

NOW = datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC)
DAY = range_of(CUSTOM, "UTC", NOW, "2026-11-20T10:07", "2026-11-22")
AT = "2026-11-21 09:30:00+00"
ANNA, BORIS = uid("anna"), uid("boris")
STAFF, MEMBER, NOBODY = Viewer("s", staff=True), Viewer("m", accounts=frozenset({ANNA})), Viewer("n")

Read = Callable[[Connection, Viewer, UsageQuery], Any]
READS: dict[str, Read] = {
    "totals": figures.totals,
    "series": figures.series,
    "series by model": lambda connection, viewer, query: figures.series(connection, viewer, query, by="model"),
    "series by account": lambda connection, viewer, query: figures.series(connection, viewer, query, by="account"),
    "heat": figures.heat,
    "activity": figures.activity,
    "top threads": figures.top_threads,
    "top accounts": figures.top_accounts,
    "top models": figures.top_models,
    "figures of threads": lambda connection, viewer, query: figures.figures_of_threads(
        connection, viewer, query, [uid("own"), uid("theirs"), uid("shared")]
    ),
    "figures of accounts": lambda connection, viewer, query: figures.figures_of_accounts(
        connection, viewer, query, [ANNA, BORIS], (DAY.start, DAY.end)
    ),
}


@pytest.fixture
def log(connection: Writer) -> Writer:
    """Anna's own thread, Boris's own, one of Boris's that both spent in, and one without a row that both spent in."""
    for name, owner, users in (
        ("own", ANNA, [ANNA]),
        ("theirs", BORIS, [BORIS]),
        ("shared", BORIS, [ANNA, BORIS]),
        ("lost", None, [ANNA, BORIS]),
        ("left", None, [ANNA]),
    ):
        if name not in {"lost", "left"}:
            add_thread(connection, name, owner, title=f"About {name}")
        for user in users:
            add_call(connection, uid(name), user, cost="0.25", at=AT)
    return connection


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("viewer", [MEMBER, NOBODY], ids=["member", "nobody"])
def test_what_is_not_the_viewers_is_not_there(log: Writer, engine: Engine, name: str, viewer: Viewer) -> None:
    with engine.connect() as connection:
        for scope in ("all", str(BORIS), str(UUID(int=0)), str(uid("nobody"))):
            with pytest.raises(NotFoundError):
                READS[name](connection, viewer, UsageQuery(scope, DAY))


@pytest.mark.parametrize("name", [name for name in READS if "threads" not in name])
def test_a_member_has_the_same_figures_of_their_account_as_staff(log: Writer, engine: Engine, name: str) -> None:
    with engine.connect() as connection:
        query = UsageQuery(str(ANNA), DAY)
        own = READS[name](connection, MEMBER, query)
        assert own == READS[name](connection, STAFF, query)
        assert own != READS[name](connection, STAFF, UsageQuery("all", DAY))


@pytest.mark.parametrize("folded", [False, True], ids=["queued", "folded"])
def test_top_threads_are_those_that_the_viewer_may_open(log: Writer, engine: Engine, folded: bool) -> None:
    if folded:
        fold(log)
    query = UsageQuery(str(ANNA), DAY)
    with engine.connect() as connection:
        everything = figures.top_threads(connection, STAFF, query)
        own = figures.top_threads(connection, MEMBER, query)
        given = figures.figures_of_threads(connection, MEMBER, query, [UUID(entry.key) for entry in everything])
    assert {entry.key for entry in everything} == {str(uid(name)) for name in ("own", "shared", "lost", "left")}
    assert {entry.key: entry.label for entry in own} == {
        str(uid("own")): "About own",
        str(uid("left")): f"Thread {str(uid('left'))[:8]}",
    }
    assert given == {UUID(entry.key): entry.figures for entry in own}


def test_an_account_never_gets_the_part_of_another_in_a_shared_thread(log: Writer, engine: Engine) -> None:
    fold(log)
    with engine.connect() as connection:
        for account in (ANNA, BORIS):
            found = figures.figures_of_threads(connection, STAFF, UsageQuery(str(account), DAY), [uid("shared")])
            assert found[uid("shared")].calls == 1


@pytest.mark.parametrize("name", ["totals", "activity", "heat", "top threads", "top accounts", "figures of threads"])
def test_nothing_is_left_of_a_truncated_table_also_before_its_fold(log: Writer, engine: Engine, name: str) -> None:
    fold(log)
    log.execute("TRUNCATE usage_logs")
    with engine.connect() as connection:
        emptied = READS[name](connection, STAFF, UsageQuery("all", DAY))
        fold(log)
        assert emptied == READS[name](connection, STAFF, UsageQuery("all", DAY))
        assert "calls=1" not in repr(emptied)
