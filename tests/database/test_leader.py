"""Leadership and the doorbell: who folds, when it sleeps, what wakes it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from data.constants import DOORBELL_LOCK, HISTORY_LOCK, LEADER_LOCK
from data.leader import END_LOST_LEADER, Leader, elected
from data.migrate import migrate
from data.reign import Fold, Reign
from data.verify import differences
from tests.database.ledger import Connection, figure, thread_cost, write_call
from tests.pgbouncer import transaction_pooler
from tests.postgres import Postgres

PATIENCE_SECONDS = 20.0


@contextmanager
def candidate(url: str, name: str = "test") -> Iterator[Leader]:
    leader = Leader(url, 10, name)
    leader.start()
    try:
        yield leader
    finally:
        leader.stop(10)


@pytest.fixture
def leader(database_url: str) -> Iterator[Leader]:
    with candidate(database_url) as leader:
        assert leader.leading.wait(PATIENCE_SECONDS)
        yield leader


def until(condition: Callable[[], bool]) -> None:
    """Waits for the condition; fails after a generous while."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        pause.wait(0.01)


def queued(connection: Connection) -> int:
    return int(figure(connection, "SELECT count(*) FROM creditpulse.changes"))


def held(connection: Connection, key: int) -> bool:
    statement = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted
        AND classid::bigint = %s AND objid::bigint = %s
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    return figure(connection, statement, key >> 32, key & 0xFFFFFFFF) > 0


@pytest.mark.usefixtures("leader")
def test_what_is_committed_is_folded_without_being_asked(connection: Connection) -> None:
    write_call(connection, "2")
    until(lambda: queued(connection) == 0)
    assert thread_cost(connection) == 2


