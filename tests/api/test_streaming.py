"""Downloads by the real server: a million rows in little memory, nothing held for who reads slowly or hangs up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.database.workload import add_calls, fold, uid
from tests.servers import AppServer, wait_until

Connection = psycopg.Connection[tuple[object, ...]]
MOST_GROWTH = 24_000_000  # bytes; the file has 150 million
FILE = f"/export/calls.csv?thread={uid('thread')}"
BUSY = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'creditpulse export' AND (state <> 'idle' OR xact_start IS NOT NULL)"""
READS = """SELECT max(query_start) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'creditpulse export'"""


@pytest.fixture
def rows() -> int:
    """More than the buffers between server and reader hold."""
    return 150_000


@pytest.fixture
def server(database_url: str, connection: Connection, tmp_path: Path, rows: int) -> Iterator[AppServer]:
    """With a thread of so many calls."""
    add_calls(connection, uid("thread"), rows, start="2026-10-01", every_seconds=1)
    fold(connection)
    connection.execute("VACUUM ANALYZE usage_logs")
    server = AppServer(database_url, tmp_path)
    server.start()
    yield server
    server.close()


@pytest.fixture
def slow_reader(server: AppServer) -> Iterator[socket.socket]:
    """One that has asked for the file, and takes nothing of it but its beginning."""
    with socket.create_connection(("127.0.0.1", server.port)) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.sendall(f"GET {FILE} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert reader.recv(12) == b"HTTP/1.1 200"
        yield reader


def one(connection: Connection, statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    return row and row[0]


def is_at_rest(connection: Connection) -> bool:
    """Whether no page has been read for a while."""
    latest = one(connection, READS)
    connection.execute("SELECT pg_sleep(0.5)")
    return latest == one(connection, READS)


@pytest.mark.parametrize("rows", [1_000_000])
def test_a_million_rows_take_little_memory(server: AppServer, rows: int) -> None:
    process = psutil.Process(server.pid)
    httpx.get(f"http://{server.address}/export/usage.csv").raise_for_status()
    before, most, lines = process.memory_info().rss, 0, -1
    with httpx.stream("GET", f"http://{server.address}{FILE}", timeout=60) as answer:
        for chunk in answer.iter_bytes(1 << 20):
            lines += chunk.count(b"\n")
            most = max(most, process.memory_info().rss)
    assert lines == rows
    assert most - before < MOST_GROWTH


def test_who_reads_slowly_holds_no_connection_and_no_snapshot(
    server: AppServer, slow_reader: socket.socket, connection: Connection
) -> None:
    wait_until(lambda: is_at_rest(connection), "the reader's buffers to fill", 30)
    assert one(connection, BUSY) == 0
    assert server.is_ready()


def test_a_hang_up_ends_the_work(server: AppServer, slow_reader: socket.socket, connection: Connection) -> None:
    slow_reader.close()
    wait_until(lambda: is_at_rest(connection), "the reads to end", 30)
    assert one(connection, BUSY) == 0
    assert "Traceback" not in server.log.read_text()


def test_a_download_that_fails_does_not_look_whole(
    server: AppServer, slow_reader: socket.socket, connection: Connection
) -> None:
    wait_until(lambda: is_at_rest(connection), "the reader's buffers to fill", 30)
    connection.execute("ALTER TABLE usage_logs RENAME TO elsewhere")
    slow_reader.settimeout(30)
    last = b""
    while chunk := slow_reader.recv(1 << 16):
        last = (last + chunk)[-10:]
    assert not last.endswith(b"0\r\n\r\n")
    assert "a download failed" in server.log.read_text()


def test_the_server_ends_in_time_while_somebody_downloads(server: AppServer, slow_reader: socket.socket) -> None:
    assert server.stop() < 5
    assert slow_reader.recv(1)
