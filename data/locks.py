"""Connections that may take their time beside writers, and locks that writers need too: waited for in short tries."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from data.engine import KEEPALIVE
from data.errors import UnavailableError

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_MS = 200  # no writer ever queues behind our wait for the lock for longer
LOCK_TRIES = 300
FROZEN_MS = 5000

# Whatever the role's own defaults are: nothing of ours may fail over what writers do meanwhile, or be forbidden.
PLAIN_TRANSACTIONS = """
    SET default_transaction_isolation = 'read committed';
    SET default_transaction_read_only = off
"""


@contextmanager
def patient(url: str) -> Iterator[Connection[TupleRow]]:
    """A connection whose statements may take as long as they need, whatever the role's own defaults are."""
    with psycopg.connect(url, autocommit=True, application_name="creditpulse migrate", **KEEPALIVE) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET lock_timeout = 0")
        connection.execute(PLAIN_TRANSACTIONS)
        yield connection


@contextmanager
def locked(
    connection: Connection[TupleRow], tables: list[str], isolation: str = "READ COMMITTED", tries: int | None = None
) -> Iterator[None]:
    """A transaction that holds the tables' write lock, which it waited for in short tries only.

    Raises UnavailableError when a long transaction never lets go of a table.
    """
    for attempt in range(LOCK_TRIES if tries is None else tries):
        connection.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
        try:
            connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}".encode())
            # Writers wait for us now: the server ends us where this process freezes, or its network is cut.
            connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = {FROZEN_MS}".encode())
            connection.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE".encode())
        except psycopg.errors.LockNotAvailable:
            connection.execute("ROLLBACK")
            if attempt == 0:
                logger.info("waiting for the write lock of %s", ", ".join(tables), extra={"action": "lock.wait"})
            time.sleep(random.uniform(0.05, 0.4))  # noqa: S311
            continue
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return
    raise UnavailableError(
        f"{', '.join(tables)} stayed locked by other transactions; end the long ones (see pg_stat_activity) "
        "and run `python app.py migrate` again"
    )
