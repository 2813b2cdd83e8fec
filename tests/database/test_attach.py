"""Attaching to a customer's tables: as an ordinary owner, beside writers, with what such tables have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import make_url

from data import history, locks
from data.errors import MissingRightError, SchemaError, UnavailableError
from data.indexes import NEEDED_INDEXES
from data.migrate import migrate
from data.sources import find_sources
from data.table_triggers import add_triggers
from data.verify import differences
from tests.database.ledger import FIRST, SECOND, Connection, figure, fold, thread_cost, write_call

CUSTOMER_TABLES = """
    CREATE TABLE threads (thread_id uuid PRIMARY KEY, account_id uuid, extra text);
    CREATE TABLE usage_logs (
        id uuid PRIMARY KEY, user_id uuid, thread_id uuid REFERENCES threads ON DELETE CASCADE, message_id uuid,
        total_prompt_tokens int, total_completion_tokens int, total_tokens int, estimated_cost numeric(10, 6),
        content jsonb, created_at timestamptz DEFAULT now(), note text);
"""
PARTITIONED = """
    CREATE TABLE usage_logs (
        id uuid, user_id uuid, thread_id uuid, total_prompt_tokens int, total_completion_tokens int,
        total_tokens int, estimated_cost numeric(10, 6), content jsonb, created_at timestamptz NOT NULL
    ) PARTITION BY RANGE (created_at);
    CREATE TABLE usage_2025 PARTITION OF usage_logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE usage_2026 PARTITION OF usage_logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""


@pytest.fixture
def customer_url(make_database: Callable[..., str], postgres_url: str) -> Iterator[str]:
    """An empty database in which an ordinary role may create."""
    url = make_database()
    with psycopg.connect(url, autocommit=True) as admin:
        name = make_url(url).database
        admin.execute(f"CREATE ROLE owner_{name} LOGIN".encode())
        admin.execute(f"GRANT CREATE ON DATABASE {name} TO owner_{name}".encode())
        admin.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO owner_{name}".encode())
    yield make_url(url).set(username=f"owner_{name}").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"DROP OWNED BY owner_{name} CASCADE".encode())
        admin.execute(f"DROP ROLE owner_{name}".encode())


@pytest.fixture
def customer(customer_url: str) -> Iterator[Connection]:
    with psycopg.connect(customer_url, autocommit=True) as connection:
        yield connection


def admin_url(url: str) -> str:
    return make_url(url).set(username="postgres").render_as_string(hide_password=False)


def test_history_is_counted_once_and_what_comes_later_by_trigger(customer: Connection, customer_url: str) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("INSERT INTO threads VALUES (%s)", (FIRST,))
    write_call(customer, "1.5")
    migrate(customer_url)
    assert thread_cost(customer) == 1.5
    write_call(customer, "2")
    fold(customer)
    assert thread_cost(customer) == 3.5
    migrate(customer_url)
    assert thread_cost(customer) == 3.5
    assert differences(customer) == []


def test_deletes_that_cascade_from_a_thread_are_counted(customer: Connection, customer_url: str) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("INSERT INTO threads VALUES (%s), (%s)", (FIRST, SECOND))
    migrate(customer_url)
    write_call(customer, "1")
    write_call(customer, "2", thread=SECOND)
    customer.execute("DELETE FROM threads WHERE thread_id = %s", (FIRST,))
    fold(customer)
    assert (thread_cost(customer, FIRST), thread_cost(customer, SECOND)) == (0, 2)
    assert differences(customer) == []


