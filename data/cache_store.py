"""Where query results are kept: on Flask-Caching, in memory or on a Redis that several processes share.

Every prefix of a key has a stamp, a random word in the store, and an entry carries the stamps that its
read began with: it is valid while the store still holds exactly those. To invalidate is to remove one stamp;
whoever reads next makes a new one. So nothing has to be enumerated, a read that began before an invalidation
cannot pass for a later one in any process, and a stamp that is lost (evicted, expired) makes entries stale,
never fresh.
"""

import json
import logging
import math
import pickle
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_caching import Cache
from flask_caching.backends.rediscache import RedisCache
from flask_caching.backends.simplecache import SimpleCache

Key = tuple[str, ...]
Stamps = tuple[str | None, ...]

logger = logging.getLogger(__name__)

MACHINE_CLOCK = time.time
MEMORY_THRESHOLD = 10_000
SHARED_STAMP_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a key; no `updated_at` before the first success, no stamps after a failure."""

    value: Any
    updated_at: float | None
    stamps: Stamps
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a key: its record, the stamps that the store holds now, and the time.

    `lost` says that the store did not answer; the stamp then stands for the outage.
    """

    record: Record | None
    stamps: Stamps
    now: float
    lost: bool = False


class CacheStore:
    """Records and stamps; safe for threads. It never raises because Redis is away: see `Seen.lost`."""

    def __init__(self, cache: Cache, clock: Callable[[], float], keep_seconds: float) -> None:
        self._cache = cache
        self._clock = _shared_clock(cache, clock)
        self._failures = _failures(cache)
        self._keep_seconds = keep_seconds
        self._outage: str | None = None
        self._lock = threading.Lock()

    @property
    def in_memory(self) -> bool:
        return isinstance(self._cache.cache, SimpleCache)

    @property
    def size(self) -> int:
        backend = self._cache.cache
        return len(backend._cache) if isinstance(backend, SimpleCache) else 0

    def look(self, key: Key, *, stamp: bool = False) -> Seen:
        """The key as it stands; with `stamp`, stamps that are missing are made, as a read needs them."""
        try:
            self._return_after_outage()
            packed, *found = self._cache.get_many(_entry_name(key), *map(_stamp_name, _prefixes(key)))
            stamps = self._complete(key) if stamp and None in found else tuple(found)
            now = self._clock()  # after the entry, so that no age is negative
            return Seen(self._unless_expired(_unpack(packed), now), stamps, now)
        except self._failures as error:
            return Seen(None, (self._note_outage(error),), now=0.0, lost=True)

    def keep(self, key: Key, record: Record) -> None:
        packed = pickle.dumps(record)
        try:
            self._return_after_outage()
            self._cache.set(_entry_name(key), packed, timeout=math.ceil(self._keep_seconds))
        except self._failures as error:
            self._note_outage(error)

    def remove_stamp(self, prefix: Key) -> None:
        try:
            self._return_after_outage()
            self._cache.delete(_stamp_name(prefix))
        except self._failures as error:
            self._note_outage(error, invalidation=True)

    def _complete(self, key: Key) -> Stamps:
        """All stamps of the key. Who loses the race to make one takes the winner's."""
        prefixes = _prefixes(key)
        own = [_new_stamp() for _ in prefixes]
        for prefix, stamp in zip(prefixes, own, strict=True):
            self._cache.add(_stamp_name(prefix), stamp, timeout=self._stamp_seconds(prefix))
        found = self._cache.get_many(*map(_stamp_name, prefixes))
        # One that is gone again counts as a word that nobody else will ever hold.
        return tuple(there or made for there, made in zip(found, own, strict=True))

    def _stamp_seconds(self, prefix: Key) -> int:
        # SimpleCache evicts what expires first. A key's own stamp goes with its entry, or the stamps of
        # forgotten keys would crowd out living entries; those of whole kinds of queries are few, and losing
        # one costs many reads.
        own = math.ceil(self._keep_seconds)
        return own if len(prefix) > 1 else max(own, SHARED_STAMP_SECONDS)

    def _unless_expired(self, record: Record | None, now: float) -> Record | None:
        if record is None or record.updated_at is None or now - record.updated_at < self._keep_seconds:
            return record
        return None

    def _note_outage(self, error: Exception, *, invalidation: bool = False) -> str:
        """The outage's stamp; an invalidation that got lost changes it, lest anyone join an older read."""
        with self._lock:
            if self._outage is None:
                logger.warning(
                    "The cache does not answer (%s); every query reads the database until it does.",
                    error,
                    extra={"action": "cache.lost"},
                )
            if self._outage is None or invalidation:
                self._outage = _new_stamp()
            return self._outage

    def _return_after_outage(self) -> None:
        """Makes everything from before stale, for invalidations may have been lost.

        It sets a stamp rather than remove one: a full or read-only Redis would let us remove, and is no use.
        """
        outage = self._outage
        if outage is None:
            return
        self._cache.set(_stamp_name(()), _new_stamp(), timeout=self._stamp_seconds(()))
        with self._lock:
            if self._outage == outage:
                self._outage = None
                logger.info("The cache answers again.", extra={"action": "cache.back"})


def make_cache(server: Flask, cache_url: str | None) -> Cache:
    """Flask-Caching for `server`: on the Redis at `cache_url`, else in memory. Opens no connection.

    Redis has to answer within a second, for a page waits; a connection that broke is tried once more.
    """
    if not cache_url:
        config: dict[str, Any] = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": MEMORY_THRESHOLD}
    else:
        from redis.backoff import NoBackoff
        from redis.exceptions import ConnectionError as RedisConnectionError
        from redis.retry import Retry

        connection = {
            "socket_connect_timeout": 1.0,
            "socket_timeout": 1.0,
            "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        }
        config = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": cache_url, "CACHE_OPTIONS": connection}
    config |= {"CACHE_KEY_PREFIX": "creditpulse:", "CACHE_IGNORE_ERRORS": False}
    return Cache(server, with_jinja2_ext=False, config=config)


def portable(error: Exception) -> Exception:
    """The error, or a plain one with its text where it would not survive being stored."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what we just packed
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _failures(cache: Cache) -> tuple[type[Exception], ...]:
    """What says that the store is away. Without a Redis its library, which takes long to load, is not needed."""
    backend: Any = cache.cache
    if not isinstance(backend, RedisCache):
        return (OSError,)
    from redis.exceptions import RedisError

    return (RedisError, OSError)


def _shared_clock(cache: Cache, clock: Callable[[], float]) -> Callable[[], float]:
    """Redis's own clock where the default would be each machine's; a clock that was chosen is honoured."""
    backend: Any = cache.cache
    if clock is not MACHINE_CLOCK or not isinstance(backend, RedisCache):
        return clock
    client = backend._write_client  # Flask-Caching proxies no TIME

    def redis_time() -> float:
        seconds, microseconds = client.time()
        return float(seconds + microseconds / 1e6)

    return redis_time


def _unpack(packed: bytes | None) -> Record | None:
    if packed is None:
        return None
    try:
        record = pickle.loads(packed)  # noqa: S301 - our own store, as Flask-Caching itself does
    except Exception:  # packed by another version of the app: as good as absent
        return None
    return record if isinstance(record, Record) else None


def _prefixes(key: Key) -> list[Key]:
    return [key[:length] for length in range(len(key) + 1)]


def _entry_name(key: Key) -> str:
    return "entry:" + json.dumps(key)


def _stamp_name(prefix: Key) -> str:
    return "stamp:" + json.dumps(prefix)


def _new_stamp() -> str:
    return secrets.token_hex(8)
