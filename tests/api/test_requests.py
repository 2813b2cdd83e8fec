"""Requests that cannot be answered get a 4xx that says what to do; none gets a 500."""

from __future__ import annotations

import psycopg
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import STAFF, Seen, make_app, table

Connection = psycopg.Connection[tuple[object, ...]]
ADDRESSES = (
    "/export/usage.csv", "/export/heat.csv", "/export/models.csv", "/export/purchases.csv", "/api/v1/usage",
)  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "query",
    [
        "range=never", "zone=Mars/Base", "scope=x", "from=2026-11-01", "from=2026-11-02&to=2026-11-01",
        "from=x&to=y", "scope=all&scope=all", "zone=%00", "zone=%ff", "range=7d&range=",
        "from=1066-10-14&to=1066-10-15", "scope=%F0%9F%8D%95", "&".join(f"a{n}=1" for n in range(80)),
        f"zone={'x' * 3000}",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_bad_request(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert {"title", "status", "detail", "remedy"} <= answer.json().keys()


@pytest.mark.parametrize(
    "query", ["step=year", "by=colour", "model=" + "x" * 300, "from=2026-11-01T25:00&to=2026-11-02"]
)
@pytest.mark.parametrize("path", ["/export/usage.csv", "/api/v1/usage"])
def test_a_course_needs_a_step_and_group_that_there_are(client: TestClient, path: str, query: str) -> None:
    assert client.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=١", "cursor=x", "scop=all", "compare=yes"]
)
def test_the_api_takes_only_what_it_knows(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/usage?{query}").status_code == 400


def test_a_download_takes_the_whole_address_of_its_page(client: TestClient) -> None:
    answer = client.get("/export/usage.csv?range=7d&compare=yes&sort=-cost&q=%3D1")
    assert answer.status_code == 200
    assert len(table(answer.text)) == 7


@pytest.mark.parametrize(
    "path", ["/export/nothing.csv", "/export/usage", "/export/", "/api/v1/", "/api/v2/usage", "/api/x"]
)
def test_an_address_that_is_none_says_so(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/export/usage.csv", "/api/v1/usage", "/api/v1/openapi.json", "/api/v1/threads/x"])
def test_only_get_is_answered(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_download_has_a_name_with_its_range_and_is_not_kept(client: TestClient) -> None:
    answer = client.get("/export/usage.csv?from=2025-11-01&to=2025-11-30&zone=Asia/Kolkata&by=model")
    assert answer.headers["content-disposition"] == (
        'attachment; filename="creditpulse-usage-by-model-2025-11-01-to-2025-11-30.csv"'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")


def test_head_has_the_headers_alone(client: TestClient) -> None:
    answer = client.head("/export/usage.csv")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-disposition" in answer.headers


def test_while_the_history_is_counted_nothing_is_said_to_be_final(client: TestClient, connection: Connection) -> None:
    connection.execute("UPDATE creditpulse.state SET history = 'counting'")
    answer = client.get("/api/v1/usage")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert "being counted" in answer.json()["detail"]


def test_without_a_database_the_answer_is_to_try_again() -> None:
    with TestClient(Seen(make_app("postgresql://nobody@127.0.0.1:9/none"), STAFF)) as client:
        answer = client.get("/api/v1/usage")
    assert (answer.status_code, answer.json()["remedy"]) == (503, "Try again in a moment.")
