"""What doctor says of a database: of whoever asks, of agents, indexes, snapshots, connections, and the cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from data import doctor_strain
from data.doctor import CHECKS, Installation, examine
from data.errors import MissingRightError, SchemaError, UnavailableError
from tests.redis_server import RedisServer
from tests.servers import ROOT

ANA = "00000000-0000-4000-8000-00000000000a"

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def installation(database_url: str) -> Installation:
    return Installation(database_url, database_url, None, None)


def test_a_sound_database_passes_every_check(installation: Installation) -> None:
    found = dict(examine(installation, verify=True))
    assert found.keys() == {*CHECKS, "verify"}
    assert found["agents"] == "0 run"
    assert found["snapshots"] == "none is old"
    assert found["clock"] == "with the database's"
    assert re.fullmatch(r"\d+ of \d+ in use", found["connections"])
    assert re.fullmatch(r"\d\d there and valid", found["indexes"])


def test_what_a_person_sees_is_said(installation: Installation, connection: Connection) -> None:
    connection.execute("INSERT INTO users (id, email) VALUES (%s, 'Ana@Example.org')", (ANA,))
    ana = replace(installation, person=" ana@EXAMPLE.org ")
    assert dict(examine(ana))["person"] == f"ana@example.org sees 1 account: {ANA}"
    assert "is staff" in dict(examine(replace(ana, staff=frozenset({"@example.org"}))))["person"]
    with pytest.raises(MissingRightError, match="CREDITPULSE_USERS_TABLE"):
        list(examine(replace(ana, person="eve@example.org")))


def test_runs_without_an_end_are_mentioned(installation: Installation, connection: Connection) -> None:
    for age in ("1 hour", "2 days"):
        connection.execute(
            "INSERT INTO agent_runs (thread_id, status, started_at) VALUES (%s, 'running', now() - %s::interval)",
            (ANA, age),
        )
    assert dict(examine(installation))["agents"].startswith("2 run, 1 of them for more than a day")


def test_a_missing_index_is_named(installation: Installation, connection: Connection) -> None:
    connection.execute("DROP INDEX creditpulse_usage_logs_user_id_created_at")
    with pytest.raises(SchemaError, match="creditpulse_usage_logs_user_id_created_at missing or invalid"):
        list(examine(installation))


def test_an_old_snapshot_is_named(
    installation: Installation, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_strain, "OLD_SNAPSHOT_SECONDS", 0)
    with psycopg.connect(database_url, application_name="backup") as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT 1")
        pid = other.info.backend_pid
        said = dict(examine(installation))["snapshots"]
    assert said.startswith(f"backup (pid {pid}) holds one")


def test_too_few_connections_are_named(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_strain, "FEW_CONNECTIONS", 10_000)
    with pytest.raises(UnavailableError, match="raise max_connections"):
        list(examine(installation))


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()


def test_the_shared_cache_is_tried(installation: Installation, redis_server: RedisServer) -> None:
    shared = replace(installation, cache_url=redis_server.url)
    assert dict(examine(shared))["cache"].startswith("Redis keeps and forgets; 0 keys")
    redis_server.stop()
    with pytest.raises(UnavailableError, match="check CREDITPULSE_CACHE_URL"):
        list(examine(shared))


def test_the_manual_answers_every_row_of_the_customers_troubleshooting_by_checks_that_there_are() -> None:
    from live.visit import CHECKS as VISITS

    manual = (ROOT / "docs" / "operations.md").read_text().partition("## Troubleshooting")[2]
    rows = [line.split("|") for line in manual.splitlines() if line.startswith("| ")][2:]
    quoted = {name for row in rows for name in re.findall("`([^`]+)`", row[-2])}
    named = {name for name in quoted if re.fullmatch("[A-Za-z][A-Za-z -]*", name)}
    assert named == {*CHECKS, *VISITS, "connection", "verify"}
    questions = " ".join(row[2] for row in rows).lower()
    for words in CUSTOMERS_ROWS:
        assert words in questions


# What the customer's own page tells people to look at, a row each.
CUSTOMERS_ROWS = (
    "subscription errors",
    "authenticated",
    "real-time is enabled",
    "network",
    "invalidation",
    "agent status",
    "api errors",
    "endpoint",
    "refetch intervals",
    "cleanup on unmount",
    "memory leaks",
    "cache size",
)
