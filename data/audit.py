"""Who looked at what, took it out, changed something or was refused: kept in `creditpulse.audit`, which only grows.

Entries wait in memory for less than a second and are written together, by a thread of their own, so that no request
waits for them. What happens again and again is one entry with a number.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from data.errors import InputError

logger = logging.getLogger(__name__)

VIEWED, EXPORTED, CHANGED, REFUSED, SIGNED_IN, SIGNED_OUT, LOST = ACTIONS = (
    "viewed", "exported", "changed", "refused", "signed in", "signed out", "lost",
)  # fmt: skip

WRITE_SECONDS = 0.5
WRITE_AT_ONCE = 1_000  # entries, after which nobody waits for the clock
MOST_WAITING = 20_000  # different ones; more are counted, and the number is written
MOST_A_MINUTE = 3_000  # different ones of a person; more are kept without what they were about, and so are few
AGAIN_SECONDS = 600.0  # a look at the same within this is the same look
MOST_LOOKS = 50_000
LAST_TRIES = 3  # to write what waits when the server ends
STOP_SECONDS = 2.0
MANY = "many"
LONGEST = 200  # characters of a field

INSERT = text(
    "INSERT INTO creditpulse.audit (at, person, action, kind, subject, way, address, times)"
    " SELECT now() - make_interval(secs => age), person, action, kind, subject, way, address, times"
    " FROM unnest(cast(:ages AS float8[]), cast(:people AS text[]), cast(:actions AS text[]), cast(:kinds AS text[]),"
    " cast(:subjects AS text[]), cast(:ways AS text[]), cast(:addresses AS text[]), cast(:times AS int[]))"
    " AS t (age, person, action, kind, subject, way, address, times) ORDER BY age DESC"
)


class Entry(NamedTuple):
    """`kind` and `subject` name what it was about (thread, account, export …), `way` how it was come by.

    None of them has content or secrets in it.
    """

    person: str
    action: str
    kind: str = ""
    subject: str = ""
    way: str = ""
    address: str = ""


class Waiting(NamedTuple):
    since: float
    times: int


class Audit:
    """A background thread that writes what `note` is told; `stop` writes what is left."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self.clock = clock
        self.lock = threading.Lock()
        self.waiting: dict[Entry, Waiting] = {}
        self.looks: dict[Entry, float] = {}
        self.lost = 0
        self.minute = 0
        self.noted: Counter[str] = Counter()
        self.due = threading.Event()
        self.ending = threading.Event()
        self.thread: threading.Thread | None = None

    def note(self, entry: Entry) -> None:
        """Never waits for the database, and never fails the request that it is about."""
        entry = Entry(*(written(part) for part in entry))
        with self.lock:
            if entry.action == VIEWED and self.seen_lately(entry):
                return
            known = self.waiting.get(entry)
            if known is None and self.has_had_enough(entry.person):
                entry = entry._replace(subject=MANY)
                known = self.waiting.get(entry)
            if known is None and len(self.waiting) >= MOST_WAITING:
                self.lost += 1
                return
            self.waiting[entry] = Waiting(known.since, known.times + 1) if known else Waiting(self.clock(), 1)
            if len(self.waiting) >= WRITE_AT_ONCE:
                self.due.set()

    def has_had_enough(self, person: str) -> bool:
        """Whether this person's entries of this minute are so many that they would push out everybody else's."""
        minute = int(self.clock() // 60)
        if minute != self.minute:
            self.minute, self.noted = minute, Counter()
        self.noted[person] += 1
        return self.noted[person] > MOST_A_MINUTE

    def seen_lately(self, entry: Entry) -> bool:
        """Whether the same person looks at the same again, whichever way."""
        look, now = entry._replace(way="", address=""), self.clock()
        if now < self.looks.get(look, 0.0):
            return True
        if len(self.looks) >= MOST_LOOKS:
            self.looks = {one: until for one, until in self.looks.items() if until > now}
            if len(self.looks) >= MOST_LOOKS:
                self.looks.clear()
        self.looks[look] = now + AGAIN_SECONDS
        return False

    def start(self) -> None:
        self.thread = threading.Thread(target=self.run, name="audit", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.ending.set()
        self.due.set()
        if self.thread is not None:
            self.thread.join(STOP_SECONDS)
            if self.thread.is_alive():  # the database does not answer, and the server has to end
                logger.error("entries of the last moments were not kept", extra={"action": "audit.lost"})
        self.engine.dispose()

    def run(self) -> None:
        while not self.ending.is_set():
            self.due.wait(WRITE_SECONDS)
            self.due.clear()
            if not self.write():
                self.ending.wait(2 * WRITE_SECONDS)
        for _ in range(LAST_TRIES):
            if self.write():
                return
        logger.error("%d entries were not kept", len(self.waiting) + self.lost, extra={"action": "audit.lost"})

    def write(self) -> bool:
        """Whether nothing waits any more; what could not be written waits on."""
        with self.lock:
            batch, self.waiting = self.waiting, {}
            lost, self.lost = self.lost, 0
        if lost:
            batch[Entry("creditpulse", LOST)] = Waiting(self.clock(), lost)
        if not batch:
            return True
        try:
            with self.engine.begin() as connection:
                connection.execute(INSERT, columns_of(batch, self.clock()))
        except (SQLAlchemyError, OSError) as error:
            logger.warning("%d entries wait: %s", len(batch), type(error).__name__, extra={"action": "audit.waits"})
            self.put_back(batch)
            return False
        if lost:
            logger.error("%d entries were not kept", lost, extra={"action": "audit.lost"})
        return True

    def put_back(self, batch: dict[Entry, Waiting]) -> None:
        with self.lock:
            self.lost += batch.pop(Entry("creditpulse", LOST), Waiting(0, 0)).times
            for entry, waiting in self.waiting.items():
                known = batch.get(entry)
                if known is None and len(batch) >= MOST_WAITING:
                    self.lost += waiting.times
                else:
                    batch[entry] = Waiting(known.since, known.times + waiting.times) if known else waiting
            self.waiting = batch


def columns_of(batch: dict[Entry, Waiting], now: float) -> dict[str, list[object]]:
    fields = list(zip(*batch, strict=True))
    names = ("people", "actions", "kinds", "subjects", "ways", "addresses")
    columns: dict[str, list[object]] = {name: list(field) for name, field in zip(names, fields, strict=True)}
    ages: list[object] = [max(0.0, now - waiting.since) for waiting in batch.values()]
    return {**columns, "ages": ages, "times": [waiting.times for waiting in batch.values()]}


def written(part: str) -> str:
    """As PostgreSQL takes it, and no longer than a line."""
    return part[:LONGEST].encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


class AuditQuery(NamedTuple):
    """`person` is how the address begins; `hours` None for ever; `before` the last entry that is known."""

    person: str = ""
    action: str = ""
    hours: int | None = None
    before: int | None = None


class AuditRow(NamedTuple):
    id: int
    at: datetime
    person: str
    action: str
    kind: str
    subject: str
    way: str
    address: str
    times: int


def audit_rows(connection: Connection, query: AuditQuery, limit: int) -> list[AuditRow]:
    """The newest first. For staff only: whoever calls this has made sure of that. Raises InputError."""
    if query.action not in ("", *ACTIONS):
        raise InputError(f"{query.action[:40]!r} is no action; there are {', '.join(ACTIONS)}")
    conditions, values = ["true"], {"limit": limit}
    for condition, name, value in (
        ("person LIKE :person", "person", like(query.person.strip().lower()) if query.person.strip() else None),
        ("action = :action", "action", query.action or None),
        ("at >= now() - make_interval(hours => :hours)", "hours", query.hours),
        ("id < :before", "before", query.before),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value  # type: ignore[assignment]
    found = connection.execute(
        text(
            "SELECT id, at, person, action, kind, subject, way, address, times FROM creditpulse.audit"  # noqa: S608
            f" WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT :limit"
        ),
        values,
    )
    return [AuditRow(*row) for row in found]


def like(beginning: str) -> str:
    """A pattern of texts that begin so."""
    for sign in ("\\", "%", "_"):
        beginning = beginning.replace(sign, f"\\{sign}")
    return f"{beginning}%"
