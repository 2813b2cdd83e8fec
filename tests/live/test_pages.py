"""Requests for pages: clients that stall, ask oddly or send too much keep nobody else waiting."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import httpx

from live.pages import MOST_BODY_BYTES, THREADS
from tests.live.conftest import WAIT_SECONDS, Server


def opened(server: Server, request: bytes) -> socket.socket:
    host, port = server.address.split(":")
    raw = socket.create_connection((host, int(port)), timeout=WAIT_SECONDS)
    raw.sendall(request)
    return raw


def first_line(raw: socket.socket) -> bytes:
    with raw, raw.makefile("rb") as answer:
        return answer.readline()


def test_stalled_uploads_take_no_thread(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS + 4):
            stack.enter_context(opened(server, b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"))
        assert server.get("/whoami").text == "local"


def test_slow_readers_take_no_thread(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS + 4):
            stack.enter_context(opened(server, b"GET /bundle HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert server.get("/whoami").text == "local"


def test_a_body_reaches_dash_whole(server: Server) -> None:
    body = b"x" * 1_000_000
    answer = httpx.post(f"http://{server.address}/length", content=body, timeout=WAIT_SECONDS)
    assert answer.text == "1000000"


def test_a_body_that_is_too_large_is_refused(server: Server) -> None:
    chunks = iter([b"x" * 65536] * (MOST_BODY_BYTES // 65536 + 1))
    answer = httpx.post(f"http://{server.address}/length", content=chunks, timeout=WAIT_SECONDS)
    assert answer.status_code == 413


def test_an_address_that_is_not_encoded_is_refused(server: Server) -> None:
    assert first_line(opened(server, b"GET /whoami?a=\xff HTTP/1.1\r\nHost: x\r\n\r\n")).split()[1] == b"400"
