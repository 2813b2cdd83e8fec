"""Who watches what, and the passes that serve them: each changed value is read and encoded once, for all.

A pass takes everything that changed since the last one, reads what of it is watched, and offers each stream
the newest message of each topic. While a pass reads, later folds gather for the next.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from data.errors import UnavailableError
from data.viewer import Viewer
from live.backoff import Backoff
from live.changes import Changes
from live.readings import Readings
from live.subscriber import Subscriber
from live.topics import NAV_ALL, nav_topic, thread_topic

logger = logging.getLogger(__name__)

# Totals of a period move with the clock too: its end is a reading of its own, and a plan may have changed.
REFRESH_SECONDS = 30.0
LET_GO_SECONDS = 0.1  # between the streams that are let go together while draining

# What people have chosen may not hold up the figures for longer.
PATIENCE_SECONDS = 0.5

Read = Callable[[Collection[str], Collection[str]], Awaitable[Readings]]
Invalidate = Callable[[Changes], Awaitable[None]]
ReadPreferences = Callable[[Collection[str]], Awaitable[Mapping[str, bytes]]]
Observe = Callable[[float], object]


def ignore(_seconds: float) -> None:
    """Nobody measures."""


class Hub:
    """`read` reads topics, `invalidate` marks cached answers stale; both are awaited in every pass.

    `read_preferences` reads what people have chosen, by name, as messages; it is awaited where that is due. `observe`
    is told of each pass that served a fold how many seconds its oldest fold had been known here. A person has at most
    `most_streams`, where that is a number.
    """

    def __init__(
        self,
        read: Read,
        invalidate: Invalidate,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff | None = None,
        *,
        read_preferences: ReadPreferences | None = None,
        observe: Observe = ignore,
        most_streams: int | None = None,
    ) -> None:
        self.read = read
        self.invalidate = invalidate
        self.read_preferences = read_preferences
        self.clock = clock
        self.backoff = backoff or Backoff(most_seconds=2.0)
        self.observe = observe
        self.watchers: dict[str, set[Subscriber]] = {}
        self.subscribers: set[Subscriber] = set()
        self.streams: Counter[str] = Counter()  # open ones by transport
        self.most_streams = most_streams
        self.people: Counter[str] = Counter()  # streams of each
        self.others = 0  # streams of people who are not staff
        self.changes: Changes | None = None
        self.changed_at: float | None = None  # when the oldest change that waits came in
        self.serving_since: float | None = None  # the same of the pass that is being read
        self.joins: dict[Subscriber, set[str]] = {}
        self.undecided: set[Subscriber] = set()  # streams that are to be told of their person's preferences
        self.work = asyncio.Event()
        self.beat: bytes | None = None
        self.refresh_at = clock() + REFRESH_SECONDS
        self.draining = False
        self.closing = False

    @contextmanager
    def stream(self, viewer: Viewer, topics: Collection[str], transport: str = "websocket") -> Iterator[Subscriber]:
        """A stream's place: its first frame comes when every topic has been read, and holds a beat."""
        subscriber = Subscriber(viewer)
        subscriber.beat = self.beat
        self.subscribers.add(subscriber)
        self.streams[transport] += 1
        self.people[viewer.name] += 1
        self.others += not viewer.staff
        if self.closing:
            subscriber.close()
        self.undecided.add(subscriber)
        self.work.set()
        self.watch(subscriber, topics)
        if not topics:
            subscriber.admit()
        try:
            yield subscriber
        finally:
            self.unwatch(subscriber, set(subscriber.topics))
            self.undecided.discard(subscriber)
            self.subscribers.discard(subscriber)
            self.streams[transport] -= 1
            self.leave(viewer.name)
            self.others -= not viewer.staff

    def leave(self, name: str) -> None:
        self.people[name] -= 1
        if not self.people[name]:
            del self.people[name]

    def is_full(self, viewer: Viewer) -> bool:
        """Whether this person has as many streams as one may have."""
        return self.most_streams is not None and self.people[viewer.name] >= self.most_streams

    def watch(self, subscriber: Subscriber, topics: Collection[str]) -> None:
        """Adds topics; their values are in one of the next frames."""
        for topic in topics:
            self.watchers.setdefault(topic, set()).add(subscriber)
        subscriber.topics.update(topics)
        if topics:
            self.joins.setdefault(subscriber, set()).update(topics)
            self.work.set()

    def unwatch(self, subscriber: Subscriber, topics: Collection[str]) -> None:
        for topic in topics:
            subscriber.topics.discard(topic)
            subscriber.values.pop(topic, None)
            self.joins.get(subscriber, set()).discard(topic)
            if (watching := self.watchers.get(topic)) is not None:
                watching.discard(subscriber)
                if not watching:
                    del self.watchers[topic]
        if not subscriber.topics:
            self.joins.pop(subscriber, None)
            subscriber.admit()

    def changed(self, changes: Changes, since: float | None = None) -> None:
        """Something was folded, now or `since`; the next pass serves it."""
        self.changes = changes if self.changes is None else self.changes.merged(changes)
        self.changed_at = earlier(self.changed_at, self.clock() if since is None else since)
        self.work.set()

    def preferred(self, person: str) -> None:
        """Somebody's preferences changed; the next pass tells their streams."""
        self.undecided.update(subscriber for subscriber in self.subscribers if subscriber.person == person)
        if self.undecided:
            self.work.set()

    def broadcast(self, beat: bytes) -> None:
        """Sends a beat to everyone, and keeps it for the first frame of those who come next."""
        self.beat = beat
        for subscriber in self.subscribers:
            subscriber.beat = beat
            subscriber.wake()

    def restart_streams(self) -> None:
        """Ends every stream, so that each starts afresh."""
        for subscriber in self.subscribers:
            subscriber.close()

    async def drain(self, seconds: float) -> None:
        """For the first half nothing ends, so that whoever balances load notices; in the second half the streams are
        let go, evenly. Those that come back here all the same are served until the end."""
        self.draining = True
        await asyncio.sleep(seconds / 2)
        left, steps, gone = list(self.subscribers), max(1, int(seconds / 2 / LET_GO_SECONDS)), 0
        for step in range(1, steps + 1):
            due = len(left) * step // steps
            for subscriber in left[gone:due]:
                subscriber.close()
            gone = due
            await asyncio.sleep(seconds / 2 / steps)

    def close(self) -> None:
        """Ends every stream, and each that comes later at once; the server is going down."""
        self.closing = True
        self.restart_streams()

    @property
    def waiting_ms(self) -> int:
        """How long the oldest announced change has waited: for its pass, or in the one that is being read."""
        since = earlier(self.changed_at, self.serving_since)
        return 0 if since is None else int((self.clock() - since) * 1000)

    async def run(self) -> None:
        """Serves passes until it is cancelled; after one that failed everything is read again."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self.refresh_at - self.clock())):
                    await self.work.wait()
            try:
                await self.serve()
            except UnavailableError as error:
                logger.warning("live values could not be read: %s", error, extra={"action": "pass.failed"})
                await asyncio.sleep(self.backoff.next())
            else:
                self.backoff.reset()

    async def serve(self) -> None:
        """One pass. Raises UnavailableError; then joiners have their beat at least, and everything is due."""
        changes, joins = self.changes, self.joins
        self.serving_since, self.changes, self.changed_at, self.joins = self.changed_at, None, None, {}
        self.work.clear()
        stale = self.stale_topics(changes)
        chosen = asyncio.ensure_future(self.read_chosen(everyones=changes is not None and changes.everything))
        try:
            readings = await self.read_due(changes, stale.union(*joins.values()))
            self.give(await chosen)
            self.publish(changes, stale, joins, readings)
            if changes is not None and changes.version and self.serving_since is not None:
                self.observe(self.clock() - self.serving_since)
            self.plan_refresh(readings)
        except UnavailableError:
            self.changed(Changes(0, everything=True), self.serving_since)
            raise
        finally:
            chosen.cancel()
            self.serving_since = None
            for subscriber in joins:
                subscriber.admit()

    async def read_chosen(self, *, everyones: bool) -> dict[Subscriber, bytes]:
        """The preferences that are due, by stream: where they cannot be read they stay so, and figures go on."""
        due, self.undecided = self.undecided | (self.subscribers if everyones else set()), set()
        if not due or self.read_preferences is None:
            return {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                messages = await self.read_preferences({subscriber.viewer.name for subscriber in due})
        except (UnavailableError, TimeoutError) as error:
            self.undecided |= due & self.subscribers
            logger.warning("preferences could not be read: %s", error, extra={"action": "preferences.failed"})
            return {}
        return {subscriber: messages[subscriber.viewer.name] for subscriber in due & self.subscribers}

    def give(self, chosen: Mapping[Subscriber, bytes]) -> None:
        for subscriber, message in chosen.items():
            subscriber.preferences = message
            subscriber.wake()

    async def read_due(self, changes: Changes | None, topics: frozenset[str]) -> Readings:
        """Reads and invalidates side by side: who is told of a change must not get the cached answer of before."""
        invalidated = asyncio.ensure_future(self.invalidate(changes)) if changes else None
        try:
            held = self.held(changes, topics)
            unnumbered = changes is not None and not changes.version and bool(self.subscribers)
            return await self.read(topics, held) if topics or held or unnumbered else Readings()
        finally:
            if invalidated is not None:
                await invalidated

    def stale_topics(self, changes: Changes | None) -> frozenset[str]:
        """The watched topics whose value may have moved."""
        if changes is not None and changes.everything:
            return frozenset(self.watchers)
        stale: set[str] = set()
        if self.clock() >= self.refresh_at:
            stale.update(topic for topic in self.watchers if topic.startswith("nav:"))
        if changes is not None:
            stale.update(map(thread_topic, changes.threads), map(nav_topic, changes.accounts), [NAV_ALL])
        return frozenset(stale & self.watchers.keys())

    def held(self, changes: Changes | None, topics: Collection[str]) -> set[str]:
        """The threads of which it matters whose they are: none while everyone who watches is staff."""
        if not self.others:
            return set()
        threads = {topic.partition(":")[2] for topic in topics if topic.startswith("thread:")}
        return threads | changes.threads if changes is not None else threads

    def publish(
        self,
        changes: Changes | None,
        stale: Collection[str],
        joins: Mapping[Subscriber, Collection[str]],
        readings: Readings,
    ) -> None:
        """Offers everything without a pause, so that each stream finds it in one frame; then wakes them."""
        woken: set[Subscriber] = set()
        for topic in stale & readings.messages.keys():
            watching = self.watchers.get(topic, set())
            woken |= watching
            for subscriber in watching:
                subscriber.values[topic] = readings.message_for(subscriber, topic)
        for subscriber, topics in joins.items():
            for topic in subscriber.topics.intersection(topics) & readings.messages.keys():
                subscriber.values[topic] = readings.message_for(subscriber, topic)
            woken.add(subscriber)
        if changes is not None:
            woken |= self.tell(replace(changes, version=changes.version or readings.version), readings)
        for subscriber in woken:
            subscriber.wake()

    def tell(self, changes: Changes, readings: Readings) -> set[Subscriber]:
        """Tells everyone what changed of what they may see; people who see the same share one message."""
        shared: dict[str, Changes] = {"staff": changes}
        told: set[Subscriber] = set()
        for subscriber in self.subscribers:
            key = subscriber.viewer.key if self.others else "staff"
            if key not in shared:
                shared[key] = changes.seen_by(subscriber.accounts, readings.holders)
            if not shared[key].empty:
                subscriber.tell(shared[key])
                told.add(subscriber)
        return told

    def plan_refresh(self, readings: Readings) -> None:
        now = self.clock()
        if now >= self.refresh_at:
            self.refresh_at = now + REFRESH_SECONDS
        if readings.seconds_to_rollover is not None:
            self.refresh_at = min(self.refresh_at, now + max(0.0, readings.seconds_to_rollover) + 0.05)


def earlier(one: float | None, other: float | None) -> float | None:
    return min((at for at in (one, other) if at is not None), default=None)
