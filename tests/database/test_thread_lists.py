"""What the page with the list of threads is answered: blocks, the rows in view, threads side by side; to its viewer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import flask
import pytest
from sqlalchemy import Engine
from werkzeug.exceptions import BadRequest

from callbacks import thread_compare, thread_filters, threads
from data.errors import InputError
from data.queries import Queries
from data.thread_compare import compared_threads
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_run, add_thread, add_user, fold, uid

ALICE = Viewer("alice", accounts=frozenset({uid("alice")}))
Looking = Callable[[Viewer], AbstractContextManager[Any]]
BLOCK = {"n": 1, "scope": "all", "after": "", "skip": 0, "limit": 100, "block": 4}
LIVE = {"n": 1, "scope": "all", "ids": [], "head": False, "list": 3}


@pytest.fixture
def queries(engine: Engine) -> Queries:
    return Queries(engine, None, Decimal(100))  # type: ignore[arg-type]


@pytest.fixture
def looking() -> Looking:
    """A request of that viewer's."""
    app = flask.Flask("test")
    return lambda viewer: app.test_request_context(environ_base={"asgi.scope": {"state": {"viewer": viewer}}})


@pytest.fixture(autouse=True)
def world(connection: Writer) -> None:
    """Ten of Alice's threads, each called later than the one before; one of Bob's, in which an agent runs."""
    for name in ("alice", "bob"):
        add_user(connection, name, shown=name.title())
    for number in range(10):
        add_thread(connection, f"t{number}", uid("alice"), title=f"t{number}")
        add_call(connection, uid(f"t{number}"), uid("alice"), cost=f"0.{10 + number}", at=f"2026-01-01 10:{number:02}Z")
    add_thread(connection, "bobs", uid("bob"), title="bobs")
    add_call(connection, uid("bobs"), uid("bob"), at="2026-01-01 09:00Z", model="gpt-5")
    add_run(connection, uid("bobs"))


def titles(answer: dict[str, Any]) -> list[str]:
    return [row["title"] for row in answer["rows"]]


def test_blocks_follow_one_another_and_say_how_the_list_goes_on(queries: Queries, looking: Looking) -> None:
    with looking(SYSTEM):
        first = threads.list_block(queries, {**BLOCK, "limit": 4})
        second = threads.list_block(queries, {**BLOCK, "limit": 4, "after": first["after"]})
        rest = threads.list_block(queries, {**BLOCK, "after": second["after"]})
    assert titles(first) + titles(second) + titles(rest) == ["bobs", *(f"t{number}" for number in range(9, -1, -1))]
    assert (first["block"], first["total"], first["rows"][0]["running"]) == (4, 11, True)
    assert (second["total"], rest["after"]) == (None, None)


@pytest.mark.parametrize("sort", ["", "cost", "-calls", "last", "id"])
def test_a_jump_shows_what_reading_on_would_have(queries: Queries, looking: Looking, sort: str) -> None:
    with looking(SYSTEM):
        whole = threads.list_block(queries, {**BLOCK, "sort": sort})
        far = threads.list_block(queries, {**BLOCK, "sort": sort, "skip": 6, "limit": 3})
        beyond = threads.list_block(queries, {**BLOCK, "sort": sort, "skip": 50})
    assert titles(far) == titles(whole)[6:9]
    assert (far["skipped"], beyond["skipped"], beyond["rows"], beyond["after"]) == (6, 11, [], None)


def test_a_list_holds_only_what_its_viewer_may_see(queries: Queries, looking: Looking) -> None:
    with looking(ALICE):
        block = threads.list_block(queries, BLOCK)
        live = threads.refresh_rows(queries, {**LIVE, "ids": [str(uid("bobs")), str(uid("t1"))], "head": True})
    assert "bobs" not in titles(block)
    assert "bobs" not in titles(live) + titles(live["head"])
    assert live["gone"] == [str(uid("bobs"))]


