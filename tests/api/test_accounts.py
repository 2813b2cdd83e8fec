"""The list of accounts as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from starlette.testclient import TestClient

from data.viewer import Viewer
from tests.api.conftest import ANN, NOBODY, every_page, table
from tests.database.workload import add_call, add_user, uid

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(autouse=True)
def accounts(connection: Connection) -> None:
    """Ann with a plan, Bob without, and calls of nobody's."""
    for name in ("ann", "bob"):
        add_call(connection, uid("thread"), add_user(connection, name, shown=name.title()), cost="1.25")
    add_call(connection, uid("thread"), None, cost="2")
    connection.execute(
        "INSERT INTO creditpulse.subscriptions (user_id, plan, credits_included, period_start, period_end)"
        " VALUES (%s, 'Pro', 1000, now() - interval '1 day', now() + interval '1 day')",
        (uid("ann"),),
    )


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_every_account_is_listed_once_as_in_the_file(client: TestClient, limit: int) -> None:
    rows = {row["account"]: row for row in every_page(client, "/api/v1/accounts", limit=limit)}
    file = {row["account"]: row["used"] for row in table(client.get("/export/accounts.csv").text)}
    assert (
        {name: row["used"] for name, row in rows.items()} == file == {"Ann": "125", "Bob": "125", "Unattributed": "200"}
    )
    assert (rows["Ann"]["plan"], rows["Ann"]["allowance"], rows["Ann"]["left"]) == ("Pro", "1000", "875")
    assert (rows["Bob"]["plan"], rows["Bob"]["allowance"], rows["Bob"]["left"]) == (None, None, None)


@pytest.mark.parametrize(("viewer", "seen"), [(ANN, ["Ann"]), (NOBODY, [])])
def test_others_see_their_own(make_client: Callable[..., TestClient], viewer: Viewer, seen: list[str]) -> None:
    client = make_client(viewer)
    assert [row["account"] for row in every_page(client, "/api/v1/accounts")] == seen
    assert [row["account"] for row in table(client.get("/export/accounts.csv").text)] == seen


def test_they_can_be_searched(client: TestClient) -> None:
    assert [row["email"] for row in every_page(client, "/api/v1/accounts", q="BOB")] == ["bob@example.com"]
    assert client.get("/api/v1/accounts?state=rich").status_code == 400
