"""A replay under the test's control, and the true totals as it goes on."""

from __future__ import annotations

import csv
import random
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Self

import psycopg

from data.replay import ReplayProgress, replay_file
from tests.faults.ledger import Entry, some_cost
from tests.servers import START_SECONDS, wait_until

SESSIONS = 8
ARRIVAL_SECONDS = 10.0  # spread over more than a minute, so that the replay keeps these times
CALL_SECONDS = 1.0
SPEED = 60.0

THREADS = "SELECT metadata->>'name', thread_id FROM threads"


class HeldClock:
    """Starts at 0 when first looked at; goes as time does up to `limit`, and stands there until that is raised."""

    def __init__(self) -> None:
        self.limit = 0.0
        self.value = 0.0
        self.looked_at: float | None = None

    def __call__(self) -> float:
        now = time.monotonic()
        passed = now - (self.looked_at or now)
        self.looked_at = now
        self.value = min(self.value + passed, max(self.limit, self.value))
        return self.value


def write_trace(path: Path, calls: int, call_seconds: float) -> list[tuple[str, Decimal]]:
    """A recording of sessions that begin one after the other, and go on side by side; each call's session and cost."""
    names = [f"session {number}" for number in range(SESSIONS)]
    sessions = names + random.choices(names, k=calls - SESSIONS)
    written = [(session, some_cost()) for session in sessions]
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["t_seconds", "session_id", "user", "model", "prompt_tokens", "completion_tokens", "cost"])
        for number, (session, cost) in enumerate(written):
            at = number * ARRIVAL_SECONDS if number < SESSIONS else SESSIONS * ARRIVAL_SECONDS + number * call_seconds
            rows.writerow([at, session, "ann@example.com", "a-model", 100, 10, cost])
    return written


class Replaying:
    """`topics` are those of every session's thread, once all have begun, and everybody's total.

    It plays SPEED calls in so many seconds as `call_seconds` says.
    """

    def __init__(self, url: str, folder: Path, calls: int, call_seconds: float = CALL_SECONDS) -> None:
        self.url = url
        self.call_seconds = call_seconds
        self.file = folder / "trace.csv"
        self.written = write_trace(self.file, calls, call_seconds)
        self.clock = HeldClock()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="replay")
        self.began = time.monotonic()
        self.committed: list[float] = []  # when each call was, at the latest
        self.threads: dict[str, str] = {}

    def run(self) -> None:
        replay_file(self.url, self.file, speed=SPEED, progress=self.heed, clock=self.clock, wait=self.stopping.wait)

    def heed(self, progress: ReplayProgress) -> None:
        self.committed += [time.monotonic()] * (progress.calls - len(self.committed))

    @property
    def calls(self) -> int:
        return len(self.committed)

    def __enter__(self) -> Self:
        self.thread.start()
        try:
            self.begin_sessions()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin_sessions(self) -> None:
        self.play_until(SESSIONS)
        wait_until(lambda: self.calls >= SESSIONS, "every session to begin", START_SECONDS)
        with psycopg.connect(self.url) as connection:
            self.threads = {name: str(thread_id) for name, thread_id in connection.execute(THREADS)}

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join()

    def play_until(self, calls: int) -> None:
        """Lets it go on up to this call."""
        self.clock.limit = (SESSIONS * ARRIVAL_SECONDS + (calls - 0.5) * self.call_seconds) / SPEED

    def finish(self) -> None:
        self.clock.limit = float("inf")
        self.thread.join(timeout=60)
        assert self.calls == len(self.written)

    @property
    def topics(self) -> list[str]:
        return ["nav:all", *(f"thread:{thread_id}" for thread_id in self.threads.values())]

    def entries_of(self, topic: str) -> list[Entry]:
        names = {f"thread:{thread_id}": name for name, thread_id in self.threads.items()}
        entries = [Entry(self.began, Decimal(0))]
        for at, (session, cost) in zip(self.committed, self.written, strict=False):
            if topic == "nav:all" or session == names[topic]:
                entries.append(Entry(at, entries[-1].cost + cost))
        return entries
