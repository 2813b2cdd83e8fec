"""While the server drains, each answer is the last on its connection: a proxy that keeps connections to send requests
over later would send one just as we close it, and a browser would see it fail."""

from __future__ import annotations

from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSE = (b"connection", b"close")


class Draining(Protocol):
    """What we need of the hub."""

    draining: bool


class LastAnswers:
    def __init__(self, app: ASGIApp, hub: Draining) -> None:
        self.app = app
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.hub.draining:
            await self.app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), CLOSE]}
            await send(message)

        await self.app(scope, receive, send_last)
