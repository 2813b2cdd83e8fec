"""A page without a browser: keeps a stream open as one would, and remembers what it showed, and when."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from socket import SHUT_RDWR
from ssl import SSLContext

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.faults.page import Page

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 2.0  # a browser has the patience of 15; nothing else differs
SILENCE_SECONDS = 12.0


class Watcher:
    def __init__(
        self, address: str, *topics: str, trust: SSLContext | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.url = f"{'wss' if trust else 'ws'}://{address}/live/ws?topics={','.join(topics)}"
        self.trust = trust
        self.headers = headers
        self.page = Page()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.socket: ClientConnection | None = None
        self.fault: BaseException | None = None
        self.thread = threading.Thread(target=self.run, name="watcher")

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        with self.lock:
            if self.socket is not None:
                with suppress(OSError):
                    self.socket.socket.shutdown(SHUT_RDWR)
        self.thread.join()

    def run(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            try:
                failures = 0 if self.watch() else failures + 1
            except Exception as error:  # the test has to hear of it
                self.fault = error
                raise
            most = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures, 10))
            self.stopping.wait(most * (0.5 + 0.5 * random.random()))

    def watch(self) -> bool:
        """One connection's life; whether a frame came."""
        heard = False
        with self.lock:
            self.page.opening()
        try:
            with connect(
                self.url,
                ssl=self.trust,
                additional_headers=self.headers,
                compression=None,
                proxy=None,
                ping_interval=None,
                open_timeout=SILENCE_SECONDS,
                close_timeout=0.2,
            ) as socket:
                with self.lock:
                    self.socket = socket
                while not self.stopping.is_set():
                    text = socket.recv(timeout=SILENCE_SECONDS)
                    at = time.monotonic()
                    with self.lock:
                        self.page.frame(at, json.loads(text))
                    heard = True
        except (WebSocketException, OSError, EOFError):
            pass  # TimeoutError, of a silent stream, is an OSError too
        finally:
            with self.lock:
                self.socket = None
                self.page.closed(time.monotonic())
        return heard

    @property
    def port(self) -> int:
        """Its own end of the connection; 0 while there is none."""
        with self.lock:
            return int(self.socket.local_address[1]) if self.socket is not None else 0

    def is_live(self) -> bool:
        with self.lock:
            return self.page.is_live(time.monotonic())

    def interrupted(self, since: float) -> bool:
        """Whether it has said since then that it is not live, were it only for a moment."""
        with self.lock:
            ended = [until for _since, until in self.page.lives]
            return not self.page.is_live(time.monotonic()) or any(until >= since for until in ended)

    def shows(self, topic: str, cost: Decimal) -> bool:
        with self.lock:
            return self.page.cost(topic) == cost

    def first_shown(self, topic: str, least: Decimal) -> float | None:
        """When it first showed that much, or more."""
        with self.lock:
            return next((s.at for s in self.page.shown if s.topic == topic and s.cost >= least), None)
