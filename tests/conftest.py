"""Real parts for every test: one PostgreSQL a worker process, and for each test a clone of a migrated template."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url

from data.embedded import start_embedded
from data.engine import make_engine
from data.migrate import migrate

TEMPLATE = "creditpulse_template"
numbers = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this worker's own; the URL of its maintenance database.

    PYTEST_POSTGRES_URL names another one, an empty server of a version that is to be tried (with `-n 0`).
    """
    if other := os.environ.get("PYTEST_POSTGRES_URL"):
        yield other
        return
    folder = Path(tempfile.mkdtemp(prefix="creditpulse-test-"))
    database = start_embedded(folder)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")
    yield database.url
    database.close()
    shutil.rmtree(folder, ignore_errors=True)


def url_of(postgres_url: str, name: str) -> str:
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template(postgres_url: str) -> str:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(url_of(postgres_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def make_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """Makes databases (empty ones, or clones of a template) and fails a test that leaves a connection open."""
    made: list[str] = []

    def make(template: str = "template1") -> str:
        name = f"test_{next(numbers)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        made.append(name)
        return url_of(postgres_url, name)

    yield make
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        left = [name for name in made if not gone_quiet(connection, name)]
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    assert not left, f"connections left open to {left}"


def gone_quiet(connection: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    """Whether nobody is connected; backends take a moment to end after their client has closed."""
    wait = threading.Event()
    for _ in range(500):
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone()
        if row == (0,):
            return True
        wait.wait(0.02)
    return False


@pytest.fixture
def database_url(make_database: Callable[..., str], template: str) -> str:
    """A migrated, empty database of this test's own."""
    return make_database(template)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A plain autocommit connection, as a writer has it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fails a test that leaves a thread of ours running."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)
    left = [thread.name for thread in threading.enumerate() if thread not in before and not thread.daemon]
    assert not left, f"threads left running: {left}"
