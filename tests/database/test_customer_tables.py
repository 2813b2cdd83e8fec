"""Tables of other shapes than ours: whatever a customer's database holds, its writers go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from data import history
from data.errors import CreditpulseError, SchemaError
from data.migrate import migrate
from data.sources import find_sources
from data.table_triggers import add_triggers
from data.verify import differences
from tests.database.ledger import FIRST, Connection, figure, fold, thread_cost, write_call

USAGE = """
    CREATE TABLE usage_logs (
        id uuid, user_id uuid, thread_id uuid, total_prompt_tokens int, total_completion_tokens int,
        total_tokens int, estimated_cost numeric(10, 6), content jsonb, created_at timestamptz NOT NULL)
"""


@pytest.fixture
def url(make_database: Callable[..., str]) -> str:
    return make_database()


@pytest.fixture
def customer(url: str) -> Iterator[Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_tables_of_the_same_name_but_another_kind_take_rows_as_before(customer: Connection, url: str) -> None:
    customer.execute(USAGE)
    customer.execute("CREATE TABLE threads (id bigint PRIMARY KEY, account_id uuid, title text)")
    customer.execute("CREATE TABLE agent_runs (id uuid, status text)")
    migrate(url)
    customer.execute("INSERT INTO threads VALUES (1, NULL, 'Welcome to the forum')")
    customer.execute("INSERT INTO agent_runs VALUES (gen_random_uuid(), 'running')")
    write_call(customer, "2")
    fold(customer)
    assert thread_cost(customer) == 2


def test_text_that_no_text_column_takes_stops_no_writer(customer: Connection, url: str) -> None:
    customer.execute(USAGE.replace("jsonb", "json"))
    migrate(url)
    for content in ('{"model": "a\\u0000b"}', '{"model": "claude", "said": "\\ud800"}'):
        customer.execute(
            "INSERT INTO usage_logs (thread_id, estimated_cost, content, created_at) VALUES (%s, 1, %s, now())",
            (FIRST, content),
        )
    customer.execute("DELETE FROM usage_logs WHERE content::text LIKE '%ud800%'")
    fold(customer)
    assert thread_cost(customer) == 1
    assert differences(customer) == []


def test_a_partitioned_table_may_have_no_partition_yet(customer: Connection, url: str) -> None:
    customer.execute(f"{USAGE} PARTITION BY RANGE (created_at)")
    migrate(url)
    customer.execute("CREATE TABLE usage_2026 PARTITION OF usage_logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
    add_triggers(customer, find_sources(customer))
    write_call(customer, "2")
    fold(customer)
    customer.execute("TRUNCATE usage_logs")
    assert thread_cost(customer) == 0
    fold(customer)
    assert differences(customer) == []


def test_a_table_of_other_people_is_not_the_one_that_accounts_are_in(customer: Connection, url: str) -> None:
    customer.execute(USAGE)
    customer.execute("CREATE TABLE users (id bigint, email text, created_at timestamp)")
    customer.execute("CREATE SCHEMA auth CREATE TABLE users (id uuid, email text)")
    customer.execute("INSERT INTO auth.users VALUES (%s, 'anna@example.com')", (FIRST,))
    migrate(url)
    assert customer.execute("SELECT email FROM creditpulse.source_users").fetchall() == [("anna@example.com",)]


def test_a_table_of_people_may_have_capitals_in_its_name(customer: Connection, url: str) -> None:
    customer.execute(USAGE)
    customer.execute('CREATE TABLE "User" (id uuid, email text)')
    customer.execute('INSERT INTO "User" VALUES (%s, %s)', (FIRST, "anna@example.com"))
    migrate(url, users_table="public.User")
    assert customer.execute("SELECT email FROM creditpulse.source_users").fetchall() == [("anna@example.com",)]


def test_somebody_elses_database_is_refused_and_left_as_it_was(customer: Connection, url: str) -> None:
    customer.execute("CREATE TABLE users (id bigint)")
    with pytest.raises(SchemaError, match="usage_logs"):
        migrate(url)


@pytest.mark.parametrize(
    "usage", ["CREATE VIEW usage_logs AS SELECT 1 AS id", USAGE.replace("total_tokens int", "total_tokens text")]
)
def test_what_cannot_be_attached_is_said_in_one_line(customer: Connection, url: str, usage: str) -> None:
    customer.execute(usage)
    with pytest.raises(CreditpulseError, match=r"\A.+\Z"):
        migrate(url)


@pytest.fixture
def partitioned(customer: Connection, url: str) -> Connection:
    customer.execute(f"{USAGE} PARTITION BY RANGE (created_at)")
    customer.execute("CREATE TABLE usage_2025 PARTITION OF usage_logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')")
    customer.execute("CREATE TABLE usage_2026 PARTITION OF usage_logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
    write_call(customer, "1", at="2025-06-01 00:00:00+00")
    write_call(customer, "2")
    migrate(url)
    return customer


def counted_anew(customer: Connection, url: str) -> bool:
    """Looks for tables that came or went, as the leader does; whether the history had to be counted again."""
    add_triggers(customer, find_sources(customer))
    needed = history.history_of(customer) == "needed"
    return needed and history.count_history(url)


def test_a_detached_partition_counts_no_more(partitioned: Connection, url: str) -> None:
    partitioned.execute("ALTER TABLE usage_logs DETACH PARTITION usage_2025")
    assert counted_anew(partitioned, url)
    partitioned.execute("UPDATE usage_2025 SET estimated_cost = 5")
    assert thread_cost(partitioned) == 2
    assert differences(partitioned) == []


def test_what_an_attached_partition_brings_along_is_counted(partitioned: Connection, url: str) -> None:
    partitioned.execute("CREATE TABLE usage_2024 (LIKE usage_logs)")
    partitioned.execute(
        "INSERT INTO usage_2024 (thread_id, estimated_cost, created_at) VALUES (%s, 4, '2024-07-01')", (FIRST,)
    )
    partitioned.execute(
        "ALTER TABLE usage_logs ATTACH PARTITION usage_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
    )
    assert counted_anew(partitioned, url)
    assert thread_cost(partitioned) == 7
    assert differences(partitioned) == []


def test_a_partition_that_was_made_in_place_needs_no_second_count(partitioned: Connection, url: str) -> None:
    partitioned.execute(
        "CREATE TABLE usage_2024 PARTITION OF usage_logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
    )
    write_call(partitioned, "4", at="2024-07-01 00:00:00+00")
    assert not counted_anew(partitioned, url)
    assert thread_cost(partitioned) == 7


@pytest.mark.parametrize(
    "fault", ["DISABLE TRIGGER creditpulse_usage_insert", "DISABLE TRIGGER creditpulse_usage_truncate"]
)
def test_what_was_written_without_triggers_is_counted_when_they_are_back(
    customer: Connection, url: str, fault: str
) -> None:
    customer.execute(USAGE)
    migrate(url)
    customer.execute(f"ALTER TABLE usage_logs {fault}".encode())
    write_call(customer, "3")
    migrate(url)
    assert thread_cost(customer) == 3
    customer.execute("TRUNCATE usage_logs")
    assert thread_cost(customer) == 0


def test_a_table_made_anew_is_counted_from_its_beginning(customer: Connection, url: str) -> None:
    customer.execute(USAGE)
    migrate(url)
    write_call(customer, "3")
    fold(customer)
    customer.execute("DROP TABLE usage_logs")
    customer.execute(USAGE)
    write_call(customer, "1")
    assert counted_anew(customer, url)
    assert thread_cost(customer) == 1
    assert differences(customer) == []


def test_counting_again_keeps_writers_waiting_for_no_row_that_was_counted_before(
    customer: Connection, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.execute(USAGE)
    migrate(url)
    write_call(customer, "3")
    fold(customer)
    customer.execute("UPDATE creditpulse.state SET history = 'needed'")
    locked, left = history.locked, []

    @contextmanager
    def watched(*arguments: Any, **options: Any) -> Iterator[None]:
        with locked(*arguments, **options):
            left.append(figure(customer, "SELECT count(*) FROM creditpulse.usage_rollup"))
            yield

    monkeypatch.setattr(history, "locked", watched)
    history.count_history(url)
    assert left == [0]


def test_a_roles_own_timeout_cuts_no_count_short(
    customer: Connection, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.execute(USAGE)
    write_call(customer, "3")
    migrate(url)
    customer.execute("UPDATE creditpulse.state SET history = 'needed'")
    customer.execute(f"ALTER DATABASE {customer.info.dbname} SET statement_timeout = '1s'".encode())
    step = history.triggers.history_step
    monkeypatch.setattr(history.triggers, "history_step", lambda *values: f"{step(*values)}, pg_sleep(1.1)")
    assert history.count_history(url)
    assert thread_cost(customer) == 3


def test_two_migrations_at_once_wait_for_each_other_and_end(url: str) -> None:
    ended: list[str] = []

    def run() -> None:
        migrate(url)
        ended.append("well")

    runs = [threading.Thread(target=run, daemon=True) for _ in range(3)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    assert ended == ["well"] * 3
