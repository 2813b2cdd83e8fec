"""No one person takes so much that others wait: streams, changes of topics, and requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from data.viewer import Viewer
from live.rates import Rates
from live.sockets import MOST_CHANGES
from live.throttle import ASKING, EXPORTING, Throttle
from settings import Settings
from tests.live.conftest import Server, Stream, wait_until

Open = Callable[..., Stream]


@pytest.fixture
def two_each(make_server: Callable[..., Server]) -> Server:
    """A host where each person has two streams at the most."""
    server = make_server(Settings(auth="header", staff=frozenset({"@staff.example"})))
    server.live.hub.most_streams = 2
    return server


def named(name: str) -> dict[str, str]:
    return {"X-Forwarded-Email": f"{name}@staff.example"}


def test_a_person_has_so_many_streams_and_no_more(two_each: Server, open_stream: Open) -> None:
    first, second = (open_stream(two_each, "nav:all", additional_headers=named("ann")) for _ in range(2))
    first.frame()
    second.frame()
    assert open_stream(two_each, "nav:all", additional_headers=named("ann")).close_code()[0] == 4429
    assert two_each.get("/live/events?topics=nav:all", headers=named("ann")).status_code == 429
    assert open_stream(two_each, "nav:all", additional_headers=named("ben")).frame()
    first.connection.close()
    wait_until(lambda: two_each.live.hub.people["ann@staff.example"] == 1, "the place to be free")
    assert open_stream(two_each, "nav:all", additional_headers=named("ann")).frame()


def test_nobody_is_remembered_who_has_no_stream(two_each: Server, open_stream: Open) -> None:
    open_stream(two_each, "nav:all", additional_headers=named("ann")).connection.close()
    wait_until(lambda: not two_each.live.hub.people, "the person to be forgotten")


def test_topics_that_change_too_often_end_a_stream(server: Server, open_stream: Open) -> None:
    stream = open_stream(server, "nav:all")
    for _ in range(MOST_CHANGES + 2):
        stream.say(subscribe=[], unsubscribe=[])
    assert stream.close_code()[0] == 4429


def asked(viewer: Viewer | None, path: str, times: int, kind: str = "http") -> list[Message]:
    """What the last of so many requests is answered."""
    said: list[Message]
    throttle, said = Throttle(PlainTextResponse("well"), Rates()), []

    async def send(message: Message) -> None:
        said.append(message)

    async def ask() -> None:
        for _ in range(times):
            said.clear()
            state = {"viewer": viewer} if viewer else {}
            scope: dict[str, Any] = {"type": kind, "path": path, "method": "GET", "headers": [], "state": state}
            await throttle(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(ask())
    return said


@pytest.mark.parametrize(("path", "rate"), [("/api/v1/usage", ASKING), ("/export/usage.csv", EXPORTING)])
def test_who_asks_too_often_is_told_when_to_come_back(path: str, rate: Any) -> None:
    assert asked(Viewer("ann"), path, rate.most)[0]["status"] == 200
    answer = asked(Viewer("ann"), path, 2 * rate.most + 1)[0]
    assert answer["status"] == 429
    assert int(dict(answer["headers"])[b"retry-after"]) >= 1


def test_a_socket_is_told_by_its_code() -> None:
    assert asked(Viewer("ann"), "/live/ws", 2 * ASKING.most + 1, "websocket")[-1]["code"] == 4429


def test_what_only_begins_like_a_probe_is_counted() -> None:
    assert asked(Viewer("ann", staff=True), "/healthzz", 601, "http")[-2]["status"] == 429


def test_files_that_browsers_keep_are_not_counted() -> None:
    assert asked(Viewer("ann"), "/assets/render.js", 2 * ASKING.most + 1)[0]["status"] == 200
