"""`/live/events`: the same frames as server-sent events, for scripts and for proxies that refuse WebSockets."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send

from live.admission import Admission
from live.hub import Hub
from live.refusals import refuse
from live.subscriber import Subscriber
from live.vigil import Vigil

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]


class Events:
    def __init__(self, hub: Hub, admission: Admission, vigil: Vigil) -> None:
        self.hub = hub
        self.admission = admission
        self.vigil = vigil

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await refuse(scope, receive, send, 405, "use GET")
            return
        verdict = await self.admission.of_stream(scope)
        if verdict.status != 200:
            await refuse(scope, receive, send, verdict.status, verdict.reason)
            return
        stream = self.hub.stream(scope["state"]["viewer"], verdict.topics, "events")
        with stream as subscriber, self.vigil.over(scope, subscriber):
            await self.serve(subscriber, receive, send)

    async def serve(self, subscriber: Subscriber, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(wait_for_disconnect(subscriber, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            while (frame := await subscriber.next_frame()) is not None:
                await send({"type": "http.response.body", "body": b"data: " + frame + b"\n\n", "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            pass  # the client went while we were sending
        finally:
            gone.cancel()


async def wait_for_disconnect(subscriber: Subscriber, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.close()
