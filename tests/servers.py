"""`app.py serve` as processes of their own, for tests that stop, kill and restart them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[1]
APP = ROOT / "app.py"
START_SECONDS = 60.0  # of a busy machine; on an idle one it takes two or three
END_SECONDS = 5.0


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> float:
    """The seconds that it took; fails, saying for what it waited, when it takes longer than `seconds`."""
    pause, began = threading.Event(), time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < seconds, f"waited {waited:.1f} s for {what}"
        pause.wait(0.02)
    return time.monotonic() - began


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def environment(database_url: str | None, state_dir: Path) -> dict[str, str]:
    """Without the settings of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CREDITPULSE_")}
    own["CREDITPULSE_STATE_DIR"] = str(state_dir)
    if database_url is not None:
        own["CREDITPULSE_DATABASE_URL"] = database_url
    return own


def run_command(database_url: str | None, state_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of app.py, to its end."""
    return subprocess.run(
        [sys.executable, str(APP), *words],
        cwd=state_dir,
        env=environment(database_url, state_dir),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


class AppServer:
    """One server on a port of its own, which it keeps over restarts. `database_url` None: with the embedded one.

    `inside` starts it by way of another command, such as in a network namespace, where it has the address `host`.
    """

    host = "127.0.0.1"
    inside: Sequence[str] = ()

    def __init__(self, database_url: str | None, state_dir: Path, *options: str) -> None:
        self.database_url = database_url
        self.state_dir = state_dir
        self.options = options
        self.settings: dict[str, str] = {}  # more of the environment
        self.port = free_port()
        self.log = state_dir / f"server-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The database's."""
        assert self.database_url is not None, "it has the embedded database"
        return self.database_url

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def launch(self) -> None:
        """Starts the process, and does not wait for it; several can start side by side."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.inside,
                    sys.executable,
                    str(APP),
                    "serve",
                    "--host",
                    self.host,
                    "--port",
                    str(self.port),
                    *self.options,
                ],
                cwd=self.state_dir,
                env=environment(self.database_url, self.state_dir) | self.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        try:
            wait_until(self.is_ready_or_ended, "the server to be ready", START_SECONDS)
            assert self.is_ready(), "the server has ended"
        except AssertionError as error:
            error.add_note(f"its log:\n{self.log.read_text()}")
            raise

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def is_ready(self) -> bool:
        """Whether it serves, and hears of folds."""
        try:
            answer = httpx.get(f"http://{self.address}/readyz", timeout=2)
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["stream"] == "listening"

    def is_ready_or_ended(self) -> bool:
        return self.is_ready() or self.process is None or self.process.poll() is not None

    def workers(self) -> set[int]:
        """The pids of the processes that serve, where there are several."""
        return {child.pid for child in psutil.Process(self.pid).children() if is_worker(child)}

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """As a machine that hangs: nothing runs, and nothing is closed."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """The seconds that it took to end by itself."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=3 * END_SECONDS)
        return time.monotonic() - began

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def close(self) -> None:
        """Ends whatever is left of it."""
        if self.process is None:
            return
        self.ask_to_end()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def runs(process: psutil.Process) -> bool:
    """False as soon as it has ended, also where nobody has asked yet how."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_worker(process: psutil.Process) -> bool:
    """A process that still runs, and is not one that multiprocessing keeps for itself."""
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has ended
        return False