def test_rows_in_view_are_as_they_are_now(queries: Queries, looking: Looking, connection: Writer) -> None:
    seen = [str(uid("t3")), str(uid("t4"))]
    with looking(SYSTEM):
        before = threads.refresh_rows(queries, {**LIVE, "ids": seen})
        add_call(connection, uid("t3"), uid("alice"), cost="1")
        connection.execute("DELETE FROM usage_logs WHERE thread_id = %s", (uid("t4"),))
        connection.execute("DELETE FROM threads WHERE thread_id = %s", (uid("t4"),))
        fold(connection)
        after = threads.refresh_rows(queries, {**LIVE, "ids": seen, "head": True})
    assert [row["credits"] for row in before["rows"]] == [13, 14]
    assert (titles(after), after["gone"], after["list"]) == ([], [seen[1]], 3)
    assert (titles(after["head"])[:2], after["head"]["rows"][1]["credits"]) == (["bobs", "t3"], 113)
    assert after["version"] > before["version"]


def test_an_empty_list_says_why(queries: Queries, looking: Looking) -> None:
    with looking(SYSTEM):
        nothing = threads.list_block(queries, {**BLOCK, "q": "no such title"})
    assert nothing["rows"] == []
    assert nothing["nothing"] is not None


def test_filters_are_read_as_an_address_has_them(queries: Queries, looking: Looking) -> None:
    with looking(SYSTEM):
        assert titles(threads.list_block(queries, {**BLOCK, "running": "yes"})) == ["bobs"]
        assert titles(threads.list_block(queries, {**BLOCK, "least": "18", "sort": "-cost"})) == ["t9", "t8"]
        with pytest.raises(InputError, match="running"):
            threads.list_block(queries, {**BLOCK, "running": "maybe"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0}, {"limit": 101}, {"limit": "x"}, {"skip": -1}, {"skip": 10_001}, {"block": True}, {"scope": "x"},
        {"after": 3}, {"q": ["x"]},
    ],
)  # fmt: skip
def test_a_block_that_no_page_asks_for_is_refused(queries: Queries, looking: Looking, wrong: dict[str, Any]) -> None:
    with looking(SYSTEM), pytest.raises(BadRequest):
        threads.list_block(queries, {**BLOCK, **wrong})


def test_a_place_that_no_list_gave_is_refused(queries: Queries, looking: Looking) -> None:
    with looking(SYSTEM), pytest.raises(InputError):
        threads.list_block(queries, {**BLOCK, "after": "x"})


@pytest.mark.parametrize("wrong", [{"ids": None}, {"ids": ["x"]}, {"ids": ["x"] * 201}, {"list": "x"}])
def test_rows_that_no_page_asks_for_are_refused(queries: Queries, looking: Looking, wrong: dict[str, Any]) -> None:
    with looking(SYSTEM), pytest.raises(BadRequest):
        threads.refresh_rows(queries, {**LIVE, **wrong})


def test_threads_side_by_side_are_each_checked(queries: Queries, looking: Looking) -> None:
    asked = {"n": 1, "threads": [str(uid("bobs")), str(uid("t1"))]}
    with looking(SYSTEM):
        everything = thread_compare.compare(queries, asked)
    with looking(ALICE):
        hers = thread_compare.compare(queries, asked)
    assert (everything[0]["missing"], len(everything[3]["data"])) == (0, 2)
    assert (hers[0]["missing"], [trace["name"] for trace in hers[3]["data"]]) == (1, ["t1"])


def test_a_compared_thread_has_its_exact_figures(engine: Engine, connection: Writer) -> None:
    for minute, cost in ((30, "0.000001"), (50, "2")):
        add_call(connection, uid("t1"), uid("alice"), cost=cost, at=f"2026-01-01 10:{minute}Z", model="gpt-5")
    with engine.connect() as reader:
        (found,) = compared_threads(reader, ALICE, [uid("t1"), uid("bobs")])
    assert (found.thread.cost, found.thread.calls, found.points[-1].cumulative) == (
        Decimal("2.110001"), 3, Decimal("2.110001"),
    )  # fmt: skip
    assert found.lasted is not None
    assert found.lasted.total_seconds() == 49 * 60
    assert {model.model: model.cost for model in found.models} == {
        "gpt-5": Decimal("2.000001"), "claude-opus-4-5": Decimal("0.11"),
    }  # fmt: skip


def test_the_chooser_offers_the_scopes_models(queries: Queries, looking: Looking, connection: Writer) -> None:
    add_call(connection, uid("bobs"), uid("bob"), model="gpt-5")
    with looking(SYSTEM):
        assert "gpt-5" in thread_filters.list_models(queries, "all")
        assert "gpt-5" not in thread_filters.list_models(queries, str(uid("alice")))
