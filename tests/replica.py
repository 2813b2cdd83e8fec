"""A streaming replica of a test's PostgreSQL: a copy that follows it, may be paused, frozen and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from tests.postgres import Postgres
from tests.servers import free_port, wait_until


class FollowingPostgres(Postgres):
    """Made of a copy of `primary` as it is; started like any other."""

    def __init__(self, primary: Postgres) -> None:
        self.options = ""
        self.server = primary.server  # whose programs and user it shares
        self.folder = Path(tempfile.mkdtemp(prefix="creditpulse-test-"))
        self.port = free_port()
        shutil.chown(self.folder, *([primary.server.system_user] if os.geteuid() == 0 else [os.geteuid()]))
        user = ["runuser", "-u", primary.server.system_user, "--"] if os.geteuid() == 0 else []
        program = str(primary.server.bin_path / "pg_basebackup")
        copy = [program, "-D", str(self.folder / "postgres"), "-d", primary.url(), "-R", "-X", "stream", "-c", "fast"]
        subprocess.run([*user, *copy], cwd="/", check=True, capture_output=True, timeout=60)

    def replay(self, wanted: bool) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_wal_replay_resume()" if wanted else "SELECT pg_wal_replay_pause()")
            if not wanted:
                asked = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
                wait_until(lambda: connection.execute(asked).fetchone() == (True,), "replay to be paused")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It answers, and learns nothing new."""
        self.replay(False)
        try:
            yield
        finally:
            self.replay(True)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nothing of it runs, and nothing is closed."""
        first = int((self.folder / "postgres" / "postmaster.pid").read_text().split("\n")[0])
        processes = [first, *(child.pid for child in psutil.Process(first).children())]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
