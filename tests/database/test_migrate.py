"""Upgrading an installation of an earlier version, also while it is written and read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from data.engine import make_engine
from data.errors import CreditpulseError
from data.migrate import alembic_config, migrate
from data.sql_files import sql_file
from data.verify import differences
from tests.database.ledger import FIRST, Connection, figure, fold, thread_cost, write_call

# What stands in the way of an upgrade: views that are to get more columns, and the function that counted then.
FIRST_VERSION = """
    CREATE VIEW creditpulse.queued AS SELECT c.* FROM creditpulse.changes c;
    CREATE VIEW creditpulse.exact_threads AS
        SELECT thread_id, calls, prompt_tokens, completion_tokens, total_tokens, cost, last_at
        FROM creditpulse.thread_totals UNION ALL
        SELECT thread_id, calls, prompt_tokens::bigint, completion_tokens::bigint, total_tokens::bigint, cost, last_at
        FROM creditpulse.queued WHERE source = 'u';
    CREATE VIEW creditpulse.exact_usage AS SELECT * FROM creditpulse.usage_rollup;
    CREATE VIEW creditpulse.exact_thread_users AS SELECT thread_id, user_id, calls, cost FROM creditpulse.thread_users;
    CREATE FUNCTION creditpulse.apply_queue(low xid8, cutoff bigint) RETURNS void LANGUAGE sql AS '';
    UPDATE creditpulse.state SET history = 'complete', version = 7;
    INSERT INTO creditpulse.thread_totals VALUES ('00000000-0000-0000-0000-0000000000b1', 1, 5, 2, 7, 1);
    INSERT INTO creditpulse.usage_rollup
        VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 1, '2026-01-01', '', 1, 5, 2, 7, 1);
    INSERT INTO creditpulse.changes (source, thread_id, calls, cost)
        VALUES ('u', '00000000-0000-0000-0000-0000000000b1', 1, 1);
"""


@pytest.fixture
def old_url(make_database: Callable[..., str]) -> str:
    """A database with two calls, one of them queued, as the first version left it."""
    url = make_database()
    engine = make_engine(url, pool_size=1)
    config = alembic_config()
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS creditpulse"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with psycopg.connect(url, autocommit=True) as writer:
        writer.execute(sql_file("source_tables.sql"))
        write_call(writer, "1")
        write_call(writer, "1")
        writer.execute(FIRST_VERSION)
    return url


@pytest.fixture
def old(old_url: str) -> Iterator[Connection]:
    with psycopg.connect(old_url, autocommit=True) as connection:
        yield connection


def test_an_upgrade_counts_the_history_anew(old: Connection, old_url: str) -> None:
    migrate(old_url)
    assert figure(old, "SELECT sum(cost) FROM creditpulse.exact_thread_hours WHERE thread_id = %s", FIRST) == 2
    write_call(old, "3")
    fold(old)
    assert thread_cost(old) == 5
    assert differences(old) == []


def test_a_process_of_the_first_version_cannot_count_what_it_does_not_know(old: Connection, old_url: str) -> None:
    migrate(old_url)
    with pytest.raises(psycopg.errors.UndefinedFunction):
        old.execute("SELECT creditpulse.apply_queue('0', NULL)")


def test_an_upgrade_that_waits_for_a_long_transaction_holds_up_no_writer(old: Connection, old_url: str) -> None:
    pause = threading.Event()
    with psycopg.connect(old_url) as long:
        long.execute("INSERT INTO creditpulse.changes (source) VALUES ('t')")
        upgrade = threading.Thread(target=migrate, args=(old_url,))
        upgrade.start()
        for _ in range(10):
            while not figure(old, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pause.wait(0.01)
            old.execute("SET statement_timeout = '5s'")
            old.execute("INSERT INTO creditpulse.changes (source) VALUES ('t')")
        assert upgrade.is_alive()
    upgrade.join()
    assert differences(old) == []


def test_an_upgrade_that_never_gets_its_locks_says_what_to_do(
    old: Connection, old_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = sql_file("analytics.sql").replace(b"1 .. 300", b"1 .. 1")
    monkeypatch.setattr("data.sql_files.sql_file", lambda _name: once)
    with psycopg.connect(old_url) as long:
        long.execute("INSERT INTO creditpulse.changes (source) VALUES ('t')")
        with pytest.raises(CreditpulseError, match="pg_stat_activity"):
            migrate(old_url)
    assert figure(old, "SELECT sum(cost) FROM creditpulse.exact_threads") == 2
