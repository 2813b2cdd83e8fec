"""Columns of the source tables change after `migrate`: writers go on, and what they missed is counted again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from data.doctor import Installation, examine
from data.errors import SchemaError
from data.leader import Leader
from data.migrate import migrate
from data.verify import differences
from tests.database.ledger import ANNA, FIRST, Connection, figure, fold, thread_cost, write_call

PATIENCE_SECONDS = 20.0

CHANGES = {
    "dropped": "ALTER TABLE usage_logs DROP COLUMN total_tokens",
    "renamed": "ALTER TABLE usage_logs RENAME estimated_cost TO cost",
    "another id": "ALTER TABLE usage_logs ALTER thread_id TYPE text",
    "another figure": "ALTER TABLE usage_logs ALTER estimated_cost TYPE text",
    "another count": "ALTER TABLE usage_logs ALTER total_tokens TYPE text",
    "another time": "ALTER TABLE usage_logs ALTER created_at TYPE text",
    "another content": "ALTER TABLE usage_logs ALTER content TYPE json",
}


SMALL = "CREATE TABLE usage_logs (id uuid, thread_id uuid, total_tokens int, created_at timestamptz)"


@contextmanager
def led(url: str) -> Iterator[None]:
    leader = Leader(url, 10, "test")
    leader.start()
    try:
        yield
    finally:
        leader.stop(10)


def until(condition: Callable[[], bool]) -> None:
    pause, end = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        pause.wait(0.01)


def history(connection: Connection) -> str:
    row = connection.execute("SELECT history FROM creditpulse.state").fetchone()
    return str(row[0]) if row else ""


ROW_OF = """
    CREATE OR REPLACE FUNCTION pg_temp.row_of(u usage_logs, content text) RETURNS usage_logs LANGUAGE sql AS $$
        SELECT jsonb_populate_record(u, jsonb_build_object(
            'id', gen_random_uuid(), 'thread_id', gen_random_uuid(), 'content', content::jsonb))
    $$
