"""`import`: what is in the tables afterwards."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from data import importer
from data.constants import ALL_ACCOUNTS
from data.errors import InputError, SchemaError
from data.importer import import_file
from data.readings import identity

Connection = psycopg.Connection[tuple[Any, ...]]
NOW = datetime(2025, 11, 3, 12, 0, 0, 999, tzinfo=UTC)
HEADER = "timestamp,user,session_id,model,input_tokens,output_tokens,cached_tokens,cost"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "usage.csv"
    path.write_text(
        f"{HEADER}\n"
        "2025-11-03T09:00:00Z,ann@example.com,s1,gpt-4o,100,20,60,0.5\n"
        "2025-11-03T09:05:00Z,ann@example.com,s1,gpt-4o,200,10,,0.25\n"
        "2025-11-03T10:00:00Z,team-7,s2,our-own,50,5,,\n"
        "2025-11-03T11:00:00Z,,,,7,,,0.000001\n"
    )
    return path


def rows(connection: Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), values).fetchall()


def test_calls_are_rows_with_their_figures(database_url: str, connection: Connection, file: Path) -> None:
    import_file(database_url, file)
    found = rows(
        connection,
        "SELECT user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens, estimated_cost,"
        " content, created_at FROM usage_logs ORDER BY created_at",
    )
    ann, s1 = identity("ann@example.com"), identity("s1")
    nine = datetime(2025, 11, 3, 9, tzinfo=UTC)
    assert found[0] == (
        ann, s1, 100, 20, 120, Decimal("0.500000"), {"model": "gpt-4o", "cache_read_tokens": 60}, nine
    )  # fmt: skip
    assert found[3] == (None, None, 7, 0, 7, Decimal("0.000001"), {}, nine + timedelta(hours=2))


def test_threads_are_made_with_owner_name_and_times(database_url: str, connection: Connection, file: Path) -> None:
    import_file(database_url, file)
    assert rows(
        connection,
        "SELECT thread_id, account_id, metadata->>'name', updated_at - created_at FROM threads ORDER BY created_at",
    ) == [
        (identity("s1"), identity("ann@example.com"), "s1", timedelta(minutes=5)),
        (identity("s2"), identity("team-7"), "s2", timedelta(0)),
    ]


def test_people_are_made_or_found_by_their_e_mail(database_url: str, connection: Connection, file: Path) -> None:
    known = UUID(int=7)
    connection.execute("INSERT INTO users (id, email) VALUES (%s, 'Ann@Example.com')", (known,))
    import_file(database_url, file)
    assert rows(connection, "SELECT DISTINCT user_id FROM usage_logs WHERE thread_id IS NOT NULL ORDER BY 1") == [
        (known,), (identity("team-7"),)
    ]  # fmt: skip
    assert rows(connection, "SELECT id, email, name FROM users ORDER BY id") == [
        (known, "Ann@Example.com", None),
        (identity("team-7"), f"{identity('team-7')}@imported.invalid", "team-7"),
    ]


def test_a_second_import_adds_nothing(database_url: str, connection: Connection, file: Path, tmp_path: Path) -> None:
    first = import_file(database_url, file)
    before = (
        rows(connection, "SELECT * FROM usage_logs ORDER BY id"),
        rows(connection, "SELECT * FROM threads ORDER BY 1"),
    )
    copy = tmp_path / "of another name.csv"
    copy.write_bytes(file.read_bytes())
    second = import_file(database_url, copy)
    assert (first.imported, first.present, second.imported, second.present) == (4, 0, 0, 4)
    assert (first.new_threads, second.new_threads, second.cost) == (2, 0, 0)
    assert before == (
        rows(connection, "SELECT * FROM usage_logs ORDER BY id"), rows(connection, "SELECT * FROM threads ORDER BY 1")
    )  # fmt: skip


def test_equal_rows_of_a_file_are_calls_of_their_own(database_url: str, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("timestamp,tokens\n" + "2025-11-03,5\n" * 3)
    assert import_file(database_url, path).imported == 3


def test_an_import_that_was_cut_off_is_completed_by_another(
    database_url: str, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("t_seconds,session_id,tokens\n" + "".join(f"{n},s{n % 3},{n}\n" for n in range(100)))
    monkeypatch.setattr(importer, "BATCH", 40)

    def cut_off(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(database_url, path, progress=cut_off, now=lambda: NOW)
    assert rows(connection, "SELECT count(*) FROM usage_logs") == [(80,)]
    summary = import_file(database_url, path, now=lambda: NOW + timedelta(hours=5))
    assert (summary.imported, summary.present) == (20, 80)
    assert rows(
        connection, "SELECT sum(total_tokens), max(created_at) - min(created_at) FROM usage_logs"
    ) == [(4950, timedelta(seconds=99))]  # fmt: skip
    assert "as when begun" in summary.line()
    assert rows(connection, "SELECT max(updated_at) - min(created_at) FROM threads") == [(timedelta(seconds=99),)]


def test_totals_are_those_of_the_file_before_and_after_a_fold(
    database_url: str, connection: Connection, file: Path
) -> None:
    import_file(database_url, file)
    for _ in range(2):
        for grain in (0, 1):
            assert rows(
                connection,
                "SELECT sum(calls), sum(total_tokens), sum(cost) FROM creditpulse.exact_usage"
                " WHERE scope = %s AND grain = %s",
                ALL_ACCOUNTS,
                grain,
            ) == [(4, 392, Decimal("0.750001"))]
        assert rows(
            connection,
            "SELECT thread_id, sum(calls), sum(cost) FROM creditpulse.exact_threads WHERE thread_id = %s GROUP BY 1",
            identity("s1"),
        ) == [(identity("s1"), 2, Decimal("0.75"))]
        connection.execute("SELECT creditpulse.fold()")


def test_rejected_rows_are_kept_with_the_reason(database_url: str, connection: Connection, file: Path) -> None:
    with file.open("a") as more:
        more.write('soon,eve,"s,3",gpt-4o,1,1,,\n2025-11-03,eve,s3,gpt-4o,-1,1,,\n2025-11-03,short\n')
    summary = import_file(database_url, file)
    assert (summary.imported, summary.rejected) == (4, 3)
    rejects = file.with_name("usage.csv.rejected.csv")
    assert summary.rejects == rejects
    with rejects.open(newline="") as text:
        found = list(csv.reader(text))
    assert found[0] == ["row", "reason", *HEADER.split(",")]
    assert found[1] == [
        "5", "created_at: 'soon' is neither ISO 8601 nor a number of seconds",
        "soon", "eve", "s,3", "gpt-4o", "1", "1", "", "",
    ]  # fmt: skip
    assert [row[1] for row in found[2:]] == ["prompt_tokens: '-1' is negative", "has 2 cells, the header 8"]
    assert "3 rejected (see " in summary.line()


def test_no_rejects_make_no_file(database_url: str, file: Path) -> None:
    assert import_file(database_url, file).rejects is None
    assert list(file.parent.iterdir()) == [file]


def test_a_corrected_file_of_rejects_can_be_imported(database_url: str, file: Path) -> None:
    file.write_text(f"{HEADER}\nsoon,eve,s3,gpt-4o,1,1,,\n")
    rejects = import_file(database_url, file).rejects
    assert rejects is not None
    rejects.write_text(rejects.read_text().replace("soon", "2025-11-03"))
    assert import_file(database_url, rejects).imported == 1


def test_rejects_go_to_the_working_folder_where_the_files_own_is_closed(
    database_url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, working = tmp_path / "closed", tmp_path / "working"
    closed.mkdir()
    working.mkdir()
    monkeypatch.chdir(working)
    moved = file.rename(closed / "usage.csv")
    # A folder in its place refuses everybody, root included.
    (closed / "usage.csv.rejected.csv").mkdir()
    moved.write_text("timestamp,tokens\nsoon,1\n")
    assert import_file(database_url, moved).rejects == Path("usage.csv.rejected.csv")
    assert (working / "usage.csv.rejected.csv").exists()


def test_an_unknown_start_ends_the_recording_now(database_url: str, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("t_seconds,tokens\n0,1\n3600.5,1\n")
    summary = import_file(database_url, path, now=lambda: NOW)
    newest = NOW.replace(microsecond=0)
    assert rows(connection, "SELECT created_at FROM usage_logs ORDER BY 1") == [
        (newest - timedelta(seconds=3600.5),), (newest,)
    ]  # fmt: skip
    assert "times count from 2025-11-03 10:59:59 UTC, so that the newest call is now" in summary.line()


def test_a_start_given_is_where_numbers_count_from(database_url: str, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("timestamp,tokens\n0,1\n90,1\n")
    import_file(database_url, path, start=NOW)
    assert rows(connection, "SELECT created_at FROM usage_logs ORDER BY 1") == [
        (NOW,), (NOW + timedelta(seconds=90),)
    ]  # fmt: skip


def test_json_lines_of_another_tool_are_imported(database_url: str, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    thread = "11111111-2222-3333-4444-555555555555"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "ts": 1_760_000_000_000 + n,
                    "session": {"id": thread},
                    "user_id": 7,
                    "response": {
                        "model": "gpt-4o\u0000",
                        "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
                    },
                }
            )
            + "\n"
            for n in range(3)
        )
    )  # fmt: skip
    summary = import_file(database_url, path)
    assert (summary.imported, summary.cost) == (3, Decimal("0.0105"))
    assert rows(connection, "SELECT DISTINCT thread_id, user_id, content->>'model' FROM usage_logs") == [
        (UUID(thread), identity("7"), "gpt-4o")
    ]


def test_awkward_text_comes_through(database_url: str, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text('timestamp,tokens,model,session_id\n2025-11-03,1,"a\\b\t""c""\nü","x\\N\ty"\n')
    import_file(database_url, path)
    assert rows(connection, "SELECT content->>'model' FROM usage_logs") == [('a\\b\t"c"\nü',)]
    assert rows(connection, "SELECT metadata->>'name' FROM threads") == [("x\\N\ty",)]


def test_progress_is_told_as_the_file_is_read(database_url: str, file: Path) -> None:
    told: list[tuple[int, int]] = []
    import_file(database_url, file, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (file.stat().st_size, file.stat().st_size)


def test_a_column_that_the_file_lacks_is_explained(database_url: str, file: Path) -> None:
    with pytest.raises(InputError, match=r"usage.csv has no trace_id; it has timestamp, user"):
        import_file(database_url, file, mapping={"thread": "trace_id"})


def test_a_database_without_tables_is_explained(make_database: Any, file: Path) -> None:
    with pytest.raises(SchemaError, match=r"run `python app.py migrate`"):
        import_file(make_database(), file)


def test_tables_that_ask_for_more_are_named(database_url: str, connection: Connection, file: Path) -> None:
    connection.execute("ALTER TABLE users ADD COLUMN tenant text NOT NULL")
    with pytest.raises(SchemaError, match=r"public.users does not take these rows"):
        import_file(database_url, file)
    assert rows(connection, "SELECT count(*) FROM usage_logs") == [(0,)]


def test_a_customers_smaller_tables_are_filled_as_far_as_they_go(
    database_url: str, connection: Connection, file: Path
) -> None:
    connection.execute("DROP TABLE threads CASCADE")
    connection.execute("ALTER TABLE usage_logs ADD COLUMN region text")
    assert import_file(database_url, file).imported == 4


def test_a_file_is_never_held_whole(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("timestamp,tokens\n" + "2025-11-03,5\n" * 100)
    monkeypatch.setattr(importer, "BATCH", 10)
    held: list[int] = []
    taken = importer.taken

    def watched(*arguments: Any) -> Iterator[Any]:
        for number, call in enumerate(taken(*arguments), start=1):
            held.append(number)
            yield call

    monkeypatch.setattr(importer, "taken", watched)
    write = importer.Target.write
    ahead: list[int] = []

    def noted(self: importer.Target, batch: list[Any], summary: Any) -> None:
        ahead.append(held[-1])
        write(self, batch, summary)

    monkeypatch.setattr(importer.Target, "write", noted)
    import_file(database_url, path)
    assert ahead == list(islice(range(10, 1000, 10), 10))
