"""A real server on a free port of the loopback, in a thread of the test's own process, and clients for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from decimal import Decimal
from typing import Any

import flask
import httpx
import psycopg
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from access.directory import Directory
from access.resolver import make_resolver
from access.viewer import current_viewer
from data.engine import make_async_engine
from data.revisions import newest_revision
from live.host import make_host
from live.server import server_config
from live.stream import Live, make_live
from settings import Settings

WAIT_SECONDS = 10

Message = dict[str, Any]


class Marks:
    """Stands in for the cached queries: remembers what was marked stale."""

    cached_in_memory = False

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.all = 0

    def invalidate_fold(self, threads: Any, accounts: Any) -> None:
        self.threads += sorted(threads)

    def invalidate_all(self) -> None:
        self.all += 1


def pages() -> flask.Flask:
    """What stands in Dash's place: says who is looking, how much they sent, and has something large to send."""
    server = flask.Flask("pages")
    server.add_url_rule("/whoami", "whoami", lambda: current_viewer().name)
    server.add_url_rule("/length", "length", lambda: str(len(flask.request.data)), methods=["POST"])
    server.add_url_rule("/bundle", "bundle", lambda: iter([b"x" * 65536] * 256))
    return server


class Server:
    """One running host. `loop_call` runs something on its loop, and waits for the result."""

    def __init__(self, database_url: str, settings: Settings, listen_url: str | None = None) -> None:
        self.marks = Marks()
        self.live: Live = make_live(database_url, listen_url or database_url, self.marks, Decimal(100))
        engine = make_async_engine(database_url)
        resolve = make_resolver(settings, Directory(engine))
        self.app: Starlette = make_host(pages(), self.live, resolve, engine, revision=newest_revision())
        self.server = uvicorn.Server(server_config(self.app, "127.0.0.1", 0))
        self.thread = threading.Thread(target=self.server.run, name="server")

    def start(self) -> None:
        self.thread.start()
        wait_until(lambda: self.server.started, "the server to start")

    def stop(self) -> None:
        self.live.hub.close()
        self.server.should_exit = True
        self.thread.join(timeout=WAIT_SECONDS)

    @property
    def address(self) -> str:
        host, port = self.server.servers[0].sockets[0].getsockname()
        return f"{host}:{port}"

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", timeout=WAIT_SECONDS, **options)


class Stream:
    """A WebSocket's frames as messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def frame(self) -> list[Message]:
        return list(json.loads(self.connection.recv(timeout=WAIT_SECONDS)))

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The next message of that kind; others are passed over."""
        while True:
            for message in self.frame():
                if wanted(message):
                    return message

    def say(self, **request: Any) -> None:
        self.connection.send(json.dumps(request))

    def close_code(self) -> tuple[int, str]:
        """Waits for the server's close; frames before it are passed over."""
        with suppress(ConnectionClosed):
            while True:
                self.frame()
        assert self.connection.protocol.close_rcvd is not None
        return self.connection.protocol.close_rcvd.code, self.connection.protocol.close_rcvd.reason


def wait_until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


@pytest.fixture
def make_server(database_url: str) -> Iterator[Callable[..., Server]]:
    """Starts hosts on the test's database; ends them with the test."""
    with ExitStack() as stack:

        def make(settings: Settings | None = None, listen_url: str | None = None) -> Server:
            server = Server(database_url, settings or Settings(), listen_url)
            server.start()
            stack.callback(server.stop)
            return server

        yield make


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """A host in local mode whose feed is listening."""
    server = make_server()
    wait_until(lambda: b'"listening":true' in (server.live.hub.beat or b""), "the feed to listen")
    return server


@pytest.fixture
def open_stream() -> Iterator[Callable[..., Stream]]:
    """Opens WebSockets: the server, the topics, and options of the client."""
    with ExitStack() as stack:

        def open_stream(server: Server, *topics: str, path: str = "/live/ws", **options: Any) -> Stream:
            url = f"ws://{server.address}{path}?topics={','.join(topics)}"
            return Stream(stack.enter_context(connect(url, compression=None, close_timeout=1, **options)))

        yield open_stream


@pytest.fixture
def call(connection: psycopg.Connection[tuple[object, ...]]) -> Callable[..., None]:
    """Writes one call of a thread, and folds it."""

    def call(thread_id: str, cost: str = "0.5", user_id: str | None = None) -> None:
        connection.execute(
            "INSERT INTO usage_logs (thread_id, user_id, estimated_cost, total_tokens) VALUES (%s, %s, %s, 10)",
            (thread_id, user_id, cost),
        )
        connection.execute("SELECT creditpulse.fold()")

    return call
