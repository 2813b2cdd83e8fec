"""A real Redis for tests: on a free loopback port, nothing on disk, stopped and started at will."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest


class RedisServer:
    """Stays on one port over stops and starts, so that clients find it again; `addresses` are further ones."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = ["127.0.0.1", *addresses]
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("redis-server is missing: run `make setup`, which installs it.", pytrace=False)
        self._program = program
        self._process: subprocess.Popen[str] | None = None
        for _ in range(5):  # somebody may take the free port before Redis does
            self._port = _free_port()
            if self._is_ready():
                return
        pytest.fail("redis-server does not start on a loopback port.", pytrace=False)

    @property
    def url(self) -> str:
        return self.url_at("127.0.0.1")

    def url_at(self, address: str) -> str:
        return f"redis://{address}:{self._port}/0"

    def start(self) -> None:
        assert self._is_ready(), "redis-server did not come back on its port"

    def stop(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process.stdout.close()
            self._process = None

    def _is_ready(self) -> bool:
        options = ["--bind", *self._addresses, "--port", str(self._port), "--save", "", "--appendonly", "no"]
        options += ["--protected-mode", "no"]  # those addresses lead to namespaces of the test, nowhere else
        self._process = subprocess.Popen([self._program, *options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if any("Ready to accept connections" in line for line in self._process.stdout):
            return True
        self.stop()
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
