"""What pages ask for, through the cache: each query with its key and its stale time.

The stale times are React Query's of the customer's description: 5 s while an agent runs, else 10 s;
2 minutes for a subscription.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data.cache import QueryCache
from data.errors import NotFoundError, UnavailableError
from data.freshness import Freshness, freshness
from data.preferences import DEFAULTS, Preferences, preferences
from data.replica import Replica, moment_of
from data.subscriptions import Subscription, subscription
from data.usage import RUNNING, NavUsage, ThreadUsage, nav_usages, thread_usages
from data.usage_query import database_now
from data.viewer import Viewer

STALE_SECONDS_RUNNING = 5.0
STALE_SECONDS_IDLE = 10.0
STALE_SECONDS_SUBSCRIPTION = 120.0

THREAD_KEY, NAV_KEY, SUBSCRIPTION_KEY = "thread-usage", "nav-usage", "subscription"

T = TypeVar("T")


class Queries:
    """Reads for one viewer at a time; `credits_per_dollar` is here for those who render what it returns. What is heavy
    is read from the `replica` where there is one that is new enough.
    """

    def __init__(
        self, engine: Engine, cache: QueryCache, credits_per_dollar: Decimal, replica: Replica | None = None
    ) -> None:
        self.engine = engine
        self.cache = cache
        self.credits_per_dollar = credits_per_dollar
        self.replica = replica

    def start(self) -> None:
        """Opens nothing: a connection is made when the first read needs it."""

    def stop(self) -> None:
        if self.replica is not None:
            self.replica.close()
        self.engine.dispose()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection to read by; raises UnavailableError where the database does not answer."""
        with translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection to write by: committed at the end. Raises UnavailableError as `connect` does."""
        with translated(), self.engine.begin() as connection:
            yield connection

    def preferences(self, viewer: Viewer) -> Preferences:
        """Never from a cache: `data/preferences.py` says why."""
        with self.connect() as connection:
            return preferences(connection, viewer.name)

    def read_heavy(self, work: Callable[[Connection, datetime], T]) -> T:
        """What `work` returns of a connection and the database's time, which is the primary's wherever it reads.

        Never of an earlier moment than any page shows.
        """
        with self.connect() as connection:
            if self.replica is None:
                return work(connection, database_now(connection))
            moment = moment_of(connection)
        found = self.replica.read(moment, lambda replica: work(replica, moment.now))
        if found is not None:
            return found[0]
        with self.connect() as connection:
            return work(connection, database_now(connection))

    def thread_usage(
        self, viewer: Viewer, thread_id: UUID, *, force: bool = False, chosen: Preferences = DEFAULTS
    ) -> ThreadUsage:
        """Raises NotFoundError for a thread that is not there, or not the viewer's, whose preferences are `chosen`."""

        def read() -> ThreadUsage | None:
            with self.connect() as connection:
                return thread_usages(connection, viewer, [thread_id]).get(thread_id)

        key = (THREAD_KEY, str(thread_id), viewer.key)
        usage = self.cache.fetch(key, read, stale_time=self.stale_seconds(key, chosen), force=force)
        if usage is None:
            raise NotFoundError(f"There is no thread {thread_id}, or it is not yours to see.")
        return usage

    def nav_usage(self, viewer: Viewer, scope: str, *, force: bool = False, chosen: Preferences = DEFAULTS) -> NavUsage:
        """Raises NotFoundError for a scope that is not the viewer's, ValueError for one that is no scope."""

        def read() -> NavUsage | None:
            with self.connect() as connection:
                return nav_usages(connection, viewer, [scope]).get(scope)

        key = (NAV_KEY, scope, viewer.key)
        usage = self.cache.fetch(key, read, stale_time=self.stale_seconds(key, chosen), force=force)
        if usage is None:
            raise NotFoundError(f"There is no account {scope}, or it is not yours to see.")
        return usage

    def subscription(
        self, viewer: Viewer, scope: str, *, force: bool = False, chosen: Preferences = DEFAULTS
    ) -> Subscription | None:
        def read() -> Subscription | None:
            with self.connect() as connection:
                return subscription(connection, viewer, scope)

        key = (SUBSCRIPTION_KEY, scope, viewer.key)
        stale_time = within_period(STALE_SECONDS_SUBSCRIPTION, "subscription_seconds", chosen)
        return self.cache.fetch(key, read, stale_time=stale_time, force=force)

    def freshness(self) -> Freshness:
        with self.connect() as connection:
            return freshness(connection)

    def stale_seconds(self, key: tuple[str, ...], chosen: Preferences) -> float:
        """By the agent status last read: while one runs, figures go stale sooner."""
        entry = self.cache.peek(key)
        running = entry is not None and entry.value is not None and entry.value.agent_status == RUNNING
        return stale_seconds(running=running, chosen=chosen)

    @property
    def cached_in_memory(self) -> bool:
        """Whether to invalidate takes no round trip."""
        return self.cache.in_memory

    def invalidate_fold(self, threads: Collection[str], accounts: Collection[str]) -> None:
        """Marks what one fold changed, for every process that shares the cache."""
        for thread in threads:
            self.cache.invalidate(THREAD_KEY, thread)
        for account in accounts:
            self.cache.invalidate(NAV_KEY, account)
        self.cache.invalidate(NAV_KEY, "all")

    def invalidate_all(self) -> None:
        self.cache.invalidate(THREAD_KEY)
        self.cache.invalidate(NAV_KEY)
        self.cache.invalidate(SUBSCRIPTION_KEY)


def stale_seconds(*, running: bool, chosen: Preferences) -> float:
    """Of figures of agents, one of which is `running`."""
    if running:
        return within_period(STALE_SECONDS_RUNNING, "running_seconds", chosen)
    return within_period(STALE_SECONDS_IDLE, "idle_seconds", chosen)


def within_period(usual_seconds: float, period: str, chosen: Preferences) -> float:
    """Shorter where somebody asks oftener than by default: each time they ask they are answered from the database."""
    seconds: int = getattr(chosen, period)
    return usual_seconds if seconds >= getattr(DEFAULTS, period) else min(usual_seconds, seconds / 2)


@contextmanager
def translated() -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        raise UnavailableError("The database does not answer. The figures shown are the last known.") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise UnavailableError("The database went away. The figures shown are the last known.") from error
        raise
