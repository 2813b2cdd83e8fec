"""The hub's one read of a pass: every topic that is due, in a fixed number of statements, encoded once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import on_connection
from data.errors import UnavailableError
from data.freshness import freshness
from data.holders import thread_holders
from data.usage import nav_usages, thread_usages
from data.viewer import SYSTEM
from data.wire import nav_message, thread_message, utc
from live.subscriber import Subscriber
from live.topics import nav_topic, thread_topic


@dataclass
class Readings:
    """`messages` by topic, encoded; `gone` by thread topic, for who may not (or no longer) see it.

    `holders` by thread id; `seconds_to_rollover` until the first period of a scope that was read ends.
    """

    version: int = 0
    messages: dict[str, bytes] = field(default_factory=dict)
    gone: dict[str, bytes] = field(default_factory=dict)
    holders: dict[str, frozenset[str]] = field(default_factory=dict)
    seconds_to_rollover: float | None = None

    def message_for(self, subscriber: Subscriber, topic: str) -> bytes:
        """The topic's value, or, where it is a thread that is not (or no longer) theirs, that it is gone."""
        if topic in self.gone and not subscriber.sees(self.holders.get(topic.partition(":")[2])):
            return self.gone[topic]
        return self.messages[topic]


@dataclass(frozen=True)
class Reader:
    engine: AsyncEngine
    credits_per_dollar: Decimal

    async def __call__(self, topics: Collection[str], held: Collection[str]) -> Readings:
        """The current values of `topics`, and the holders of the threads `held`.

        Raises UnavailableError.
        """
        readings = Readings()
        threads, scopes = ids_of("thread", topics), ids_of("nav", topics)
        try:
            # Each statement is a snapshot of its own, and says of which moment; so threads and scopes are read at once.
            await asyncio.gather(
                self.on_connection(self.read_threads, readings, threads),
                self.on_connection(self.read_scopes, readings, scopes),
            )
            await self.on_connection(self.read_holders, readings, held)
            doubtful = [t for t in threads if t in held or thread_topic(t) not in readings.messages]
            if doubtful or not readings.version:
                await on_connection(self.engine, self.read_moment, readings, doubtful)
        except (SQLAlchemyError, OSError) as error:
            raise UnavailableError("the database does not answer; the live values wait for it") from error
        return readings

    async def on_connection(
        self, read: Callable[[Connection, Readings, Collection[str]], None], readings: Readings, ids: Collection[str]
    ) -> None:
        if ids:
            await on_connection(self.engine, read, readings, ids)

    def read_holders(self, connection: Connection, readings: Readings, held: Collection[str]) -> None:
        """After the values, so that whoever has lost a thread meanwhile is not shown a value of later."""
        found = thread_holders(connection, [UUID(thread) for thread in held])
        readings.holders = {str(id): frozenset(map(str, accounts)) for id, accounts in found.items()}

    def read_threads(self, connection: Connection, readings: Readings, threads: Collection[str]) -> None:
        usages = thread_usages(connection, SYSTEM, [UUID(thread) for thread in threads])
        for id, usage in usages.items():
            message = thread_message(usage, self.credits_per_dollar)
            readings.messages[thread_topic(str(id))] = orjson.dumps(message)
            readings.version = max(readings.version, usage.version)

    def read_scopes(self, connection: Connection, readings: Readings, scopes: Collection[str]) -> None:
        for scope, usage in nav_usages(connection, SYSTEM, scopes).items():
            readings.messages[nav_topic(scope)] = orjson.dumps(nav_message(usage, self.credits_per_dollar))
            readings.version = max(readings.version, usage.version)
            left = (usage.period.end - usage.as_of).total_seconds()
            readings.seconds_to_rollover = min(left, readings.seconds_to_rollover or left)

    def read_moment(self, connection: Connection, readings: Readings, doubtful: Iterable[str]) -> None:
        """The fold number now, and what says that a thread is gone: later than every value read before."""
        moment = freshness(connection)
        readings.version = moment.version
        for thread in doubtful:
            topic = thread_topic(thread)
            readings.gone[topic] = gone_message(thread, moment.as_of, moment.version)
            readings.messages.setdefault(topic, readings.gone[topic])


def ids_of(kind: str, topics: Iterable[str]) -> list[str]:
    return sorted(topic.partition(":")[2] for topic in topics if topic.startswith(f"{kind}:"))


def gone_message(thread_id: str, as_of: datetime, version: int) -> bytes:
    """Says that there is no such thread (any more) for this viewer; a value follows if it comes back."""
    return orjson.dumps(
        {
            "type": "thread-usage",
            "thread_id": thread_id,
            "gone": True,
            "as_of": utc(as_of),
            "version": version,
        }
    )
