"""Callbacks and page loads as a browser makes them, against a real database, for several viewers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from callbacks.dashboard import make_dash
from data.cache import QueryCache, make_cache
from data.queries import Queries
from data.viewer import Viewer
from settings import Settings

OWNER, OTHER, THREAD = UUID(int=11), UUID(int=12), uuid4()
STAFF = Viewer("staff@x", staff=True)
PERSON, STRANGER = Viewer("own@x", accounts=frozenset({OWNER})), Viewer("other@x", accounts=frozenset({OTHER}))

MakeClient = Callable[[Viewer], FlaskClient]


@pytest.fixture
def make_client(engine: Engine) -> MakeClient:
    server = Flask("creditpulse")
    server.secret_key = "secret"
    queries = Queries(engine, QueryCache(make_cache(server, None)), Decimal(100))
    app = make_dash(queries, Settings(auth="header"), server)

    def make(viewer: Viewer) -> FlaskClient:
        client = app.server.test_client()
        client.environ_base["asgi.scope"] = {"state": {"viewer": viewer}}
        return client

    return make


@pytest.fixture
def thread(connection: psycopg.Connection[Any]) -> UUID:
    connection.execute("INSERT INTO users (id, email, name) VALUES (%s, 'own@x', 'Own')", (OWNER,))
    connection.execute("INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)", (THREAD, OWNER))
    connection.execute(
        "INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost)"
        " VALUES (%s, %s, 90, 90, 0.125)",
        (OWNER, THREAD),
    )
    return THREAD


def call(client: FlaskClient, output: str, source: str, value: object) -> Any:
    answer = asked(client, output, source, value)
    assert answer.status_code == 200
    return answer.json


def asked(client: FlaskClient, output: str, source: str, value: object) -> Any:
    component, prop = output.split(".")
    body = {
        "output": output,
        "outputs": {"id": component, "property": prop},
        "inputs": [{"id": source, "property": "data", "value": value}],
        "changedPropIds": [f"{source}.data"],
    }
    return client.post("/_dash-update-component", json=body)


def test_a_page_that_is_there_is_200_and_one_that_is_not_404(make_client: MakeClient, thread: UUID) -> None:
    client = make_client(STAFF)
    assert client.get("/").status_code == 200
    assert client.get("/threads").status_code == 200
    assert client.get(f"/threads/{thread}").status_code == 200
    for path in ("/nowhere", f"/threads/{uuid4()}", "/threads/x", f"/threads/{thread}/x"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "react-entry-point" in answer.text


def test_an_id_may_be_written_in_capitals(make_client: MakeClient, thread: UUID) -> None:
    client, path = make_client(PERSON), f"/threads/{str(thread).upper()}"
    assert client.get(path).status_code == 200
    body = {
        "output": "..page.children...page-shown.data..",
        "outputs": [{"id": "page", "property": "children"}, {"id": "page-shown", "property": "data"}],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "page-asked", "property": "data", "value": None},
        ],
        "state": [{"id": "url", "property": "search", "value": ""}],
        "changedPropIds": ["url.pathname"],
    }
    shown = client.post("/_dash-update-component", json=body).json["response"]["page-shown"]["data"]
    assert shown["thread"] == str(thread)


def test_what_is_not_yours_is_404_as_what_is_not_there(make_client: MakeClient, thread: UUID) -> None:
    assert make_client(PERSON).get(f"/threads/{thread}").status_code == 200
    assert make_client(STRANGER).get(f"/threads/{thread}").status_code == 404
    assert make_client(STRANGER).get(f"/threads?scope={OWNER}").status_code == 404
    assert make_client(PERSON).get(f"/threads?scope={OWNER}").status_code == 200


def test_the_answer_is_the_streams_message_with_the_requests_number(make_client: MakeClient, thread: UUID) -> None:
    answer = call(make_client(PERSON), "thread-answer.data", "thread-request", {"n": 3, "thread_id": str(thread)})
    message = answer["response"]["thread-answer"]["data"]
    assert message["type"] == "thread-usage"
    assert (message["credits"], message["cost"], message["request"]) == (13, "0.125000", 3)


def test_a_scope_is_answered_with_the_state_of_history(make_client: MakeClient, thread: UUID) -> None:
    answer = call(make_client(PERSON), "nav-answer.data", "nav-request", {"n": 1, "scope": str(OWNER)})
    message = answer["response"]["nav-answer"]["data"]
    assert (message["scope"], message["credits"], message["history"]) == (str(OWNER), 13, "complete")


def test_an_open_thread_that_is_gone_is_answered_as_gone(make_client: MakeClient, thread: UUID) -> None:
    answer = call(make_client(STRANGER), "thread-answer.data", "thread-request", {"n": 1, "thread_id": str(thread)})
    assert answer["response"]["thread-answer"]["data"]["gone"] is True


def test_a_scope_of_others_is_an_alert_without_figures(make_client: MakeClient, thread: UUID) -> None:
    answer = call(make_client(STRANGER), "nav-answer.data", "nav-request", {"n": 1, "scope": str(OWNER)})
    assert "nav-answer" not in answer["response"]
    assert answer["sideUpdate"]["failure"]["data"]["source"] == "nav-answer"


def test_the_chooser_lists_what_the_viewer_may_see(make_client: MakeClient, thread: UUID) -> None:
    assert [option["label"] for option in options(make_client(STAFF), "")] == ["All accounts", "Own"]
    assert [option["label"] for option in options(make_client(PERSON), "")] == ["Own"]
    assert options(make_client(Viewer("nobody@x")), "") == []


def test_typing_finds_accounts_and_keeps_the_choice(make_client: MakeClient, thread: UUID) -> None:
    found = options(make_client(STAFF), "ow", typing=True)
    assert [option["label"] for option in found] == ["All accounts", "Own"]
    assert [option["label"] for option in options(make_client(STAFF), "zz", typing=True)] == ["All accounts"]


def options(client: FlaskClient, typed: str, *, typing: bool = False) -> list[dict[str, str]]:
    body = {
        "output": "..nav-account.options...nav-account.value...default-scope.data..",
        "outputs": [
            {"id": "nav-account", "property": "options"},
            {"id": "nav-account", "property": "value"},
            {"id": "default-scope", "property": "data"},
        ],
        "inputs": [
            {"id": "nav-account", "property": "search_value", "value": typed},
            {"id": "scope-asked", "property": "data", "value": ""},
        ],
        "state": [{"id": "nav-account", "property": "value", "value": None}],
        "changedPropIds": ["nav-account.search_value" if typing else "scope-asked.data"],
    }
    answer = client.post("/_dash-update-component", json=body).json
    assert answer is not None
    chosen = answer["response"]["nav-account"]
    assert ("value" in chosen) is not typing
    found: list[dict[str, str]] = chosen["options"]
    return found


def look_for(client: FlaskClient, typed: str) -> Any:
    request = {"n": 7, "text": typed}
    return call(client, "find-answer.data", "find-request", request)["response"]["find-answer"]["data"]


def test_what_is_found_leads_to_its_page(make_client: MakeClient, thread: UUID) -> None:
    answer = look_for(make_client(STAFF), str(thread).upper())
    assert (answer["n"], answer["text"], answer["exact"]) == (7, str(thread).upper(), True)
    (threads,) = answer["groups"]
    assert threads["name"] == "Threads"
    assert [option["href"] for option in threads["options"]] == [f"/threads/{thread}"]
    (accounts,) = look_for(make_client(STAFF), "own@x")["groups"]
    expected = {"title": "Own", "note": "own@x", "href": f"/accounts/{OWNER}"}
    assert accounts == {"name": "Accounts", "options": [expected], "more": ""}


def test_a_project_leads_to_its_threads_in_a_scope_that_has_them(
    make_client: MakeClient, connection: psycopg.Connection[Any], thread: UUID
) -> None:
    project = uuid4()
    connection.execute("INSERT INTO projects (project_id, name, account_id) VALUES (%s, 'Fleet', %s)", (project, OWNER))
    for viewer, scope in ((STAFF, "all"), (PERSON, OWNER)):
        (projects,) = look_for(make_client(viewer), "fleet")["groups"]
        assert projects["options"] == [
            {"title": "Fleet", "note": "Own", "href": f"/threads?project={project}&scope={scope}"}
        ]


def test_where_there_is_more_a_group_leads_to_all_of_it(
    make_client: MakeClient, connection: psycopg.Connection[Any]
) -> None:
    for number in range(6):
        connection.execute(
            "INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), %s, 'Ann & Co')", (f"{number}@y",)
        )
    (accounts,) = look_for(make_client(STAFF), "ann & co")["groups"]
    assert len(accounts["options"]) == 5
    assert accounts["more"] == "/accounts?q=ann+%26+co"


def test_a_stranger_finds_nothing(make_client: MakeClient, thread: UUID) -> None:
    for typed in (str(thread), "own@x", "own"):
        assert look_for(make_client(STRANGER), typed)["groups"] == []


def test_documents_and_answers_say_whose_they_are_and_of_which_release(make_client: MakeClient, thread: UUID) -> None:
    """For the browser, which keeps them apart, and knows a new release by it."""
    keys = {}
    for viewer in (PERSON, STRANGER):
        client = make_client(viewer)
        document = client.get(f"/threads/{thread}")
        keys[viewer] = document.headers["X-Creditpulse-Viewer"]
        release = document.headers["X-Creditpulse-Release"]
        assert f'<meta name="creditpulse-viewer" content="{keys[viewer]}">' in document.text
        assert f'<meta name="creditpulse-release" content="{release}">' in document.text
        for path in ("/_dash-layout", "/_dash-dependencies"):
            assert client.get(path).headers["X-Creditpulse-Viewer"] == keys[viewer]
        answer = asked(client, "nav-answer.data", "nav-request", {"n": 1, "scope": str(min(viewer.accounts))})
        assert answer.headers["X-Creditpulse-Viewer"] == keys[viewer]
        assert answer.headers["X-Creditpulse-Release"] == release
    assert keys[PERSON] != keys[STRANGER]


def test_files_are_the_same_for_everyone(make_client: MakeClient) -> None:
    with make_client(PERSON).get("/assets/live.js") as answer:
        assert "X-Creditpulse-Viewer" not in answer.headers
