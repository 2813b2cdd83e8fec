"""Turns at the interpreter: callbacks that draw charts take them one after another, so that few threads compete for it.

Python runs one thread at a time and hands over every so often to any that waits. With four threads at work on charts,
the event loop and the leader got a fifth of the time each, and a change took four times as long to the screen. Taking
turns costs the callbacks nothing, since they could only ever run one at a time; waits for the database take no turn.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from sqlalchemy import Engine, event

# Whoever has a turn may wait for one who has not (a shared read): then this one goes on without.
PATIENCE_SECONDS = 0.1


class Turns:
    """`with turns:` has a turn, but while the engine that it was told of executes a statement."""

    def __init__(self, places: int = 1, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.free = threading.Semaphore(places)
        self.patience_seconds = patience_seconds
        self.mine = threading.local()

    def __enter__(self) -> None:
        self.mine.taking_part = True
        self.take()

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        self.give()
        self.mine.taking_part = False

    def take(self) -> None:
        if getattr(self.mine, "taking_part", False) and not getattr(self.mine, "held", False):
            self.mine.held = self.free.acquire(timeout=self.patience_seconds)

    def give(self) -> None:
        if getattr(self.mine, "held", False):
            self.mine.held = False
            self.free.release()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Gives the turn to others meanwhile."""
        self.give()
        try:
            yield
        finally:
            self.take()

    def follow(self, engine: Engine) -> None:
        """Gives the turn to others for as long as a statement of this engine takes."""
        event.listen(engine, "before_cursor_execute", lambda *_: self.give())
        event.listen(engine, "after_cursor_execute", lambda *_: self.take())
        event.listen(engine, "handle_error", lambda _context: self.take())
