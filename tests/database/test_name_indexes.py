"""The indexes that names are found by, on tables as customers have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from data.engine import make_engine
from data.migrate import migrate
from data.name_indexes import PROJECTS, THREADS, USERS, indexed_tables
from tests.database.workload import add_thread, add_user, uid

Connection = psycopg.Connection[Any]
USAGE = "CREATE TABLE usage_logs (id uuid, user_id uuid, thread_id uuid, created_at timestamptz);"


@pytest.fixture
def customer_url(make_database: Callable[..., str]) -> str:
    return make_database()


@pytest.fixture
def customer(customer_url: str) -> Iterator[Connection]:
    with psycopg.connect(customer_url, autocommit=True) as connection:
        connection.execute(USAGE)
        yield connection


def indexed(url: str) -> frozenset[str]:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = indexed_tables(connection)
    engine.dispose()
    return found


def plan(connection: Connection, query: str) -> str:
    connection.execute("SET enable_seqscan = off")
    rows = connection.execute(f"EXPLAIN (COSTS OFF) {query}".encode()).fetchall()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("table", "query"),
    [
        (THREADS, "SELECT FROM creditpulse.source_threads t WHERE {} @> '{{abc}}'"),
        (PROJECTS, "SELECT FROM creditpulse.source_projects p WHERE {} @> '{{abc}}'"),
        (USERS, "SELECT FROM creditpulse.source_users a WHERE {} @> '{{abc}}'"),
    ],
)
def test_what_queries_compare_is_what_is_indexed(connection: Connection, table: str, query: str) -> None:
    words = {
        THREADS: "creditpulse.grams(t.metadata->>'title', t.metadata->>'name')",
        PROJECTS: "creditpulse.grams(p.name, NULL)",
        USERS: "creditpulse.grams(a.email, a.name)",
    }
    assert f"creditpulse_{table}_names" in plan(connection, query.format(words[table]))


def test_columns_that_are_narrower_or_missing_are_indexed_as_they_are_read(
    customer: Connection, customer_url: str
) -> None:
    customer.execute("CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY, email varchar(255))")
    customer.execute("CREATE TABLE projects (project_id uuid PRIMARY KEY, name varchar(80))")
    customer.execute("CREATE TABLE threads (thread_id uuid PRIMARY KEY, metadata json)")
    migrate(customer_url)
    migrate(customer_url)
    assert indexed(customer_url) == {PROJECTS, USERS}
    people = "SELECT FROM creditpulse.source_users a WHERE creditpulse.grams(a.email, a.name) @> '{abc}'"
    assert "creditpulse_users_names" in plan(customer, people)
    projects = "SELECT FROM creditpulse.source_projects p WHERE creditpulse.grams(p.name, NULL) @> '{abc}'"
    assert "creditpulse_projects_names" in plan(customer, projects)


def test_names_change_without_any_right_on_our_schema(connection: Connection, database_url: str) -> None:
    role = f"writer_{make_url(database_url).database}"
    add_user(connection, "alice")
    connection.execute(
        f"CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE ON threads, projects, users TO {role}".encode()
    )
    try:
        connection.execute(f"SET ROLE {role}".encode())
        add_thread(connection, "one", None, title="Invoices")
        connection.execute("UPDATE users SET name = 'Alice Moreau'")
        connection.execute("INSERT INTO projects (name, account_id) VALUES (%s, %s)", ("P" * 5000, uid("alice")))
    finally:
        connection.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}".encode())
    grams = "SELECT creditpulse.grams(metadata->>'title', NULL) @> creditpulse.grams_of('VOIC') FROM threads"
    assert connection.execute(grams).fetchone() == (True,)


def test_people_in_a_table_of_another_role_are_left_alone(
    customer: Connection, customer_url: str, postgres_url: str
) -> None:
    role = f"owner_{make_url(customer_url).database}"
    customer.execute(f"CREATE ROLE {role} LOGIN; ALTER TABLE usage_logs OWNER TO {role}".encode())
    customer.execute(f"GRANT CREATE ON DATABASE {make_url(customer_url).database} TO {role}".encode())
    customer.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {role}".encode())
    customer.execute("CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY, email text)")
    customer.execute(f"GRANT USAGE ON SCHEMA auth TO {role}; GRANT SELECT ON auth.users TO {role}".encode())
    try:
        migrate(make_url(customer_url).set(username=role).render_as_string(hide_password=False))
        assert indexed(customer_url) == frozenset()
    finally:
        customer.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}".encode())


@pytest.mark.parametrize(
    ("search", "grams"),
    [("a", {"  a"}), ("ab", {" ab"}), ("Ab c", {"ab ", "b c"}), ("", set())],
)
def test_what_a_name_has_to_have(connection: Connection, search: str, grams: set[str]) -> None:
    row = connection.execute("SELECT creditpulse.grams_of(%s)", (search,)).fetchone()
    assert row is not None
    assert set(row[0]) == grams
