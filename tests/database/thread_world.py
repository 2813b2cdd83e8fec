"""A small platform with threads of every kind, and what a list of them must show: by plain Python on the raw tables."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from data.thread_query import ThreadQuery
from data.viewer import Viewer
from tests.database.workload import Writer, add_call, add_run, add_thread, add_user, fold, uid

PEOPLE = ("alice", "bob", "carol", "dave")
MODELS = ("opus", "sonnet", "")
TITLES = ("Invoices", "Sort the invoices", "Paint 100% of it", "Ünïcode", "", "Data_migration")
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Thread:
    """As the raw tables have it: `owner` None without one, `there` whether it has a row of its own."""

    thread_id: UUID
    there: bool
    owner: UUID | None
    title: str
    project: str | None
    created_at: datetime
    running: bool = False
    calls: list[tuple[UUID | None, Decimal, int, str, datetime]] = field(default_factory=list)

    @property
    def cost(self) -> Decimal:
        return sum((call[1] for call in self.calls), Decimal(0))

    @property
    def tokens(self) -> int:
        return sum(call[2] for call in self.calls)

    @property
    def last_at(self) -> datetime | None:
        return max((call[4] for call in self.calls), default=None)

    @property
    def spenders(self) -> set[UUID | None]:
        return {call[0] for call in self.calls}


def build(writer: Writer, seed: int) -> dict[UUID, str]:
    """Fills the tables: some of it folded, some queued, some deleted again. Returns people's names by id."""
    chance = random.Random(seed)
    people = {add_user(writer, name, shown=name.title()): name for name in PEOPLE}
    for number in range(3):
        writer.execute(
            "INSERT INTO projects (project_id, name, account_id) VALUES (%s, %s, %s)",
            (uid(f"project {number}"), f"Project {number} of invoices"[: 9 + number * 12], uid("alice")),
        )
    for number in range(30):
        make_thread(writer, chance, f"thread {number}")
    writer.execute("DELETE FROM usage_logs WHERE estimated_cost = 0.32")
    fold(writer)  # which times of last calls have to wait for
    for number in range(20, 40):
        make_thread(writer, chance, f"thread {number}")
    if chance.random() < 0.5:
        fold(writer)
    return people


def make_thread(writer: Writer, chance: random.Random, name: str) -> None:
    there = writer.execute("SELECT 1 FROM threads WHERE thread_id = %s", (uid(name),)).fetchone()
    if not there and chance.random() < 0.8:
        owner = uid(chance.choice(PEOPLE)) if chance.random() < 0.85 else None
        add_thread(writer, name, owner, **{chance.choice(("title", "name")): chance.choice(TITLES)})
        if chance.random() < 0.5:
            writer.execute(
                "UPDATE threads SET project_id = %s WHERE thread_id = %s",
                (uid(f"project {chance.randrange(3)}"), uid(name)),
            )
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = datetime.now(UTC) - timedelta(minutes=chance.choice((1, 5, 90, 3000, 60_000)) + chance.random())
        user = uid(chance.choice(PEOPLE)) if chance.random() < 0.8 else None
        cost = chance.choice(("0", "0.1", "0.32", "1.25", "-0.5"))
        add_call(writer, uid(name), user, cost=cost, at=at.isoformat(), model=chance.choice(MODELS))
    if chance.random() < 0.2:
        add_run(writer, uid(name), status=chance.choice(("running", "completed")))


def threads(writer: Writer) -> list[Thread]:
    """Every thread that the raw tables know."""
    found: dict[UUID, Thread] = {}
    rows = writer.execute(
        "SELECT t.thread_id, t.account_id, coalesce(t.metadata->>'title', t.metadata->>'name', ''), p.name,"
        " t.created_at, EXISTS (SELECT FROM agent_runs r WHERE r.thread_id = t.thread_id AND r.status = 'running')"
        " FROM threads t LEFT JOIN projects p USING (project_id)"
    )
    for thread_id, owner, title, project, created_at, running in rows:
        found[thread_id] = Thread(thread_id, True, owner, title, project, created_at, running)
    calls = writer.execute(
        "SELECT thread_id, user_id, estimated_cost, total_tokens, coalesce(content->>'model', ''), created_at,"
        " EXISTS (SELECT FROM agent_runs r WHERE r.thread_id = u.thread_id AND r.status = 'running') FROM usage_logs u"
    )
    for thread_id, user, cost, tokens, model, at, running in calls:
        thread = found.setdefault(thread_id, Thread(thread_id, False, None, "", None, EVER, running))
        thread.calls.append((user, cost, tokens, model, at))
    return list(found.values())


def listed(writer: Writer, viewer: Viewer, query: ThreadQuery, people: dict[UUID, str], now: datetime) -> list[UUID]:
    """Which threads a list must have, in its order."""
    fitting = [one for one in threads(writer) if may_see(viewer, one) and fits(one, query, people, now)]
    return [one.thread_id for one in sorted(fitting, key=lambda one: place(one, query))]


def may_see(viewer: Viewer, thread: Thread) -> bool:
    if viewer.staff:
        return True
    return thread.owner in viewer.accounts if thread.there else thread.spenders <= set(viewer.accounts)


def fits(thread: Thread, query: ThreadQuery, people: dict[UUID, str], now: datetime) -> bool:
    scope = None if query.scope == "all" else UUID(query.scope)
    return (
        (scope is None or scope == thread.owner or scope in thread.spenders)
        and (query.running is None or query.running == thread.running)
        and (query.model is None or query.model in {call[3] for call in thread.calls})
        and (query.least is None or thread.cost >= query.least)
        and (query.below is None or thread.cost < query.below)
        and (query.within is None or (thread.last_at or EVER) >= now - query.within)
        and (query.since is None or (thread.last_at is not None and thread.last_at < now - query.since))
        and (not query.search or query.search.lower() in words(thread, people))
    )


def words(thread: Thread, people: dict[UUID, str]) -> str:
    named = [thread.owner] if thread.owner else list(thread.spenders)
    emails = [f"{people[one]}@example.com\n{people[one]}" for one in named if one in people]
    return "\n".join((thread.title, thread.project or "", *emails)).lower()


def place(thread: Thread, query: ThreadQuery) -> tuple[Any, ...]:
    """Parts first, then what is sorted by, then the id; all in the direction of the order."""
    name, down = query.sort.removeprefix("-"), query.sort.startswith("-") or not query.sort
    sign = -1 if down else 1
    if name == "id":
        return (sign * thread.thread_id.int,)
    seconds = Decimal(round(((thread.last_at or EVER) - EVER) / timedelta(microseconds=1)))
    key = {"cost": thread.cost, "calls": len(thread.calls), "tokens": thread.tokens}.get(name, seconds)
    if not thread.calls:
        key = Decimal(round((thread.created_at - EVER) / timedelta(microseconds=1)))
    part = (0 if thread.calls else 1) if thread.running and not query.sort else (2 if thread.calls else 3)
    return (part, sign * key, sign * thread.thread_id.int)