"""


def write_in_every_way(connection: Connection) -> None:
    connection.execute(ROW_OF)
    connection.execute("INSERT INTO usage_logs SELECT (pg_temp.row_of(u, '{}')).* FROM usage_logs u LIMIT 1")
    connection.execute("INSERT INTO usage_logs SELECT (pg_temp.row_of(u, '{\"model\": 1}')).* FROM usage_logs u")
    connection.execute("UPDATE usage_logs SET message_id = gen_random_uuid()")
    connection.execute("DELETE FROM usage_logs WHERE id IN (SELECT id FROM usage_logs LIMIT 2)")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_writer_never_fails_over_a_changed_column(connection: Connection, change: str) -> None:
    write_call(connection)
    write_call(connection)
    fold(connection)
    connection.execute(change)
    write_in_every_way(connection)
    connection.execute("TRUNCATE usage_logs")
    fold(connection)
    assert history(connection) == "needed"


def test_a_renamed_column_is_noticed_by_the_first_write_and_everything_counted_anew(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_call(connection, "2")
    with led(database_url):
        until(lambda: fold_number(connection) > 0 and history(connection) == "complete")
        connection.execute("ALTER TABLE usage_logs RENAME estimated_cost TO cost")
        connection.execute("INSERT INTO usage_logs (thread_id, total_tokens, cost) VALUES (%s, 7, 3)", (FIRST,))
        until(lambda: is_right(connection) and calls(connection) == 2)
        assert thread_cost(connection) == 0
        monkeypatch.setattr("data.reign.TABLES_SECONDS", 0)  # a column that was not there fails no statement
        connection.execute("ALTER TABLE usage_logs RENAME cost TO estimated_cost")
        write_call(connection, "1")
        until(lambda: is_right(connection) and thread_cost(connection) == 6)


def fold_number(connection: Connection) -> int:
    return int(figure(connection, "SELECT version FROM creditpulse.state"))


def calls(connection: Connection) -> int:
    return int(figure(connection, "SELECT sum(calls) FROM creditpulse.exact_threads"))


def is_right(connection: Connection) -> bool:
    """Whether the history is counted, and as the tables are."""
    try:
        return history(connection) == "complete" and differences(connection) == []
    except psycopg.errors.UndefinedColumn:
        return False


def test_a_column_that_was_missing_counts_from_its_first_row_on(
    make_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.reign.TABLES_SECONDS", 0)
    url = make_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE usage_logs (id uuid, thread_id uuid, total_tokens int, created_at timestamptz)"
        )
        migrate(url)
        connection.execute("ALTER TABLE usage_logs ADD estimated_cost numeric(10, 6)")
        connection.execute("INSERT INTO usage_logs (thread_id, estimated_cost) VALUES (%s, 5)", (FIRST,))
        with led(url):
            until(lambda: is_right(connection) and thread_cost(connection) == 5)


def test_a_table_that_comes_later_is_counted(
    make_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.reign.TABLES_SECONDS", 0)
    url = make_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE usage_logs (id uuid, thread_id uuid, total_tokens int, created_at timestamptz)"
        )
        migrate(url)
        with led(url):
            connection.execute("CREATE TABLE credit_usage (id uuid, user_id uuid, amount_dollars numeric)")
            connection.execute("INSERT INTO credit_usage (user_id, amount_dollars) VALUES (%s, 4)", (ANNA,))
            purchased = "SELECT coalesce(sum(cost), 0) FROM creditpulse.exact_purchases WHERE scope = %s AND grain = 1"
            until(lambda: is_right(connection) and figure(connection, purchased, ANNA) == 4)


def test_migrate_counts_what_was_missed_while_no_server_ran(connection: Connection, database_url: str) -> None:
    connection.execute("ALTER TABLE usage_logs RENAME total_tokens TO t")
    write_call_without_total(connection)
    connection.execute("ALTER TABLE usage_logs RENAME t TO total_tokens")
    assert thread_cost(connection) == 0
    migrate(database_url)
    assert thread_cost(connection) == 9
    assert differences(connection) == []


def write_call_without_total(connection: Connection) -> None:
    connection.execute("INSERT INTO usage_logs (thread_id, estimated_cost) VALUES (%s, 9)", (FIRST,))


def test_doctor_names_the_table_and_the_remedy(connection: Connection, database_url: str) -> None:
    connection.execute("ALTER TABLE threads RENAME account_id TO owner_id")
    with pytest.raises(SchemaError, match=r"columns of threads have changed .* `python app.py migrate`"):
        list(examine(Installation(database_url, database_url, None, None)))
    migrate(database_url)
    list(examine(Installation(database_url, database_url, None, None)))
    assert history(connection) == "complete"


def test_doctor_names_changes_that_could_not_be_counted(connection: Connection, database_url: str) -> None:
    connection.execute("ALTER TABLE usage_logs RENAME total_tokens TO t")
    write_call_without_total(connection)
    connection.execute("ALTER TABLE usage_logs RENAME t TO total_tokens")
    with pytest.raises(SchemaError, match=r"could not be counted .* `python app.py migrate`"):
        list(examine(Installation(database_url, database_url, None, None)))


def test_a_column_that_cannot_be_counted_is_said_once_and_nothing_is_final_until_it_can_be(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("data.reign.TABLES_SECONDS", 0)
    monkeypatch.setattr("data.reign.HISTORY_SECONDS", 0.05)
    write_call(connection, "2")
    beats = "SELECT count(*) FROM creditpulse.leader WHERE beat_at > clock_timestamp() - interval '1 second'"
    with led(database_url):
        until(lambda: fold_number(connection) > 0)
        connection.execute("ALTER TABLE usage_logs ALTER created_at TYPE timestamp")
        until(lambda: history(connection) == "needed")
        connection.execute("DELETE FROM creditpulse.leader")
        until(lambda: figure(connection, beats) == 1)
        connection.execute("ALTER TABLE usage_logs ALTER created_at TYPE timestamptz")
        until(lambda: is_right(connection) and thread_cost(connection) == 2)
    said = [record.getMessage() for record in caplog.records if "timestamp without time zone" in record.getMessage()]
    assert len(said) == 1


def test_runs_and_threads_are_written_whatever_becomes_of_the_tables_beside_them(connection: Connection) -> None:
    connection.execute("INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)", (FIRST, ANNA))
    connection.execute("ALTER TABLE threads RENAME account_id TO owner_id")
    connection.execute("UPDATE threads SET is_public = true")
    connection.execute("INSERT INTO agent_runs (id, thread_id) VALUES (gen_random_uuid(), %s)", (FIRST,))
    connection.execute("DROP TABLE threads CASCADE")
    connection.execute("UPDATE agent_runs SET status = 'completed'")
    connection.execute("DELETE FROM agent_runs")
    while fold(connection):
        pass
    assert history(connection) == "complete"


def test_a_leader_of_another_version_leaves_the_functions_alone(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("data.tailor.newest_revision", lambda: "another")
    connection.execute("UPDATE creditpulse.state SET history = 'needed'")
    with led(database_url):
        until(lambda: "of another version" in caplog.text)
    assert history(connection) == "needed"
