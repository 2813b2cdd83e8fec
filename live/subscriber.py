"""One open stream: what has changed for it since its last frame, and never more than the newest of each topic."""

from __future__ import annotations

import asyncio

from data.preferences import digest
from data.viewer import Viewer
from live.changes import Changes, holds


class Subscriber:
    """The hub offers, the stream's own task takes; a slow socket finds fewer and newer messages, not a queue."""

    __slots__ = (
        "accounts", "admitted", "beat", "changes", "closed", "ending", "person", "preferences", "ready", "topics",
        "values", "viewer",
    )  # fmt: skip

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.accounts = frozenset(map(str, viewer.accounts))
        self.person = digest(viewer.name)  # as notifications name them
        self.preferences: bytes | None = None
        self.topics: set[str] = set()
        self.values: dict[str, bytes] = {}
        self.changes: Changes | None = None
        self.beat: bytes | None = None
        self.ready = asyncio.Event()
        self.admitted = False
        self.closed = False
        self.ending: tuple[int, str] | None = None  # close code and reason, where it is not a restart

    def offer(self, topic: str, message: bytes) -> None:
        self.values[topic] = message

    def tell(self, changes: Changes) -> None:
        self.changes = changes if self.changes is None else self.changes.merged(changes)

    def wake(self) -> None:
        """Lets the stream send, unless its first frame is still incomplete."""
        if self.admitted or self.closed:
            self.ready.set()

    def admit(self) -> None:
        self.admitted = True
        self.ready.set()

    def close(self) -> None:
        self.closed = True
        self.ready.set()

    def end(self, code: int, reason: str) -> None:
        self.ending = (code, reason)
        self.close()

    def sees(self, holders: frozenset[str] | None) -> bool:
        return self.viewer.staff or holds(self.accounts, holders)

    async def next_frame(self) -> bytes | None:
        """A JSON array of everything that waits; None when the stream has to end."""
        while not self.closed:
            await self.ready.wait()
            self.ready.clear()
            if self.admitted and (frame := self.take()):
                return frame
        return None

    def take(self) -> bytes:
        parts = [self.preferences] if self.preferences is not None else []
        self.preferences = None
        parts += self.values.values()
        self.values.clear()
        if self.changes is not None:
            parts.append(self.changes.message)
            self.changes = None
        if self.beat is not None:
            parts.append(self.beat)
            self.beat = None
        return b"[" + b",".join(parts) + b"]" if parts else b""
