"""Hands requests to Dash's WSGI server so that its few threads only ever work, and never wait for a client.

A body is read whole on the event loop before a thread is taken, and an answer is queued whole for a client
that reads slowly: neither a stalled upload nor a slow download of a script bundle keeps others from their pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.turns import Turns
from live.refusals import refuse

# Callbacks that run at once in one process; each may hold one of the pool's connections.
THREADS = 16
MOST_BODY_BYTES = 4 * 1024 * 1024
UNBOUNDED = 0


class Pages:
    def __init__(self, wsgi: Callable[..., Any], turns: Turns) -> None:
        self.middleware = WSGIMiddleware(in_turns(wsgi, turns), workers=THREADS, send_queue_size=UNBOUNDED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await refuse(scope, receive, send, 404, "there is no such stream")
            return
        if not scope["query_string"].isascii():
            await refuse(scope, receive, send, 400, "the address has characters that must be percent-encoded")
            return
        body = await whole_body(receive)
        if body is None:
            return
        if len(body) > MOST_BODY_BYTES:
            await refuse(scope, receive, send, 413, "the request is too large")
            return

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await cast(ASGIApp, self.middleware)(scope, replay, send)

    def close(self) -> None:
        """Starts no more requests; those in a thread go on to their end."""
        self.middleware.executor.shutdown(wait=False, cancel_futures=True)


def in_turns(wsgi: Callable[..., Any], turns: Turns) -> Callable[..., Any]:
    def call(environ: Any, start_response: Any) -> Any:
        with turns:
            return wsgi(environ, start_response)

    return call


async def whole_body(receive: Receive) -> bytes | None:
    """The request's body, cut short once it is too large; None where the client went before it was complete."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= MOST_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)
