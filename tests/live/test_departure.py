"""Going down on a signal: streams are told, and the process ends within 5 s, whatever is still open."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.live.conftest import WAIT_SECONDS, wait_until

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class Process:
    """A server process; its log is read as it comes."""

    def __init__(self, database_url: str, workers: int, drain_seconds: float = 0.0) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.departing", str(self.port), str(workers)],
            cwd=ROOT,
            env={**os.environ, "TEST_DATABASE_URL": database_url, "TEST_DRAIN_SECONDS": str(drain_seconds)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self.reader = Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.log.extend(lines)

    def ready(self) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=WAIT_SECONDS)

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    @contextmanager
    def open_socket(self) -> Iterator[ClientConnection]:
        url = f"ws://127.0.0.1:{self.port}/live/ws?topics=nav:all"
        with connect(url, compression=None, close_timeout=1) as stream:
            assert json.loads(stream.recv(timeout=WAIT_SECONDS))
            yield stream

    def request(self, head: str) -> socket.socket:
        """Of a client that sends no more than this, and reads nothing."""
        raw = socket.create_connection(("127.0.0.1", self.port))
        raw.sendall(f"{head}\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return raw

    def stall(self) -> socket.socket:
        """A request that is never answered."""
        return self.request("GET /stall HTTP/1.1")

    def end(self, number: signal.Signals) -> float:
        """Sends the signal; the seconds that the process then took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        return time.monotonic() - began

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()


Start = Callable[..., Process]


@pytest.fixture
def start_process(database_url: str) -> Iterator[Start]:
    processes: list[Process] = []

    def start(workers: int = 1, drain_seconds: float = 0.0) -> Process:
        process = Process(database_url, workers, drain_seconds)
        processes.append(process)
        wait_until(process.answers, "the server to answer", START_SECONDS)
        return process

    yield start
    for process in processes:
        process.close()


def close_code(stream: ClientConnection) -> int | None:
    try:
        while True:
            stream.recv(timeout=WAIT_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_open_streams_are_told_to_connect_again_and_hold_nothing_up(
    start_process: Start, number: signal.Signals
) -> None:
    process = start_process()
    events = httpx.stream("GET", f"http://127.0.0.1:{process.port}/live/events?topics=nav:all", timeout=WAIT_SECONDS)
    with process.open_socket() as stream, events as response:
        lines = response.iter_lines()
        assert next(lines).startswith("data: ")
        assert process.end(number) < 3
        assert close_code(stream) == 1012
        assert all(line.startswith("data: ") or not line for line in lines)
    assert process.process.returncode == 0
    assert any("closed what was left" in line for line in process.log)


def test_a_stalled_request_is_cut_off_in_time(start_process: Start) -> None:
    process = start_process()
    with process.stall(), process.open_socket():
        assert process.end(signal.SIGTERM) < 5
    assert any("closed what was left" in line for line in process.log)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_cut_off_is_no_fault_of_the_application(start_process: Start, workers: int) -> None:
    process = start_process(workers)
    stuck, unread, unsent = "GET /stall HTTP/1.1", "GET /large HTTP/1.1", "POST /stall HTTP/1.1\r\nContent-Length: 9"
    with ExitStack() as stack:
        for head in (stuck, unread, unsent, "GET /live/events?topics=nav:all HTTP/1.1"):
            stack.enter_context(process.request(head))
        stack.enter_context(process.open_socket())
        assert process.end(signal.SIGTERM) < 5
    process.reader.join()
    assert not [line for line in process.log if "Traceback" in line or "Exception" in line]


def test_several_workers_end_in_time_too(start_process: Start) -> None:
    process = start_process(workers=2)
    with process.open_socket() as stream, process.open_socket():
        assert process.end(signal.SIGTERM) < 5
        assert close_code(stream) == 1012


DRAIN_SECONDS = 4.0


def end_of(stream: ClientConnection) -> float:
    """The moment at which it is told to connect again."""
    assert close_code(stream) == 1012
    return time.monotonic()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_drains_before_it_goes(start_process: Start, workers: int) -> None:
    process = start_process(workers, DRAIN_SECONDS)
    with ExitStack() as stack:
        streams = [stack.enter_context(process.open_socket()) for _ in range(8)]
        began = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        wait_until(lambda: process.ready().status_code == 503, "it to say that it drains")
        found = process.ready()
        assert (found.json()["draining"], found.json()["stopping"]) == (True, False)
        assert found.headers["Connection"] == "close"
        with process.open_socket():  # it serves on
            assert time.monotonic() - began < DRAIN_SECONDS / 2
        with ThreadPoolExecutor(len(streams)) as waiting:
            ends = list(waiting.map(lambda stream: end_of(stream) - began, streams))
        process.process.wait(timeout=30)
    assert min(ends) >= DRAIN_SECONDS / 2, "nobody is let go before the load balancer knows"
    assert max(ends) <= DRAIN_SECONDS + 2
    assert max(ends) - min(ends) > DRAIN_SECONDS / 8, "they are let go one after another"
    assert DRAIN_SECONDS <= time.monotonic() - began < DRAIN_SECONDS + 5
    assert process.process.returncode == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_cuts_draining_short(start_process: Start, second: signal.Signals) -> None:
    process = start_process(drain_seconds=60)
    with process.open_socket() as stream:
        process.process.send_signal(signal.SIGTERM)
        wait_until(lambda: process.ready().status_code == 503, "it to say that it drains")
        assert process.end(second) < 5
        assert close_code(stream) == 1012
    assert process.process.returncode == 0
