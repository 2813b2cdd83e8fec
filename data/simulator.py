"""The demo: a believable workload in a database of our own, with a past, that goes on until it is stopped.

The live part begins at once; the past is written beside it, newest day first, so that pages are of use within
a second and complete a few seconds later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from data import demo_tables as tables
from data.demo_agents import Agents, Event
from data.demo_calls import Models
from data.demo_cast import Thread, make_cast
from data.demo_history import DAY, Window, missing_windows, runs_of, week_of
from data.demo_options import DemoOptions
from data.engine import KEEPALIVE, plain_url
from data.errors import InputError, UnavailableError
from data.history import Progress, no_progress

logger = logging.getLogger(__name__)

SETTLE_EVERY = timedelta(seconds=15)
LOCK_SECONDS = 5.0  # a killed demo's connection takes a moment to end
LONGEST_WAIT_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 5.0
QUIET_START_AFTER = timedelta(minutes=35)  # a pause that the quiet run at the start fits into

Clock = Callable[[], datetime]
Wait = Callable[[float], bool]  # waits that many seconds at most; true when it is time to stop


def utc_now() -> datetime:
    return datetime.now(UTC)


def run_demo(
    url: str,
    options: DemoOptions,
    stop: threading.Event,
    progress: Progress = no_progress,
    clock: Clock = utc_now,
) -> None:
    """Writes until `stop` is set, then stops the agents that run. `progress` hears the days of history written.

    A database that goes away is waited for. Raises InputError where the demo would write among other data or
    another demo is running, UnavailableError where the database does not answer at the start.
    """
    try:
        demo = Demo(plain_url(url), options, clock, stop.wait)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).strip().splitlines()[0]}") from error
    past = threading.Thread(target=demo.write_past, args=(stop, progress), name="demo history", daemon=True)
    try:
        past.start()
        demo.run()
    finally:
        stop.set()
        past.join()
        demo.close()


class Demo:
    """One run of the demo. Making it connects, writes cast and threads, and the part of today before now."""

    def __init__(self, url: str, options: DemoOptions, clock: Clock, wait: Wait) -> None:
        self.url = url
        self.clock = clock
        self.wait = wait
        self.models = Models(clock())
        self.pending: list[Event] = []
        self.past_complete = threading.Event()
        self.connection = self.connect()
        try:
            tables.check_ours(self.connection)
            self.prepare(options)
        except BaseException:
            self.connection.close()
            raise

    def connect(self) -> Connection[TupleRow]:
        """A connection that holds the demo's lock."""
        connection = psycopg.connect(self.url, autocommit=True, application_name="creditpulse demo", **KEEPALIVE)
        for _ in range(int(LOCK_SECONDS / 0.1)):
            if tables.take_lock(connection):
                return connection
            if self.wait(0.1):
                break
        connection.close()
        raise InputError("another demo is writing into this database; stop it first")

    def prepare(self, options: DemoOptions) -> None:
        now = self.clock()
        connection = self.connection
        self.cast = make_cast(options.seed, tables.first_start(connection) or now)
        self.oldest = now - options.history_days * DAY
        newest, present = tables.written(connection, self.cast, self.oldest.date())
        self.windows = missing_windows(now, options.history_days, newest, present)
        with connection.transaction():
            tables.write_cast(connection, self.cast, now)
            tables.close_runs(connection, self.cast, now)
            tables.write_threads(connection, self.opened_threads(now))
        if self.windows and self.windows[0].end == now:
            self.write_window(connection, self.windows.pop(0))
        # Another stream of chance at each start, so that ids never come twice.
        rng = Random(f"{options.seed}:{now.timestamp()}")  # noqa: S311
        self.agents = Agents(self.cast, self.models, rng, options.threads, options.rate, now)
        if newest is None or now - newest > QUIET_START_AFTER:
            self.pending += self.agents.begin_quiet()
        self.settled_at = now

    def opened_threads(self, now: datetime) -> list[Thread]:
        """The threads of every week that history is to be written for."""
        weeks = {week_of(window.day) for window in self.windows}
        return [
            thread
            for week in weeks
            for account in self.cast.accounts
            for thread in self.cast.threads(account, week)
            if thread.created_at <= now
        ]

    def write_window(self, connection: Connection[TupleRow], window: Window) -> None:
        tables.copy_runs(connection, list(runs_of(self.cast, self.models, window)))

    def write_past(self, stop: threading.Event, progress: Progress = no_progress) -> None:
        """Writes what is missing of the past, newest day first; a later start goes on where this one was cut off."""
        try:
            with psycopg.connect(self.url, autocommit=True, application_name="creditpulse demo history") as connection:
                for done, window in enumerate(self.windows, start=1):
                    if stop.is_set():
                        return
                    self.write_window(connection, window)
                    progress(done, len(self.windows))
                if self.windows:
                    tables.write_past_debits(connection, self.cast, self.oldest, self.clock())
            self.past_complete.set()
        except psycopg.OperationalError as error:
            logger.warning(
                "history not complete, the next start goes on with it: %s", error, extra={"action": "demo.history"}
            )

    def run(self) -> None:
        """Ticks until it is time to stop; tries again, ever more slowly, while the database is away."""
        backoff = 0.2
        while not self.wait(self.seconds_to_wait()):
            try:
                self.tick()
                backoff = 0.2
            except psycopg.OperationalError as error:
                logger.warning("demo interrupted: %s", error, extra={"action": "demo.interrupted"})
                self.connection.close()
                if self.wait(backoff):
                    return
                backoff = min(LONGEST_BACKOFF_SECONDS, backoff * 2)

    def seconds_to_wait(self) -> float:
        if self.pending:
            return 0.0
        return max(0.0, min(LONGEST_WAIT_SECONDS, (self.agents.next_at - self.clock()).total_seconds()))

    def tick(self) -> None:
        """Writes everything that has happened by now, each event in a transaction of its own."""
        now = self.clock()
        self.pending += self.agents.advance(now)
        if self.connection.closed:
            self.connection = self.connect()
        while self.pending:
            tables.write_event(self.connection, self.pending[0])
            self.pending.pop(0)
        if now - self.settled_at >= SETTLE_EVERY and self.past_complete.is_set():
            self.settled_at = now
            tables.renew_subscriptions(self.connection, self.cast, now)
            tables.settle(self.connection, self.cast, now)

    def close(self) -> None:
        """Stops the agents that run, as far as the database answers."""
        try:
            if not self.connection.closed:
                tables.close_runs(self.connection, self.cast, self.clock())
        except psycopg.OperationalError as error:
            logger.warning(
                "running agents are stopped at the next start: %s", error, extra={"action": "demo.interrupted"}
            )
        finally:
            self.connection.close()
