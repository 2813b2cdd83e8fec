"""Two customers and a member of staff on one platform, and words of each by which a leak is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import create_app
from settings import Settings
from tests.database.workload import add_call, add_run, add_thread, add_user, fold, uid

ANN, BEN, STAFF = "ann@example.com", "ben@example.com", "boss@staff.example"
PEER = ("127.0.0.1", 5)


@dataclass(frozen=True)
class Person:
    """A customer: their account, one thread with one call in it, and what only they and staff may read."""

    name: str
    account: UUID
    thread: UUID
    call: UUID
    called_at: str
    project: UUID
    secrets: tuple[str, ...]


def add_person(writer: psycopg.Connection[Any], name: str, cost: str) -> Person:
    """`cost` has to be no other person's: it is one of the secrets."""
    account = add_user(writer, name, shown=f"Shown {name}")
    thread = add_thread(writer, f"thread of {name}", account, title=f"Title {name}")
    project, call = uid(f"project of {name}"), uid(f"call of {name}")
    writer.execute(
        "INSERT INTO projects (project_id, name, account_id) VALUES (%s, %s, %s)", (project, f"Project {name}", account)
    )
    writer.execute("UPDATE threads SET project_id = %s WHERE thread_id = %s", (project, thread))
    add_call(writer, thread, account, cost=cost, call_id=call, model=f"model-{name}")
    add_run(writer, thread)
    writer.execute("INSERT INTO credit_usage (user_id, amount_dollars) VALUES (%s, 3)", (account,))
    writer.execute(
        "INSERT INTO creditpulse.subscriptions (user_id, plan, status, credits_included, period_start, period_end)"
        " VALUES (%s, %s, 'active', 1000, now() - interval '1 day', now() + interval '1 day')",
        (account, f"Plan {name}"),
    )
    secrets = (
        f"Plan {name}",
        f"Shown {name}",
        f"Title {name}",
        f"Project {name}",
        f"model-{name}",
        f"{name}@example.com",
        cost,
    )
    return Person(name, account, thread, call, called_at(writer, call), project, secrets)


def called_at(writer: psycopg.Connection[Any], call: UUID) -> str:
    row = writer.execute("SELECT created_at FROM usage_logs WHERE id = %s", (call,)).fetchone()
    assert row is not None
    return str(row[0].isoformat())


@dataclass(frozen=True)
class World:
    ann: Person
    ben: Person

    def leaked(self, text: str, own: Person | None) -> list[str]:
        """What stands in it that is not `own`'s."""
        others = [person for person in (self.ann, self.ben) if person is not own]
        return [secret for person in others for secret in person.secrets if secret in text]


def two_people(url: str) -> World:
    with psycopg.connect(url, autocommit=True) as writer:
        world = World(add_person(writer, "ann", "1.234567"), add_person(writer, "ben", "7.654321"))
        fold(writer)
    return world


@contextmanager
def serving(settings: Settings, change: Callable[[Starlette], None] | None = None) -> Iterator[TestClient]:
    """A client of the whole app, as a trusted proxy; errors come as answers."""
    app = create_app(settings)
    if change:
        change(app)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, client=PEER) as client:
        yield client
