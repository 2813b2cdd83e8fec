"""The read replica, which heavy charts are read from, as long as it is as new as what any page may show.

A read is let in with what the primary has at that moment: the number of its newest fold, which no page is ahead of,
and the place in its log up to which everything is safe, so that names, and who may see what, are no older either. The
replica is given a moment to reach both. If it does not, or does not answer, the primary is read, and for a while nobody
waits again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data.engine import KEEPALIVE, driver_url

T = TypeVar("T")

WAIT_SECONDS = 0.1  # for a fold that is on its way
STEP_SECONDS = 0.005
ANSWER_SECONDS = 0.4  # for a connection and all of that; a replica that hangs closes nothing
BEHIND_SECONDS = (0.5, 5.0)  # the first and the longest time without another try
AWAY_SECONDS = (0.5, 30.0)
ASKING = 8  # threads that ask; while that many hang, nobody else is made to wait

# In a statement, and so in a moment, of its own: the next one sees all that had been replayed by then. NULL where the
# server is no replica (any more).
REPLAYED = text("SELECT coalesce(pg_last_wal_replay_lsn() >= cast(:flushed AS pg_lsn), false)")
VERSION = text("SELECT version FROM creditpulse.state")
MOMENT = text("""
    SELECT version, pg_current_wal_flush_lsn()::text AS flushed, statement_timestamp() AS now FROM creditpulse.state
""")

Because = Literal["current", "behind", "away", "conflict"]
Observe = Callable[[str, Because], object]  # the database that a read went to


class Moment(NamedTuple):
    """Of the primary: its newest fold, up to where its log is safe, and its clock."""

    version: int
    flushed: str
    now: datetime


def moment_of(primary: Connection) -> Moment:
    return Moment(*primary.execute(MOMENT).one())


def ignore(_database: str, _because: Because) -> None:
    """Nobody measures."""


def make_replica_engine(url: str, pool_size: int) -> Engine:
    """Connections whose transactions see one moment, that in which their fold number was read."""
    return create_engine(
        driver_url(url), pool_size=pool_size, max_overflow=0, pool_pre_ping=True, isolation_level="REPEATABLE READ",
        pool_timeout=0.2, hide_parameters=True,
        connect_args={**KEEPALIVE, "connect_timeout": 2, "tcp_user_timeout": 2000, "application_name": "creditpulse"},
    )  # fmt: skip


class Replica:
    """`aside` is entered while a thread waits; `observe` is told where each read went, and why."""

    def __init__(
        self,
        engine: Engine,
        observe: Observe = ignore,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = engine
        self.observe = observe
        self.aside = aside
        self.clock = clock
        self.because: Because = "current"
        self.pause_seconds = 0.0
        self.again_at = clock()
        self.asking = ThreadPoolExecutor(ASKING, "replica")

    def close(self) -> None:
        self.asking.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    def read(self, floor: Moment, work: Callable[[Connection], T]) -> tuple[T] | None:
        """What `work` returns, of no earlier moment than `floor`; None where the primary has to be read."""
        connection = self.connection_at(floor)
        if connection is None:
            self.observe("primary", self.because)
            return None
        try:
            with connection:
                found = work(connection)
        except DBAPIError as error:
            # Replaying what the primary has removed may end a read; a server that goes ends all of them.
            if error.connection_invalidated:
                self.step_back("away", AWAY_SECONDS)
            self.observe("primary", "away" if error.connection_invalidated else "conflict")
            return None  # where the fault is the statement's own, the primary says so
        self.observe("replica", "current")
        return (found,)

    def connection_at(self, floor: Moment) -> Connection | None:
        """One that sees `floor`, or later; None where there is none, or none is to be expected."""
        if self.clock() < self.again_at:
            return None
        asked = self.asking.submit(self.reached, floor)
        try:
            with self.aside():
                connection = asked.result(ANSWER_SECONDS)
        except TimeoutError:  # it hangs
            if not asked.cancel():
                asked.add_done_callback(put_back)
            self.step_back("away", AWAY_SECONDS)
            return None
        except (DBAPIError, PoolTimeout):
            self.step_back("away", AWAY_SECONDS)
            return None
        if connection is None:
            self.step_back("behind", BEHIND_SECONDS)
            return None
        self.because, self.pause_seconds = "current", 0.0
        return connection

    def reached(self, floor: Moment) -> Connection | None:
        end, wait = self.clock() + WAIT_SECONDS, threading.Event().wait
        connection = self.engine.connect()
        try:
            while not self.sees(connection, floor):
                if self.clock() >= end:
                    connection.close()
                    return None
                wait(STEP_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection

    def sees(self, connection: Connection, floor: Moment) -> bool:
        """Whether it does; then the connection's transaction goes on to see just that moment."""
        replayed = bool(connection.execute(REPLAYED, {"flushed": floor.flushed}).scalar_one())
        connection.rollback()
        if replayed and int(connection.execute(VERSION).scalar_one()) >= floor.version:
            return True
        connection.rollback()
        return False

    def step_back(self, because: Because, seconds: tuple[float, float]) -> None:
        """Until the pause is over, reads go to the primary at once; the next pause is longer, unless it is back."""
        self.pause_seconds = min(seconds[1], max(seconds[0], 2 * self.pause_seconds))
        self.because, self.again_at = because, self.clock() + self.pause_seconds


def put_back(asked: Future[Connection | None]) -> None:
    """The connection of somebody who has not waited for it."""
    if not asked.cancelled() and asked.exception() is None and (connection := asked.result()) is not None:
        connection.close()
