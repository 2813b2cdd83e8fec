"""The one among the app's processes that folds the queue; every process runs a candidate.

Leadership is a session lock plus a heartbeat: a leader that stops beating for three seconds has its backend
ended by the next. What a leader does with its time is in data/reign.py.
"""

from __future__ import annotations

import logging
import random
import threading
from uuid import uuid4

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from data.constants import HISTORY_LOCK, LEADER_LOCK
from data.engine import KEEPALIVE
from data.reign import Observe, PooledReign, Reign, ignore, scalar

logger = logging.getLogger(__name__)

HEARTBEAT_LOST_SECONDS = 3.0
WORKING_LOST_SECONDS = 120.0  # a backend that is busy with a statement is given this long
CANDIDATE_SECONDS = 0.5
SESSION_SECONDS = 2.0  # what a notification may take before the session counts as a pooler's


def held(lock: str, key: int) -> str:
    """The condition that a row of pg_locks is this advisory lock of our database, held by somebody."""
    return f"""{lock}.locktype = 'advisory' AND {lock}.granted
        AND {lock}.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND {lock}.classid = {key >> 32} AND {lock}.objid = {key & 0xFFFFFFFF} AND {lock}.objsubid = 1"""


# Ends the leader's backend where its heart has stopped; a backend at work is only slow, and so may be who counts
# the history, on other connections. The lock, not the heartbeat's row, says which backend it is.
END_LOST_LEADER = f"""
    SELECT pg_terminate_backend(a.pid)
    FROM pg_locks k
    JOIN pg_stat_activity a USING (pid)
    CROSS JOIN creditpulse.leader l
    WHERE {held("k", LEADER_LOCK)}
        AND (l.beat_at < clock_timestamp() - make_interval(secs => {WORKING_LOST_SECONDS})
            OR (l.beat_at < clock_timestamp() - make_interval(secs => {HEARTBEAT_LOST_SECONDS})
                AND (a.state <> 'active' OR a.wait_event_type = 'Client')
                AND NOT EXISTS (SELECT FROM pg_locks h WHERE {held("h", HISTORY_LOCK)} AND h.mode = 'ExclusiveLock')))
"""


class Leader:
    """A thread that competes for leadership at `url`, and folds while it has it.

    `interval_ms` is the shortest rest between two folds; `name` says in the heartbeat which process leads;
    `users_table` is as in the settings; `observe` is told of every fold.
    """

    def __init__(
        self, url: str, interval_ms: int, name: str, users_table: str | None = None, *, observe: Observe = ignore
    ) -> None:
        self.url = url
        self.interval_seconds = interval_ms / 1000
        self.name = name
        self.users_table = users_table
        self.observe = observe
        self.leading = threading.Event()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="leader", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self, timeout_seconds: float = 3.0) -> None:
        """Returns once the thread has ended, or after the timeout; the server then ends the session's locks."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(timeout_seconds)

    def run(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            try:
                self.stand()
                failures = 0
            except Exception as error:  # whatever it was, somebody has to go on folding
                failures += 1
                known = isinstance(error, (psycopg.Error, OSError))
                logger.warning(
                    "leadership lost: %s",
                    str(error).split("\n")[0],
                    exc_info=not known,
                    extra={"action": "leader.lost"},
                )
                self.stopping.wait(random.uniform(0.1, min(2.0, 0.2 * 2 ** min(failures, 5))))  # noqa: S311

    def stand(self) -> None:
        """One connection's life: wait to become leader, then lead until stopped or cut off."""
        with psycopg.connect(
            self.url, autocommit=True, application_name="creditpulse leader", **KEEPALIVE
        ) as connection:
            try:
                if not keeps_session(connection, self.url):
                    self.lead(self.reign(PooledReign, connection))
                    return
                while not self.stopping.is_set():
                    if elected(connection):
                        self.lead(self.reign(Reign, connection))
                        return
                    self.stopping.wait(CANDIDATE_SECONDS)
            finally:
                self.leading.clear()

    def reign(self, kind: type[Reign], connection: Connection[TupleRow]) -> Reign:
        return kind(
            connection, self.url, self.name, self.interval_seconds, self.stopping, self.users_table, self.observe
        )

    def lead(self, reign: Reign) -> None:
        logger.info("leading as %s", self.name, extra={"action": "leader.elected"})
        reign.begin()
        self.leading.set()
        reign.run()


def keeps_session(connection: Connection[TupleRow], url: str) -> bool:
    """Whether what is sent to this connection's session arrives: behind a transaction pooler it does not."""
    channel = f"creditpulse_session_{uuid4().hex}"
    connection.execute(f"LISTEN {channel}")
    with psycopg.connect(url, autocommit=True, **KEEPALIVE) as other:
        other.execute("SELECT pg_notify(%s, '')", (channel,))
    kept = any(notice.channel == channel for notice in connection.notifies(timeout=SESSION_SECONDS, stop_after=1))
    connection.execute(f"UNLISTEN {channel}")
    return kept


def elected(connection: Connection[TupleRow]) -> bool:
    if scalar(connection, "SELECT pg_try_advisory_lock(%s)", LEADER_LOCK):
        return True
    if connection.execute(END_LOST_LEADER).fetchall():
        logger.warning("ended a leader without a heartbeat", extra={"action": "leader.ended"})
        return bool(scalar(connection, "SELECT pg_try_advisory_lock(%s)", LEADER_LOCK))
    return False
