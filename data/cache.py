"""Query results that pages share, by the rules of TanStack Query: served while fresh, read once when stale.

It goes further where the reference loses an invalidation: one that arrives during a read leaves that read's
result stale, in every process, and nobody who asks afterwards is made to wait for it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask_caching import Cache

from data.cache_store import MACHINE_CLOCK, CacheStore, Key, Record, Seen, Stamps, make_cache, portable

__all__ = ["Entry", "QueryCache", "make_cache"]

T = TypeVar("T")

Observe = Callable[[Key, str], object]

LANDINGS = 64  # enough that different keys hardly ever wait for each other's round trips


def ignore(_key: Key, _outcome: str) -> None:
    """Nobody measures."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a key: the last good value, when it came (None: never), and the last read's error."""

    value: Any
    updated_at: float | None
    invalidated: bool
    error: Exception | None


@dataclass(frozen=True, slots=True, eq=False)
class _Flight:
    """A read under way, with the stamps it began with and the outcome that others wait for."""

    stamps: Stamps
    lost: bool
    outcome: Future[Any] = field(default_factory=Future)


class QueryCache:
    """Fetches through a Flask-Caching cache. Safe for threads; processes on one Redis act as one cache.

    Keys go from general to special: `("thread-usage", thread_id)`. A value is anything that pickles; callers
    share it, so nobody changes it. Ages are seconds of `clock`; on Redis, of Redis's own clock unless one is
    given. A value is forgotten after `keep_seconds`. `observe` is told how each fetch was answered: from what is
    cached (`hit`), by a read of its own (`miss`), or by one that another caller had begun (`shared`).
    """

    def __init__(
        self,
        cache: Cache,
        *,
        clock: Callable[[], float] = MACHINE_CLOCK,
        keep_seconds: float = 3600,
        observe: Observe = ignore,
    ) -> None:
        self._store = CacheStore(cache, clock, keep_seconds)
        self._flights: dict[Key, _Flight] = {}
        self._lock = threading.Lock()
        self._observe = observe
        self._landings = [threading.Lock() for _ in range(LANDINGS)]

    @property
    def in_memory(self) -> bool:
        """Whether the store is this process's own, so that nothing here takes a round trip."""
        return self._store.in_memory

    @property
    def size(self) -> int:
        """How many entries and stamps this process keeps; 0 where they are kept elsewhere."""
        return self._store.size

    def fetch(self, key: Key, read: Callable[[], T], *, stale_time: float, force: bool = False) -> T:
        """A cached value younger than `stale_time` seconds, else what `read` returns or raises.

        Callers that arrive during a read share its outcome, unless the key was invalidated since it began.
        `force` invalidates first.
        """
        if force:
            self.invalidate(*key)
        while True:
            seen = self._store.look(key, stamp=True)
            if fresh := _fresh(seen, stale_time):
                self._observe(key, "hit")
                return cast(T, fresh.value)
            flight, leading = self._board(key, seen)
            if leading:
                return self._lead(key, flight, read, stale_time)
            try:
                shared = cast(T, flight.outcome.result())
                self._observe(key, "shared")
                return shared
            except CancelledError:
                if not flight.outcome.cancelled():
                    raise  # the read's own error

    def peek(self, key: Key) -> Entry | None:
        """What is known of `key`, without a read; None where nothing is."""
        seen = self._store.look(key)
        if seen.record is None:
            return None
        record = seen.record
        return Entry(record.value, record.updated_at, record.stamps != seen.stamps, record.error)

    def fresh(self, key: Key, *, stale_time: float) -> Any:
        """A cached value younger than `stale_time` seconds, without a read; None where there is none."""
        record = _fresh(self._store.look(key), stale_time)
        return record.value if record else None

    def set(self, key: Key, value: Any) -> None:
        """Makes `value` fresh from now; what was read, or began to be, of `key` or below it is outdated."""
        with self._landing(key):
            self._store.remove_stamp(key)
            seen = self._store.look(key, stamp=True)
            if not seen.lost:
                self._store.keep(key, Record(value, seen.now, seen.stamps))

    def invalidate(self, *prefix: str) -> None:
        """Makes every key that begins with `prefix` stale, in every process that shares the store."""
        self._store.remove_stamp(prefix)

    def _board(self, key: Key, seen: Seen) -> tuple[_Flight, bool]:
        """The read to wait for, or a new one that the caller leads."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None and flight.stamps == seen.stamps:
                return flight, False
            flight = self._flights[key] = _Flight(seen.stamps, seen.lost)
            return flight, True

    def _lead(self, key: Key, flight: _Flight, read: Callable[[], T], stale_time: float) -> T:
        try:
            try:
                # Another read may have ended between our look and our boarding.
                if not flight.lost and (fresh := _fresh(self._store.look(key), stale_time)):
                    self._observe(key, "hit")
                    return cast(T, fresh.value)
                self._observe(key, "miss")
                value = self._read(key, flight, read)
            finally:
                self._leave(key, flight)  # before the outcome is out: nobody joins a read that is over
            flight.outcome.set_result(value)
            return value
        except Exception as error:
            flight.outcome.set_exception(error)
            raise
        finally:
            # Without an outcome (nothing was read, or the reader was interrupted) those who wait look again.
            flight.outcome.cancel()

    def _leave(self, key: Key, flight: _Flight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def _read(self, key: Key, flight: _Flight, read: Callable[[], T]) -> T:
        try:
            value = read()
        except Exception as error:
            kept = portable(error)
            self._keep(key, flight, lambda seen: _failed(seen, kept))
            raise
        self._keep(key, flight, lambda seen: Record(value, seen.now, flight.stamps))
        return value

    def _keep(self, key: Key, flight: _Flight, record: Callable[[Seen], Record]) -> None:
        """Keeps what a read brought, unless the key was invalidated meanwhile and a later answer is there."""
        if flight.lost:
            return
        with self._landing(key):
            seen = self._store.look(key)
            if flight.stamps == seen.stamps or seen.record is None or seen.record.stamps != seen.stamps:
                self._store.keep(key, record(seen))

    def _landing(self, key: Key) -> threading.Lock:
        """Held over look and keep, so that no thread's outdated answer replaces what came in between.

        Between processes that can happen, within a round trip to Redis; then the key is stale, and read again.
        """
        return self._landings[hash(key) % len(self._landings)]


def _fresh(seen: Seen, stale_time: float) -> Record | None:
    """The record if it may be served. Stale is, in this order: no data, invalidated, age >= stale time.

    A negative age is stale too: the clock was set back, and how old the value is cannot be told.
    """
    record = seen.record
    if record is None or record.updated_at is None:
        return None
    if record.stamps != seen.stamps:
        return None
    age = round(seen.now - record.updated_at, 6)  # to the microsecond: 10.02 - 0.02 is to be 10 s
    return record if 0 <= age < stale_time else None


def _failed(seen: Seen, error: Exception) -> Record:
    """The last good value with the error beside it, and stale: nothing vouches for it."""
    old = seen.record or Record(None, None, ())
    return Record(old.value, old.updated_at, stamps=(), error=error)
