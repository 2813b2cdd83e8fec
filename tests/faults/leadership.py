"""Who leads, and how soon changes are delivered again."""

from __future__ import annotations

import logging
import time

import psycopg

from tests.faults.ledger import Ledger
from tests.faults.watcher import Watcher
from tests.servers import AppServer, wait_until

logger = logging.getLogger(__name__)

TAKEOVER_SECONDS = 6.0


def leader_name(url: str) -> str:
    """Which process beats as the leader."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT name FROM creditpulse.leader").fetchone()
    return row[0] if row else ""


def leads(server: AppServer, url: str | None = None) -> bool:
    """`url` where the server's own way to the database may be cut."""
    return leader_name(url or server.url) == f"process {server.pid}"


def leader_first(servers: list[AppServer]) -> list[AppServer]:
    """The two servers; waits until one of them leads."""
    wait_until(lambda: any(leads(server) for server in servers), "one of the servers to lead")
    return sorted(servers, key=leads, reverse=True)


def await_takeover(new: AppServer, watcher: Watcher, ledger: Ledger, url: str | None = None) -> float:
    """The seconds until `new` leads and its page shows what was committed since; fails when it takes too long.

    A delivery alone proves nothing: a fold that the old leader had already asked for may yet come.
    """
    began = time.monotonic()
    wait_until(lambda: leads(new, url), "the other server to lead", TAKEOVER_SECONDS)
    await_delivery(watcher, ledger, time.monotonic())
    taken = time.monotonic() - began
    logger.info("taken over in %.2f s", taken)
    assert taken < TAKEOVER_SECONDS
    return taken


def await_delivery(watcher: Watcher, ledger: Ledger, since: float) -> float:
    """The seconds from `since` until the page shows something that was committed later."""
    wait_until(lambda: ledger.entries[-1].at > since, "a commit")
    first = next(entry for entry in ledger.entries if entry.at > since)
    wait_until(lambda: watcher.first_shown(ledger.topic, first.cost) is not None, "a later total", 30)
    return (watcher.first_shown(ledger.topic, first.cost) or 0) - since
