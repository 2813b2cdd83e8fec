"""Open streams of people whose right ends, or changes, while they are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from access.resolver import ENDS_AT
from data.errors import UnavailableError
from data.viewer import Viewer
from live import vigil as vigil_module
from live.subscriber import Subscriber
from live.vigil import CHANGED, SIGNED_OUT, Vigil
from settings import Settings
from tests.live.conftest import Server, Stream
from tests.live.test_refusals import ALICE, AS_ALICE, BOB

ANN = Viewer("ann")


class Now:
    """Who somebody is now."""

    def __init__(self, viewer: Viewer | Exception | None) -> None:
        self.viewer = viewer

    async def __call__(self, _scope: Any) -> Viewer | None:
        if isinstance(self.viewer, Exception):
            raise self.viewer
        return self.viewer


def looked_at(viewer: Viewer, now: Viewer | Exception | None) -> tuple[int, str] | None:
    """How a stream of that viewer's ends in a look at who they are now."""

    async def look() -> tuple[int, str] | None:
        vigil, subscriber = Vigil(Now(now)), Subscriber(viewer)
        with vigil.over({"state": {}}, subscriber):
            await vigil.look()
        assert not vigil.watched
        return subscriber.ending

    return asyncio.run(look())


@pytest.mark.parametrize(
    ("now", "ending"),
    [
        (ANN, None),
        (None, SIGNED_OUT),
        (Viewer("ann", staff=True), CHANGED),
        (Viewer("ben"), CHANGED),
        (UnavailableError("no database"), None),
    ],
)
def test_a_look_ends_what_is_not_as_it_was(now: Viewer | Exception | None, ending: tuple[int, str] | None) -> None:
    assert looked_at(ANN, now) == ending


def test_a_stream_ends_with_its_session_to_the_moment() -> None:
    async def wait() -> float:
        subscriber = Subscriber(ANN)
        began = time.monotonic()
        with Vigil(Now(ANN)).over({"state": {ENDS_AT: began + 0.2}}, subscriber):
            assert await subscriber.next_frame() is None
        assert subscriber.ending == SIGNED_OUT
        return time.monotonic() - began

    assert 0.19 < asyncio.run(wait()) < 2


def test_a_socket_whose_person_has_lost_an_account_is_closed_and_told_why(
    make_server: Callable[..., Server],
    open_stream: Callable[..., Stream],
    connection: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vigil_module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr("access.directory.KEEP_SECONDS", 0.1)
    connection.execute("INSERT INTO users (id, email) VALUES (%s, 'alice@example.com')", (ALICE,))
    server = make_server(Settings(auth="header"))
    stream = open_stream(server, f"nav:{ALICE}", additional_headers=AS_ALICE)
    assert stream.frame()
    connection.execute("UPDATE users SET email = 'bob@example.com' WHERE id = %s", (ALICE,))
    assert stream.close_code() == CHANGED
    assert open_stream(server, f"nav:{ALICE}", additional_headers=AS_ALICE).close_code()[0] == 4403


def test_events_of_who_has_lost_an_account_end(
    make_server: Callable[..., Server], connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vigil_module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr("access.directory.KEEP_SECONDS", 0.1)
    connection.execute("INSERT INTO users (id, email) VALUES (%s, 'alice@example.com')", (BOB,))
    server = make_server(Settings(auth="header"))
    url = f"http://{server.address}/live/events?topics=nav:{BOB}"
    with httpx.stream("GET", url, headers=AS_ALICE, timeout=10) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("data: ")
        connection.execute("DELETE FROM users")
        for _ in lines:
            pass  # until the server ends it
