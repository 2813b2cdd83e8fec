"""The audit on a real database: written off the request's way, bounded, never lost in silence, and never changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from data import audit as audit_module
from data.audit import AGAIN_SECONDS, CHANGED, EXPORTED, LOST, REFUSED, VIEWED, Audit, AuditQuery, Entry, audit_rows
from data.engine import make_engine
from data.errors import InputError

Connection = psycopg.Connection[tuple[Any, ...]]
LOOK = Entry("ann@example.com", VIEWED, "thread", "t", "page", "10.0.0.1")
REFUSAL = Entry("ben@example.com", REFUSED, "thread", "t", "page", "10.0.0.2")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def audit(database_url: str, clock: Clock) -> Iterator[Audit]:
    """Without its thread: what is noted waits until the test has it written."""
    engine = make_engine(database_url, 1)
    yield Audit(engine, clock)
    engine.dispose()


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT person, action, kind, subject, way, address, times FROM creditpulse.audit ORDER BY id"
    ).fetchall()


def test_what_is_noted_is_written_in_one_go(audit: Audit, connection: Connection) -> None:
    audit.note(LOOK)
    audit.note(REFUSAL)
    assert rows(connection) == []
    assert audit.write()
    assert rows(connection) == [(*LOOK, 1), (*REFUSAL, 1)]
    assert audit.write()
    assert len(rows(connection)) == 2


def test_the_time_is_that_of_the_deed(audit: Audit, connection: Connection, clock: Clock) -> None:
    audit.note(REFUSAL)
    clock.now += 30
    audit.write()
    age = connection.execute("SELECT extract(epoch FROM now() - at) FROM creditpulse.audit").fetchone()
    assert age is not None
    assert 30 <= age[0] < 35


def test_what_happens_again_and_again_is_one_entry_with_a_number(audit: Audit, connection: Connection) -> None:
    for _ in range(500):
        audit.note(REFUSAL)
    audit.write()
    assert rows(connection) == [(*REFUSAL, 500)]


def test_a_look_is_noted_once_in_ten_minutes_whichever_way(audit: Audit, connection: Connection, clock: Clock) -> None:
    audit.note(LOOK)
    audit.note(LOOK._replace(way="stream", address="10.0.0.9"))
    clock.now += AGAIN_SECONDS - 1
    audit.note(LOOK)
    audit.note(LOOK._replace(subject="another"))
    clock.now += 2
    audit.note(LOOK)
    audit.write()
    assert sorted((row[3], row[4], row[6]) for row in rows(connection)) == [("another", "page", 1), ("t", "page", 2)]


@pytest.mark.parametrize("action", [EXPORTED, CHANGED, REFUSED])
def test_everything_else_is_noted_each_time(audit: Audit, connection: Connection, action: str) -> None:
    for _ in range(3):
        audit.note(LOOK._replace(action=action))
        audit.write()
    assert len(rows(connection)) == 3


def test_without_a_database_entries_wait_and_are_added_up(
    audit: Audit, connection: Connection, database_url: str, clock: Clock
) -> None:
    audit.engine = make_engine("postgresql://nobody@127.0.0.1:1/none", 1)
    audit.note(REFUSAL)
    assert not audit.write()
    audit.note(REFUSAL)
    audit.note(LOOK)
    assert not audit.write()
    audit.engine = make_engine(database_url, 1)
    assert audit.write()
    audit.engine.dispose()
    assert rows(connection) == [(*REFUSAL, 2), (*LOOK, 1)]


def test_what_cannot_be_kept_is_counted_and_said(
    audit: Audit, connection: Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit_module, "MOST_WAITING", 3)
    for number in range(10):
        audit.note(REFUSAL._replace(subject=str(number)))
    with caplog.at_level(logging.ERROR):
        audit.write()
    assert [row[1] for row in rows(connection)].count(REFUSED) == 3
    assert [(row[0], row[6]) for row in rows(connection) if row[1] == LOST] == [("creditpulse", 7)]
    assert "7 entries were not kept" in caplog.text


def test_who_asks_for_ever_more_pushes_nobody_elses_entries_out(
    audit: Audit, connection: Connection, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "MOST_A_MINUTE", 3)
    for number in range(10):
        audit.note(REFUSAL._replace(person="eve", subject=str(number)))
    audit.note(REFUSAL._replace(person="ann", subject="1"))
    audit.write()
    kept = sorted((row[0], row[3], row[6]) for row in rows(connection))
    assert kept == [("ann", "1", 1), ("eve", "0", 1), ("eve", "1", 1), ("eve", "2", 1), ("eve", "many", 7)]
    clock.now += 60
    audit.note(REFUSAL._replace(person="eve", subject="11"))
    audit.write()
    assert "11" in {row[3] for row in rows(connection)}


def test_a_lost_number_is_not_lost_itself(
    audit: Audit, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "MOST_WAITING", 1)
    good, audit.engine = audit.engine, make_engine("postgresql://nobody@127.0.0.1:1/none", 1)
    for number in range(5):
        audit.note(REFUSAL._replace(subject=str(number)))
        audit.write()
    audit.engine = good
    audit.write()
    assert sum(row[6] for row in rows(connection)) == 5


def test_what_waits_when_the_server_ends_is_written(database_url: str, connection: Connection) -> None:
    audit = Audit(make_engine(database_url, 1))
    audit.start()
    audit.note(LOOK)
    audit.stop()
    assert rows(connection) == [(*LOOK, 1)]


def test_a_database_that_hangs_holds_no_server_back(
    database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "STOP_SECONDS", 0.2)
    audit, released = Audit(make_engine(database_url, 1)), threading.Event()
    audit.write = lambda: released.wait(30)  # type: ignore[method-assign]
    audit.start()
    with caplog.at_level(logging.ERROR):
        audit.stop()
    assert "were not kept" in caplog.text
    released.set()


def test_entries_do_not_wait_for_the_clock_when_there_are_many(
    database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "WRITE_SECONDS", 30.0)
    audit = Audit(make_engine(database_url, 1))
    written, write = threading.Event(), audit.write

    def telling() -> bool:
        done = write()
        written.set()
        return done

    audit.write = telling  # type: ignore[method-assign]
    audit.start()
    for number in range(audit_module.WRITE_AT_ONCE):
        audit.note(REFUSAL._replace(subject=str(number)))
    assert written.wait(10)
    audit.stop()
    assert len(rows(connection)) == audit_module.WRITE_AT_ONCE


@pytest.mark.parametrize("part", ["a\x00b", "\ud800", "x" * 1000, "'; DROP TABLE usage_logs; --", ""])
def test_any_text_can_be_noted(audit: Audit, connection: Connection, part: str) -> None:
    audit.note(Entry(part, REFUSED, part, part, part, part))
    assert audit.write()
    ((person, *_),) = rows(connection)
    assert len(person) <= audit_module.LONGEST


@pytest.mark.parametrize(
    "statement",
    ["UPDATE creditpulse.audit SET person = 'x'", "DELETE FROM creditpulse.audit", "TRUNCATE creditpulse.audit"],
)
def test_nothing_is_changed_or_taken_away(audit: Audit, connection: Connection, statement: str) -> None:
    audit.note(LOOK)
    audit.write()
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        connection.execute(statement.encode())
    assert len(rows(connection)) == 1


@pytest.fixture
def filled(audit: Audit, connection: Connection) -> None:
    for number in range(5):
        audit.note(Entry("ann@example.com", EXPORTED, "export", str(number)))
        audit.note(Entry("a%n@example.com", REFUSED, "thread", str(number)))
        audit.write()
    connection.execute(
        "INSERT INTO creditpulse.audit (at, person, action)"
        " VALUES (now() - interval '3 days', 'old@example.com', 'viewed')"
    )


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (AuditQuery(), 11),
        (AuditQuery("ANN@"), 5),
        (AuditQuery("a%"), 5),
        (AuditQuery("_"), 0),
        (AuditQuery(action=REFUSED), 5),
        (AuditQuery("ann", REFUSED), 0),
        (AuditQuery(hours=24), 10),
        (AuditQuery(hours=100), 11),
        (AuditQuery(before=1), 0),
    ],
)
def test_the_audit_is_narrowed_by_person_action_and_time(
    filled: None, engine: Engine, query: AuditQuery, count: int
) -> None:
    with engine.connect() as connection:
        assert len(audit_rows(connection, query, 100)) == count


def test_the_newest_come_first_and_the_rest_after_them(filled: None, engine: Engine) -> None:
    with engine.connect() as connection:
        everything = audit_rows(connection, AuditQuery(), 100)
        first = audit_rows(connection, AuditQuery(), 4)
        rest = audit_rows(connection, AuditQuery(before=first[-1].id), 100)
    assert first + rest == everything
    assert [row.id for row in everything] == sorted((row.id for row in everything), reverse=True)


def test_an_action_that_is_none_is_named(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(InputError, match="no action"):
        audit_rows(connection, AuditQuery(action="stolen"), 1)
