"""Going down: first out of the load balancer's sight where that takes time, then in time, whatever still holds us.

SIGTERM begins to drain, for as long as is set: `/readyz` says so, requests and streams are served as ever, and the
streams are let go one after another, so that they do not all come to the other servers at once. Then, or at once where
nothing is to be drained, at SIGINT, or at a second signal: streams end, and the process within 5 s.

The server waits for open connections before it tells the application anything; so the application hears the
signal itself. And Python waits for worker threads at exit; one that serves a stalled request would never end.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)
DEADLINE_SECONDS = 4.0  # from the end of draining; a supervisor above us has half a second of its own

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def departure(leave: Callable[[], object], drain: Callable[[], Awaitable[None]] | None = None) -> Iterator[None]:
    """Calls `leave` on the loop, ahead of the server's own handler, at a signal; from then on the deadline runs.

    Before that `drain` is awaited, where there is one, at the first signal if that is SIGTERM. Outside the main
    thread, where no signal arrives, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    draining: list[asyncio.Task[None]] = []

    async def drain_first(wait: Callable[[], Awaitable[None]]) -> None:
        await wait()
        go(signal.SIGTERM, None)

    def begin(wait: Callable[[], Awaitable[None]]) -> None:
        logger.info("draining", extra={"action": "server.draining"})
        draining.append(loop.create_task(drain_first(wait), name="drain"))

    def go(number: int, frame: FrameType | None) -> None:
        begin_deadline()
        loop.call_soon_threadsafe(leave)
        handler = previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal drain
        if number == signal.SIGTERM and drain is not None:
            loop.call_soon_threadsafe(begin, drain)
            drain = None
        else:
            go(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for task in draining:
            task.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)


def begin_deadline() -> None:
    timer = threading.Timer(DEADLINE_SECONDS, end_now)
    timer.daemon = True
    timer.start()


def end_now() -> None:
    logger.warning("ended with requests still open", extra={"action": "server.cut_short"})
    logging.shutdown()
    os._exit(0)
