"""The live stream of one process: feed, hub and monitor, made together, started and stopped together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import make_stream_engine, on_connection
from data.errors import UnavailableError
from data.freshness import Freshness, freshness
from live.feed import Feed
from live.hub import Hub, Observe, ignore
from live.invalidation import Invalidated, Invalidation
from live.monitor import Monitor
from live.preferences import preferences_messages
from live.readings import Reader

logger = logging.getLogger(__name__)

NOTIFY = text("SELECT pg_notify(:channel, '')")
ENDED = {"action": "live.ended"}
LOOK_SECONDS = 0.02
STOP_SECONDS = 1.0  # a read on a dead network does not end sooner than its own timeouts


@dataclass(frozen=True)
class Live:
    """`engine` is the stream's alone, so that no request can keep its connections."""

    engine: AsyncEngine
    hub: Hub
    feed: Feed
    monitor: Monitor
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts the three; at the end closes every stream, and every connection."""
        for name, part in (("hub", self.hub), ("feed", self.feed), ("monitor", self.monitor)):
            self.start(name, part.run())
        try:
            yield
        finally:
            self.hub.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.wait(self.tasks, timeout=STOP_SECONDS)
            await self.engine.dispose()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Goes on until the end with all of this; without it, it is not whole."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(report_end)
        self.tasks.append(task)

    async def heard_of(self, seconds: float) -> None:
        """Returns once folds are heard of, or when the time has passed, as where they never will be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.monitor.listening:
                    await asyncio.sleep(LOOK_SECONDS)

    @property
    def whole(self) -> bool:
        """Whether everything that was started is at work."""
        return bool(self.tasks) and not any(task.done() for task in self.tasks)


def report_end(task: asyncio.Task[None]) -> None:
    """They run until they are cancelled; an end of any other kind is a fault, and `/readyz` shows it."""
    if not task.cancelled() and task.exception() is not None:
        logger.critical("the live %s ended", task.get_name(), exc_info=task.exception(), extra=ENDED)


def make_live(
    url: str,
    listen_url: str,
    queries: Invalidated,
    credits_per_dollar: Decimal,
    *,
    observe: Observe = ignore,
    most_streams: int | None = None,
) -> Live:
    """Nothing is opened before `running`. `listen_url` has to allow LISTEN; where it does not, we poll.

    `observe` and `most_streams` are as in live.hub.Hub.
    """
    engine = make_stream_engine(url, pool_size=4)  # a pass reads on three, the monitor on one

    async def notify(channel: str) -> None:
        try:
            await on_connection(
                engine, Connection.execute, text("SELECT pg_notify(:channel, '')"), {"channel": channel}
            )
        except SQLAlchemyError as error:
            raise UnavailableError("the database does not answer") from error

    async def look_up() -> Freshness:
        return await on_connection(engine, freshness)

    chosen, read = partial(preferences_messages, engine), Reader(engine, credits_per_dollar)
    hub = Hub(read, Invalidation(queries), read_preferences=chosen, observe=observe, most_streams=most_streams)
    feed = Feed(listen_url, notify, hub.changed, hub.preferred)
    return Live(engine, hub, feed, Monitor(look_up, hub, feed))
