"""`/live/ws`: the stream as a WebSocket, for pages. A plain ASGI callable, so that an idle one costs little."""

from __future__ import annotations

import asyncio
from time import monotonic

import orjson
from starlette.types import Message, Receive, Scope, Send

from data.errors import InputError
from live.admission import Admission, Verdict
from live.hub import Hub
from live.provenance import from_elsewhere
from live.refusals import close
from live.subscriber import Subscriber
from live.topics import MOST_TOPICS, parse_topics
from live.vigil import Vigil

# A page changes its topics as it opens; each change may ask the database.
MOST_CHANGES, CHANGES_SECONDS = 60, 10.0
RESTART = 1012  # the server goes down, or starts its numbers afresh: connect again


class Sockets:
    def __init__(self, hub: Hub, admission: Admission, vigil: Vigil) -> None:
        self.hub = hub
        self.admission = admission
        self.vigil = vigil

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if from_elsewhere(scope):
            await close(send, 4403, "opened by a page of another site (or a proxy changes the Host header)")
            return
        verdict = await self.admission.of_stream(scope)
        if verdict.status != 200:
            await close(send, 4000 + verdict.status, verdict.reason)
            return
        stream = self.hub.stream(scope["state"]["viewer"], verdict.topics)
        with stream as subscriber, self.vigil.over(scope, subscriber):
            await self.serve(subscriber, receive, send)

    async def serve(self, subscriber: Subscriber, receive: Receive, send: Send) -> None:
        """Sends frames until the client goes, says something wrong, or the hub ends the stream."""
        listening = asyncio.create_task(self.listen(subscriber, receive))
        try:
            while (frame := await subscriber.next_frame()) is not None:
                await send({"type": "websocket.send", "text": frame.decode()})
            if subscriber.ending is not None:
                await close(send, *subscriber.ending)
            elif not listening.done():
                await close(send, RESTART, "the server restarts; connect again")
            elif (fault := listening.result()) is not None:
                await close(send, 4000 + fault.status, fault.reason)
        except OSError:
            pass  # the client went while we were sending
        finally:
            listening.cancel()

    async def listen(self, subscriber: Subscriber, receive: Receive) -> Verdict | None:
        """Takes changes of topics; ends, and with it the stream, at a disconnect (None) or a fault."""
        left, refill_at = MOST_CHANGES, 0.0
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                now = monotonic()
                left, refill_at = (MOST_CHANGES, now + CHANGES_SECONDS) if now >= refill_at else (left - 1, refill_at)
                if left < 0:
                    return Verdict(429, "topics are changed too often; wait, and connect again")
                verdict = await self.change_topics(subscriber, message)
                if verdict.status != 200:
                    return verdict
            return None
        finally:
            subscriber.close()

    async def change_topics(self, subscriber: Subscriber, message: Message) -> Verdict:
        try:
            added, dropped = parse_request(message.get("text") or message.get("bytes") or "")
        except InputError as error:
            return Verdict(400, str(error))
        if len((subscriber.topics - dropped) | added) > MOST_TOPICS:
            return Verdict(400, f"a stream has at most {MOST_TOPICS} topics")
        verdict = await self.admission.of_change(subscriber.viewer, added)
        if verdict.status == 200:
            self.hub.unwatch(subscriber, dropped - added)
            self.hub.watch(subscriber, added - subscriber.topics)
        return verdict


def parse_request(text: str | bytes) -> tuple[frozenset[str], frozenset[str]]:
    """The topics to add and to drop, of `{"subscribe": [...], "unsubscribe": [...]}`. Raises InputError."""
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError:
        request = None
    if not isinstance(request, dict) or not request or request.keys() - {"subscribe", "unsubscribe"}:
        raise InputError('say {"subscribe": [topics], "unsubscribe": [topics]}')
    lists = [request.get("subscribe", []), request.get("unsubscribe", [])]
    if not all(isinstance(topics, list) for topics in lists):
        raise InputError("subscribe and unsubscribe take lists of topics")
    return parse_topics(lists[0]), parse_topics(lists[1])
