"""A writer that remembers what the true totals were, and from when on, whatever happens to its connection."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID, uuid4

import psycopg

PAUSE_SECONDS = 0.03

CALL = """
    INSERT INTO usage_logs (id, user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens,
        estimated_cost)
    VALUES (%s, %s, %s, 5, 2, 7, %s) ON CONFLICT (id) DO NOTHING
"""
WIDE_PERIOD = """
    INSERT INTO creditpulse.subscriptions (user_id, plan, credits_included, period_start, period_end)
    VALUES (%s, 'Team', 100000, now() - interval '1 day', now() + interval '20 days')
"""
MONTH_TO_DATE = """
    SELECT coalesce(sum(estimated_cost), 0) FROM usage_logs
    WHERE created_at >= date_trunc('month', now(), 'UTC')
"""


@dataclass(frozen=True)
class Entry:
    """From `at` on, at the latest, `cost` was a topic's total."""

    at: float
    cost: Decimal


class Books(Protocol):
    """What is known of the true totals: every one that a topic ever had, in order, the first from the beginning."""

    @property
    def topics(self) -> list[str]: ...

    def entries_of(self, topic: str) -> list[Entry]: ...


class Ledger:
    """Pays one call after the other, of one thread of one account, while it runs; nobody else writes meanwhile."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.account, self.thread_id = uuid4(), uuid4()
        self.entries = [Entry(time.monotonic(), Decimal(0))]
        self.connection: psycopg.Connection[Any] | None = None
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None
        self.connected().execute(WIDE_PERIOD, (self.account,))
        row = self.connected().execute(MONTH_TO_DATE).fetchone()
        # What all accounts together had before.
        self.before: Decimal = row[0] if row else Decimal(0)

    @property
    def topic(self) -> str:
        return f"thread:{self.thread_id}"

    @property
    def topics(self) -> list[str]:
        return [self.topic, f"nav:{self.account}", "nav:all"]

    def entries_of(self, topic: str) -> list[Entry]:
        before = self.before if topic == "nav:all" else Decimal(0)
        return [Entry(entry.at, before + entry.cost) for entry in self.entries]

    @property
    def total(self) -> Decimal:
        return self.entries[-1].cost

    def connected(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            self.connection = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
        return self.connection

    def pay(self) -> Entry:
        """Commits one call. Where a commit's answer is lost, the same call again; it has an id of its own."""
        call, cost = uuid4(), some_cost()
        while True:
            try:
                self.connected().execute(CALL, self.values(call, cost))
            except psycopg.OperationalError:
                if self.stopping.wait(0.05):
                    raise
            else:
                return self.enter(cost)

    def values(self, call: UUID, cost: Decimal) -> tuple[UUID, UUID, UUID, Decimal]:
        return call, self.account, self.thread_id, cost

    def enter(self, cost: Decimal) -> Entry:
        self.entries.append(Entry(time.monotonic(), self.total + cost))
        return self.entries[-1]

    def start(self) -> None:
        self.thread = threading.Thread(target=self.run, name="ledger")
        self.thread.start()

    def run(self) -> None:
        while not self.stopping.wait(PAUSE_SECONDS):
            self.pay()

    def stop(self) -> None:
        """From then on the total stands."""
        self.stopping.set()
        if self.thread is not None:
            self.thread.join()
        self.thread = None
        self.stopping.clear()

    def close(self) -> None:
        self.stop()
        if self.connection is not None:
            self.connection.close()


def some_cost() -> Decimal:
    """Dollars to the micro-dollar, so odd that a sum which leaves out or repeats a call is no true total by chance."""
    return Decimal(random.randrange(1, 500_000)) / 1_000_000
