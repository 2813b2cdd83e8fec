"""A PostgreSQL of a test's own, reached by TCP, that can be stopped and started; the shared one cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from data.embedded import embedded_server
from data.migrate import migrate
from tests.servers import free_port

TEMPLATE = "creditpulse_template"
OPTIONS = "-c unix_socket_directories= -c fsync=off -c full_page_writes=off -c shared_buffers=64MB"
# Whom the server lets in besides the machine itself: tests/network.py's addresses, which lead nowhere else.
TRUSTED = "host all all 198.18.0.0/15 trust\n"


class Postgres:
    """`options` are more of PostgreSQL's. `inside` runs it by way of another command, such as in a network namespace;
    then it has that one's addresses."""

    def __init__(self, options: str = "") -> None:
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="creditpulse-test-"))
        self.server = embedded_server(self.folder / "postgres")
        self.server.ensure_pgdata_inited()
        with (self.folder / "postgres" / "pg_hba.conf").open("a") as file:
            file.write(TRUSTED)
        self.port = free_port()

    def url(self, database: str = "postgres", host: str = "127.0.0.1") -> str:
        return f"postgresql://postgres@{host}:{self.port}/{database}"

    def start(self, inside: Sequence[str] = (), addresses: str = "127.0.0.1") -> None:
        options = f"{OPTIONS} {self.options} -c listen_addresses={addresses} -p {self.port}"
        self.control("-w", "-l", str(self.folder / "postgres" / "log"), "-o", options, "start", inside=inside)

    def stop(self, mode: str = "fast") -> None:
        self.control("-w", "-m", mode, "stop")

    def restart(self, mode: str, addresses: str = "127.0.0.1") -> None:
        """`fast` ends every session, `immediate` is a crash."""
        self.stop(mode)
        self.start(addresses=addresses)

    def control(self, *words: str, inside: Sequence[str] = ()) -> None:
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", self.server.system_user, "--"] if os.geteuid() == 0 else []
        command = [*inside, *user, str(self.server.bin_path / "pg_ctl"), "-D", str(self.folder / "postgres"), *words]
        # Not a pipe: the server would inherit it, and hold it open.
        with (self.folder / "pg_ctl.log").open("a+") as log:
            done = subprocess.run(command, cwd="/", stdout=log, stderr=log, timeout=60, check=False)
            log.seek(0)
            assert done.returncode == 0, f"{' '.join(command)} failed: {log.read()}"

    def make_template(self) -> None:
        self.run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        migrate(self.url(TEMPLATE))

    def make_database(self, name: str) -> str:
        """A migrated, empty database; its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.run(statement.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def close(self) -> None:
        if (self.folder / "postgres" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
