"""The list of threads, and the course of several, as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest
from starlette.testclient import TestClient

from data.viewer import Viewer
from tests.api.conftest import ANN, NOBODY, STAFF, every_page, table
from tests.database.workload import add_call, add_run, add_thread, add_user, uid

Connection = psycopg.Connection[tuple[object, ...]]
LIST, FILE = "/api/v1/threads", "/export/threads.csv"


@pytest.fixture(autouse=True)
def threads(connection: Connection) -> None:
    """Two of Ann's, of which one runs, and one of Bob's."""
    for name in ("ann", "bob"):
        add_user(connection, name, shown=name.title())
    for name, owner, cost, at in (
        ("one", "ann", "0.123456", "2026-01-01 10:00Z"),
        ("two", "ann", "2", "now"),
        ("three", "bob", "0.5", "now"),
    ):
        add_thread(connection, name, uid(owner), title=name.title())
        add_call(connection, uid(name), uid(owner), cost=cost, at=at, model=f"model {name}")
    add_call(connection, uid("one"), uid("ann"), cost="1", at="2026-01-01 10:02Z", model="model one")
    add_run(connection, uid("two"))


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_every_thread_is_listed_once_with_its_exact_totals_as_in_the_file(client: TestClient, limit: int) -> None:
    rows = {row["title"]: row for row in every_page(client, LIST, limit=limit)}
    file = {row["title"]: row for row in table(client.get(FILE).text)}
    costs = {"One": "1.123456", "Two": "2", "Three": "0.5"}
    assert {title: row["cost"] for title, row in rows.items()} == {title: row["cost"] for title, row in file.items()}
    assert {title: row["cost"] for title, row in rows.items()} == costs
    assert (rows["One"]["calls"], rows["One"]["credits"], rows["Two"]["running"]) == (2, "112.3456", True)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"q": "two"}, {"Two"}),
        ({"q": "ANN"}, {"One", "Two"}),
        ({"running": "yes"}, {"Two"}),
        ({"running": "no"}, {"One", "Three"}),
        ({"active": "1h"}, {"Two", "Three"}),
        ({"active": "-1h"}, {"One"}),
        ({"model": "model three"}, {"Three"}),
        ({"least": "50", "most": "112"}, {"One", "Three"}),
        ({"scope": str(uid("bob"))}, {"Three"}),
    ],
)
def test_filters_are_those_of_the_page(client: TestClient, filters: dict[str, str], found: set[str]) -> None:
    assert {row["title"] for row in every_page(client, LIST, limit=1, **filters)} == found
    assert {row["title"] for row in table(client.get(FILE, params=filters).text)} == found


@pytest.mark.parametrize("wrong", ["running=x", "active=5d", "project=x", "least=much", "cursor=x"])
def test_what_cannot_be_read_is_refused(client: TestClient, wrong: str) -> None:
    assert client.get(f"{LIST}?{wrong}").status_code == 400


@pytest.mark.parametrize(
    ("viewer", "query", "status", "seen"),
    [
        (ANN, "", 200, {"One", "Two"}),
        (ANN, f"?scope={uid('bob')}", 404, set()),
        (ANN, "?scope=all", 404, set()),
        (NOBODY, "", 404, set()),
    ],
)
def test_others_see_their_own(
    make_client: Callable[..., TestClient], viewer: Viewer, query: str, status: int, seen: set[str]
) -> None:
    client = make_client(viewer)
    answer, file = client.get(LIST + query), client.get(FILE + query)
    assert (answer.status_code, file.status_code) == (status, status)
    if status == 200:
        assert {row["title"] for row in answer.json()["data"]} == seen
        assert {row["title"] for row in table(file.text)} == seen


def compare(client: TestClient, *names: str) -> list[dict[str, str]]:
    return table(client.get("/export/compare.csv", params={"threads": ",".join(str(uid(n)) for n in names)}).text)


def test_the_course_of_threads_ends_at_their_totals(client: TestClient) -> None:
    rows = compare(client, "one", "three", "one")
    assert [(row["title"], row["elapsed_seconds"], row["total_credits"]) for row in rows] == [
        ("One", "0", "12.3456"),
        ("One", "120", "112.3456"),
        ("Three", "0", "50"),
    ]
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("1.623456")


def test_a_comparison_has_only_what_the_viewer_may_see(make_client: Callable[..., TestClient]) -> None:
    assert {row["title"] for row in compare(make_client(ANN), "three", "two")} == {"Two"}
    path = f"/export/compare.csv?threads={uid('three')}"
    assert [make_client(viewer).get(path).status_code for viewer in (STAFF, ANN, NOBODY)] == [200, 404, 404]


@pytest.mark.parametrize(
    ("written", "status"), [("", 400), ("x", 404), (",".join(str(uid(str(n))) for n in range(7)), 400)]
)
def test_a_comparison_is_of_one_to_six_threads(client: TestClient, written: str, status: int) -> None:
    assert client.get("/export/compare.csv", params={"threads": written}).status_code == status
