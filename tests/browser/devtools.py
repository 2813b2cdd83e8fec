"""Chromium's DevTools protocol, to act on many tabs at once: a webdriver has only one in its hands."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ANSWER_SECONDS = 15.0

Hear = Callable[[str, str, dict[str, Any]], None]


class DevToolsError(Exception):
    """The browser refused a command, or is gone."""


class DevTools:
    """A connection to a browser. `hear(session, event, parameters)` is called on its own thread, in order."""

    def __init__(self, address: str, hear: Hear) -> None:
        url = httpx.get(f"http://{address}/json/version", timeout=ANSWER_SECONDS).json()["webSocketDebuggerUrl"]
        self.stack = ExitStack()
        options = {"max_size": None, "compression": None, "proxy": None, "ping_interval": None}
        self.socket = self.stack.enter_context(connect(url, **options))
        self.hear = hear
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.asked: dict[int, Future[dict[str, Any]]] = {}
        self.fault: Exception | None = None
        self.thread = threading.Thread(target=self.listen, name="devtools", daemon=True)
        self.thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()
        self.thread.join()
        if self.fault is not None:
            raise self.fault

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> Future[dict[str, Any]]:
        """Sends a command, and does not wait for its answer."""
        answer: Future[dict[str, Any]] = Future()
        message = {"id": next(self.numbers), "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        with self.lock:
            self.asked[int(str(message["id"]))] = answer
            self.socket.send(json.dumps(message))
        return answer

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The answer. Raises DevToolsError, and TimeoutError where a page does not answer."""
        return self.ask(method, session, **parameters).result(ANSWER_SECONDS)

    def listen(self) -> None:
        try:
            for text in self.socket:
                self.take(json.loads(text))
        except ConnectionClosed:
            pass
        except Exception as error:  # whoever made this has to hear of it
            self.fault = error
        finally:
            for answer in self.asked.values():
                if not answer.done():
                    answer.set_exception(DevToolsError("the browser is gone"))

    def take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self.hear(message.get("sessionId", ""), message["method"], message["params"])
            return
        with self.lock:
            answer = self.asked.pop(message["id"])
        if "error" in message:
            answer.set_exception(DevToolsError(message["error"]["message"]))
        else:
            answer.set_result(message["result"])
