"""A real transaction pooler in front of a test's database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

CONFIGURATION = """
[databases]
* = host={host} port={port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
ignore_startup_parameters = extra_float_digits
logfile = {folder}/log
"""


@contextmanager
def transaction_pooler(url: str) -> Iterator[str]:
    """The URL of the same database through PgBouncer, in transaction mode, with fewer sessions than clients."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert program, "pgbouncer is missing; run `make test`, which installs it"
    target = make_url(url)
    folder = Path(tempfile.mkdtemp(prefix="creditpulse-pooler-"))
    folder.chmod(0o777)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (folder / "ini").write_text(
        CONFIGURATION.format(
            host=target.query.get("host", target.host), port=target.port or 5432, listen_port=port, folder=folder
        )
    )
    # It refuses to run as root; the embedded server's user may reach its socket.
    user = ["-u", "pgserver"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, "-q", *user, str(folder / "ini")])
    pooled = f"postgresql://postgres@127.0.0.1:{port}/{target.database}"
    try:
        wait_for(pooled)
        yield pooled
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def wait_for(url: str) -> None:
    pause = threading.Event()
    for _ in range(200):
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            pause.wait(0.05)
    raise AssertionError("pgbouncer did not start")
