"""What is not as our own pages send it gets a 4xx, never a 500, and no callback sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import BadRequest

from callbacks.dashboard import make_dash
from callbacks.requests import LARGEST_BODY, scope_of, text_of, uuid_of
from settings import Settings

URL = "/_dash-update-component"
PROPER: dict[str, Any] = {
    "output": "nav-answer.data",
    "outputs": {"id": "nav-answer", "property": "data"},
    "inputs": [{"id": "nav-request", "property": "data", "value": {"n": 1, "scope": "all"}}],
    "state": [],
    "changedPropIds": ["nav-request.data"],
}


class Unasked:
    """Stands for the queries, which nothing malformed reaches."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


@pytest.fixture
def client() -> FlaskClient:
    return make_dash(Unasked(), Settings()).server.test_client()  # type: ignore[arg-type]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in PROPER.items() if name != key}


def asking(value: object) -> dict[str, Any]:
    return {**PROPER, "inputs": [{"id": "nav-request", "property": "data", "value": value}]}


@pytest.mark.parametrize(
    "body",
    [
        1,
        "text",
        [],
        {},
        without("output"),
        without("outputs"),
        without("inputs"),
        {**PROPER, "output": "nothing.data"},
        {**PROPER, "output": ["nav-answer.data"]},
        {**PROPER, "output": None},
        {**PROPER, "outputs": {"id": "nav-usage", "property": "data"}},
        {**PROPER, "outputs": [PROPER["outputs"]]},
        {**PROPER, "outputs": "nav-answer.data"},
        {**PROPER, "inputs": {}},
        {**PROPER, "inputs": []},
        {**PROPER, "inputs": [None]},
        {**PROPER, "inputs": ["nav-request.data"]},
        {**PROPER, "inputs": [{"id": {"type": "x"}, "property": "data"}]},
        {**PROPER, "inputs": [{"id": "nav-request", "property": 5}]},
        {**PROPER, "inputs": PROPER["inputs"] * 2},
        {**PROPER, "state": [{"id": "a", "property": "b"}]},
        {**PROPER, "changedPropIds": 7},
        {**PROPER, "changedPropIds": [7]},
        asking(None),
        asking(5),
        asking([]),
        asking({}),
        asking({"scope": None}),
        asking({"scope": 5}),
        asking({"scope": ["all"]}),
        asking({"scope": "everything"}),
        asking({"scope": "all\x00"}),
        asking({"scope": "\ud800"}),
        asking({"scope": "all", "by": "\ud800"}),
        asking({"scope": "all", "n": float("nan")}),
        asking({"scope": "all", "by": float("inf")}),
        asking({"scope": "x" * 100_000}),
        asking({"scope": "all", "n": 10**400}),
        asking({"scope": "all", "n": json.loads("[" * 500 + "]" * 500)}),
        asking({"scope": "all", "n": -1}),
        asking({"scope": "all", "n": "1"}),
        asking({"scope": "all", "n": None}),
    ],
)
def test_a_body_that_is_not_ours_is_a_bad_request(client: FlaskClient, body: object) -> None:
    assert client.post(URL, json=body).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"output":' + b"9" * 10_000 + b"}"]
)
def test_a_body_that_is_no_json_is_a_bad_request(client: FlaskClient, body: bytes) -> None:
    assert client.post(URL, data=body, content_type="application/json").status_code == 400


def test_a_body_of_another_kind_is_refused(client: FlaskClient) -> None:
    assert client.post(URL, data={"a": "b"}).status_code == 415


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    body = json.dumps(asking({"scope": "x" * LARGEST_BODY}))
    assert client.post(URL, data=body, content_type="application/json").status_code == 413


@pytest.mark.parametrize(
    "value",
    [None, 5, "invoices", [], {}, {"n": 1}, {"n": 1, "text": 5}, {"n": 1, "text": ["a"]}, {"n": 1, "text": "a\x00"},
     {"n": 1, "text": "\ud800"}, {"n": 1, "text": "x" * 2001}, {"n": "1", "text": "invoices"}],
)  # fmt: skip
def test_what_nobody_can_look_for_is_a_bad_request(client: FlaskClient, value: object) -> None:
    part = {"id": "find-request", "property": "data", "value": value}
    body = {
        "output": "find-answer.data",
        "outputs": {"id": "find-answer", "property": "data"},
        "inputs": [part],
        "state": [],
    }
    assert client.post(URL, json=body).status_code == 400


def test_a_file_of_a_component_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/_dash-component-suites/dash/none.js").status_code == 404
    assert client.get("/_dash-component-suites/none/none.js").status_code == 404


def test_ids_have_one_spelling() -> None:
    assert scope_of("all") == "all"
    assert scope_of("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11") == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    with pytest.raises(BadRequest):
        uuid_of("a0eebc99")
    with pytest.raises(BadRequest):
        text_of("a" * 11, longest=10)


def test_no_answer_is_kept_on_the_way(client: FlaskClient) -> None:
    assert client.post(URL, json=PROPER).headers["Cache-Control"] == "no-store"
    assert client.get("/_dash-layout").headers["Cache-Control"] == "no-cache, private"
