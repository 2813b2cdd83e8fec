"""The relay that tests put in front of servers: what each of its faults is like for both ends."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest

from tests.proxy import Proxy
from tests.servers import wait_until
from tests.web_proxy import EVENTS, SOCKETS, Requests, WebProxy

PATIENCE_SECONDS = 5.0
LULL_SECONDS = 0.15


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            while data := self.request.recv(1000):
                self.request.sendall(data)


class Pages(socketserver.StreamRequestHandler):
    """Answers each request with its path, and lets what asks for an upgrade talk on."""

    def handle(self) -> None:
        with suppress(OSError):
            while head := list(iter(self.rfile.readline, b"\r\n")) if self.rfile.peek() else []:
                fields = dict(line.decode().lower().strip().split(": ") for line in head[1:])
                self.rfile.read(int(fields.get("content-length", 0)))
                path = head[0].split()[1]
                status = b"101 Switching" if "upgrade" in fields else b"200 OK"
                self.wfile.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(path), path))


@contextmanager
def serving(handler: Any) -> Iterator[tuple[str, int]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[0], server.server_address[1]  # type: ignore[misc]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with serving(Echo) as target, Proxy(target) as proxy:
        yield proxy


@pytest.fixture
def web() -> Iterator[WebProxy]:
    with serving(Pages) as target, WebProxy(target) as proxy:
        yield proxy


def client_of(proxy: Proxy) -> Any:
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS)
    return closing(client)


def says(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    return client.recv(1000)


def is_silent(client: socket.socket) -> bool:
    client.settimeout(LULL_SECONDS)
    try:
        client.recv(1000)
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE_SECONDS)
    return False


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path}?topics=a HTTP/1.1", *fields, "", ""]).encode()


def test_everything_passes_in_both_directions(proxy: Proxy) -> None:
    text = b"x" * 300_000
    with client_of(proxy) as client:
        assert says(client, b"hello") == b"hello"
        sender = threading.Thread(target=client.sendall, args=(text,))
        sender.start()
        got = b""
        while len(got) < len(text):
            got += client.recv(100_000)
        sender.join()
        assert got == text


def test_an_end_passes_too(proxy: Proxy) -> None:
    with client_of(proxy) as client:
        assert says(client, b"hello") == b"hello"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(10) == b""
    wait_until(lambda: proxy.order(lambda: not proxy.links), "the link to be gone")


def test_what_is_held_arrives_when_it_heals(proxy: Proxy) -> None:
    with client_of(proxy) as client:
        says(client, b"before")
        proxy.hold()
        client.sendall(b"held")
        assert is_silent(client)
        with client_of(proxy) as late:  # the kernel lets it in
            late.sendall(b"late")
            assert is_silent(late)
            proxy.heal()
            assert (client.recv(1000), late.recv(1000)) == (b"held", b"late")


def test_what_is_swallowed_is_lost_and_its_connections_are_reset_when_it_heals(proxy: Proxy) -> None:
    with client_of(proxy) as client, client_of(proxy) as quiet:
        says(client, b"before")
        says(quiet, b"before")
        proxy.swallow()
        client.sendall(b"lost")
        assert is_silent(client)
        with client_of(proxy) as late:
            late.sendall(b"lost too")
            assert is_silent(late)
            proxy.heal()
            for lost in (client, late):
                with pytest.raises(ConnectionResetError):
                    lost.recv(1000)
        assert says(quiet, b"nothing of this was lost") == b"nothing of this was lost"


def test_a_server_hears_nothing_of_a_client_that_goes_while_all_is_swallowed(proxy: Proxy) -> None:
    with client_of(proxy) as client:
        says(client, b"before")
        proxy.swallow()
    assert not waits_for(lambda: proxy.order(lambda: not proxy.links))
    proxy.heal()
    wait_until(lambda: proxy.order(lambda: not proxy.links), "the link to be gone")


def waits_for(condition: Any) -> bool:
    with suppress(AssertionError):
        wait_until(condition, "", LULL_SECONDS)
        return True
    return False


def test_nobody_listens_while_it_refuses_and_the_port_stays_its_own(proxy: Proxy) -> None:
    with client_of(proxy) as client:
        says(client, b"before")
        for _ in range(2):
            proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                client_of(proxy)
            proxy.heal()
            with client_of(proxy) as again:
                assert says(again, b"hello") == b"hello"
        with pytest.raises(ConnectionResetError):
            client.recv(1000)


def test_a_cut_resets_what_is_open_and_lets_in_what_comes(proxy: Proxy) -> None:
    with client_of(proxy) as client:
        says(client, b"before")
        assert proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(1000)
        with client_of(proxy) as again:
            assert says(again, b"hello") == b"hello"


def test_a_delay_is_on_each_way_and_ends_at_once(proxy: Proxy) -> None:
    with client_of(proxy) as client:
        proxy.delay(0.1)
        began = time.monotonic()
        assert says(client, b"hello") == b"hello"
        assert time.monotonic() - began >= 0.2
        proxy.delay(PATIENCE_SECONDS * 2)
        client.sendall(b"late")
        assert is_silent(client)
        proxy.heal()
        assert client.recv(1000) == b"late"


def test_a_target_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        target = gone.getsockname()
    with Proxy(target) as proxy, client_of(proxy) as client:
        assert client.recv(10) == b""


def test_a_path_can_be_refused_in_the_servers_place(web: WebProxy) -> None:
    web.refuse_path(SOCKETS, 403)
    with client_of(web) as client:
        assert says(client, get(SOCKETS, "Upgrade: websocket")).startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert client.recv(10) == b""
    with client_of(web) as client:
        assert says(client, get(EVENTS)).endswith(b"/live/events?topics=a")
    web.heal()
    with client_of(web) as client:
        assert says(client, get(SOCKETS, "Upgrade: websocket")).endswith(b"/live/ws?topics=a")
    assert (web.opened, web.requests[f"GET {SOCKETS}"]) == (2, 2)


def test_a_page_of_ones_own_can_be_placed_beside_the_servers(web: WebProxy) -> None:
    web.place("/plain", "<p>of the test</p>")
    web.heal()
    with client_of(web) as client:
        assert says(client, get("/plain")).endswith(b"<p>of the test</p>")
        assert client.recv(10) == b""


def test_streams_can_be_held_back_while_all_else_passes(web: WebProxy) -> None:
    with client_of(web) as stream, client_of(web) as page:
        web.buffer()
        stream.sendall(get(EVENTS))
        assert is_silent(stream)
        assert says(page, get("/live/check")).endswith(b"/live/check?topics=a")
        web.heal()
        assert stream.recv(1000).endswith(b"/live/events?topics=a")


def test_streams_alone_can_be_cut(web: WebProxy) -> None:
    with client_of(web) as stream, client_of(web) as page:
        says(stream, get(SOCKETS, "Upgrade: websocket"))
        says(page, get("/"))
        assert (web.streams, web.cut("/live/")) == (1, 1)
        with pytest.raises(ConnectionResetError):
            stream.recv(1000)
        assert says(page, get("/")).endswith(b"/?topics=a")
        assert web.requests["GET /"] == 2


def test_requests_are_told_apart_from_what_follows_them() -> None:
    head = b"POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\n"
    body = b"GET /b\r\n\r\n.."
    upgrade = b"GET /live/ws?topics=x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
    sent = head + body + upgrade + head
    for size in (1, 7, len(sent)):
        requests, pieces = Requests(), []
        for start in range(0, len(sent), size):
            pieces += requests.feed(sent[start : start + size])
        assert [(found.method, found.path) for found, _ in pieces if found] == [("POST", "/a"), ("GET", "/live/ws")]
        assert b"".join(piece for _, piece in pieces) == sent


def test_it_ends_with_everything_that_is_open(proxy: Proxy) -> None:
    proxy.delay(60)
    with client_of(proxy) as client:
        client.sendall(b"never comes")
        wait_until(lambda: proxy.order(lambda: len(proxy.links) == 1), "the link")
        proxy.__exit__()
        assert client.recv(10) == b""
        assert not proxy.thread.is_alive()
