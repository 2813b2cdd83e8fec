"""An account whose agents work on two threads, and whose true totals are known, from when on."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from uuid import UUID, uuid4

from tests.faults.ledger import Entry, Ledger

SHORTEST_SECONDS, LONGEST_SECONDS = 0.05, 0.2  # between two calls
PERSON = "INSERT INTO users (id, email, name) VALUES (%s, %s, %s)"
THREAD = "INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)"


class Spending(Ledger):
    """Pays calls of either thread at random moments while it runs. Times are the wall clock's."""

    def __init__(self, url: str, chance: random.Random) -> None:
        super().__init__(url)
        self.chance = chance
        self.threads = [self.thread_id, uuid4()]
        self.connected().execute(PERSON, (self.account, f"{self.account}@example.com", f"Account {self.account}"))
        for thread in self.threads:
            self.connected().execute(THREAD, (thread, self.account))
        self.books = {topic: [Entry(time.time(), Decimal(0))] for topic in self.topics}
        for thread in self.threads:
            self.pay_for(thread)

    @property
    def topics(self) -> list[str]:
        return [f"nav:{self.account}", *(f"thread:{thread}" for thread in self.threads)]

    def entries_of(self, topic: str) -> list[Entry]:
        return list(self.books[topic])

    def cost(self, topic: str) -> Decimal:
        return self.books[topic][-1].cost

    def pay_for(self, thread: UUID) -> None:
        self.thread_id = thread
        self.pay()

    def enter(self, cost: Decimal) -> Entry:
        at = time.time()
        for topic in (f"nav:{self.account}", f"thread:{self.thread_id}"):
            self.books[topic].append(Entry(at, self.books[topic][-1].cost + cost))
        return self.books[f"nav:{self.account}"][-1]

    def run(self) -> None:
        while not self.stopping.wait(self.chance.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)):
            self.pay_for(self.chance.choice(self.threads))
