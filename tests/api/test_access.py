"""Who is answered what: the same rules as on the pages, on every address."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from starlette.testclient import TestClient

from data.viewer import Viewer
from tests.api.conftest import ANN, NOBODY, STAFF, table
from tests.database.workload import add_call, add_run, add_thread, add_user, uid

Connection = psycopg.Connection[tuple[object, ...]]
Make = Callable[..., TestClient]
MINE, THEIRS, ABSENT = str(uid("mine")), str(uid("theirs")), str(UUID(int=7))
OF_SCOPES = (
    "/export/usage.csv", "/export/usage.csv?by=account", "/export/heat.csv", "/export/models.csv",
    "/export/top-threads.csv", "/export/top-threads.csv?limit=3", "/export/top-accounts.csv",
    "/export/top-accounts.csv?limit=3", "/export/purchases.csv", "/export/threads.csv", "/api/v1/usage",
    "/api/v1/threads",
)  # fmt: skip
OF_THREADS = (
    "/export/calls.csv?thread=",
    "/export/runs.csv?thread=",
    "/export/purchases.csv?thread=",
    "/export/compare.csv?threads=",
    "/api/v1/threads/",
)


@pytest.fixture(autouse=True)
def two_accounts(connection: Connection) -> None:
    for name, thread in (("ann", "mine"), ("bob", "theirs")):
        add_thread(connection, thread, add_user(connection, name, shown=name.title()), title=thread)
        add_call(connection, uid(thread), uid(name), cost="1" if name == "ann" else "2")
        add_run(connection, uid(thread))
        connection.execute("INSERT INTO credit_usage (user_id, amount_dollars) VALUES (%s, 3)", (uid(name),))


@pytest.mark.parametrize("path", OF_SCOPES)
@pytest.mark.parametrize(
    ("viewer", "scope", "status"),
    [
        (STAFF, "all", 200),
        (STAFF, "ann", 200),
        (ANN, "ann", 200),
        (ANN, "", 200),
        (ANN, "all", 404),
        (ANN, "bob", 404),
        (ANN, "ffffffff-ffff-ffff-ffff-ffffffffffff", 404),
        (NOBODY, "", 404),
        (NOBODY, "ann", 404),
        (NOBODY, "00000000-0000-0000-0000-000000000000", 404),
    ],
)
def test_a_scope_is_for_staff_and_for_itself(
    make_client: Make, path: str, viewer: Viewer, scope: str, status: int
) -> None:
    named = str(uid(scope)) if scope in ("ann", "bob") else scope
    joined = "&" if "?" in path else "?"
    assert make_client(viewer).get(f"{path}{joined}scope={named}").status_code == status


@pytest.mark.parametrize("path", OF_THREADS)
@pytest.mark.parametrize(
    ("viewer", "thread", "status"),
    [
        (STAFF, MINE, 200), (STAFF, THEIRS, 200), (STAFF, ABSENT, 404), (ANN, MINE, 200), (ANN, THEIRS, 404),
        (ANN, ABSENT, 404), (ANN, "no-id", 404), (NOBODY, MINE, 404),
    ],
)  # fmt: skip
def test_a_thread_is_for_staff_and_its_account(
    make_client: Make, path: str, viewer: Viewer, thread: str, status: int
) -> None:
    assert make_client(viewer).get(path + thread).status_code == status


@pytest.mark.parametrize("path", OF_THREADS)
def test_not_there_and_not_yours_look_the_same(make_client: Make, path: str) -> None:
    client = make_client(ANN)
    assert client.get(path + THEIRS).json() == client.get(path + ABSENT).json()


def test_without_a_scope_a_person_gets_their_own_account(make_client: Make) -> None:
    rows = table(make_client(ANN).get("/export/usage.csv", params={"range": "today", "by": "account"}).text)
    assert {row["account"]: row["cost"] for row in rows} == {"Ann": "1"}


def test_a_cursor_opens_nothing_that_its_bearer_may_not_see(make_client: Make) -> None:
    fields = {"scope": str(uid("bob")), "range": "7d", "limit": "1"}
    cursor = make_client(STAFF).get("/api/v1/usage", params=fields).json()["next"]
    assert cursor is not None
    assert make_client(ANN).get("/api/v1/usage", params={**fields, "cursor": cursor}).status_code == 404
