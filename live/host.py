"""The ASGI host: answers streams and probes on the event loop, and hands every other request to Dash."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from access.origin import Origin
from access.resolver import Resolve
from data.turns import Turns
from live.admission import Admission, noted_nowhere
from live.auditing import Auditing, Note
from live.departure import departure
from live.events import Events
from live.gate import Gate
from live.headers import SafeHeaders
from live.last_answers import LastAnswers
from live.pages import Pages
from live.probes import Probes
from live.rates import Rates
from live.scrape import Scrape, ScrapeDoor
from live.signin import SignIn
from live.sockets import Sockets
from live.stream import Live
from live.throttle import Throttle
from live.topics import Guard
from live.vigil import Vigil

# Threads that draw charts then give the loop its turn 17 times sooner than by default.
SWITCH_SECONDS = 0.0003
# Until folds are heard of, nothing is served: a page that came from another server would say `Polling` meanwhile.
LISTENING_SECONDS = 1.5


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
    turns: Turns | None = None,
    revision: str | None,
    background: Sequence[Background] = (),
    routes: Sequence[BaseRoute] = (),
    engines: Sequence[AsyncEngine] = (),
    scrape: Scrape | None = None,
    drain_seconds: float = 0.0,
    scripts: Sequence[str] = (),
    rates: Rates | None = None,
    sign_in: SignIn | None = None,
    note: Note | None = None,
    origin: Origin | None = None,
) -> Starlette:
    """The application that the server runs; `wsgi` is Dash's Flask server, whose callbacks take `turns`.

    `engine` is for lookups on behalf of requests, and is disposed of at the end, as are the `engines` that serve
    the `routes`, which are answered ahead of the pages; `revision` is the newest revision of the schema; `scrape`
    answers `/metrics`; `drain_seconds` pass between SIGTERM and the end of what is served. `scripts` are
    the hashes of the pages' inline scripts, `origin` knows by which address browsers come; `rates` count how often each
    person asks, `sign_in` is the way in where people sign in here, and `note` tells the audit.
    """
    admission = Admission(Guard(engine), live.hub.is_full, note or noted_nowhere)
    probes = Probes(live, engine, admission, revision)
    vigil = Vigil(resolve)
    pages = Pages(wsgi, turns or Turns())

    @asynccontextmanager
    async def lifespan(_host: Starlette) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()  # what is there now stays: no collection needs to look at it, while streams wait
        with departure(live.hub.close, partial(live.hub.drain, drain_seconds) if drain_seconds else None):
            async with live.running(), scrape.sampler.running() if scrape else nullcontext():
                await each(background, "start")
                await live.heard_of(LISTENING_SECONDS)
                live.start("vigil", vigil.run())
                try:
                    yield
                finally:
                    await each(background, "stop")
                    pages.close()
                    if rates is not None:
                        await rates.close()
                    for one in (engine, *engines):
                        await one.dispose()

    return Starlette(
        routes=[
            Route("/healthz", probes.health),
            Route("/readyz", probes.readiness),
            WebSocketRoute("/live/ws", Sockets(live.hub, admission, vigil)),
            Route("/live/events", Events(live.hub, admission, vigil)),
            Route("/live/check", probes.check),
            *(sign_in.routes() if sign_in else ()),
            *routes,
            Mount("/", pages),
        ],
        middleware=[
            Middleware(SafeHeaders, hashes=scripts, is_secure=origin.is_secure if origin else None),
            *([Middleware(ScrapeDoor, scrape=scrape)] if scrape else []),
            Middleware(LastAnswers, hub=live.hub),
            Middleware(Auditing, note=note, origin=origin),
            Middleware(Gate, resolve=resolve, sign_in=sign_in),
            Middleware(Throttle, rates=rates),
        ],
        lifespan=lifespan,
    )


async def each(background: Sequence[Background], action: str) -> None:
    """Starts or stops all of them side by side, off the loop: each may wait for the database."""
    await asyncio.gather(*(asyncio.to_thread(getattr(part, action)) for part in background))
