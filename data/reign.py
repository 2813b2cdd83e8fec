"""What a leader does with its time: folds, rests, sleeps until a writer rings, and the chores between.

Asleep, it holds the doorbell's lock, which tells writers that they have to ring. It takes that lock with a
try only, which fails while a writer that stayed silent has yet to commit, and folds once more with the lock
in hand. So no commit can fall between the last look and the sleep.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import Connection, IsolationLevel
from psycopg.rows import TupleRow

from data.constants import DOORBELL_CHANNEL, DOORBELL_LOCK, LEADER_LOCK
from data.engine import KEEPALIVE
from data.history import count_history
from data.locks import PLAIN_TRANSACTIONS
from data.tailor import Tailor

logger = logging.getLogger(__name__)

REST_FOLDS = 4.2  # times as long as a fold took: with what is done around it, folding takes a fifth of the time at most
HEARTBEAT_SECONDS = 1.0
WAKE_SECONDS = 0.25  # asleep, how often to see whether the process is stopping
SILENT_WRITER_SECONDS = 0.1  # while one keeps us awake, an empty fold this often
IDLE_SECONDS = 0.05  # where it may not sleep, an empty fold this often
HISTORY_SECONDS = 1.0
VACUUM_ROWS = 50_000
TABLES_SECONDS = 30.0
POOLED_SECONDS = 60.0  # then see whether it still is a pooler's connection

BEAT = """
    INSERT INTO creditpulse.leader AS l (name, beat_at, clean_at) VALUES (%s, clock_timestamp(), %s)
    ON CONFLICT (one) DO UPDATE SET name = excluded.name, beat_at = excluded.beat_at,
        clean_at = greatest(l.clean_at, excluded.clean_at)
"""


@dataclass(frozen=True)
class Fold:
    """What one call of `creditpulse.fold` did; `started` is by the database's clock, `seconds` go to its commit."""

    taken: int
    complete: bool
    version: int
    history: str
    started: datetime
    seconds: float

    @property
    def empty(self) -> bool:
        return self.complete and not self.taken


Observe = Callable[[Fold], object]


def ignore(_fold: Fold) -> None:
    """Nobody measures."""