@pytest.mark.usefixtures("leader")
def test_a_sleeping_leader_is_woken_by_the_doorbell_not_by_its_clock(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.reign.HEARTBEAT_SECONDS", 3600)
    until(lambda: held(connection, DOORBELL_LOCK))
    for _ in range(20):
        write_call(connection)
        until(lambda: queued(connection) == 0)
        until(lambda: held(connection, DOORBELL_LOCK))


@pytest.mark.usefixtures("leader")
def test_a_silent_writer_keeps_the_leader_from_sleeping(connection: Connection, database_url: str) -> None:
    until(lambda: held(connection, DOORBELL_LOCK))
    with psycopg.connect(database_url, autocommit=True) as late:
        with late.transaction():
            write_call(connection)  # wakes the leader, whose lock this transaction then shares
            late.execute("SELECT pg_advisory_xact_lock_shared(%s)", (DOORBELL_LOCK,))
            write_call(late)
            until(lambda: queued(connection) == 0)
            assert not held(connection, DOORBELL_LOCK)
        until(lambda: queued(connection) == 0)
    until(lambda: held(connection, DOORBELL_LOCK))
    assert thread_cost(connection) == 2


@pytest.mark.usefixtures("leader")
def test_no_sleep_ever_passes_over_a_commit(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.reign.HEARTBEAT_SECONDS", 3600)
    started = threading.Barrier(5)

    def write(seed: int) -> None:
        rng, pause = random.Random(seed), threading.Event()
        with psycopg.connect(database_url, autocommit=True) as writer:
            started.wait()
            for _ in range(60):
                with writer.transaction():
                    write_call(writer)
                    pause.wait(rng.choice([0, 0, 0.001, 0.005]))
                pause.wait(rng.choice([0, 0.001, 0.02, 0.05]))

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    until(lambda: queued(connection) == 0)
    assert thread_cost(connection) == 300
    assert differences(connection) == []


def test_one_candidate_leads_and_the_next_follows_when_it_stops(connection: Connection, database_url: str) -> None:
    with candidate(database_url, "second") as second, candidate(database_url, "first") as first:
        until(lambda: first.leading.is_set() or second.leading.is_set())
        leading, waiting = (first, second) if first.leading.is_set() else (second, first)
        write_call(connection)
        until(lambda: queued(connection) == 0)
        assert not waiting.leading.is_set()
        leading.stop(10)
        until(waiting.leading.is_set)
        write_call(connection)
        until(lambda: queued(connection) == 0)
    assert thread_cost(connection) == 2


def test_a_leader_without_a_heartbeat_is_ended_by_the_next(connection: Connection, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as lost:
        lost.execute("SELECT pg_advisory_lock(%s)", (LEADER_LOCK,))
        lost.execute(
            "INSERT INTO creditpulse.leader (name, beat_at) VALUES ('lost', clock_timestamp() - interval '4 seconds')"
        )
        with candidate(database_url) as leader:
            until(leader.leading.is_set)
        with pytest.raises(psycopg.OperationalError):
            lost.execute("SELECT 1")
    write_call(connection)
    assert thread_cost(connection) == 1


def test_a_leader_with_a_heartbeat_is_left_alone(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as healthy, candidate(database_url) as leader:
        until(leader.leading.is_set)
        leader.stop(10)
        healthy.execute("SELECT pg_advisory_lock(%s)", (LEADER_LOCK,))
        healthy.execute("UPDATE creditpulse.leader SET beat_at = clock_timestamp()")
        with candidate(database_url) as second:
            assert not second.leading.wait(1.5)
        healthy.execute("SELECT 1")


def test_a_leader_that_counts_the_history_is_left_alone_though_its_heart_is_late(database_url: str) -> None:
    with (
        psycopg.connect(database_url, autocommit=True) as lost,
        psycopg.connect(database_url, autocommit=True) as counting,
    ):
        lost.execute("SELECT pg_advisory_lock(%s)", (LEADER_LOCK,))
        counting.execute("SELECT pg_advisory_lock(%s)", (HISTORY_LOCK,))
        lost.execute(
            "INSERT INTO creditpulse.leader (name, beat_at) VALUES ('slow', clock_timestamp() - interval '30 seconds')"
        )
        assert not elected(counting)
        lost.execute("SELECT 1")
        counting.execute("SELECT pg_advisory_unlock(%s)", (HISTORY_LOCK,))
        assert counting.execute(END_LOST_LEADER).fetchall() == [(True,)]


def test_a_locked_new_partition_does_not_keep_the_leader_from_folding(
    make_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.reign.TABLES_SECONDS", 0)
    url = make_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE usage_logs (id uuid, user_id uuid, thread_id uuid, total_prompt_tokens int,"
            " total_completion_tokens int, total_tokens int, estimated_cost numeric(10, 6), content jsonb,"
            " created_at timestamptz NOT NULL) PARTITION BY RANGE (created_at)"
        )
        migrate(url)
        connection.execute(
            "CREATE TABLE usage_2026 PARTITION OF usage_logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
        )
        with psycopg.connect(url) as holder, candidate(url):
            holder.execute("LOCK TABLE usage_2026 IN ROW EXCLUSIVE MODE")
            for _ in range(5):
                write_call(connection)
                until(lambda: queued(connection) == 0)
            holder.rollback()
            until(
                lambda: (
                    figure(connection, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'usage_2026'::regclass") == 4
                )
            )
        assert thread_cost(connection) == 5


@pytest.mark.usefixtures("leader")
def test_a_leader_whose_connection_is_ended_leads_again(connection: Connection) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'creditpulse leader' AND datname = current_database()"
    )
    write_call(connection)
    until(lambda: queued(connection) == 0)


def test_an_unfinished_history_is_counted_by_the_leader(connection: Connection, database_url: str) -> None:
    write_call(connection, "3")
    connection.execute("UPDATE creditpulse.state SET history = 'counting'")
    with candidate(database_url):
        until(lambda: connection.execute("SELECT history FROM creditpulse.state").fetchone() == ("complete",))
    assert thread_cost(connection) == 3
    assert differences(connection) == []


def test_behind_a_transaction_pooler_folds_go_on_without_session_locks(
    connection: Connection, database_url: str
) -> None:
    with transaction_pooler(database_url) as pooled, candidate(pooled, "a") as first, candidate(pooled, "b") as second:
        until(first.leading.is_set)
        until(second.leading.is_set)
        for count in range(1, 6):
            write_call(connection)
            until(lambda: queued(connection) == 0)
            assert thread_cost(connection) == count
        assert not held(connection, DOORBELL_LOCK)


def test_behind_a_transaction_pooler_a_history_that_is_needed_is_said_once_not_at_every_fold(
    connection: Connection, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute("UPDATE creditpulse.state SET history = 'needed'")
    beats = "SELECT count(*) FROM creditpulse.leader WHERE beat_at > clock_timestamp() - interval '1 second'"
    with transaction_pooler(database_url) as pooled, candidate(pooled) as leader:
        until(leader.leading.is_set)
        until(lambda: figure(connection, beats) == 1)
        connection.execute("DELETE FROM creditpulse.leader")
        until(lambda: figure(connection, beats) == 1)
    assert sum("history is not counted" in record.getMessage() for record in caplog.records) == 1


@pytest.fixture(scope="module")
def preparing() -> Iterator[str]:
    """A database whose server takes transactions in two phases; most take none."""
    server = Postgres("-c max_prepared_transactions=5")
    try:
        server.start()
        server.make_template()
        yield server.make_database("preparing")
    finally:
        server.close()


def test_where_transactions_are_prepared_no_writer_has_to_ring_and_nothing_is_lost(preparing: str) -> None:
    with psycopg.connect(preparing, autocommit=True) as connection, candidate(preparing) as leader:
        until(leader.leading.is_set)
        for number in range(40):
            connection.execute("BEGIN")
            write_call(connection)
            connection.execute(f"PREPARE TRANSACTION 'call-{number}'".encode())
            until(lambda: queued(connection) == 0)
            connection.execute(f"COMMIT PREPARED 'call-{number}'".encode())
            until(lambda: queued(connection) == 0)
        assert thread_cost(connection) == 40
        assert differences(connection) == []


@pytest.mark.parametrize("through_a_pooler", [False, True])
def test_a_role_with_defaults_of_its_own_changes_nothing_for_the_leader(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, through_a_pooler: bool
) -> None:
    name = connection.info.dbname
    for default in ("default_transaction_isolation = 'serializable'", "default_transaction_read_only = on"):
        connection.execute(f"ALTER ROLE postgres IN DATABASE {name} SET {default}".encode())
    if not through_a_pooler:
        connection.execute("UPDATE creditpulse.state SET history = 'needed'")
    levels: set[str] = set()
    fold = Reign.fold

    def watched(reign: Reign) -> Fold:
        levels.add(str(reign.connection.execute("SHOW transaction_isolation").fetchone()))
        return fold(reign)

    monkeypatch.setattr(Reign, "fold", watched)
    with ExitStack() as stack:
        url = stack.enter_context(transaction_pooler(database_url)) if through_a_pooler else database_url
        stack.enter_context(candidate(url))
        until(lambda: connection.execute("SELECT history FROM creditpulse.state").fetchone() == ("complete",))
        for count in range(1, 4):
            write_call(connection)
            until(lambda: queued(connection) == 0)
            assert thread_cost(connection) == count
    assert levels == {"('read committed',)"}
