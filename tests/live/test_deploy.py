"""The configuration of docs/deploy.md, as it stands there: nginx in front of the app, the units, the environment."""

from __future__ import annotations

import configparser
import json
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from app import parser
from settings import read_settings
from tests.nginx import NAME, Nginx, documented
from tests.servers import AppServer

ANA = {"Cookie": "who=ana@example.org"}
EVE = {"Cookie": "who=eve@elsewhere.org"}
NAV = "nav:all"
UNIT = "/etc/systemd/system/creditpulse@.service"

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def nginx(database_url: str, tmp_path: Path) -> Iterator[Nginx]:
    servers = [AppServer(database_url, tmp_path) for _ in range(2)]
    try:
        for server in servers:
            server.settings = {"CREDITPULSE_AUTH": "header", "CREDITPULSE_STAFF": "@example.org"}
            server.launch()
        for server in servers:
            server.await_ready()
        with Nginx([server.address for server in servers]) as nginx:
            yield nginx
    finally:
        for server in servers:
            server.close()


def get(nginx: Nginx, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"https://{nginx.address}{path}", headers=headers, verify=nginx.trust, timeout=20)


def pay(connection: Connection) -> None:
    connection.execute("INSERT INTO usage_logs (estimated_cost, total_tokens) VALUES (1, 1)")


def test_nginx_lets_pages_and_streams_through_and_nothing_else(nginx: Nginx, connection: Connection) -> None:
    assert_signed_in(nginx)
    assert_http_2(nginx)
    assert_sockets_pass(nginx, connection)
    assert_events_pass(nginx, connection)
    assert_metrics_are_denied(nginx)


def assert_signed_in(nginx: Nginx) -> None:
    """As whom the sign-in says, whatever the client says of itself."""
    assert get(nginx, "/").status_code == 401
    assert get(nginx, "/live/check").status_code == 401
    assert "Creditpulse" in get(nginx, "/", **ANA).text
    check = f"/live/check?topics={NAV}"
    assert get(nginx, check, **ANA).json()["allowed"] is True
    for name in ("X-Forwarded-Email", "x-forwarded-email", "X_Forwarded_Email"):
        assert get(nginx, check, **EVE, **{name: "ana@example.org"}).status_code == 403, name
        assert get(nginx, check, **{name: "ana@example.org"}).status_code == 401, name


def assert_http_2(nginx: Nginx) -> None:
    trust = nginx.trust
    trust.set_alpn_protocols(["h2", "http/1.1"])
    raw = socket.create_connection(("127.0.0.1", nginx.port))
    with trust.wrap_socket(raw, server_hostname=NAME) as tls:
        assert tls.selected_alpn_protocol() == "h2"


def assert_sockets_pass(nginx: Nginx, connection: Connection) -> None:
    url = f"wss://{nginx.address}/live/ws?topics={NAV}"
    origin = f"https://{nginx.address}"
    with connect(url, ssl=nginx.trust, additional_headers={**ANA, "Origin": origin}, proxy=None) as stream:
        before = {message["type"]: message for message in json.loads(stream.recv(timeout=10))}["nav-usage"]["version"]
        pay(connection)
        while max((m.get("version", 0) for m in json.loads(stream.recv(timeout=10))), default=0) <= before:
            pass
    with pytest.raises(InvalidStatus, match="401"):
        connect(url, ssl=nginx.trust, proxy=None)
    evil = {**ANA, "Origin": "https://evil.example"}
    with connect(url, ssl=nginx.trust, additional_headers=evil, proxy=None) as other:
        with pytest.raises(ConnectionClosed):
            other.recv(timeout=10)
        assert other.close_code == 4403


def assert_events_pass(nginx: Nginx, connection: Connection) -> None:
    """Each as it comes: nothing is held back until there is more."""
    url = f"https://{nginx.address}/live/events?topics={NAV}"
    with httpx.stream("GET", url, headers=ANA, verify=nginx.trust, timeout=10) as response:
        lines = (line for line in response.iter_lines() if line.startswith("data: "))
        assert "nav-usage" in next(lines)
        pay(connection)
        paid = time.monotonic()
        while "nav-usage" not in next(lines):
            pass
        assert time.monotonic() - paid < 3


def assert_metrics_are_denied(nginx: Nginx) -> None:
    for path in ("/metrics", "//metrics", "/%6detrics", "/live/../metrics"):
        answer = httpx.get(f"https://{nginx.address}{path}", headers=ANA, verify=nginx.trust)
        assert answer.status_code == 404, path
        assert "creditpulse_" not in answer.text


def unit() -> configparser.SectionProxy:
    found = configparser.ConfigParser(interpolation=None, strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(documented(UNIT))
    return found["Service"]


def environment() -> dict[str, str]:
    lines = documented("/etc/creditpulse/environment").split("\n")
    return dict(line.split("=", 1) for line in lines if line.strip())


def test_the_unit_starts_the_server_and_gives_it_time_to_drain() -> None:
    words = shlex.split(unit()["ExecStart"].replace("%i", "8050"))
    found = parser().parse_args(words[2:])
    assert (found.port, found.host) == (8050, "10.0.0.11")
    settings = read_settings(environment())
    assert settings.auth == "header"
    assert int(unit()["TimeoutStopSec"]) > settings.drain_seconds + 5


@pytest.mark.parametrize("check", [["verify"], ["security", "--offline=true", "--threshold=25"]])
def test_systemd_takes_the_unit_and_finds_it_hardened(check: list[str], tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    assert program, "systemd-analyze is missing; run `make browser`, which installs it"
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    file = tmp_path / "creditpulse@8050.service"
    file.write_text(documented(UNIT).replace("/opt/creditpulse", str(tmp_path)))
    done = subprocess.run([program, *check, str(file)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.name not in done.stderr
