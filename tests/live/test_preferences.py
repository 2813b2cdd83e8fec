"""What a person chooses is told to every stream of theirs, and to nobody else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from data.preferences import save
from settings import Settings
from tests.live.conftest import WAIT_SECONDS, Message, Server, Stream, wait_until

Open = Callable[..., Stream]
Connection = psycopg.Connection[Any]

ANN, BEN = "ann@staff.example", "ben@staff.example"
ONE = str(UUID(int=1))
END_FEED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'creditpulse feed'"


@pytest.fixture
def guarded(make_server: Callable[..., Server]) -> Server:
    server = make_server(Settings(auth="header", staff=frozenset({"@staff.example"})))
    wait_until(lambda: server.live.feed.listening, "the feed to listen")
    return server


@pytest.fixture
def open_as(guarded: Server, open_stream: Open) -> Callable[..., Stream]:
    def open_as(email: str, *topics: str) -> Stream:
        return open_stream(guarded, *topics, additional_headers={"X-Forwarded-Email": email})

    return open_as


def preferences(message: Message) -> bool:
    return bool(message["type"] == "preferences")


def in_first_frame(stream: Stream) -> Message:
    return next(message for message in stream.frame() if preferences(message))


def choose(engine: Engine, person: str, **choices: Any) -> int:
    with engine.begin() as connection:
        return save(connection, person, choices).version


def test_the_first_frame_has_what_its_person_has_chosen(open_as: Open, engine: Engine) -> None:
    version = choose(engine, ANN, theme="dark", idle_seconds=60)
    held = in_first_frame(open_as(ANN, "nav:all", f"thread:{ONE}"))
    assert held.items() >= {"theme": "dark", "idle_seconds": 60, "running_seconds": 10, "version": version}.items()
    assert in_first_frame(open_as(BEN, "nav:all")).items() >= {"theme": "system", "version": 0}.items()


def test_a_choice_is_told_to_every_stream_of_its_person_and_to_nobody_else(
    guarded: Server, open_as: Open, engine: Engine, call: Callable[..., None]
) -> None:
    with httpx.stream(
        "GET", f"http://{guarded.address}/live/events", headers={"X-Forwarded-Email": ANN}, timeout=WAIT_SECONDS
    ) as events:
        lines = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data:"))
        mine, theirs = [open_as(ANN, "nav:all"), open_as(ANN, f"thread:{ONE}")], open_as(BEN, "nav:all")
        for stream in (*mine, theirs):
            in_first_frame(stream)
        version = choose(engine, ANN, theme="dark")
        for stream in mine:
            assert stream.until(preferences).items() >= {"theme": "dark", "version": version}.items()
        found = (message for frame in lines for message in frame if preferences(message))
        assert next(message for message in found if message["version"])["version"] == version
    call(ONE)  # a later frame than any that the choice could be in
    heard: list[Message] = []
    assert theirs.until(lambda message: heard.append(message) or message["type"] == "nav-usage")  # type: ignore[func-returns-value]
    assert not any(map(preferences, heard))


def test_what_was_chosen_while_the_feed_was_away_is_told_when_it_is_back(
    guarded: Server, open_as: Open, engine: Engine, connection: Connection
) -> None:
    stream = open_as(ANN, "nav:all")
    in_first_frame(stream)
    hear, guarded.live.feed.preferred = guarded.live.feed.preferred, lambda _person: None
    version = choose(engine, ANN, theme="dark")
    guarded.live.feed.preferred = hear
    connection.execute(END_FEED)
    assert stream.until(lambda message: preferences(message) and message["version"] > 0)["version"] == version


def test_preferences_that_cannot_be_read_hold_up_no_figure_and_come_later(
    open_as: Open, engine: Engine, database_url: str, call: Callable[..., None]
) -> None:
    choose(engine, ANN, theme="dark")
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE creditpulse.preferences IN ACCESS EXCLUSIVE MODE")
        stream = open_as(ANN, f"thread:{ONE}")
        first = stream.frame()
        assert [message["type"] for message in first if message["type"] != "beat"] == ["thread-usage"]
    call(ONE)  # with the next pass
    assert stream.until(preferences)["theme"] == "dark"