def test_writers_beside_the_count_are_counted_once(
    customer: Connection, customer_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("INSERT INTO threads VALUES (%s)", (FIRST,))
    customer.execute(
        "INSERT INTO usage_logs SELECT gen_random_uuid(), NULL, %s, NULL, 1, 1, 2, 0.5, NULL, now(), repeat('x', 500)"
        " FROM generate_series(1, 20000)",
        (FIRST,),
    )
    monkeypatch.setattr(history, "BLOCKS_A_STEP", 100)
    stop = threading.Event()
    counted = 0

    def write() -> None:
        nonlocal counted
        with psycopg.connect(customer_url, autocommit=True) as writer:
            while not stop.is_set():
                write_call(writer, "0.25", user=None)
                counted += 1

    writer = threading.Thread(target=write)
    writer.start()
    steps: list[tuple[int, int]] = []
    try:
        migrate(customer_url, lambda done, total: steps.append((done, total)))
    finally:
        stop.set()
        writer.join()
    fold(customer)
    assert thread_cost(customer) == 10_000 + counted * 0.25
    assert counted > 0
    assert len(steps) > 1
    assert steps[-1][0] == steps[-1][1]
    assert differences(customer) == []


def test_a_count_that_was_cut_off_starts_again(
    customer: Connection, customer_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("INSERT INTO threads VALUES (%s)", (FIRST,))
    write_call(customer, "1")

    def cut_off(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(history, "count_tables", cut_off)
        with pytest.raises(KeyboardInterrupt):
            migrate(customer_url)
    write_call(customer, "2")
    assert history.history_of(customer) == "counting"
    assert fold(customer) == 0
    migrate(customer_url)
    assert history.history_of(customer) == "complete"
    assert thread_cost(customer) == 3
    assert differences(customer) == []


def test_a_recount_mends_what_was_written_around_the_triggers(customer: Connection, customer_url: str) -> None:
    customer.execute(CUSTOMER_TABLES)
    migrate(customer_url)
    customer.execute("INSERT INTO threads VALUES (%s)", (FIRST,))
    customer.execute("ALTER TABLE usage_logs DISABLE TRIGGER USER")
    write_call(customer, "1")
    customer.execute("ALTER TABLE usage_logs ENABLE TRIGGER USER")
    assert differences(customer) != []
    migrate(customer_url, recount=True)
    assert differences(customer) == []


def test_writers_need_no_right_on_our_schema(customer: Connection, customer_url: str, postgres_url: str) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("INSERT INTO threads VALUES (%s)", (FIRST,))
    migrate(customer_url)
    role = f"writer_{make_url(customer_url).database}"
    with psycopg.connect(admin_url(customer_url), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role}".encode())
        admin.execute(f"GRANT INSERT ON usage_logs TO {role}".encode())
        try:
            admin.execute(f"SET ROLE {role}".encode())
            write_call(admin, "2")
        finally:
            admin.execute("RESET ROLE")
            admin.execute(f"DROP OWNED BY {role}".encode())
            admin.execute(f"DROP ROLE {role}".encode())
    fold(customer)
    assert thread_cost(customer) == 2


def test_row_level_security_of_the_owner_does_not_hide_rows(customer: Connection, customer_url: str) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("INSERT INTO threads VALUES (%s)", (FIRST,))
    customer.execute("ALTER TABLE usage_logs ENABLE ROW LEVEL SECURITY")
    write_call(customer, "1")
    migrate(customer_url)
    assert thread_cost(customer) == 1


def test_row_level_security_that_would_hide_rows_is_refused_with_its_remedy(
    customer: Connection, customer_url: str
) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("ALTER TABLE usage_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    with pytest.raises(MissingRightError, match="BYPASSRLS"):
        migrate(customer_url)


def test_a_table_of_another_owner_is_refused_with_its_remedy(customer: Connection, customer_url: str) -> None:
    with psycopg.connect(admin_url(customer_url), autocommit=True) as admin:
        admin.execute(CUSTOMER_TABLES)
    with pytest.raises(MissingRightError, match="owner"):
        migrate(customer_url)


def test_a_column_that_cannot_be_counted_exactly_is_refused(customer: Connection, customer_url: str) -> None:
    customer.execute(CUSTOMER_TABLES.replace("created_at timestamptz", "created_at timestamp"))
    with pytest.raises(SchemaError, match="created_at"):
        migrate(customer_url)


def test_a_lock_that_is_never_let_go_ends_with_a_remedy_and_blocks_no_writer_for_long(
    customer: Connection, customer_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.execute(CUSTOMER_TABLES)
    monkeypatch.setattr(locks, "LOCK_TRIES", 2)
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 20)
    # The index builds have to wait for the holder as well, so they are there already.
    for index in (index for index in NEEDED_INDEXES if index.table == "usage_logs"):
        customer.execute(f"CREATE INDEX ON usage_logs ({', '.join(index.columns)})".encode())
    with psycopg.connect(customer_url) as holder:
        holder.execute("INSERT INTO usage_logs (id) VALUES (gen_random_uuid())")
        with pytest.raises(UnavailableError, match="pg_stat_activity"):
            migrate(customer_url)
        write_call(customer, thread=None)


def test_only_triggers_and_indexes_of_ours_are_added_outside_our_schema(
    customer: Connection, customer_url: str
) -> None:
    customer.execute(CUSTOMER_TABLES)
    before = outside(customer)
    migrate(customer_url)
    added = outside(customer) - before
    assert added
    assert all(name.startswith("creditpulse_") for name in added)


def outside(connection: Connection) -> set[str]:
    rows = connection.execute(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'
        UNION SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'
        UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"""
    ).fetchall()
    return {str(row[0]) for row in rows}


@pytest.fixture
def partitioned(customer: Connection, customer_url: str) -> Connection:
    customer.execute(PARTITIONED)
    write_call(customer, "1", at="2025-06-01 00:00:00+00")
    migrate(customer_url)
    write_call(customer, "2", at="2026-06-01 00:00:00+00")
    return customer


def test_partitions_are_counted_through_the_whole_and_directly(partitioned: Connection) -> None:
    partitioned.execute(
        "INSERT INTO usage_2025 (thread_id, estimated_cost, created_at) VALUES (%s, 4, '2025-07-01')", (FIRST,)
    )
    partitioned.execute("UPDATE usage_logs SET created_at = created_at + interval '1 year' WHERE estimated_cost = 1")
    partitioned.execute("DELETE FROM usage_2026 WHERE estimated_cost = 2")
    assert thread_cost(partitioned) == 5
    fold(partitioned)
    assert differences(partitioned) == []


def test_one_truncated_partition_leaves_the_others(partitioned: Connection) -> None:
    partitioned.execute("TRUNCATE usage_2025")
    assert thread_cost(partitioned) == 2
    fold(partitioned)
    assert differences(partitioned) == []


def test_truncating_the_whole_truncates_every_partition(partitioned: Connection) -> None:
    partitioned.execute("TRUNCATE usage_logs")
    fold(partitioned)
    assert differences(partitioned) == []


def test_a_partition_truncated_from_an_old_snapshot_is_counted_anew(partitioned: Connection, customer_url: str) -> None:
    with psycopg.connect(customer_url, autocommit=True) as old:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM usage_logs")
        write_call(partitioned, "8", at="2025-06-02 00:00:00+00")
        old.execute("TRUNCATE usage_2025")
        old.execute("COMMIT")
    fold(partitioned)
    assert history.history_of(partitioned) == "needed"
    assert history.count_history(customer_url)
    assert thread_cost(partitioned) == 2
    assert differences(partitioned) == []


def test_a_new_partition_gets_its_triggers(partitioned: Connection) -> None:
    partitioned.execute(
        "CREATE TABLE usage_2027 PARTITION OF usage_logs FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')"
    )
    add_triggers(partitioned, find_sources(partitioned))
    partitioned.execute(
        "INSERT INTO usage_2027 (thread_id, estimated_cost, created_at) VALUES (%s, 4, '2027-07-01')", (FIRST,)
    )
    assert thread_cost(partitioned) == 7


def test_indexes_that_the_customer_has_are_not_built_again(customer: Connection, customer_url: str) -> None:
    customer.execute(CUSTOMER_TABLES)
    customer.execute("CREATE INDEX theirs ON usage_logs (thread_id, created_at, id)")
    migrate(customer_url)
    built = figure(customer, "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'creditpulse_usage_logs%%'")
    assert built == len([index for index in NEEDED_INDEXES if index.table == "usage_logs"]) - 1


def test_a_million_rows_by_copy_count_exactly(connection: Connection, database_url: str) -> None:
    rows = (
        "COPY (SELECT (lpad(to_hex(n % 997 + 1), 32, '0'))::uuid, 3, 0.000001,"
        " '2026-11-01'::timestamptz + (n % 10000) * interval '1 second' FROM generate_series(1, 1000000) n) TO STDOUT"
    )
    into = "COPY usage_logs (thread_id, total_tokens, estimated_cost, created_at) FROM STDIN"
    with (
        psycopg.connect(database_url, autocommit=True) as source,
        source.cursor().copy(rows.encode()) as read,
        connection.cursor().copy(into.encode()) as written,
    ):
        for block in read:
            written.write(block)
    while fold(connection):
        pass
    assert figure(connection, "SELECT sum(calls) FROM creditpulse.exact_threads") == 1_000_000
    assert figure(connection, "SELECT sum(cost) FROM creditpulse.thread_totals") == 1


def test_the_past_fills_its_pages_and_what_comes_later_finds_room(connection: Connection, database_url: str) -> None:
    connection.execute(
        "INSERT INTO usage_logs (user_id, estimated_cost, created_at)"
        " SELECT gen_random_uuid(), 1, timestamptz '2026-11-01' + n * interval '1 hour' FROM generate_series(1, 2000) n"
    )
    fold(connection)
    pages = "SELECT pg_relation_size('creditpulse.usage_rollup_accounts') / 8192"
    room = "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'creditpulse'::regnamespace"
    folded, before = figure(connection, pages), connection.execute(room).fetchall()
    connection.execute("UPDATE creditpulse.state SET history = 'needed'")
    assert history.count_history(database_url)
    assert figure(connection, pages) < folded * Decimal("0.8")
    assert sorted(connection.execute(room).fetchall()) == sorted(before)
    assert differences(connection) == []


def test_accounts_that_every_step_counts_lie_as_close_as_if_counted_once(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(
        "INSERT INTO usage_logs (user_id, estimated_cost, created_at)"
        " SELECT lpad(to_hex(n % 50 + 1), 32, '0')::uuid, 1, now() FROM generate_series(1, 5000) n"
    )
    fold(connection)
    monkeypatch.setattr(history, "BLOCKS_A_STEP", 1)
    steps = figure(connection, "SELECT pg_relation_size('usage_logs') / 8192")
    connection.execute("UPDATE creditpulse.state SET history = 'needed'")
    assert history.count_history(database_url)
    assert steps > 20
    assert figure(connection, "SELECT pg_relation_size('creditpulse.account_totals') / 8192") <= 2
    assert figure(connection, "SELECT sum(calls) FROM creditpulse.account_totals") == 5000
    assert figure(connection, "SELECT count(to_regclass('creditpulse.counted_account_totals'))") == 0
    assert differences(connection) == []
