"""The law of the queue: after any history of statements, rollups with queue equal the raw tables, at every step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from data.verify import differences

USERS = [None, "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"]
THREADS = [None, *(f"00000000-0000-0000-0000-0000000000b{n}" for n in range(4))]
TIMES = [
    "2026-11-01 00:00:00+00",
    "2026-11-01 00:14:59.999999+00",
    "2026-11-01 00:15:00+00",
    "2026-11-23 12:07:00+00",
    "0001-01-01 00:00:00+00",
    "infinity",
]
COSTS = ["0", "0.000001", "12.5", "-3.25", "NaN", "9999.999999"]
ISOLATIONS = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]
WRITERS = 3

# Threads of which some stretch of time, however short, costs more than all that was spent in them.
OVERSPENT = """
    SELECT t.thread_id, a.created_at, b.created_at
    FROM (SELECT thread_id, sum(spent) AS spent FROM creditpulse.exact_threads GROUP BY thread_id) t
    JOIN creditpulse.source_usage a ON a.thread_id = t.thread_id
    JOIN creditpulse.source_usage b ON b.thread_id = t.thread_id AND b.created_at >= a.created_at
    WHERE t.spent < (SELECT sum(c.cost) FROM creditpulse.source_usage c
        WHERE c.thread_id = t.thread_id AND c.created_at BETWEEN a.created_at AND b.created_at)