class Reign:
    """`observe` is told of every fold."""

    def __init__(
        self,
        connection: Connection[TupleRow],
        url: str,
        name: str,
        interval_seconds: float,
        stopping: threading.Event,
        users_table: str | None = None,
        observe: Observe = ignore,
    ) -> None:
        self.connection = connection
        self.url = url
        self.name = name
        self.interval_seconds = interval_seconds
        self.stopping = stopping
        self.observe = observe
        self.tailor = Tailor(connection, users_table)
        # A transaction that rang cannot be prepared, so where transactions may be, nobody is made to ring.
        self.may_sleep = True
        self.count_at = 0.0  # the history once more, if need be
        self.clean_at: datetime | None = None
        self.beat_at = 0.0
        self.tables_at = time.monotonic()
        self.unvacuumed_rows = 0
        self.unrested_seconds = 0.0  # spent in folds, less what has been rested for
        self.folded_at = time.monotonic()
        self.vacuum: threading.Thread | None = None

    def begin(self) -> None:
        self.connection.execute(PLAIN_TRANSACTIONS)
        self.may_sleep = scalar(self.connection, "SELECT current_setting(%s)", "max_prepared_transactions") == "0"
        self.connection.execute(f"LISTEN {DOORBELL_CHANNEL}")
        self.beat()
        self.tailor.fits()

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                fold = self.fold()
                self.beat_when_due()
                if fold.history != "complete":
                    self.count_history()
                elif fold.empty and self.may_sleep and not self.sleep():
                    self.recover(SILENT_WRITER_SECONDS)
                else:
                    self.vacuum_when_due()
                    self.look_for_tables_when_due()
                    idle = fold.empty and not self.may_sleep
                    self.recover(IDLE_SECONDS if idle else self.interval_seconds)
        finally:
            if self.vacuum is not None:
                self.vacuum.join()

    def fold(self) -> Fold:
        began = time.monotonic()
        rested = (began - self.folded_at) / REST_FOLDS
        row = self.connection.execute(
            "SELECT taken, complete, version, history, started FROM creditpulse.fold()"
        ).fetchone()
        assert row is not None  # noqa: S101 a function with OUT parameters gives one row
        self.folded_at = time.monotonic()
        taken, complete, version, history, started = row
        fold = Fold(taken, complete, version, history, started, self.folded_at - began)
        self.unvacuumed_rows += fold.taken
        self.unrested_seconds = max(0.0, self.unrested_seconds - rested) + fold.seconds
        if fold.complete:
            self.clean_at = fold.started
        self.observe(fold)
        return fold

    def recover(self, least_seconds: float) -> None:
        """Rests for every fold so far, those around a sleep that found nothing included."""
        self.rest(max(REST_FOLDS * self.unrested_seconds, least_seconds))

    def sleep(self) -> bool:
        """Sleeps until there is something to fold, and folds it; False where a silent writer has yet to commit, so
        that sleep is not safe.

        Who rang is served before the lock is let go: meanwhile others ring too, which a moment's writers can afford,
        and whoever waits for this fold has it a round trip sooner.
        """
        if not scalar(self.connection, "SELECT pg_try_advisory_lock(%s)", DOORBELL_LOCK):
            return False
        while self.fold().empty and not self.stopping.is_set():
            self.beat_when_due()
            self.look_for_tables_when_due()
            self.wait_for_ring(HEARTBEAT_SECONDS)
        self.connection.execute("SELECT pg_advisory_unlock(%s)", (DOORBELL_LOCK,))
        return True

    def wait_for_ring(self, seconds: float) -> None:
        """Waits for the doorbell, or for the process to stop, or for the time to pass."""
        end = time.monotonic() + seconds
        while not self.stopping.is_set() and time.monotonic() < end:
            if any(self.connection.notifies(timeout=WAKE_SECONDS, stop_after=1)):
                return

    def rest(self, seconds: float) -> None:
        """With the heart beating also through a long rest."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.stopping.wait(min(left, HEARTBEAT_SECONDS)):
            self.beat_when_due()

    def beat_when_due(self) -> None:
        if time.monotonic() - self.beat_at >= HEARTBEAT_SECONDS * 0.9:
            self.beat()

    def beat(self) -> None:
        self.beat_at = time.monotonic()
        self.connection.execute(BEAT, (self.name, self.clean_at))

    def count_history(self) -> None:
        """Takes over where a migration was cut off, or where something that was missed needs everything counted anew;
        as folds, in a fifth of the time at most."""
        began = time.monotonic()
        if began < self.count_at or not self.tailor.fits(anew=True):
            self.rest(HISTORY_SECONDS)
        elif count_history(self.url, lambda _done, _total: self.beat_when_due(), patience_seconds=HISTORY_SECONDS):
            self.count_at = time.monotonic() + REST_FOLDS * (time.monotonic() - began)
            logger.info("the history is counted", extra={"action": "history.complete"})
        else:
            self.beat_when_due()

    def vacuum_when_due(self) -> None:
        if self.unvacuumed_rows >= VACUUM_ROWS and not (self.vacuum and self.vacuum.is_alive()):
            self.unvacuumed_rows = 0
            self.vacuum = threading.Thread(target=vacuum_queue, args=(self.url,), name="vacuum", daemon=True)
            self.vacuum.start()

    def look_for_tables_when_due(self) -> None:
        if time.monotonic() - self.tables_at >= TABLES_SECONDS:
            self.tables_at = time.monotonic()
            self.tailor.look()


class PooledReign(Reign):
    """Behind a transaction pooler: no session lock survives a transaction, and no doorbell is heard.

    Each fold is a transaction that holds the leader's lock for its own length, so candidates take turns and
    never wait; nobody ever holds the doorbell's lock, so writers stay silent.
    """

    def begin(self) -> None:
        self.connection.isolation_level = IsolationLevel.READ_COMMITTED
        self.connection.read_only = False
        logger.warning(
            "the database URL is a transaction pooler: polling; set CREDITPULSE_LISTEN_URL to a direct connection",
            extra={"action": "leader.pooled"},
        )

    def run(self) -> None:
        end = time.monotonic() + POOLED_SECONDS
        told = False
        while not self.stopping.is_set() and time.monotonic() < end:
            began = time.monotonic()
            with self.connection.transaction():
                if scalar(self.connection, "SELECT pg_try_advisory_xact_lock(%s)", LEADER_LOCK):
                    fold = self.fold()
                    self.beat_when_due()
                    if fold.history != "complete" and not told:
                        told = True
                        logger.warning(
                            "the history is not counted; run `python app.py migrate` directly",
                            extra={"action": "history.needed"},
                        )
            self.rest(max(REST_FOLDS * (time.monotonic() - began), self.interval_seconds, SILENT_WRITER_SECONDS))


def vacuum_queue(url: str) -> None:
    """Makes the room of folded rows usable again; autovacuum comes once a minute, which is too rarely here.

    The room stays with the table: to give it back takes a lock that writers would wait for.
    """
    try:
        with psycopg.connect(url, autocommit=True, application_name="creditpulse vacuum", **KEEPALIVE) as connection:
            connection.execute("VACUUM (SKIP_LOCKED, PARALLEL 0, TRUNCATE false) creditpulse.changes")
    except psycopg.Error as error:
        logger.warning("vacuum failed: %s", str(error).split("\n")[0], extra={"action": "vacuum.failed"})


def scalar(connection: Connection[TupleRow], statement: str, value: object) -> object:
    row = connection.execute(statement, (value,)).fetchone()
    return row[0] if row else None
