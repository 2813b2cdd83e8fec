"""What a thread's page is answered beside its chart and its log: to its viewer alone, and of which request."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any
from uuid import UUID

import flask
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Engine
from werkzeug.exceptions import BadRequest

from callbacks import thread_call, thread_outlook
from data.errors import NotFoundError
from data.prices import PriceList
from data.queries import Queries
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_run, add_thread, uid
from tests.unit.test_pages import text_of

THREAD, OWNER, CALL = uid("thread"), uid("owner"), UUID(int=7)
STRANGER = Viewer("stranger", accounts=frozenset({uid("stranger")}))
AT = "2026-01-01T10:00:00.123456Z"
PLACE = {"n": 3, "id": str(CALL), "at": AT}
PRICES = PriceList()
Looking = Callable[[Viewer], AbstractContextManager[Any]]


@pytest.fixture
def queries(engine: Engine) -> Queries:
    return Queries(engine, None, Decimal(100))  # type: ignore[arg-type]


@pytest.fixture
def looking() -> Looking:
    """A request of that viewer's."""
    app = flask.Flask("test")
    return lambda viewer: app.test_request_context(environ_base={"asgi.scope": {"state": {"viewer": viewer}}})


@pytest.fixture
def content(connection: Writer) -> dict[str, Any]:
    """Of the only call of the owner's thread: longer than is shown at once."""
    add_thread(connection, "thread", OWNER)
    said = {"model": "claude-opus-4-5", "cache_read_tokens": 400, "text": "x" * 50_000}
    connection.execute(
        "INSERT INTO usage_logs (id, thread_id, total_prompt_tokens, estimated_cost, content, created_at)"
        " VALUES (%s, %s, 1000, 0.5, %s, %s)",
        (CALL, THREAD, Jsonb(said), AT),
    )
    return said


def test_a_call_is_shown_with_its_parts_and_as_much_of_its_content_as_a_page_bears(
    queries: Queries, looking: Looking, content: dict[str, Any]
) -> None:
    with looking(SYSTEM):
        answer = thread_call.show_call(queries, PRICES, PLACE, str(THREAD))
    shown = " ".join(map(text_of, answer["body"]))
    assert (answer["n"], answer["cut"]) == (3, True)
    assert "Read from cache" in shown
    assert "the first 20,000 of 50,0" in shown
    assert len(shown) < 30_000


def test_all_of_a_content_comes_as_a_file_when_it_is_asked_for(
    queries: Queries, looking: Looking, content: dict[str, Any]
) -> None:
    with looking(Viewer("owner", accounts=frozenset({OWNER}))):
        file = thread_call.download_call(queries, 1, PLACE, str(THREAD))
    assert json.loads(file["content"]) == content
    assert file["filename"] == "call-00000000.json"


def test_nobody_else_is_shown_a_calls_content(queries: Queries, looking: Looking, content: dict[str, Any]) -> None:
    with looking(STRANGER):
        with pytest.raises(NotFoundError):
            thread_call.show_call(queries, PRICES, PLACE, str(THREAD))
        with pytest.raises(NotFoundError):
            thread_call.download_call(queries, 1, PLACE, str(THREAD))


@pytest.mark.parametrize(
    ("place", "thread"),
    [
        ({**PLACE, "id": "x"}, str(THREAD)),
        ({**PLACE, "at": "yesterday"}, str(THREAD)),
        ({**PLACE, "n": "3"}, str(THREAD)),
        (PLACE, None),
        (PLACE, "all"),
        ([], str(THREAD)),
    ],
)
def test_a_call_that_is_not_asked_for_as_our_page_does_is_refused(
    queries: Queries, looking: Looking, place: Any, thread: Any
) -> None:
    with looking(SYSTEM), pytest.raises(BadRequest):
        thread_call.show_call(queries, PRICES, place, thread)


def outlook(queries: Queries, looking: Looking, viewer: Viewer = SYSTEM) -> dict[str, Any]:
    with looking(viewer):
        return thread_outlook.answer_outlook(queries, {"n": 4, "thread_id": str(THREAD)})


def test_an_idle_thread_has_a_last_run_and_the_debits_that_it_caused(
    queries: Queries, looking: Looking, connection: Writer
) -> None:
    add_thread(connection, "thread", OWNER)
    add_run(connection, THREAD, "completed", "2026-01-01 10:00Z", "2026-01-01 10:10Z")
    add_call(connection, THREAD, OWNER, cost="1.25", at="2026-01-01 10:05Z")
    connection.execute(
        "INSERT INTO credit_usage (user_id, thread_id, amount_dollars) VALUES (%s, %s, 4.25)", (OWNER, THREAD)
    )
    found = outlook(queries, looking, Viewer("owner", accounts=frozenset({OWNER})))
    assert (found["of"], found["request"], found["rate"], found["runaway"]) == (str(THREAD), 4, "0.0 / min", "")
    assert found["run"] == {"label": "Last run", "figure": "125", "note": "", "cost": "1.250000"}
    assert "425.0" in text_of(found["debits"][0])


def test_a_running_thread_has_its_burn_rate_and_what_its_run_has_cost(
    queries: Queries, looking: Looking, connection: Writer
) -> None:
    add_thread(connection, "thread", OWNER)
    connection.execute(
        "INSERT INTO agent_runs (thread_id, started_at) VALUES (%s, now() - interval '20 minutes')", (THREAD,)
    )
    connection.execute(
        "INSERT INTO usage_logs (thread_id, user_id, estimated_cost, created_at)"
        " VALUES (%s, %s, 30, now() - interval '5 minutes'), (%s, %s, 1, now() - interval '15 minutes')",
        (THREAD, OWNER, THREAD, OWNER),
    )
    found = outlook(queries, looking)
    assert (found["rate"], found["rate_cost"], found["debits"]) == ("300 / min", "3.000000", None)
    assert found["run"]["figure"] == "3,100"
    assert "not enough runs" in found["run"]["note"]
    assert "Runaway" in found["runaway"]


def test_no_outlook_is_given_of_somebody_elses_thread(queries: Queries, looking: Looking, connection: Writer) -> None:
    add_thread(connection, "thread", OWNER)
    with pytest.raises(NotFoundError):
        outlook(queries, looking, STRANGER)
