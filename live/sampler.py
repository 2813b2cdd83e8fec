"""Looks once a second at what has no event of its own: pools, streams, memory, who leads, and how late the loop is."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count

import psutil
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from live.meters import TRANSPORTS, Meters
from live.stream import Live

SAMPLE_SECONDS = 1.0
PROCESS_SAMPLES = 10  # from one look at the process to the next: to count ten thousand open sockets takes a while
COUNT_SECONDS = 1.0
MOST_QUEUED = 10_000
# Bounded, so that asking costs the same however long the queue has grown.
QUEUED = text(f"SELECT count(*) FROM (SELECT FROM creditpulse.changes LIMIT {MOST_QUEUED}) q")  # noqa: S608

Pools = Mapping[str, Engine | AsyncEngine]


class Sampler:
    """`leading` says whether this process folds; `pools` are engines by the names that the meters give them;
    `cached` how much is kept in memory; `counting` is asked for the queue's length.
    """

    def __init__(
        self,
        meters: Meters,
        live: Live,
        leading: Callable[[], bool],
        pools: Pools,
        counting: AsyncEngine,
        cached: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.meters = meters
        self.live = live
        self.leading = leading
        self.pools = pools
        self.counting = counting
        self.cached = cached
        self.clock = clock
        self.process = psutil.Process()
        self.cpu_seconds = 0.0
        self.lock = threading.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.run(), name="sampler")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def run(self) -> None:
        for number in count():
            if number % PROCESS_SAMPLES == 0:
                await asyncio.to_thread(self.sample_process)
            self.sample()
            due = self.clock() + SAMPLE_SECONDS
            await asyncio.sleep(SAMPLE_SECONDS)
            self.meters.loop_late_seconds.observe(max(0.0, self.clock() - due))

    def sample(self) -> None:
        """Everything that takes no round trip."""
        meters, live = self.meters, self.live
        for transport in TRANSPORTS:
            meters.streams.labels(transport).set(live.hub.streams[transport])
        for name, engine in self.pools.items():
            self.sample_pool(name, engine)
        meters.cache_entries.set(self.cached())
        meters.leading.set(self.leading())
        meters.listening.set(live.monitor.listening)
        meters.queue_age_seconds.set(live.monitor.queue_age_ms / 1000)

    def sample_pool(self, name: str, engine: Engine | AsyncEngine) -> None:
        pool = engine.pool  # looked up anew: `dispose` replaces it
        self.meters.pool.labels(name, "used").set(pool.checkedout())  # type: ignore[attr-defined]
        self.meters.pool.labels(name, "idle").set(pool.checkedin())  # type: ignore[attr-defined]
        self.meters.pool_most.labels(name).set(pool.size() + pool._max_overflow)  # type: ignore[attr-defined]

    def sample_process(self) -> None:
        """Off the loop; whoever scrapes may do so at the same time."""
        with self.lock:
            with self.process.oneshot():
                cpu = self.process.cpu_times()
                self.meters.resident_bytes.set(self.process.memory_info().rss)
                self.meters.threads.set(self.process.num_threads())
            self.meters.open_files.set(self.process.num_fds())
            used = cpu.user + cpu.system
            self.meters.cpu_seconds.inc(max(0.0, used - self.cpu_seconds))
            self.cpu_seconds = used

    async def count_queue(self) -> None:
        """One bounded count, for whoever asks; a database that does not answer in time leaves NaN."""
        queued = math.nan
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(COUNT_SECONDS), self.counting.connect() as connection:
                queued = float(await connection.scalar(QUEUED))
        self.meters.queue_changes.set(queued)
