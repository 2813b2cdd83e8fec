"""A real nginx with the very configuration of docs/deploy.md: only addresses and files are put in their places."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

from tests.servers import ROOT, free_port, wait_until

NAME = "creditpulse.example.com"
AROUND = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log warn;
worker_processes 1;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


def documented(name: str) -> str:
    """The file of that name in docs/deploy.md."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    found = re.search(rf"^    # {re.escape(name)}\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    assert found, f"docs/deploy.md has no {name}"
    return re.sub("^    ", "", found[1], flags=re.MULTILINE)


class SignIn:
    """Stands for the proxy that signs people in: whoever's cookie names them is signed in."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                email = re.search(r"who=([^;]+)", self.headers.get("Cookie", ""))
                self.send_response(202 if email else 401)
                if email:
                    self.send_header("X-Auth-Request-Email", email[1])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = Thread(target=self.server.serve_forever, name="sign-in")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"


class Nginx:
    """In front of the servers at `addresses`; `address` is its own, and `trust` what trusts its certificate."""

    def __init__(self, addresses: Sequence[str]) -> None:
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert program, "nginx is missing; run `make browser`, which installs it"
        self.program = program
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="creditpulse-nginx-"))
        self.sign_in = SignIn()
        self.make_certificate()
        self.configuration = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        site = self.site(addresses)
        self.configuration.write_text(AROUND.format(folder=self.folder, site=site, user=user))
        self.process: subprocess.Popen[bytes] | None = None

    def site(self, addresses: Sequence[str]) -> str:
        servers = iter(addresses)
        site = documented("/etc/nginx/conf.d/creditpulse.conf")
        places = {
            r"server 10\.0\.0\.1\d:8050": lambda _found: f"server {next(servers)}",
            r"server 127\.0\.0\.1:4180": lambda _found: f"server {self.sign_in.address}",
            r"listen 443": lambda _found: f"listen 127.0.0.1:{self.port}",
            r"/etc/ssl/": lambda _found: f"{self.folder}/",
        }
        for place, with_ours in places.items():
            site, count = re.subn(place, with_ours, site)
            assert count, f"docs/deploy.md has no {place}"
        assert next(servers, None) is None
        return site

    def make_certificate(self) -> None:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},DNS:localhost,IP:127.0.0.1",
             "-keyout", self.folder / "creditpulse.key", "-out", self.folder / "creditpulse.pem"],
            check=True, capture_output=True, timeout=30,
        )  # fmt: skip

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "creditpulse.pem"))

    def errors(self) -> str:
        """What it says of the servers."""
        return (self.folder / "error.log").read_text()

    def __enter__(self) -> Self:
        self.sign_in.thread.start()
        self.process = subprocess.Popen([self.program, "-c", str(self.configuration), "-p", str(self.folder)])
        try:
            wait_until(lambda: (self.folder / "pid").exists(), "nginx to start")
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)
        self.sign_in.server.shutdown()
        self.sign_in.thread.join()
        self.sign_in.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)
