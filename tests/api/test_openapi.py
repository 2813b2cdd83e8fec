"""The OpenAPI document: valid, and true of what is answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import jsonschema
import psycopg
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.testclient import TestClient

from api.columns import COLUMNS
from data.exports import listings
from data.metrics import METRICS
from tests.database.workload import add_call, add_thread, add_user, uid

Connection = psycopg.Connection[tuple[object, ...]]
LISTED = listings(Decimal(100))


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_it_describes_figures_as_the_pages_do(document: dict[str, Any]) -> None:
    totals = document["components"]["schemas"]["Totals"]["properties"]
    assert {name: schema["description"] for name, schema in totals.items()} == {
        name: METRICS[name].description for name in totals
    }


@pytest.mark.parametrize("name", LISTED)
def test_every_column_and_every_filter_is_described(document: dict[str, Any], name: str) -> None:
    operation = document["paths"][f"/export/{name}.csv"]["get"]
    assert [parameter["name"] for parameter in operation["parameters"]] == list(LISTED[name].filters)
    assert set(LISTED[name].every_column) <= COLUMNS.keys()


def test_answers_are_as_it_says(client: TestClient, connection: Connection, document: dict[str, Any]) -> None:
    add_thread(connection, "thread", add_user(connection, "ann"))
    add_call(connection, uid("thread"), uid("ann"))
    for path, address in (
        ("/api/v1/usage", "/api/v1/usage?range=today&by=model"),
        ("/api/v1/usage", "/api/v1/usage?range=7d&by=account"),
        ("/api/v1/accounts", "/api/v1/accounts?q=ann"),
        ("/api/v1/threads", "/api/v1/threads?running=no&limit=1"),
        ("/api/v1/threads/{id}", f"/api/v1/threads/{uid('thread')}"),
    ):
        answer = client.get(address)
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        jsonschema.validate(answer.json(), {**content["schema"], "components": document["components"]})
        assert answer.status_code == 200


def test_problems_are_as_it_says(client: TestClient, document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Problem"]
    for address in ("/api/v1/usage?step=x", "/api/v1/threads/x", "/api/v1/nothing"):
        jsonschema.validate(client.get(address).json(), schema)


def test_it_is_sent_once_to_those_who_keep_it(client: TestClient) -> None:
    tag = client.get("/api/v1/openapi.json").headers["etag"]
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
