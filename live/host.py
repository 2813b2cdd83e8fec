"""The ASGI host: answers streams and probes on the event loop, and hands every other request to Dash."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute

from access.resolver import Resolve
from live.admission import Admission
from live.departure import departure
from live.events import Events
from live.gate import Gate
from live.pages import Pages
from live.probes import Probes
from live.sockets import Sockets
from live.stream import Live
from live.topics import Guard

# Threads that draw charts then give the loop its turn 17 times sooner than by default.
SWITCH_SECONDS = 0.0003


class Background(Protocol):
    """A thread that serves as long as the host does, such as the leader."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def make_host(
    wsgi: Callable[..., Any],
    live: Live,
    resolve: Resolve,
    engine: AsyncEngine,
    *,
    revision: str | None,
    background: Sequence[Background] = (),
) -> Starlette:
    """The application that the server runs; `wsgi` is Dash's Flask server.

    `engine` is for lookups on behalf of requests, and is disposed of at the end; `revision` is the newest
    revision of the schema.
    """
    admission = Admission(Guard(engine))
    probes = Probes(live, engine, admission, revision)
    pages = Pages(wsgi)

    @asynccontextmanager
    async def lifespan(_host: Starlette) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH_SECONDS)
        loop = asyncio.get_running_loop()
        with departure(lambda: loop.call_soon_threadsafe(live.hub.close)):
            async with live.running():
                await each(background, "start")
                try:
                    yield
                finally:
                    await each(background, "stop")
                    pages.close()
                    await engine.dispose()

    return Starlette(
        routes=[
            Route("/healthz", probes.health),
            Route("/readyz", probes.readiness),
            WebSocketRoute("/live/ws", Sockets(live.hub, admission)),
            Route("/live/events", Events(live.hub, admission)),
            Route("/live/check", probes.check),
            Mount("/", pages),
        ],
        middleware=[Middleware(Gate, resolve=resolve)],
        lifespan=lifespan,
    )


async def each(background: Sequence[Background], action: str) -> None:
    """Starts or stops all of them side by side, off the loop: each may wait for the database."""
    await asyncio.gather(*(asyncio.to_thread(getattr(part, action)) for part in background))