"""

Connection = psycopg.Connection[tuple[object, ...]]


class Histories(RuleBasedStateMachine):
    """Three writers in transactions of any isolation level, with savepoints and rollbacks, and a fold at any time."""

    make_database: Callable[..., str]
    template: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        url = self.make_database(self.template)
        self.writers = [self.connect(url) for _ in range(WRITERS)]
        self.reader = self.connect(url)
        for writer in self.writers:
            writer.execute("SET lock_timeout = '20ms'")
        self.reader.execute("SET lock_timeout = '20ms'")
        self.savepoints = [0] * WRITERS

    def connect(self, url: str) -> Connection:
        return self.stack.enter_context(psycopg.connect(url, autocommit=True))

    def teardown(self) -> None:
        for writer in self.writers:
            writer.execute("ROLLBACK")
        self.stack.close()

    def write(self, writer: int, statement: str, *values: object) -> None:
        """A statement that another writer's lock, or its snapshot, forbids is rolled back, as an application would."""
        try:
            self.writers[writer].execute(statement.encode(), values)
        except (
            psycopg.errors.LockNotAvailable,
            psycopg.errors.SerializationFailure,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.InFailedSqlTransaction,
        ):
            self.writers[writer].execute("ROLLBACK")
            self.savepoints[writer] = 0

    @initialize()
    def some_rows(self) -> None:
        self.writers[0].execute(
            "INSERT INTO usage_logs (user_id, thread_id, total_tokens, estimated_cost, created_at)"
            " SELECT %s, %s, n, n, '2026-11-02'::timestamptz + n * interval '7 min' FROM generate_series(1, 20) n",
            (USERS[1], THREADS[1]),
        )

    @rule(writer=st.integers(0, WRITERS - 1), isolation=st.sampled_from(ISOLATIONS))
    def begin(self, writer: int, isolation: str) -> None:
        if self.writers[writer].info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            self.writers[writer].execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
            self.write(writer, "SELECT count(*) FROM usage_logs")

    @rule(writer=st.integers(0, WRITERS - 1), outcome=st.sampled_from(["COMMIT", "COMMIT", "ROLLBACK"]))
    def end(self, writer: int, outcome: str) -> None:
        if self.writers[writer].info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.savepoints[writer] = 0
            self.write(writer, outcome)

    @rule(writer=st.integers(0, WRITERS - 1))
    def savepoint(self, writer: int) -> None:
        if self.writers[writer].info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            self.savepoints[writer] += 1
            self.write(writer, f"SAVEPOINT s{self.savepoints[writer]}")

    @rule(writer=st.integers(0, WRITERS - 1))
    def back_to_savepoint(self, writer: int) -> None:
        if self.savepoints[writer]:
            self.write(writer, f"ROLLBACK TO SAVEPOINT s{self.savepoints[writer]}")

    @rule(
        writer=st.integers(0, WRITERS - 1),
        user=st.sampled_from(USERS),
        thread=st.sampled_from(THREADS),
        cost=st.sampled_from(COSTS),
        at=st.sampled_from(TIMES),
        model=st.sampled_from([None, '{"model": "m"}', '"text"', "[1]", '{"model": {"a": 1}}']),
        rows=st.integers(1, 3),
    )
    def insert(
        self, writer: int, user: str | None, thread: str | None, cost: str, at: str, model: str | None, rows: int
    ) -> None:
        self.write(
            writer,
            "INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content,"
            " created_at) SELECT %s, %s, n, n, %s::numeric * (2 - n), %s, %s::timestamptz + n * interval '1 min'"
            " FROM generate_series(1, %s) n",
            user, thread, cost, model, at, rows,
        )  # fmt: skip

    @rule(writer=st.integers(0, WRITERS - 1), thread=st.sampled_from(THREADS[1:]), to=st.sampled_from(THREADS))
    def move(self, writer: int, thread: str, to: str | None) -> None:
        self.write(writer, "UPDATE usage_logs SET thread_id = %s, total_tokens = total_tokens + 1 WHERE thread_id = %s"
                   " AND total_tokens < 5", to, thread)  # fmt: skip

    @rule(
        writer=st.integers(0, WRITERS - 1),
        thread=st.sampled_from(THREADS[1:]),
        user=st.sampled_from(USERS),
        cost=st.sampled_from(COSTS),
        at=st.sampled_from(TIMES),
    )
    def change(self, writer: int, thread: str, user: str | None, cost: str, at: str) -> None:
        """Every second row of a thread gets another account, price and time, early ones included."""
        self.write(
            writer,
            "UPDATE usage_logs SET user_id = %s, estimated_cost = %s, created_at = %s WHERE thread_id = %s"
            " AND total_tokens %% 2 = 0",
            user, cost, at, thread,
        )  # fmt: skip

    @rule(writer=st.integers(0, WRITERS - 1), thread=st.sampled_from(THREADS[1:]), most=st.integers(0, 30))
    def delete(self, writer: int, thread: str, most: int) -> None:
        self.write(writer, "DELETE FROM usage_logs WHERE thread_id = %s AND total_tokens <= %s", thread, most)

    @rule(writer=st.integers(0, WRITERS - 1), table=st.sampled_from(["usage_logs", "credit_usage"]))
    def truncate(self, writer: int, table: str) -> None:
        self.write(writer, f"TRUNCATE {table}")

    @rule(writer=st.integers(0, WRITERS - 1), user=st.sampled_from(USERS[1:]), at=st.sampled_from(TIMES))
    def purchase(self, writer: int, user: str, at: str) -> None:
        self.write(
            writer, "INSERT INTO credit_usage (user_id, amount_dollars, created_at) VALUES (%s, 1.25, %s)", user, at
        )

    @rule(rows=st.sampled_from([1, 2, 20000]))
    def fold(self, rows: int) -> None:
        self.reader.execute("SELECT creditpulse.fold(%s)", (rows,))

    @invariant()
    def shown_equals_raw(self) -> None:
        # A table that is being truncated can be compared once that has ended.
        with suppress(psycopg.errors.LockNotAvailable):
            assert differences(self.reader) == []

    @invariant()
    def no_stretch_costs_more_than_was_spent(self) -> None:
        with suppress(psycopg.errors.LockNotAvailable):
            assert self.reader.execute(OVERSPENT).fetchall() == []


@pytest.fixture
def machine(make_database: Callable[..., str], template: str) -> type[Histories]:
    return type("BoundHistories", (Histories,), {"make_database": staticmethod(make_database), "template": template})


def test_any_history_of_statements_counts_exactly(machine: type[Histories]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
