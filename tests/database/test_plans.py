"""`plans`: subscriptions from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from data.errors import InputError
from data.plans import load_plans
from data.readings import identity

Connection = psycopg.Connection[tuple[Any, ...]]
ANN, BOB = UUID(int=1), UUID(int=2)
HEADER = "user,plan,status,credits_included,period_start,period_end\n"


@pytest.fixture
def file(tmp_path: Path, connection: Connection) -> Path:
    connection.execute(
        "INSERT INTO users (id, email) VALUES (%s, 'ann@example.com'), (%s, 'bob@example.com')", (ANN, BOB)
    )
    return tmp_path / "plans.csv"


def subscriptions(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT user_id, plan, status, credits_included, period_start, period_end"
        " FROM creditpulse.subscriptions ORDER BY user_id"
    ).fetchall()


def test_users_are_named_by_e_mail_or_id(database_url: str, connection: Connection, file: Path) -> None:
    file.write_text(f"{HEADER}Ann@Example.com,Pro,active,20000,2025-11-01,2025-12-01\n{BOB},Free,canceled,,,\n")
    summary = load_plans(database_url, file)
    assert subscriptions(connection) == [
        (ANN, "Pro", "active", Decimal(20000), datetime(2025, 11, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)),
        (BOB, "Free", "canceled", None, None, None),
    ]
    assert summary.line() == "plans.csv: 2 subscriptions added, 0 updated, 0 unchanged, 0 rejected"


def test_a_second_load_updates_what_changed(database_url: str, connection: Connection, file: Path) -> None:
    file.write_text(f"{HEADER}ann@example.com,Pro,,1000,,\nbob@example.com,Free,,10.5,,\n")
    load_plans(database_url, file)
    file.write_text(f"{HEADER}ann@example.com,Team,,1000,,\nbob@example.com,Free,,10.50,,\n")
    summary = load_plans(database_url, file)
    assert (summary.added, summary.updated, summary.unchanged) == (0, 1, 1)
    assert [row[1:4] for row in subscriptions(connection)] == [
        ("Team", "active", Decimal(1000)),
        ("Free", "active", Decimal("10.5")),
    ]


def test_of_two_lines_for_one_user_the_later_counts(database_url: str, connection: Connection, file: Path) -> None:
    file.write_text(f"{HEADER}ann@example.com,Pro,,,,\nann@example.com,Team,,,,\n")
    load_plans(database_url, file)
    assert [row[1] for row in subscriptions(connection)] == ["Team"]


def test_somebody_whom_an_import_brought_is_known_by_the_same_text(
    database_url: str, connection: Connection, file: Path
) -> None:
    connection.execute("INSERT INTO users (id, email) VALUES (%s, 'x@imported.invalid')", (identity("team-7"),))
    file.write_text(f"{HEADER}team-7,Pro,,,,\n")
    load_plans(database_url, file)
    assert [row[0] for row in subscriptions(connection)] == [identity("team-7")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("eve@example.com,Pro,,,,", "user: nobody here has the e-mail 'eve@example.com'"),
        ("team-8,Pro,,,,", "user: 'team-8' is no id, no e-mail, and nobody that an import has brought"),
        (",Pro,,,,", "user: is missing"),
        ("ann@example.com,,,,,", "plan: is missing"),
        ("ann@example.com,Pro,,-5,,", "credits_included: '-5' is negative"),
        ("ann@example.com,Pro,,NaN,,", "credits_included: 'NaN' is no finite number"),
        ("ann@example.com,Pro,,,2025-11-01,", "a period needs both"),
        ("ann@example.com,Pro,,,2025-11-01,2025-11-01", "period_end: is not after period_start"),
        ("ann@example.com,Pro,,,soon,later", "period_start: 'soon' is neither"),
        ("ann@example.com,Pro", "has 2 cells, the header 6"),
    ],
)
def test_a_line_that_is_no_plan_is_kept_with_the_reason(
    database_url: str, connection: Connection, file: Path, cells: str, reason: str
) -> None:
    file.write_text(f"{HEADER}{cells}\nbob@example.com,Free,,,,\n")
    summary = load_plans(database_url, file)
    assert (summary.added, summary.rejected) == (1, 1)
    assert [row[0] for row in subscriptions(connection)] == [BOB]
    assert summary.rejects is not None
    assert reason in summary.rejects.read_text()


def test_a_file_without_the_columns_says_what_it_has(database_url: str, file: Path) -> None:
    file.write_text("who,plan\nann,Pro\n")
    with pytest.raises(InputError, match=r"has no column user; it has who, plan, and can have user, plan, status"):
        load_plans(database_url, file)
    file.write_text('{"user": "ann"}\n')
    with pytest.raises(InputError, match="is not CSV"):
        load_plans(database_url, file)


def test_a_view_of_the_operators_own_is_left_alone(database_url: str, connection: Connection, file: Path) -> None:
    connection.execute("DROP TABLE creditpulse.subscriptions")
    connection.execute("CREATE VIEW creditpulse.subscriptions AS SELECT 1 AS user_id")
    file.write_text(f"{HEADER}ann@example.com,Pro,,,,\n")
    with pytest.raises(InputError, match="is a view of your own billing"):
        load_plans(database_url, file)
