"""Going down in time: streams end at the signal, and the process within 5 s, whatever still holds it.

The server waits for open connections before it tells the application anything; so the application hears the
signal itself. And Python waits for worker threads at exit; one that serves a stalled request would never end.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)
DEADLINE_SECONDS = 4.0  # from the signal; a supervisor above us has half a second of its own

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def departure(leave: Callable[[], object]) -> Iterator[None]:
    """Calls `leave` at the first signal, ahead of the server's own handler; from then on the deadline runs.

    Outside the main thread, where no signal arrives, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        begin_deadline()
        leave()
        handler = previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
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
