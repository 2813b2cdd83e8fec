"""The threads list and head: who sees what, in which order, found by what."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine

from data.constants import UNATTRIBUTED
from data.engine import make_engine
from data.errors import NotFoundError
from data.migrate import migrate
from data.thread_grid import ThreadBlock, thread_block
from data.thread_query import ThreadQuery
from data.thread_selection import id_range
from data.threads import thread_head, thread_rows
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_thread, add_user, fold, uid

ALICE, BOB = uid("alice"), uid("bob")
VIEWERS = {
    "staff": SYSTEM,
    "alice": Viewer("alice", accounts=frozenset({ALICE})),
    "bob": Viewer("bob", accounts=frozenset({BOB})),
    "nobody": Viewer("nobody"),
}


def page(engine: Engine, viewer: Viewer = SYSTEM, limit: int = 100, **query: object) -> ThreadBlock:
    with engine.connect() as connection:
        return thread_block(connection, viewer, ThreadQuery(**query), limit=limit)  # type: ignore[arg-type]


def titles(engine: Engine, viewer: Viewer = SYSTEM, **query: object) -> list[str]:
    return [row.title for row in page(engine, viewer, **query).rows]


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        ("staff", {"hers", "his", "loose", "mixed", "nobody's"}),
        ("alice", {"hers", "loose"}),
        ("bob", {"his"}),
        ("nobody", set()),
    ],
)
@pytest.mark.parametrize("folded", [False, True])
def test_a_thread_is_seen_by_its_owner_or_by_whose_calls_all_of_it_are(
    engine: Engine, connection: Writer, viewer: str, seen: set[str], folded: bool
) -> None:
    add_thread(connection, "hers", ALICE)
    add_thread(connection, "his", BOB)
    add_thread(connection, "nobody's", None)
    add_call(connection, uid("hers"), BOB)
    add_call(connection, uid("his"), ALICE)
    add_call(connection, uid("nobody's"), ALICE)
    add_call(connection, uid("loose"), ALICE)
    add_call(connection, uid("mixed"), ALICE)
    if folded:
        fold(connection)
    add_call(connection, uid("mixed"), BOB)
    listed = page(engine, VIEWERS[viewer])
    assert {row.thread_id for row in listed.rows} == {uid(name) for name in seen}
    assert listed.total == len(seen)
    with engine.connect() as reader:
        rows = thread_rows(reader, VIEWERS[viewer], [uid(n) for n in ("hers", "his", "loose", "mixed", "nobody's")])
    assert {row.thread_id for row in rows} == {uid(name) for name in seen}


def test_the_head_of_a_thread_that_is_not_the_viewers_is_not_found(engine: Engine, connection: Writer) -> None:
    add_thread(connection, "hers", ALICE, title="Hers")
    with engine.connect() as reader:
        assert thread_head(reader, VIEWERS["alice"], uid("hers")).title == "Hers"
        with pytest.raises(NotFoundError):
            thread_head(reader, VIEWERS["bob"], uid("hers"))
        with pytest.raises(NotFoundError):
            thread_head(reader, SYSTEM, uid("missing"))


def test_a_queued_call_moves_its_thread_up_before_the_fold(engine: Engine, connection: Writer) -> None:
    for name, at in (("a", "2026-01-01Z"), ("b", "2026-01-02Z"), ("c", "2026-01-03Z")):
        add_thread(connection, name, None, title=name)
        add_call(connection, uid(name), at=at)
    fold(connection)
    add_call(connection, uid("a"), at="2026-01-04Z", cost="0.4")
    first = page(engine, limit=1).rows[0]
    assert (first.title, first.calls, first.cost) == ("a", 2, Decimal("0.5"))


def test_a_row_has_title_project_account_model_and_exact_figures(engine: Engine, connection: Writer) -> None:
    add_user(connection, "alice", "alice@example.com", "Alice")
    connection.execute(
        "INSERT INTO projects (project_id, name, account_id) VALUES (%s, 'Northwind', %s)", (uid("project"), ALICE)
    )
    thread = add_thread(connection, "t", ALICE, name="Data migration")
    connection.execute("UPDATE threads SET project_id = %s", (uid("project"),))
    add_call(connection, thread, cost="0.1", at="2026-01-01 10:00Z", model="old-model")
    add_call(connection, thread, cost="0.023456", at="2026-01-01 10:05Z", model="new-model")
    row = page(engine).rows[0]
    assert (row.title, row.project, row.account, row.model) == ("Data migration", "Northwind", "Alice", "new-model")
    assert (row.calls, row.total_tokens, row.cost) == (2, 14, Decimal("0.123456"))
    assert row.last_at is not None
    assert row.last_at.isoformat() == "2026-01-01T10:05:00+00:00"


def test_a_title_falls_back_to_the_project_and_then_to_the_id(engine: Engine, connection: Writer) -> None:
    connection.execute(
        "INSERT INTO projects (project_id, name, account_id) VALUES (%s, 'Northwind', %s)", (uid("project"), ALICE)
    )
    add_thread(connection, "with project", None, title="  ")
    connection.execute("UPDATE threads SET project_id = %s", (uid("project"),))
    add_call(connection, uid("bare"))
    assert set(titles(engine)) == {"Northwind", f"Thread {str(uid('bare'))[:8]}"}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("migration", {"one"}),
        ("MIGRATION", {"one"}),
        ("northwind", {"one"}),
        ("bob@", {"two"}),
        ("Bobby", {"two"}),
        ("%", {"percent"}),
        ("_", set()),
        ("100%", {"percent"}),
        ("'; DROP TABLE threads; --", set()),
        ("\\", set()),
        ("", {"one", "two", "percent", "loose"}),
        ("loose@example.com", {"loose"}),
        ("nothing like that", set()),
    ],
)
@pytest.mark.parametrize("folded", [False, True])
def test_a_search_finds_titles_projects_and_accounts_and_takes_every_sign_as_itself(
    engine: Engine, connection: Writer, search: str, found: set[str], folded: bool
) -> None:
    add_user(connection, "bob", "bob@example.com", "Bobby")
    add_user(connection, "loose owner", "loose@example.com")
    connection.execute(
        "INSERT INTO projects (project_id, name, account_id) VALUES (%s, 'Northwind', %s)", (uid("project"), ALICE)
    )
    add_thread(connection, "one", ALICE, title="Data migration")
    connection.execute("UPDATE threads SET project_id = %s", (uid("project"),))
    add_thread(connection, "two", BOB, title="Second")
    add_thread(connection, "percent", ALICE, title="Up 100% or more")
    for name in ("one", "two", "percent"):
        add_call(connection, uid(name))
    add_call(connection, uid("loose"), uid("loose owner"))
    if folded:
        fold(connection)
    listed = page(engine, search=search)
    assert {row.thread_id for row in listed.rows} == {uid(name) for name in found}
    assert listed.total == len(found)


def test_a_pasted_id_its_beginning_its_address_and_its_made_up_title_find_the_thread(
    engine: Engine, connection: Writer
) -> None:
    for name in ("one", "two", "three"):
        add_call(connection, uid(name))
    text = str(uid("two"))
    for search in (
        text,
        text.upper(),
        text[:8],
        text[:13],
        f"Thread {text[:8]}",
        f"http://host/threads/{text}?scope=all",
    ):
        assert [row.thread_id for row in page(engine, search=search).rows] == [uid("two")]


def test_an_id_range_covers_every_id_that_begins_so() -> None:
    assert id_range("1A2b3c") == (UUID("1a2b3c" + "0" * 26), UUID("1a2b3c" + "f" * 26))
    assert id_range("Thread 1a2b3c4d-cafe") == (UUID("1a2b3c4dcafe" + "0" * 20), UUID("1a2b3c4dcafe" + "f" * 20))


@pytest.mark.parametrize("word", ["migration", "cafe", "add", "1a2b3"])
def test_a_word_is_no_beginning_of_an_id(word: str) -> None:
    assert id_range(word) is None


def test_a_scope_has_what_the_account_owns_and_what_it_has_spent_in(engine: Engine, connection: Writer) -> None:
    add_thread(connection, "hers", ALICE, title="hers")
    add_thread(connection, "his", BOB, title="his")
    add_thread(connection, "apart", BOB, title="apart")
    add_call(connection, uid("his"), ALICE)
    add_call(connection, uid("apart"), None)
    assert set(titles(engine, scope=str(ALICE))) == {"hers", "his"}
    assert set(titles(engine, scope=str(UNATTRIBUTED))) == {"apart"}
    assert set(titles(engine, VIEWERS["bob"], scope=str(ALICE))) == {"his"}
    with engine.connect() as reader:
        rows = thread_rows(reader, SYSTEM, [uid("hers"), uid("his"), uid("apart")], scope=str(ALICE))
    assert [row.title for row in rows] == ["hers", "his"]


@pytest.mark.parametrize("folded", [False, True])
def test_a_deleted_thread_is_not_listed_and_its_last_call_is_not_its_last_any_more(
    engine: Engine, connection: Writer, folded: bool
) -> None:
    add_call(connection, uid("gone"))
    add_call(connection, uid("kept"))
    fold(connection)
    connection.execute("DELETE FROM usage_logs WHERE thread_id = %s", (uid("gone"),))
    if folded:
        fold(connection)
    assert [row.thread_id for row in page(engine).rows] == [uid("kept")]


def test_times_outside_every_calendar_are_shown_as_none(engine: Engine, connection: Writer) -> None:
    add_call(connection, uid("t"), at="infinity")
    add_call(connection, uid("u"), at="4713-01-01 BC")
    assert [row.last_at for row in page(engine).rows] == [None, None]


def test_a_database_with_usage_logs_alone_has_its_threads_and_no_error(make_database: Callable[..., str]) -> None:
    url = make_database()
    with psycopg.connect(url, autocommit=True) as writer:
        writer.execute(
            "CREATE TABLE usage_logs (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid, thread_id uuid,"
            " total_prompt_tokens int, total_completion_tokens int, total_tokens int, estimated_cost numeric(10, 6),"
            " content jsonb, created_at timestamptz DEFAULT now(), extra text)"
        )
        migrate(url)
        add_call(writer, uid("t"), ALICE)
    engine = make_engine(url)
    listed = page(engine, VIEWERS["alice"], search=str(uid("t")))
    assert [row.account for row in listed.rows] == [f"Account {str(ALICE)[:8]}"]
    assert page(engine, VIEWERS["bob"]).rows == ()
    assert page(engine, search="no such title").rows == ()
    engine.dispose()
