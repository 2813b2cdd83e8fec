"""A real OpenID provider in a process of its own, and the settings of a server whose people sign in with it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port

FOLDER = Path(__file__).parent / "provider"
CLIENT, SECRET = "creditpulse-test", "a secret that only tests know"
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"email": "Ann@Example.com", "email_verified": True},
    "ben": {"email": "ben@example.com", "email_verified": True},
    "boss": {"email": "boss@staff.example", "email_verified": True},
    "eve": {"email": "boss@staff.example", "email_verified": False},
    "nameless": {},
}


class OpenIdProvider:
    """On one port over restarts, each of which changes its keys. `origin` is where people come back to."""

    def __init__(self, origin: str, *, in_token: bool = False, people: dict[str, dict[str, Any]] | None = None) -> None:
        self.port = next(port for port in iter(free_port, 0) if not origin.endswith(f":{port}"))
        self.origin = origin
        self.in_token = in_token
        self.people = people or PEOPLE
        self.process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dotenv(self) -> str:
        return (
            f"CREDITPULSE_AUTH=oidc\nCREDITPULSE_OIDC_ISSUER={self.issuer}\nCREDITPULSE_OIDC_CLIENT_ID={CLIENT}\n"
            f"CREDITPULSE_OIDC_CLIENT_SECRET='{SECRET}'\nCREDITPULSE_STAFF=@staff.example\n"
        )

    def start(self) -> None:
        node = shutil.which("node")
        if node is None or not (FOLDER / "node_modules").is_dir():
            pytest.fail("the OpenID provider of the tests is missing: run `make browser`, which installs it")
        client = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [f"{self.origin}/signin/callback"],
            "post_logout_redirect_uris": [f"{self.origin}/signed-out"],
        }
        said = {"port": self.port, "client": client, "people": self.people, "in_token": self.in_token}
        self.process = subprocess.Popen(
            [str(node), str(FOLDER / "provider.mjs"), json.dumps(said)],
            cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert "ready\n" in iter(self.process.stdout.readline, ""), "the OpenID provider did not start"

    def stop(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process.stdout.close()
            self.process = None

    def restart(self) -> None:
        """With other keys, and without anything that it knew."""
        self.stop()
        self.start()
