"""Watches over the truth of `live`: how old the queue is, whether the feed hears; and sends the beats.

A person may be shown `live` only while nothing committed has waited 2 s for its fold. So the monitor looks
several times a second, and whatever speaks against it goes out at once, not with the next regular beat.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import orjson
from sqlalchemy.exc import SQLAlchemyError

from data.freshness import Freshness
from data.wire import utc
from live.changes import Changes

LOOK_SECONDS = 0.3
ANSWER_SECONDS = 1.0
BEAT_SECONDS = 5.0
LATE_MS = 1500


class Streams(Protocol):
    """What we need of the hub."""

    @property
    def waiting_ms(self) -> int: ...

    def changed(self, changes: Changes, since: float | None = None) -> None: ...

    def broadcast(self, beat: bytes) -> None: ...

    def restart_streams(self) -> None: ...


class Ears(Protocol):
    """What we need of the feed."""

    listening: bool
    version: int

    def distrust(self) -> None: ...


class State(NamedTuple):
    """What a beat is sent early for when it flips."""

    listening: bool
    late: bool
    history: str


class Monitor:
    """`look_up` reads the database's freshness; one such read runs at a time, however long it takes."""

    def __init__(
        self,
        look_up: Callable[[], Awaitable[Freshness]],
        hub: Streams,
        feed: Ears,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.look_up = look_up
        self.hub = hub
        self.feed = feed
        self.clock = clock
        self.reading: asyncio.Future[Freshness] | None = None
        self.last: Freshness | None = None
        self.answered = False
        self.asked_at = clock()
        self.known_at = clock()  # the moment of which the last answer tells
        self.behind = False
        self.sound_at: float | None = None  # nothing committed before it waited
        self.sent: State | None = None
        self.beat_at = clock()

    async def run(self) -> None:
        try:
            while True:
                await self.look()
                await asyncio.sleep(self.pause_seconds)
        finally:
            if self.reading is not None:
                self.reading.cancel()
                await asyncio.wait({self.reading}, timeout=ANSWER_SECONDS)

    @property
    def pause_seconds(self) -> float:
        """Until the next look: sooner where the queue would be too old before that."""
        left_seconds = (LATE_MS - self.queue_age_ms) / 1000
        return LOOK_SECONDS if left_seconds <= 0 else min(LOOK_SECONDS, left_seconds + 0.01)

    async def look(self) -> None:
        """One look, and a beat where one is due or something has flipped."""
        found = await self.answer()
        self.answered = found is not None
        if found is not None:
            self.known_at = self.asked_at
            self.compare(found)
            self.last = found
        self.catch_up()
        state = State(self.listening, self.queue_age_ms >= LATE_MS, self.last.history if self.last else "")
        if state != self.sent or self.clock() >= self.beat_at:
            self.sent, self.beat_at = state, self.clock() + BEAT_SECONDS
            self.hub.broadcast(self.beat())

    async def answer(self) -> Freshness | None:
        """None where the database has not answered in time; that read goes on, and the next look takes it up."""
        if self.reading is None:
            self.asked_at = self.clock()
            self.reading = asyncio.ensure_future(self.look_up())
        await asyncio.wait({self.reading}, timeout=ANSWER_SECONDS)
        if not self.reading.done():
            return None
        try:
            return self.reading.result()
        except (SQLAlchemyError, OSError):
            return None
        finally:
            self.reading = None

    def compare(self, found: Freshness) -> None:
        """Serves folds that the feed does not hear of: where it cannot listen, and where it has gone deaf."""
        if self.last is None:
            return
        if found.version < self.last.version:
            # An older state was restored; pages drop what looks older than what they show, unless they start anew.
            self.hub.changed(Changes(found.version, everything=True))
            self.hub.restart_streams()
        elif not self.feed.listening:
            if found.version > self.last.version:
                self.hub.changed(Changes(found.version, everything=True))
        elif self.feed.version < self.last.version:
            # It has had a whole look's time for a fold that the look before this one saw.
            self.feed.distrust()
            self.hub.changed(Changes(found.version, everything=True))

    def catch_up(self) -> None:
        """After a time of waiting, or in which we may have missed folds: all that is watched counts as waiting since
        it began, until it is read once more. Otherwise a beat would say `live` ahead of the values of that time.
        """
        if not self.listening or self.found_age_ms >= LATE_MS:
            self.behind = True
            return
        if self.behind and self.sound_at is not None:
            self.hub.changed(Changes(0, everything=True), self.sound_at)
        self.behind = False
        self.sound_at = self.clock() - self.found_age_ms / 1000

    @property
    def listening(self) -> bool:
        return self.feed.listening and self.answered

    @property
    def queue_age_ms(self) -> int:
        """The oldest wait of a committed change, for its fold or for its pass here; it grows while nobody answers."""
        return max(self.found_age_ms, self.hub.waiting_ms)

    @property
    def found_age_ms(self) -> int:
        """What the last answer said of the queue, grown as old as that answer."""
        queued = self.last.queue_age_ms if self.last is not None else 0
        return queued + int((self.clock() - self.known_at) * 1000)

    def beat(self) -> bytes:
        found = self.last
        message = {
            "type": "beat",
            "as_of": utc(found.as_of) if found else None,
            "version": found.version if found else 0,
            "queue_age_ms": self.queue_age_ms,
            "listening": self.listening,
        }
        if found is not None and found.history != "complete":
            message["history"] = found.history
        return orjson.dumps(message)
