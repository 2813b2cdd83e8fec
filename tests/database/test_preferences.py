"""What people have chosen: kept field by field, numbered, told to those who listen, and never whatever was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection as Reading
from sqlalchemy import Engine

from callbacks.dashboard import make_dash
from data.cache import QueryCache, make_cache
from data.constants import PREFERENCES_CHANNEL
from data.preferences import DEFAULTS, digest, preferences, preferences_of, save
from data.queries import Queries
from data.viewer import Viewer
from settings import Settings

Connection = psycopg.Connection[Any]
MakeClient = Callable[[Viewer], FlaskClient]

ANN, BEN = Viewer("ann@example.com", staff=True), Viewer("ben@example.com", staff=True)


@pytest.fixture
def reading(engine: Engine) -> Iterator[Reading]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def make_client(engine: Engine) -> MakeClient:
    server = Flask("creditpulse")
    queries = Queries(engine, QueryCache(make_cache(server, None)), Decimal(100))
    app = make_dash(queries, Settings(auth="header"), server)

    def make(viewer: Viewer) -> FlaskClient:
        client = app.server.test_client()
        client.environ_base["asgi.scope"] = {"state": {"viewer": viewer}}
        return client

    return make


def choose(client: FlaskClient, choices: object, number: object = 1) -> Any:
    body = {
        "output": "preferences-answer.data",
        "outputs": {"id": "preferences-answer", "property": "data"},
        "inputs": [{"id": "preferences-request", "property": "data", "value": {"n": number, "choices": choices}}],
        "changedPropIds": ["preferences-request.data"],
    }
    return client.post("/_dash-update-component", json=body)


def chosen(client: FlaskClient, choices: object) -> Any:
    answer = choose(client, choices)
    assert answer.status_code == 200
    return answer.json["response"]["preferences-answer"]["data"]


def saved(engine: Engine, person: str, **choices: Any) -> int:
    with engine.begin() as connection:
        return save(connection, person, choices).version


def test_who_has_chosen_nothing_has_the_defaults(reading: Reading) -> None:
    assert preferences(reading, "ann@example.com") == DEFAULTS


def test_a_choice_leaves_every_other_field_and_every_other_person_alone(engine: Engine, reading: Reading) -> None:
    saved(engine, "ann", theme="dark", idle_seconds=60)
    saved(engine, "ann", idle_seconds=90)
    saved(engine, "ben", theme="light")
    found = preferences_of(reading, ["ann", "ben", "carol"])
    assert {person: (held.theme, held.idle_seconds) for person, held in found.items()} == {
        "ann": ("dark", 90),
        "ben": ("light", 30),
    }


def test_of_two_devices_that_choose_at_once_the_last_one_of_each_field_wins(engine: Engine, reading: Reading) -> None:
    with engine.connect() as one, engine.connect() as other:
        save(one, "ann", {"theme": "dark", "unit": "dollars"})
        one.commit()
        save(one, "ann", {"theme": "light"})
        waiting = other.begin()
        one.commit()
        save(other, "ann", {"zone": "UTC"})
        waiting.commit()
    held = preferences(reading, "ann")
    assert (held.theme, held.unit, held.zone) == ("light", "dollars", "UTC")


def test_versions_grow_also_where_the_clock_went_back_or_an_older_state_was_restored(
    engine: Engine, connection: Connection
) -> None:
    first = saved(engine, "ann", theme="dark")
    connection.execute("UPDATE creditpulse.preferences SET version = version + 3600000000")
    assert saved(engine, "ann", theme="light") == first + 3600000001
    connection.execute("UPDATE creditpulse.preferences SET version = 1")
    assert saved(engine, "ann", theme="light") > first


def test_a_field_that_is_given_back_follows_its_default(
    engine: Engine, reading: Reading, connection: Connection
) -> None:
    saved(engine, "ann", theme="dark", idle_seconds=60)
    saved(engine, "ann", theme=None, idle_seconds=None)
    assert preferences(reading, "ann").choices == DEFAULTS.choices
    assert connection.execute("SELECT theme, idle_seconds FROM creditpulse.preferences").fetchall() == [(None, None)]


def test_a_commit_tells_whose_they_are_to_who_knows_the_person_and_no_name(
    engine: Engine, connection: Connection
) -> None:
    connection.execute(f"LISTEN {PREFERENCES_CHANNEL}".encode())
    with engine.connect() as writing:
        save(writing, "ann@example.com", {"theme": "dark"})
        assert not list(connection.notifies(timeout=0.2))
        writing.commit()
    (notice,) = connection.notifies(timeout=5, stop_after=1)
    assert notice.payload == digest("ann@example.com")
    assert "ann" not in notice.payload


@pytest.mark.parametrize(
    "column",
    ["running_seconds = 1", "idle_seconds = 601", "subscription_seconds = 0", "theme = 'pink'", "unit = 'euros'",
     "reduced_motion = 'none'", "zone = repeat('x', 65)", "person = repeat('x', 1001)"],
)  # fmt: skip
def test_the_table_takes_nothing_that_cannot_be_chosen(engine: Engine, connection: Connection, column: str) -> None:
    saved(engine, "ann", theme="dark")
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"UPDATE creditpulse.preferences SET {column}".encode())  # noqa: S608


def test_what_is_chosen_on_the_page_is_saved_for_who_is_looking_and_nobody_else(make_client: MakeClient) -> None:
    ann, ben = make_client(ANN), make_client(BEN)
    answer = chosen(ann, {"running_seconds": "2 min", "theme": "dark", "live_stream": False, "zone": "Asia/Kathmandu"})
    assert (answer["errors"], answer["request"]) == ({}, 1)
    held = answer["preferences"]
    assert (
        held.items()
        >= {"running_seconds": 120, "theme": "dark", "live_stream": False, "zone": "Asia/Kathmandu"}.items()
    )
    assert chosen(ann, {})["preferences"] == held
    assert chosen(ben, {})["preferences"]["theme"] == "system"


FORGED: list[dict[str, Any]] = [
    {"running_seconds": 1}, {"running_seconds": True}, {"running_seconds": "-5"}, {"running_seconds": "1e2"},
    {"running_seconds": ["10"]}, {"idle_seconds": "601"}, {"idle_seconds": "9" * 5000}, {"live_stream": "on"},
    {"live_stream": 1}, {"theme": "pink"}, {"theme": {}}, {"unit": 3}, {"zone": "Mars/Olympus"},
    {"zone": "../etc/passwd"}, {"zone": ""}, {"reduced_motion": False}, {"person": "ben@example.com"}, {"version": 9},
    {"theme; DROP TABLE x": "dark"},
]  # fmt: skip


@pytest.mark.parametrize("choices", FORGED, ids=str)
def test_what_nobody_could_choose_is_refused_with_a_reason_and_not_kept(
    make_client: MakeClient, connection: Connection, choices: dict[str, Any]
) -> None:
    client = make_client(ANN)
    answer = chosen(client, choices)
    assert answer["errors"].keys() == choices.keys()
    assert all(len(text) > 10 for text in answer["errors"].values())
    assert answer["preferences"]["version"] == 0
    assert connection.execute("SELECT count(*) FROM creditpulse.preferences").fetchone() == (0,)


@pytest.mark.parametrize("choices", [None, [], "theme", {f"f{n}": 1 for n in range(9)}], ids=repr)
def test_what_is_no_set_of_choices_is_no_request(make_client: MakeClient, choices: object) -> None:
    assert choose(make_client(ANN), choices).status_code == 400


def test_what_can_be_chosen_is_kept_beside_what_cannot(make_client: MakeClient) -> None:
    answer = chosen(make_client(ANN), {"idle_seconds": "1 s", "theme": "dark"})
    assert answer["errors"].keys() == {"idle_seconds"}
    assert answer["preferences"].items() >= {"idle_seconds": 30, "theme": "dark"}.items()


def test_a_document_has_what_its_person_has_chosen_and_an_answer_to_a_poll_too(
    make_client: MakeClient, engine: Engine
) -> None:
    client = make_client(ANN)
    assert '<html lang="en">' in client.get("/threads").text
    saved(engine, ANN.name, theme="dark", reduced_motion="reduced", zone="Asia/Kathmandu")
    page = client.get("/threads")
    assert '<html lang="en" data-theme="dark" data-motion="reduced">' in page.text
    assert '"zone":"Asia/Kathmandu"' in page.text
    assert page.headers["Cache-Control"] == "no-cache, private"
    assert '<html lang="en">' in make_client(BEN).get("/threads").text
    body = {
        "output": "nav-answer.data",
        "outputs": {"id": "nav-answer", "property": "data"},
        "inputs": [{"id": "nav-request", "property": "data", "value": {"n": 1, "scope": "all"}}],
        "changedPropIds": ["nav-request.data"],
    }
    answer = client.post("/_dash-update-component", json=body).json["response"]["nav-answer"]["data"]
    assert answer["preferences"]["theme"] == "dark"


def test_a_zone_that_is_markup_stays_text_in_the_document(make_client: MakeClient, engine: Engine) -> None:
    saved(engine, ANN.name, zone="</script><script>alert(1)//&")
    text = make_client(ANN).get("/").text
    assert "alert(1)" in text
    assert "<script>alert" not in text


def test_without_the_database_a_page_opens_with_the_defaults(
    make_client: MakeClient, engine: Engine, connection: Connection
) -> None:
    saved(engine, ANN.name, theme="dark")
    connection.execute("ALTER TABLE creditpulse.preferences RENAME TO gone")
    page = make_client(ANN).get("/preferences")
    assert page.status_code == 200
    assert '<html lang="en">' in page.text


def test_a_page_does_not_wait_for_a_database_that_does_not_answer(
    make_client: MakeClient, engine: Engine, database_url: str
) -> None:
    saved(engine, ANN.name, theme="dark")
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE creditpulse.preferences IN ACCESS EXCLUSIVE MODE")
        page = make_client(ANN).get("/preferences")
        assert '<html lang="en">' in page.text
    for thread in threading.enumerate():  # the read that nobody waited for
        if thread.daemon and thread.name == "preferences of a page":
            thread.join(5)
